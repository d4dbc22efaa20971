"""Which checkpoints of a run are whole: one that was being written when the run was killed is not."""

from __future__ import annotations

import json
import shutil
import zipfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from safetensors import SafetensorError, safe_open
from transformers.trainer import OPTIMIZER_NAME, SCHEDULER_NAME, TRAINER_STATE_NAME
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR
from transformers.utils import SAFE_WEIGHTS_INDEX_NAME, SAFE_WEIGHTS_NAME

from hf_xalign.names import ADAPTER_WEIGHTS_NAME, XALIGN_HEADS_NAME


# What accelerate writes for a run with sharded parameters to go on from, beside the vanilla files.
FSDP_WEIGHTS_NAME = "pytorch_model_fsdp.bin"
FSDP_OPTIMIZER_NAME = "optimizer.bin"


def missing_part(checkpoint: str | Path, *, optimizer: bool = True) -> str | None:
    """What a checkpoint lacks to go on from.

    `trainer_state.json` is written last, by the first process, once all the others have written what is theirs. The
    other files are looked at nevertheless: a machine that went down, or a deletion that was broken off, leaves any of
    them short or none. Their contents are not read.

    Args:
        checkpoint: the folder.
        optimizer: whether optimiser, scheduler and random numbers belong to it, as files of Trainer.

    Returns:
        What is missing, to be read after "it has"; None for a whole checkpoint.
    """
    folder = Path(checkpoint)
    try:
        state = json.loads((folder / TRAINER_STATE_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        state = None
    if not isinstance(state, dict) or "global_step" not in state:
        return f"no whole {TRAINER_STATE_NAME}"
    wanted = [*_weights(folder), XALIGN_HEADS_NAME, *(_optimizer(folder) if optimizer else [])]
    there = {path.name for path in folder.glob("*.safetensors")} | {path.name for path in folder.glob("*.pt*")}
    if optimizer and not any(name.startswith("rng_state") for name in there):
        return "no random numbers (rng_state.pth)"
    for name in dict.fromkeys([*wanted, *sorted(there)]):
        if not _is_whole(folder / name):
            return f"no whole {name}"
    return None


def newest_whole_checkpoint(
    output_dir: str | Path, *, optimizer: bool = True, say: Callable[[str], None] = lambda notice: None
) -> str | None:
    """The checkpoint with most steps of those that a run can go on from.

    Args:
        output_dir: of the run; it may be missing.
        optimizer: as for [`missing_part`].
        say: called with a notice for each newer checkpoint that is skipped.

    Returns:
        Its folder; None if there is none.
    """
    numbered = []
    for folder in Path(output_dir).glob(f"{PREFIX_CHECKPOINT_DIR}-*"):
        step = folder.name.removeprefix(f"{PREFIX_CHECKPOINT_DIR}-")
        if folder.is_dir() and step.isdecimal():
            numbered.append((int(step), folder))
    for _, folder in sorted(numbered, reverse=True):
        missing = missing_part(folder, optimizer=optimizer)
        if missing is None:
            return str(folder)
        say(f"{folder} is half-written and skipped: it has {missing}")
    return None


def discard(checkpoint: str | Path) -> None:
    """Delete a checkpoint, if there is one. Killed on the way, it leaves none that could be taken for a whole one."""
    with suppress(OSError):
        (Path(checkpoint) / TRAINER_STATE_NAME).unlink()
    shutil.rmtree(checkpoint, ignore_errors=True)


def _weights(folder: Path) -> list[str]:
    """The files that the model's weights lie in."""
    if (folder / ADAPTER_WEIGHTS_NAME).exists():
        return [ADAPTER_WEIGHTS_NAME]
    if (folder / SAFE_WEIGHTS_INDEX_NAME).exists() and not (folder / SAFE_WEIGHTS_NAME).exists():
        try:
            index = json.loads((folder / SAFE_WEIGHTS_INDEX_NAME).read_text(encoding="utf-8"))
            return sorted(set(index["weight_map"].values()))
        except (OSError, ValueError, KeyError):
            return [SAFE_WEIGHTS_INDEX_NAME]
    return [SAFE_WEIGHTS_NAME]


def _optimizer(folder: Path) -> list[str]:
    """The files that the state of the optimiser lies in."""
    sharded = (folder / FSDP_WEIGHTS_NAME).exists()
    return [*([FSDP_WEIGHTS_NAME, FSDP_OPTIMIZER_NAME] if sharded else [OPTIMIZER_NAME]), SCHEDULER_NAME]


def _is_whole(path: Path) -> bool:
    if path.suffix == ".safetensors":
        try:
            # The header tells the length of the file.
            with safe_open(path, framework="pt"):
                return True
        except (OSError, SafetensorError):
            return False
    # What torch saves is a zip archive, whose directory comes last.
    return zipfile.is_zipfile(path)
