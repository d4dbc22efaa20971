"""`xalign report` as a user meets it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from hf_xalign.cli import main
from tests.evaluation.report_factory import make_results, write


def test_writes_the_report_and_says_so(tmp_path, capsys):
    folders = [str(write(tmp_path / name, make_results(name))) for name in ("one", "two")]
    output = tmp_path / "out" / "report.html"
    assert main(["report", *folders, "--output", str(output), "--title", "Two runs"]) == 0
    assert capsys.readouterr().out == f"wrote {output}\n"
    assert "<h1>Two runs</h1>" in output.read_text(encoding="utf-8")


def test_default_output_is_in_the_current_folder(tmp_path, monkeypatch):
    write(tmp_path / "run", make_results())
    monkeypatch.chdir(tmp_path)
    assert main(["report", "run"]) == 0
    assert (tmp_path / "report.html").is_file()


def test_wrong_input_is_one_line_and_status_2(tmp_path, capsys):
    output = tmp_path / "report.html"
    assert main(["report", str(tmp_path), "--output", str(output)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("xalign report: error: ")
    assert captured.err.count("\n") == 1
    assert not output.exists()


def test_no_folder_is_a_usage_error(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["report"])
    assert stopped.value.code == 2
    assert "DIR" in capsys.readouterr().err


def test_needs_neither_torch_nor_numpy(tmp_path):
    folder = write(tmp_path / "run", make_results())
    code = (
        "import sys; from hf_xalign.cli import main; "
        f"assert main(['report', {str(folder)!r}, '--output', {str(tmp_path / 'report.html')!r}]) == 0; "
        "print(sorted({'torch', 'numpy', 'transformers', 'datasets'} & {*sys.modules}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
