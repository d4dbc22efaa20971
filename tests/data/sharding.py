"""Small data in shards, and what is killed while it works on them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from hf_xalign.aligners import Aligner
from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.transliteration import Transliterate


class Killed(BaseException):
    pass


def small_data(folder: Path, *, sentences: int, pairs: int, **always) -> Callable[..., DataArguments]:
    """Write Hindi sentences and Hindi-Urdu pairs, no two alike.

    Returns:
        Called with a name, it gives the data arguments that prepare them in `folder/out/name`; `always`, and the
        keywords of the call, are changes to them.
    """
    (folder / "hin.txt").write_text("".join(f"घर {'क' * number}\n" for number in range(1, sentences + 1)))
    lines = "".join(f"नदी {'ल' * n}\tگھر {'ب' * n}\n" for n in range(1, pairs + 1))
    (folder / "pairs.tsv").write_text(f"hi\tur\n{lines}")

    def make(name: str = "data", **changes) -> DataArguments:
        values = {
            "train_data": [{"path": str(folder / "hin.txt"), "lang": "hin_Deva"}, pair_source(folder / "pairs.tsv")],
            "prepared_dir": str(folder / "out" / name),
            "tokenizer_name": "anything",
            "romanise_targets": True,
        }
        return DataArguments(**(values | always | changes))

    return make


def pair_source(path: Path) -> dict:
    return {
        "path": str(path),
        "columns": {"source": "hi", "target": "ur"},
        "source_lang": "hi",
        "target_lang": "ur",
    }


class Romanised(list):
    """The rows of each batch that was romanised; one is killed in batch `die_at`, counted from 1."""

    die_at: int | None = None


def count_romanised(monkeypatch: pytest.MonkeyPatch) -> Romanised:
    calls, romanise = Romanised(), Transliterate.__call__

    def counted(self, batch):
        if len(calls) + 1 == calls.die_at:
            raise Killed
        result = romanise(self, batch)
        calls.append(len(result[self.output]))
        return result

    monkeypatch.setattr(Transliterate, "__call__", counted)
    return calls


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


class Alike(Aligner):
    """Links words that begin alike; the first pairs have no link."""

    calls = 0
    die_at = None

    @property
    def id(self) -> str:
        return f"alike(threshold={self.threshold})"

    def _links(self, pairs, *, progress):
        if self.calls + 1 == self.die_at:
            raise Killed
        self.calls += 1
        return [
            [(i, j, 1 / (1 + i + j)) for i, a in enumerate(first) for j, b in enumerate(second) if a[0] == b[0]]
            for first, second in pairs
        ]
