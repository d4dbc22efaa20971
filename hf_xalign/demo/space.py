"""The folder of a Space that shows the page of a model on the Hub."""

from __future__ import annotations

import importlib.metadata
import json
from importlib import resources
from pathlib import Path

import jinja2

from hf_xalign.demo.corpus import read_corpus
from hf_xalign.errors import XAlignError
from hf_xalign.files import write_text
from hf_xalign.repository import check_repo_id
from hf_xalign.version import __version__


def write_space(model: str, folder: str | Path, *, corpus: str | None = None) -> Path:
    """Write `app.py`, `requirements.txt` and `README.md` of a Space, and `corpus.txt` where a corpus is given.

    Args:
        model: an id on the Hub; what is in a folder here, a Space cannot open.
        folder: made if need be; files of these names in it are replaced.
        corpus: a file of UTF-8 lines.

    Raises:
        XAlignError: `model` is a folder or no id, the corpus cannot be read, or the folder cannot be written.
    """
    if Path(model).exists():
        raise XAlignError(
            f"{model} is on this machine, where a Space cannot open it: push it first (xalign push), and give its id"
        )
    check_repo_id(model)
    folder = Path(folder)
    if folder.exists() and not folder.is_dir():
        raise XAlignError(f"{folder} is a file: give a folder for the Space")
    lines = None if corpus is None else [line.text for line in read_corpus(corpus)]
    values = {
        "model": model,
        "version": __version__,
        "corpus": None if lines is None else "corpus.txt",
        "gradio_version": _gradio_version(),
    }
    written = {name: _render(name, **values) for name in ("app.py", "requirements.txt", "README.md")}
    if lines is not None:
        written["corpus.txt"] = "\n".join(lines) + "\n"
    for name, text in written.items():
        write_text(folder / name, text)
    return folder


def _gradio_version() -> str | None:
    """The release that the page was tried with here; None, where there is none, lets the Hub choose."""
    try:
        return importlib.metadata.version("gradio")
    except importlib.metadata.PackageNotFoundError:
        return None


def _render(name: str, **values: str | None) -> str:
    source = resources.files("hf_xalign.demo").joinpath("templates", f"space.{name}.jinja")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, trim_blocks=True)
    # No HTML is made here: strings are quoted as Python, JSON and YAML have it alike.
    environment.filters["quoted"] = json.dumps
    return environment.from_string(source.read_text(encoding="utf-8")).render(**values)
