from __future__ import annotations

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.files import write_text


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
