from __future__ import annotations

from hf_xalign.cli import main
from hf_xalign.evaluation.report.markdown import markdown_tables
from tests.evaluation.report_factory import make_results, write


def test_one_row_a_run_with_intervals(tmp_path):
    for label in ("model-1", "model|<3>"):
        write(tmp_path / label[:7], make_results(label))
    text = markdown_tables([tmp_path / "model-1", tmp_path / "model|<"])
    lines = text.splitlines()
    assert lines[0].startswith("**") and "95 % bootstrap intervals" in lines[0]
    rows = [line for line in lines if line.startswith("| model")]
    assert [row.split(" | ")[0] for row in rows] == ["| model-1", "| model\\|&lt;3>"]
    assert all(row.replace("\\|", "").count("|") == 6 for row in rows)


def test_command_writes_it(tmp_path, capsys):
    write(tmp_path / "run", make_results("run"))
    page, table = tmp_path / "report.html", tmp_path / "sub" / "table.md"
    assert main(["report", str(tmp_path / "run"), "--output", str(page), "--markdown", str(table)]) == 0
    assert table.read_text(encoding="utf-8") == markdown_tables([tmp_path / "run"])
    assert str(table) in capsys.readouterr().out
