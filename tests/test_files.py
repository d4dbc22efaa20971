from __future__ import annotations

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.files import clear_left, disk_errors, whole_files, whole_folder, write_text


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


def test_what_a_killed_process_left_is_cleared(tmp_path):
    (tmp_path / ".recipe.yaml.4711.tmp").write_text("half")
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "model.safetensors").write_text("half")
    for kept in (".gitattributes", "notes.1.tmp", ".tmp"):
        (tmp_path / kept).write_text("mine")
    clear_left(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {".gitattributes", "notes.1.tmp", ".tmp"}
    clear_left(tmp_path / "nowhere")


def test_files_take_their_places_together_or_not_at_all(tmp_path):
    (tmp_path / "model").write_text("old")
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(RuntimeError), whole_files(tmp_path) as partial:
        (partial / "model").write_text("ne")
        raise RuntimeError
    assert {path.name: path.read_text() for path in tmp_path.iterdir()} == {"model": "old", "mine": "mine"}
    with whole_files(tmp_path) as partial:
        (partial / "model").write_text("new")
        (partial / "sub").mkdir()
        (partial / "sub" / "file").write_text("new")
    assert (tmp_path / "model").read_text() == (tmp_path / "sub" / "file").read_text() == "new"
    assert {path.name for path in tmp_path.iterdir()} == {"model", "mine", "sub"}


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (OSError(28, "No space left on device", "here"), "here cannot be written: No space left on device; make room"),
        (RuntimeError("Error while serializing: I/O error: Read-only file system (os error 30)"), "Read-only file"),
        (RuntimeError("[enforce fail at inline_container.cc:664] unexpected pos 64 vs 0"), "no space left, or the"),
    ],
)
def test_errors_of_the_disk_are_one_line_whoever_met_them(error, said):
    with pytest.raises(XAlignError, match=said), disk_errors("there", "make room"):
        raise ValueError("wrapped") from error


def test_other_errors_are_none_of_the_disk():
    for error in (OSError(2, "No such file"), RuntimeError("CUDA out of memory")):
        with pytest.raises(type(error)), disk_errors("there", "make room"):
            raise error
