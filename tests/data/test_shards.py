"""Preparation that is killed goes on with the shard that was not finished."""

from __future__ import annotations

import errno
import os

import numpy as np
import pytest
from datasets import Dataset

from hf_xalign.data import preparation, shards
from hf_xalign.data.preparation import prepare
from hf_xalign.data.transliteration import Transliterate
from hf_xalign.data.word_alignment import AlignWords, align_dataset
from hf_xalign.errors import XAlignError
from tests.data.sharding import Alike, Killed, count_romanised, files, small_data


ROWS, SHARD = 23, 5


@pytest.fixture
def data_args(tmp_path, monkeypatch):
    """Sentences and pairs in shards of five rows: five shards of the one, and of the other."""
    monkeypatch.setattr(preparation, "SHARD_ROWS", SHARD)
    return small_data(tmp_path, sentences=ROWS, pairs=23)


@pytest.fixture
def romanised(monkeypatch):
    return count_romanised(monkeypatch)


@pytest.mark.parametrize("die_at", [1, 2, 5, 6, 7, 10])
def test_only_unfinished_shards_are_romanised_again(die_at, data_args, romanised, tmp_path, caplog):
    caplog.set_level("INFO", "hf_xalign")
    straight = prepare(data_args("straight"))
    assert romanised == [5, 5, 5, 5, 3] * 2 and {path.name for path in straight.parent.iterdir()} == {
        "straight",
        ".straight.lock",
    }
    romanised.clear()
    romanised.die_at = die_at
    with pytest.raises(Killed):
        prepare(data_args())
    assert len(romanised) == die_at - 1 and not (tmp_path / "out" / "data").exists()
    caplog.clear()
    romanised.die_at = None
    folder = prepare(data_args())
    assert romanised == [5, 5, 5, 5, 3] * 2
    done = [min(die_at - 1, 5), max(die_at - 6, 0)]
    assert [message for message in caplog.messages if "shards" in message] == [
        f"Romanising: {count} of 5 shards were done before" for count in done if count
    ]
    assert files(folder) == files(straight)
    assert {path.name for path in folder.parent.iterdir()} == {"straight", ".straight.lock", "data", ".data.lock"}


def test_several_processes_leave_shards_to_each_other(data_args, tmp_path, monkeypatch, caplog):
    """They are given their parts of the rows first: 12 and 11 of them, three shards each."""
    caplog.set_level("INFO", "hf_xalign")
    straight = prepare(data_args("straight", preprocessing_num_proc=2))
    with monkeypatch.context() as patch:
        patch.setattr(preparation, "_enrich_pairs", _die)
        with pytest.raises(Killed):
            prepare(data_args(preprocessing_num_proc=2))
    assert len(list((tmp_path / "out" / ".data.shards").rglob("*.parquet"))) == 6
    folder = prepare(data_args(preprocessing_num_proc=2))
    assert "Romanising: 6 of 6 shards were done before" in caplog.messages
    assert files(folder) == files(straight)


def _die(*args, **kwargs):
    raise Killed


@pytest.mark.parametrize("change", ["setting", "sentence", "romaniser", "version", "other rows"])
def test_shards_of_other_settings_or_data_are_not_taken(change, data_args, romanised, tmp_path, monkeypatch, caplog):
    caplog.set_level("INFO", "hf_xalign")
    romanised.die_at = 5
    with pytest.raises(Killed):
        prepare(data_args())
    romanised.clear()
    romanised.die_at = None
    changes = {}
    if change == "setting":
        changes = {"romanise_targets": False}
    elif change == "romaniser":
        monkeypatch.setattr("hf_xalign.data.transliterators.backend_id", lambda: "uroman 0")
    elif change == "version":
        monkeypatch.setattr(shards, "versions", lambda: {"hf_xalign": "0"})
    else:
        with (tmp_path / "hin.txt").open("a") as file:
            file.write("नया\n")
        if change == "other rows":  # as if the names of the files and the fingerprint told nothing
            (left,) = (tmp_path / "out" / ".data.shards").iterdir()
            text = (tmp_path / "hin.txt").read_text()
            (tmp_path / "hin.txt").write_text("पहला\n" + text)
            sections = preparation.read_sections(data_args())
            fingerprint = preparation.fingerprint_of_data(data_args(), sections, None)
            left.rename(left.with_name(fingerprint))
    folder = prepare(data_args(**changes))
    assert len(romanised) == (5 if change == "setting" else 10)
    assert files(folder) == files(prepare(data_args("straight", **changes)))
    assert ("Romanising: 4 of 5 shards were done before" in caplog.messages) == (change == "other rows")
    assert not (tmp_path / "out" / ".data.shards").exists()


def test_damaged_shards_are_made_again(data_args, romanised, tmp_path):
    romanised.die_at = 6
    with pytest.raises(Killed):
        prepare(data_args())
    paths = sorted((tmp_path / "out" / ".data.shards").rglob("*.parquet"))
    assert len(paths) == 5
    os.truncate(paths[0], 0)
    os.truncate(paths[1], paths[1].stat().st_size // 2)
    paths[2].write_bytes(bytes(paths[2].stat().st_size))
    content = bytearray(paths[3].read_bytes())
    content[40] ^= 1
    paths[3].write_bytes(content)
    paths[4].with_name(f".{paths[4].name}.1.tmp").write_bytes(b"half")
    romanised.clear()
    romanised.die_at = None
    folder = prepare(data_args())
    assert len(romanised) == 4 + 5
    assert files(folder) == files(prepare(data_args("straight")))


def test_a_full_disk_is_one_line_and_finished_shards_stay(data_args, romanised, tmp_path, monkeypatch):
    class Full:
        """The third shard meets a full disk, half-way."""

        def __init__(self, target):
            self.target = target

        def write(self, content):
            if len(romanised) == 3:
                self.target.write(bytes(memoryview(content)[:10]))
                raise OSError(errno.ENOSPC, "No space left on device")
            self.target.write(content)

    from contextlib import contextmanager

    whole_file = shards.whole_file

    @contextmanager
    def small(path):
        with whole_file(path) as target:
            yield Full(target)

    with monkeypatch.context() as patch:
        patch.setattr(shards, "whole_file", small)
        with pytest.raises(XAlignError, match=r"\.parquet: cannot be written: No space left on device"):
            prepare(data_args())
    assert not (tmp_path / "out" / "data").exists()
    left = [path.name for path in (tmp_path / "out" / ".data.shards").rglob("*") if path.is_file()]
    assert len(left) == 2 and all(name.endswith(".parquet") and not name.startswith(".") for name in left)
    romanised.clear()
    prepare(data_args())
    assert len(romanised) == 8


def test_no_more_rows_than_a_shard_make_none(data_args, monkeypatch):
    monkeypatch.setattr(preparation, "SHARD_ROWS", ROWS)
    monkeypatch.setattr(shards, "_write", _die)
    prepare(data_args())


def test_words_are_aligned_from_where_it_was_killed(tmp_path):
    rows = {
        "source": ["a b"] * 5 + [None, "x y"] + [f"c d{'d' * n}" for n in range(15)],
        "target": ["x y"] * 5 + ["k", "y x"] + ["c d"] * 15,
    }
    data = Dataset.from_dict(rows)
    straight = align_dataset(data, Alike(), batch_size=5)
    aligner = Alike()
    aligner.die_at = 4
    with pytest.raises(Killed):
        align_dataset(data, aligner, batch_size=5, shards=tmp_path)
    assert aligner.calls == 3
    other = Alike(threshold=0.9)
    align_dataset(data, other, batch_size=5, shards=tmp_path)
    assert other.calls == 5
    aligner.die_at = None
    aligned = align_dataset(data, aligner, batch_size=5, shards=tmp_path)
    assert aligner.calls == 5
    assert aligned.features == straight.features and aligned.data.table.equals(straight.data.table)
    again = align_dataset(data, aligner, batch_size=5, shards=tmp_path)
    assert aligner.calls == 5 and again.data.table.equals(straight.data.table)


def test_the_name_of_a_step_tells_its_settings():
    aligners = [Alike(threshold=threshold) for threshold in (0.1, 0.2)]
    steps = [AlignWords(aligner=aligners[0]), AlignWords(aligner=aligners[1]), AlignWords("a", aligner=aligners[0])]
    steps += [AlignWords(aligner=aligners[0], keep=True), AlignWords(aligner=aligners[0], source_words="w")]
    steps += [Transliterate("a"), Transliterate("b"), Transliterate("a", lang="hi"), Transliterate("a", output="c")]
    assert len({repr(step) for step in steps}) == len(steps)
    assert repr(AlignWords(aligner=aligners[0])) == repr(steps[0])


def test_what_is_kept_comes_back_as_it_was(tmp_path):
    result = {
        "text": ["a", None, ""],
        "words": [["a"], [], ["b", "c"]],
        "links": [np.array([[1, 2], [3, 4]]), np.zeros((0, 2), np.int64), np.array([[0, 0]])],
        "score": [np.array([0.1, 1 / 3]), np.zeros(0), np.array([1.0])],
    }
    shards._write(tmp_path / "a.parquet", result)
    back = shards._read(tmp_path / "a.parquet")
    assert back["text"] == result["text"] and back["words"] == result["words"]
    for name in ("links", "score"):
        for first, second in zip(back[name], result[name], strict=True):
            assert first.dtype == second.dtype and first.shape == second.shape and (first == second).all()
    assert shards._read(tmp_path / "b.parquet") is None
