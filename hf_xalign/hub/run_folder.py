"""What lies in the folder of a run: what a card can be made of."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hf_xalign.configuration import XAlignConfig
from hf_xalign.errors import XAlignError
from hf_xalign.hub.run_shapes import CONFIG, PROVENANCE, STATE, check_told
from hf_xalign.names import ADAPTER_CONFIG_NAME, XALIGN_CONFIG_NAME
from hf_xalign.provenance import PROVENANCE_NAME
from hf_xalign.yaml_files import load_yaml


@dataclass(frozen=True)
class RunFolder:
    """A run, as its folder tells it; what a folder lacks is empty.

    Attributes:
        path: the folder.
        config: `config.json`, the backbone's; empty in the folder of an adapter.
        settings: `xalign_config.json`: objectives, alignment layer, pooling.
        recipe: `recipe.yaml`.
        provenance: `provenance.json`: data, machine, time, versions.
        state: `trainer_state.json`.
    """

    path: Path
    config: dict[str, Any]
    settings: XAlignConfig
    recipe: dict[str, Any]
    provenance: dict[str, Any]
    state: dict[str, Any]

    @property
    def name(self) -> str:
        """What the run is called: the last part of its recipe's `output_dir`, else the folder's name."""
        told = os.path.basename(os.path.normpath(str(self.recipe.get("output_dir") or "")))
        return told if told not in ("", ".", "..") else self.path.absolute().name

    @property
    def is_adapter(self) -> bool:
        """Whether it holds an adapter of PEFT in place of a whole model."""
        return (self.path / ADAPTER_CONFIG_NAME).is_file()

    @property
    def num_layers(self) -> int | None:
        """Layers of the encoder; None where nothing tells."""
        known = (
            self.config.get("num_hidden_layers"),
            self.config.get("n_layers"),  # DistilBERT's name for it
            self.provenance.get("architecture", {}).get("num_layers"),
        )
        return next((int(count) for count in known if count), None)

    @property
    def alignment_layer(self) -> int | None:
        """The layer of the sentence embeddings; None where nothing tells."""
        if self.num_layers is None:
            return self.settings.alignment_layer
        return self.settings.resolve_alignment_layer(self.num_layers)

    @property
    def trained_until(self) -> str | None:
        """When its weights were last changed, ISO 8601; a run that did not end may have changed them later."""
        return self.provenance.get("finished") or self.provenance.get("started")


def read_run(folder: str | Path) -> RunFolder:
    """Open the folder of a run, or of a checkpoint.

    Raises:
        XAlignError: it is no checkpoint of hf_xalign, or one of its files cannot be read.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise XAlignError(f"{folder}: no such folder")
    needed = [XALIGN_CONFIG_NAME] if (folder / ADAPTER_CONFIG_NAME).is_file() else ["config.json", XALIGN_CONFIG_NAME]
    for name in needed:
        if not (folder / name).is_file():
            raise XAlignError(f"{folder} has no {name}: it is no checkpoint of hf_xalign")
    recipe = folder / "recipe.yaml"
    return RunFolder(
        path=folder,
        config=_read_json(folder / "config.json", CONFIG),
        settings=XAlignConfig.load_beside(folder),
        recipe=load_yaml(recipe) if recipe.is_file() else {},
        provenance=_read_json(folder / PROVENANCE_NAME, PROVENANCE),
        state=_read_json(folder / "trainer_state.json", STATE),
    )


def _read_json(path: Path, shape: dict[str, Any]) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise XAlignError(f"cannot read {path}: {' '.join(str(error).split())}") from None
    if not isinstance(read, dict):
        raise XAlignError(f"{path} should hold a JSON object")
    check_told(read, shape, str(path))
    # A part that is null is a part that is not told.
    return {key: value for key, value in read.items() if value is not None or key == "base_model"}
