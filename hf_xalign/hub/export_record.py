"""`xalign_export.json`: what an exported folder is, for those who come after (the card, `xalign push`, a reader)."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path

from hf_xalign.errors import XAlignError
from hf_xalign.files import write_text
from hf_xalign.names import XALIGN_EXPORT_NAME
from hf_xalign.version import __version__


FORMAT = "hf_xalign/export-1"


@dataclass(frozen=True)
class ExportRecord:
    """What `export_model` wrote.

    Attributes:
        source: the name of the folder that was exported.
        layer: whose states make the sentence embeddings: `hidden_states[layer]`, of the source as of the export.
        layers: that the export has.
        layers_of_source: that the source has.
        pooling: `"mean"` over the tokens that are no special tokens, or `"cls"`, as trained.
        normalized: whether the sentence embeddings have length 1.
        differences: by what was written (`transformers`, `sentence-transformers`, `onnx`), the largest difference to
            the source, of states or of sentence embeddings, when it was opened again.
        special_token_ids: the tokens that the mean leaves out.
    """

    source: str
    layer: int
    layers: int
    layers_of_source: int
    pooling: str
    normalized: bool = False
    differences: dict[str, float] = field(default_factory=dict)
    special_token_ids: list[int] = field(default_factory=list)

    def write(self, folder: str | Path) -> Path:
        """Write `xalign_export.json` into an exported folder."""
        record = {"format": FORMAT, **asdict(self), "hf_xalign_version": __version__}
        return write_text(Path(folder) / XALIGN_EXPORT_NAME, json.dumps(record, indent=2, ensure_ascii=False) + "\n")


def read_export(folder: str | Path) -> ExportRecord | None:
    """What an exported folder says of itself; None for a folder that was not exported.

    Raises:
        XAlignError: it has an `xalign_export.json` that cannot be read.
    """
    path = Path(folder) / XALIGN_EXPORT_NAME
    if not path.exists():
        return None
    try:
        record = json.loads(path.read_text(encoding="utf-8"))
        if record.pop("format") != FORMAT:
            raise ValueError(f"it is not in the format {FORMAT}")
        record.pop("hf_xalign_version")
        return ExportRecord(**record)
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise XAlignError(f"cannot read {path}: {' '.join(str(error).split())}; export the model again") from error
