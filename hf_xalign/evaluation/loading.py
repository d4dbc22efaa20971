"""What an evaluation reads of a checkpoint besides its model: its own settings, and the checkpoints of its run."""

from __future__ import annotations

from pathlib import Path

from hf_xalign.configuration import XAlignConfig
from hf_xalign.errors import XAlignError
from hf_xalign.names import ADAPTER_CONFIG_NAME, XALIGN_CONFIG_NAME


def alignment_settings(name_or_path: str) -> XAlignConfig:
    """The checkpoint's `xalign_config.json`, or the defaults where it has none (any other encoder)."""
    folder = Path(name_or_path)
    if folder.is_dir():
        return XAlignConfig.load_beside(folder) if (folder / XALIGN_CONFIG_NAME).exists() else XAlignConfig()
    try:
        return XAlignConfig.load_beside(name_or_path)
    except XAlignError:
        return XAlignConfig()


def checkpoints_of(folder: str) -> list[tuple[int, Path]]:
    """`(step, path)` of the checkpoint-STEP folders of a run, by step.

    Raises:
        XAlignError: there are none.
    """
    found = sorted(
        (int(path.name.removeprefix("checkpoint-")), path)
        for path in Path(folder).glob("checkpoint-*")
        if path.name.removeprefix("checkpoint-").isdigit()
        and any((path / name).exists() for name in ("config.json", ADAPTER_CONFIG_NAME))
    )
    if not found:
        raise XAlignError(f"{folder} has no checkpoint-STEP folders with a model: leave out --checkpoints")
    return found
