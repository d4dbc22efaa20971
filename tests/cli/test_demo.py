"""`xalign demo` on what it cannot serve: one line each, before anything heavy is done."""

from __future__ import annotations

import socket
import sys

import pytest

from hf_xalign.cli import main
from hf_xalign.demo.serving import free_port


def refused(capsys, *arguments) -> str:
    assert main(["demo", *map(str, arguments)]) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith("xalign demo: error: ") and captured.err.count("\n") == 1 and not captured.out
    return captured.err


@pytest.fixture
def taken():
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield other.getsockname()[1]


def test_a_port_that_is_taken(capsys, taken):
    said = refused(capsys, "nowhere", "--port", taken)
    assert f"port {taken} cannot be had (Address already in use): choose another with --port" in said
    assert "--port is 0; ports are 1 to 65535" in refused(capsys, "nowhere", "--port", 0)
    assert free_port() != taken


def test_without_gradio(capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "gradio", None)
    assert "the page needs gradio: pip install 'hf_xalign[demo]'" in refused(capsys, "nowhere")


def test_no_model_and_no_corpus(capsys, tmp_path, monkeypatch):
    # Any module will do: the page is never built.
    monkeypatch.setitem(sys.modules, "gradio", sys)
    assert "no such model folder: /nowhere" in refused(capsys, "/nowhere")
    assert "is not a model folder: it has no config.json" in refused(capsys, tmp_path)
    assert "--corpus /nowhere: cannot be read" in refused(capsys, tmp_path, "--corpus", "/nowhere")
    (tmp_path / "config.json").write_text('{"model_type": "gpt2"}')
    assert "encoder 'gpt2' is not supported" in refused(capsys, tmp_path)
