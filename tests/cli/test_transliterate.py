from __future__ import annotations

import io
import subprocess
import sys

import pytest

from hf_xalign.cli import main


def run(*arguments: str, monkeypatch=None, stdin: bytes = b"") -> int:
    if monkeypatch is not None:
        monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stdin)))
    return main(["transliterate", *arguments])


@pytest.fixture
def text(tmp_path):
    path = tmp_path / "in.txt"
    path.write_bytes("Київ\n\n  привіт \nкінець\n".encode())
    return path


EXPECTED = b"Kyiv\n\n  pryvit \nkinets\n"


def test_standard_input_to_standard_output(text, monkeypatch, capfdbinary):
    assert run("--lang", "uk", monkeypatch=monkeypatch, stdin=text.read_bytes()) == 0
    assert capfdbinary.readouterr().out == EXPECTED


def test_file_to_standard_output(text, capfdbinary):
    assert run("--lang", "ukr_Cyrl", str(text)) == 0
    captured = capfdbinary.readouterr()
    assert captured.out == EXPECTED
    assert captured.err == b""  # no bar where nobody watches


@pytest.mark.parametrize("num_proc", ["1", "2"])
def test_file_to_file(text, tmp_path, capsys, num_proc):
    output = tmp_path / "out.txt"
    output.write_text("of an earlier run", encoding="utf-8")
    assert run("--lang", "ukr", "--num-proc", num_proc, "--output", str(output), str(text)) == 0
    assert output.read_bytes() == EXPECTED
    assert output.stat().st_mode & 0o777 == text.stat().st_mode & 0o777
    printed = capsys.readouterr().out
    assert "wrote 4 lines" in printed and str(output) in printed and "uroman 1." in printed
    assert sorted(file.name for file in tmp_path.iterdir()) == ["in.txt", "out.txt"]


def test_other_backends(text, tmp_path, capsys):
    pytest.importorskip("icu")
    output = tmp_path / "out.txt"
    assert (
        run("--backend", "icu", "--transform", "Any-Latin; Latin-ASCII; Upper", "--output", str(output), str(text))
        == 0
    )
    assert output.read_bytes() == b"KIIV\n\n  PRIVIT \nKINEC'\n"
    assert "(icu " in capsys.readouterr().out
    for arguments, message in (
        (("--backend", "icuu"), "did you mean 'icu'?"),
        (("--transform", "Any-Latin"), "uroman has no setting 'transform'"),
    ):
        assert run(*arguments, str(text)) == 2
        assert message in capsys.readouterr().err


def test_many_lines_keep_their_order(tmp_path, monkeypatch):
    monkeypatch.setattr("hf_xalign.cli.transliterate._LINES", 7)
    text, output = tmp_path / "in.txt", tmp_path / "out.txt"
    text.write_text("".join(f"рядок {number}\n" for number in range(100)), encoding="utf-8")
    assert run("--lang", "ukr", "--output", str(output), str(text)) == 0
    assert output.read_text(encoding="utf-8") == "".join(f"ryadok {number}\n" for number in range(100))


def test_only_line_feeds_end_a_line(tmp_path, capfdbinary):
    text = tmp_path / "in.txt"
    text.write_bytes("а\u2028б\x85в\x0bг\x0cд\r\nе\rж\nкінець".encode())
    assert run("--lang", "ukr", str(text)) == 0
    assert capfdbinary.readouterr().out == "a\u2028b\x85v\x0bh\x0cd\ne\rzh\nkinets\n".encode()


def test_nothing_in_nothing_out(monkeypatch, capfdbinary):
    assert run(monkeypatch=monkeypatch, stdin=b"") == 0
    assert capfdbinary.readouterr().out == b""


@pytest.mark.parametrize("num_proc", ["1", "2"])
def test_what_is_not_utf8(tmp_path, capsys, num_proc):
    text = tmp_path / "latin1.txt"
    text.write_bytes("добре\nтак\n".encode() + "schön\n".encode("latin-1"))
    output = tmp_path / "out.txt"
    assert run("--num-proc", num_proc, "--output", str(output), str(text)) == 2
    captured = capsys.readouterr()
    assert f"{text}, line 3: not UTF-8 (byte 0xf6 at column 4)" in captured.err
    assert captured.err.count("\n") == 1
    assert captured.out == ""
    assert [file.name for file in tmp_path.iterdir()] == ["latin1.txt"]


def test_what_is_not_utf8_on_standard_input(monkeypatch, capsys):
    assert run(monkeypatch=monkeypatch, stdin=b"ok\n\xff\n") == 2
    assert "standard input, line 2" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--lang", "hindi", "{text}"], "unknown language code 'hindi'; nearest are hin"),
        (["--num-proc", "0", "{text}"], "--num-proc is 0"),
        (["{folder}/missing.txt"], "cannot read {folder}/missing.txt: No such file"),
        (["{folder}"], "cannot read {folder}: Is a directory"),
        (["{text}", "--output", "{folder}"], "{folder}: cannot be written: it is a folder"),
        (["{text}", "--output", "{folder}/no/out.txt"], "{folder}/no/out.txt: cannot be written: No such file"),
    ],
)
def test_wrong_use_is_one_line(text, tmp_path, capsys, arguments, message):
    named = {"text": text, "folder": tmp_path}
    assert run(*(argument.format(**named) for argument in arguments)) == 2
    error = capsys.readouterr().err
    assert message.format(**named) in error
    assert error.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["in.txt"]


def test_help_needs_no_heavy_import():
    program = (
        "import sys\n"
        "from hf_xalign.cli import main\n"
        "try:\n    main(['transliterate', '--help'])\n"
        "finally:\n    assert not {'torch', 'datasets', 'uroman', 'regex', 'numpy', 'tqdm'} & set(sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "one line out for each line in" in shown.stdout
