"""Reading a folder of prepared data."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from datasets import Dataset

from hf_xalign.data.sources import MINICORPUS
from hf_xalign.errors import XAlignError
from hf_xalign.files import write_text


INFO_NAME = "preparation.json"
FORMAT = "hf_xalign/prepared-1"


@dataclass(frozen=True)
class PreparedData:
    """What `prepare` wrote.

    Attributes:
        folder: where it is.
        train: `text, lang, text_latn` of sentences, `source, target, source_lang, target_lang` of pairs; with both,
            each row has nulls in the columns of the other kind.
        selection, test: pairs; None where the recipe has none.
        tokenizer_dir: the tokenizer trained on the data; None where the recipe or the encoder brings one.
        info: `preparation.json`.
    """

    folder: Path
    train: Dataset
    selection: Dataset | None
    test: Dataset | None
    tokenizer_dir: str | None
    info: dict[str, Any]

    @property
    def test_file(self) -> Path:
        return self.folder / "test.parquet"

    @property
    def test_name(self) -> str:
        """The test data by the names of their files: `flores200_devtest`."""
        paths = [source["path"] for source in self.info["sources"]["test_data"]]
        names = [path.replace(":", "_") if path.startswith(MINICORPUS) else Path(path).name for path in paths]
        return "+".join(dict.fromkeys(name.split(".")[0] for name in names))

    @property
    def synthetic(self) -> bool:
        """Whether test data are made up, not written by people."""
        return any(source["path"].startswith(MINICORPUS) for source in self.info["sources"]["test_data"])


def load_prepared(folder: str | Path) -> PreparedData:
    """Open a folder that `prepare` made.

    Raises:
        XAlignError: the folder holds no complete prepared data.
    """
    folder = Path(folder)
    info = read_info(folder)
    if info is None:
        raise XAlignError(f"{folder} holds no prepared data; make them with: xalign prepare RECIPE")
    parts = {name: folder / f"{name}.parquet" for name in ("train", "selection", "test")}
    for name, path in parts.items():
        if name in info["rows"] and not path.exists():
            raise XAlignError(f"{path} is missing; prepare the data again")
    # from_parquet keeps an Arrow copy whose fingerprint follows the file, so that later maps are found in the cache.
    data = {name: Dataset.from_parquet(str(path)) for name, path in parts.items() if name in info["rows"]}
    tokenizer = folder / "tokenizer"
    return PreparedData(
        folder=folder,
        train=data["train"],
        selection=data.get("selection"),
        test=data.get("test"),
        tokenizer_dir=str(tokenizer) if tokenizer.is_dir() else None,
        info=info,
    )


def read_info(folder: Path) -> dict[str, Any] | None:
    """`preparation.json` of a folder, or None if it has none of this format."""
    try:
        info = json.loads((folder / INFO_NAME).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return info if isinstance(info, dict) and info.get("format") == FORMAT else None


def write_info(folder: Path, info: dict[str, Any]) -> None:
    """Write `preparation.json`: the last file, so that a folder that has it is complete."""
    write_text(folder / INFO_NAME, json.dumps(info, ensure_ascii=False, indent=2) + "\n")
