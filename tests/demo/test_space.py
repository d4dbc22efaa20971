"""The folder of a Space: its files, its app run, and what is refused."""

from __future__ import annotations

import runpy
import shutil

import pytest
import yaml

from hf_xalign.cli import main
from hf_xalign.demo import write_space
from hf_xalign.errors import XAlignError
from hf_xalign.version import __version__


def test_the_app_of_the_folder_is_the_page(model, corpus, tmp_path, monkeypatch, capsys):
    folder = tmp_path / "space"
    monkeypatch.chdir(tmp_path)
    assert main(["demo", "me/tiny", "--share-as-space", "space", "--corpus", str(corpus)]) == 0
    assert "hf upload ME/NAME space --repo-type space" in capsys.readouterr().out
    assert sorted(path.name for path in folder.iterdir()) == ["README.md", "app.py", "corpus.txt", "requirements.txt"]
    assert (folder / "requirements.txt").read_text() == f"hf_xalign[demo,peft]=={__version__}\n"
    _, front, text = (folder / "README.md").read_text("utf-8").split("---\n", 2)
    card = yaml.safe_load(front)
    assert (card["sdk"], card["app_file"], card["models"]) == ("gradio", "app.py", ["me/tiny"])
    assert "(https://huggingface.co/me/tiny)" in text

    # Where `me/tiny` can be opened, the app is run up to the point where it would be served.
    shutil.copytree(model, tmp_path / "me" / "tiny")
    served = []
    monkeypatch.setattr("hf_xalign.demo.serving.launch", lambda page, **where: served.append((page, where)))
    page = runpy.run_path(str(folder / "app.py"), run_name="__main__")["demo"]
    assert served == [(page, {"host": "0.0.0.0", "port": 7860})]
    compare = next(fn for fn in page.fns.values() if fn.api_name == "compare")
    html = compare.fn("w1 w2", "", "w2 w1", "", "itermax", 1)
    assert 'id="similarity"' in html and "Of 14 sentences." in html
    assert "The second sentence is empty" in compare.fn("w1", "", None, None, "itermax", 1)


def test_the_synthetic_corpus_needs_no_file(tmp_path):
    write_space("me/model", tmp_path)
    assert 'build_page("me/model")' in (tmp_path / "app.py").read_text()
    assert not (tmp_path / "corpus.txt").exists()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"model": "here"}, "here is on this machine, where a Space cannot open it: push it first"),
        ({"model": "a/b/c"}, "'a/b/c' is no id of a repository"),
        ({"folder": "here/file"}, "here/file is a file: give a folder"),
        ({"corpus": "nowhere"}, "--corpus nowhere: cannot be read"),
    ],
)
def test_refuses_and_writes_nothing(given, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "file").touch()
    with pytest.raises(XAlignError, match=message):
        write_space(**({"model": "me/model", "folder": "space"} | given))
    assert not (tmp_path / "space").exists()
