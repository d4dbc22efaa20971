from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
import regex
import uroman

from hf_xalign.data import uroman_backend


@pytest.fixture(scope="module", autouse=True)
def saved_tables(tmp_path_factory):
    """Tables are saved in a folder of the tests, not in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path_factory.mktemp("hf_home")))
        uroman_backend.load_uroman.cache_clear()
        uroman_backend.load_uroman()
        yield uroman_backend.tables_path()


def test_the_installed_uroman_is_the_one_that_the_lattice_follows():
    """If this fails, uroman has changed: compare its `uroman.py` with `romanizer_lattice.py` before UROMAN_KNOWN."""
    assert uroman_backend.source_digest() == uroman_backend.UROMAN_KNOWN


def test_uroman_uses_no_more_of_regex_than_is_replaced():
    source = Path(uroman_backend.uroman_module().__file__).read_text(encoding="utf-8")
    used = set(re.findall(r"\bregex\.(\w+)", source))
    assert used == {"match", "search", "sub", "split", "findall", "IGNORECASE"}
    assert all(hasattr(uroman_backend._CompiledPatterns, name) for name in used)


def test_the_users_own_uroman_is_left_alone():
    assert uroman.uroman.regex is regex
    assert uroman_backend.uroman_module().regex is not regex


@pytest.mark.parametrize("text", ["", "abc ж", "ka \u2801\u2803", "བོད་སྐད", "नमस्ते 三", "\U000aafca"])
def test_the_scripts_of_a_text_are_those_that_uroman_finds(text):
    ours = uroman_backend.uroman_module().Lattice(text, uroman_backend.load_uroman())
    other = uroman_backend.uroman_module().Lattice("", uroman_backend.load_uroman())
    other.s = text
    uroman.uroman.Lattice.check_for_scripts(other)
    assert dict(ours.contains_script) == dict(other.contains_script)


@pytest.mark.timeout(60)
def test_the_scripts_of_a_long_text_are_found_in_linear_time():
    """uroman's own way takes hours for it."""
    lattice = uroman_backend.uroman_module().Lattice("བོད" * 333_333, uroman_backend.load_uroman())
    assert dict(lattice.contains_script) == {"Tibetan": True}


@pytest.fixture
def home(saved_tables, tmp_path, monkeypatch):
    shutil.copytree(saved_tables.parent, tmp_path / "hf_xalign")
    monkeypatch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path))
    uroman_backend.load_uroman.cache_clear()
    yield tmp_path
    uroman_backend.load_uroman.cache_clear()


def test_saved_tables_come_back_as_they_were(home):
    uroman_backend.load_uroman()
    path = uroman_backend.tables_path()
    assert path.is_relative_to(home) and path.name.startswith("uroman-")
    assert [file.name for file in path.parent.iterdir()] == [path.name]
    plain = uroman_backend._plain(uroman.Uroman())
    assert uroman_backend._plain(uroman_backend.uroman_from(uroman_backend._read(path))) == plain


def test_damaged_tables_are_made_anew_with_a_notice(home, caplog):
    uroman_backend.load_uroman()
    path = uroman_backend.tables_path()
    whole = path.read_bytes()
    for damaged in (b"", b"\x80\x04." + whole, whole.replace(b"Kyiv", b"Kiev") + b" ", whole[:-100]):
        caplog.clear()
        path.write_bytes(damaged)
        assert uroman_backend._read(path) is None
        assert "is damaged" in caplog.text
    uroman_backend.load_uroman.cache_clear()
    assert uroman_backend.load_uroman().romanize_string("Київ", lcode="ukr") == "Kyiv"
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_no_obstacle(tmp_path, caplog):
    (tmp_path / "file").write_text("in the way", encoding="utf-8")
    path = tmp_path / "file" / "tables.json"
    assert uroman_backend._read(path) is None
    uroman_backend._write(path, {"rom_rules": []})
    assert "cannot read" in caplog.text
    assert "cannot save" in caplog.text


def test_saved_tables_are_named_by_what_they_were_read_from(monkeypatch):
    first = uroman_backend.tables_path()
    monkeypatch.setattr(uroman_backend, "_FORMAT", -1)
    assert uroman_backend.tables_path() != first
