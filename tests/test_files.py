from __future__ import annotations

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.files import whole_folder, write_text


def test_a_file_appears_whole_with_its_folder(tmp_path):
    path = write_text(tmp_path / "new" / "file.txt", "नमस्ते\n")
    assert path.read_text(encoding="utf-8") == "नमस्ते\n"
    assert [entry.name for entry in path.parent.iterdir()] == ["file.txt"]


def test_what_cannot_be_written_leaves_the_old_file_and_nothing_else(tmp_path):
    path = write_text(tmp_path / "file.txt", "old")
    with pytest.raises(UnicodeEncodeError):
        write_text(path, "\ud800")
    assert path.read_text() == "old" and len(list(tmp_path.iterdir())) == 1
    with pytest.raises(XAlignError, match="cannot be written"):
        write_text(path / "below" / "a file", "x")


def test_a_folder_appears_whole(tmp_path):
    for place in (tmp_path / "below" / "new", tmp_path / "empty"):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with whole_folder(place) as folder:
            (folder / "file.txt").write_text("x")
            assert folder.parent == place.parent and not (place / "file.txt").exists()
        assert [entry.name for entry in place.iterdir()] == ["file.txt"]
        assert not [entry for entry in place.parent.iterdir() if entry.name.startswith(".")]


def test_a_folder_that_is_not_finished_leaves_nothing(tmp_path):
    with pytest.raises(RuntimeError, match="in between"), whole_folder(tmp_path / "new") as folder:
        (folder / "file.txt").write_text("x")
        raise RuntimeError("in between")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_holds_something_is_left_alone(tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    with pytest.raises(XAlignError, match="exists and is not empty"), whole_folder(tmp_path / "full"):
        pass
    with pytest.raises(XAlignError, match="cannot be written: it is a file"), whole_folder(tmp_path / "full/mine.txt"):
        pass
    with pytest.raises(XAlignError, match="cannot be written"), whole_folder(tmp_path / "full/mine.txt/below"):
        pass
    assert [entry.name for entry in tmp_path.rglob("*")] == ["full", "mine.txt"]
