"""`xalign align` with an aligner of these tests, with real ones on tiny models, and on bad input."""

from __future__ import annotations

import io
import json
import subprocess
import sys

import pytest
import torch
from transformers import AutoModelForMaskedLM, T5Config, T5ForConditionalGeneration

from hf_xalign import aligners
from hf_xalign.aligners.base import Aligner
from hf_xalign.cli import main
from hf_xalign.evaluation import read_audit
from tests.tiny import tiny_config, word_tokenizer


class Diagonal(Aligner):
    """Links word i to word i, with a score that falls with i; counts the calls."""

    calls: list[int]

    def __init__(self, model: str = "none", *, slope: float = 0.1, threshold: float = 0.0):
        super().__init__(threshold=threshold)
        self.slope = slope
        type(self).calls = []

    @property
    def id(self) -> str:
        return f"diagonal(slope={self.slope})"

    def _links(self, pairs, *, progress):
        type(self).calls.append(len(pairs))
        return [[(i, i, max(0.0, 1 - self.slope * i)) for i in range(min(map(len, pair)))] for pair in pairs]


class Corpus(Diagonal):
    needs_corpus = True


@pytest.fixture(autouse=True)
def diagonal(monkeypatch):
    monkeypatch.setitem(aligners.ALIGNERS, "diagonal", (__name__, "Diagonal"))
    monkeypatch.setitem(aligners.ALIGNERS, "corpus", (__name__, "Corpus"))


@pytest.fixture(scope="module")
def encoder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("encoder")
    torch.manual_seed(0)
    AutoModelForMaskedLM.from_config(tiny_config("xlm-roberta")).save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    return folder


@pytest.fixture
def corpus(tmp_path):
    path = tmp_path / "corpus.txt"
    path.write_text("w1 w2 w3 ||| w4 w5\nw6 ||| w7\nw1 w1 ||| w2 w3 w4\n", encoding="utf-8")
    return path


LINKS = b"0-0 1-1\n0-0\n0-0 1-1\n"


def align(*arguments) -> int:
    return main(["align", *map(str, arguments)])


def test_standard_input_to_standard_output(corpus, monkeypatch, capfdbinary):
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(corpus.read_bytes())))
    assert align("--aligner", "diagonal") == 0
    captured = capfdbinary.readouterr()
    assert (captured.out, captured.err) == (LINKS, b"")


def test_file_to_file_with_scores_and_settings(corpus, tmp_path, capsys):
    output = tmp_path / "out"
    options = ["--scores", "--set", "slope=0.25", "--threshold", 0.8, "--output", output]
    assert align("--aligner", "diagonal", *options, corpus) == 0
    assert output.read_bytes() == b"0-0:1.0000\n0-0:1.0000\n0-0:1.0000\n"
    assert f"wrote 3 lines to {output} (diagonal(slope=0.25))" in capsys.readouterr().out
    assert sorted(path.name for path in tmp_path.iterdir()) == ["corpus.txt", "out"]


@pytest.mark.parametrize("slope", ["1e-3", "1E-03", "1.0e-3", "0.001"])
def test_numbers_with_an_exponent(corpus, capsys, slope):
    # YAML takes 1e-3 for text.
    assert align("--aligner", "diagonal", "--scores", "--set", f"slope={slope}", corpus) == 0
    assert capsys.readouterr().out.splitlines()[0] == "0-0:1.0000 1-1:0.9990"


def test_running_text(tmp_path, capfdbinary):
    (tmp_path / "a").write_text("Ja, gut. ||| Yes, good.\n", encoding="utf-8")
    assert align("--aligner", "diagonal", "--raw", tmp_path / "a") == 0
    assert capfdbinary.readouterr().out == b"0-0 1-1 2-2 3-3\n"


def test_lines_keep_their_order_over_chunks(tmp_path, monkeypatch, capfdbinary):
    monkeypatch.setattr("hf_xalign.cli.align._LINES", 7)
    text = "".join(f"{'a ' * (1 + n % 5)}||| {'b ' * 9}\n" for n in range(40))
    (tmp_path / "a").write_text(text, encoding="utf-8")
    expected = b"".join(b" ".join(b"%d-%d" % (i, i) for i in range(1 + n % 5)) + b"\n" for n in range(40))
    assert align("--aligner", "diagonal", tmp_path / "a") == 0
    assert capfdbinary.readouterr().out == expected
    assert Diagonal.calls == [7, 7, 7, 7, 7, 5]
    # What learns from the corpus gets it whole.
    assert align("--aligner", "corpus", tmp_path / "a") == 0
    assert capfdbinary.readouterr().out == expected
    assert Corpus.calls == [40]


def test_nothing_in_nothing_out(tmp_path, capfdbinary):
    (tmp_path / "a").write_text("")
    for name in ("diagonal", "corpus"):
        assert align("--aligner", name, tmp_path / "a") == 0
    assert capfdbinary.readouterr().out == b""


def test_broken_lines_may_be_left_empty(tmp_path, capsys):
    (tmp_path / "a").write_text("a ||| b\nno separator\n\na ||| b ||| c\n ||| b\na b ||| c d\n", encoding="utf-8")
    assert align("--aligner", "diagonal", "--skip-bad", tmp_path / "a") == 0
    captured = capsys.readouterr()
    assert captured.out == "0-0\n\n\n\n\n0-0 1-1\n"
    assert "4 lines are no pairs and left empty, the first is line 2" in captured.err


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"a ||| b\na b\n", "line 2: '|||' is missing"),
        (b"a ||| b\na ||| b ||| c\n", "line 2: '|||' stands there 2 times"),
        (b"a ||| b\n||| b\n", "line 2: the source side is empty"),
        (b"a ||| b\na |||\n", "line 2: the target side is empty"),
        (b"a ||| b\n\na ||| b\n", "line 2: the line is empty"),
        (b"a ||| b\n\xe4 ||| b\n", "line 2: not UTF-8 (byte 0xe4 at column 1)"),
    ],
)
def test_a_broken_line_is_named_and_leaves_nothing(tmp_path, capsys, text, message):
    path = tmp_path / "a"
    path.write_bytes(text)
    assert align("--aligner", "diagonal", "--output", tmp_path / "out", path) == 2
    error = capsys.readouterr().err
    assert f"xalign align: error: {path}, {message}" in error and error.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["a"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "give --aligner: simalign, awesome"),
        (["--aligner", "simalgin"], "unknown aligner 'simalgin'; did you mean 'simalign'"),
        (["--aligner", "simalign"], "aligner 'simalign' needs --model: a checkpoint folder or an id on the Hub"),
        (["--aligner", "wspalign"], "aligner 'wspalign' needs --model"),
        (["--aligner", "diagonal", "--set", "slop=1"], "has no setting 'slop'; did you mean 'slope'"),
        (["--aligner", "diagonal", "--set", "slope"], "--set slope: write KEY=VALUE"),
        (["--aligner", "diagonal", "--set", "slope=["], "--set slope, line 1: "),
        (["--aligner", "diagonal", "--threshold", "0.5", "--set", "threshold=0.6"], "threshold is given twice"),
        (["--aligner", "diagonal", "--threshold", "2"], "threshold is 2.0"),
        (["--aligner", "diagonal", "--report", "r"], "--report goes with --audit GOLD"),
        (["--aligner", "diagonal", "--one-based"], "--one-based goes with --audit GOLD"),
        (["--aligner", "diagonal", "--output", "{folder}"], "{folder}: cannot be written: it is a folder"),
        (["--aligner", "diagonal", "--output", "{folder}/no/out"], "{folder}/no/out: cannot be written: No such file"),
        (["--aligner", "simalign", "--model", "{folder}"], "has no config.json"),
        (["--aligner", "simalign", "--model", "{encoder}", "--layer", "9"], "layer is 9"),
        (["--aligner", "simalign", "--model", "{encoder}", "--method", "itermix"], "itermax"),
        (["--aligner", "simalign", "--model", "{encoder}", "--set", "method=[inter]"], "method is ['inter']"),
        (["--aligner", "simalign", "--model", "{encoder}", "--set", "batch_tokens=many"], "batch_tokens is 'many'"),
        (["--aligner", "simalign", "--model", "{encoder}", "--set", "device=gpu"], "device is 'gpu', which cannot be"),
        (["--aligner", "simalign", "--model", "{encoder}", "--set", "device=cuda:77"], "device is 'cuda:77', which"),
    ],
)
def test_wrong_use_is_one_line(corpus, tmp_path, encoder, capsys, arguments, message):
    named = {"folder": tmp_path, "encoder": encoder}
    assert align(*(argument.format(**named) for argument in arguments), corpus) == 2
    error = capsys.readouterr().err
    assert message.format(**named) in error
    assert error.startswith("xalign align: error: ") and error.count("\n") == 1
    assert [file.name for file in tmp_path.iterdir()] == ["corpus.txt"]


def test_a_file_that_is_not_there(tmp_path, capsys):
    assert align("--aligner", "diagonal", tmp_path / "none") == 2
    assert f"cannot read {tmp_path / 'none'}: No such file" in capsys.readouterr().err


def test_an_encoder_that_an_aligner_cannot_use(corpus, encoder, tmp_path, capsys):
    config = T5Config(vocab_size=60, d_model=16, d_kv=8, d_ff=16, num_layers=1, num_heads=2)
    T5ForConditionalGeneration(config).save_pretrained(tmp_path / "t5")
    word_tokenizer().save_pretrained(tmp_path / "t5")
    for name, model in (("simalign", tmp_path / "t5"), ("wspalign", encoder)):
        capsys.readouterr()
        assert align("--aligner", name, "--model", model, corpus) == 2
        error = capsys.readouterr().err
        assert error.startswith("xalign align: error: ") and error.count("\n") == 1, error


def test_a_real_aligner(corpus, encoder, capsys):
    assert align("--aligner", "simalign", "--model", encoder, "--method", "inter", "--layer", 2, corpus) == 0
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 3 and lines[1] == "0-0"


@pytest.fixture
def gold(tmp_path):
    path = tmp_path / "gold.jsonl"
    rows = [
        {"source_words": ["w1", "w2"], "target_words": ["w3", "w4"], "sure": ["0-0", "1-1"], "pair": "a-b"},
        {
            "source_words": ["w1", "w2"],
            "target_words": ["w3", "w4"],
            "sure": ["0-0"],
            "possible": ["1-0"],
            "pair": "c-d",
        },
        {"source_words": ["w5"], "target_words": ["w6"], "sure": [[0, 0]], "pair": "c-d"},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def test_audit(gold, tmp_path, capsys):
    report, output = tmp_path / "report", tmp_path / "links"
    options = ["--audit", gold, "--report", report, "--precision", 0.9, "--output", output]
    assert align("--aligner", "diagonal", "--set", "slope=0.5", *options) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "diagonal(slope=0.5) against gold.jsonl (n = 3 pairs)" in printed.out
    assert "Links with a score of 1 or more reach a precision of 90 %" in printed.out
    for path in (report / "audit.json", report / "audit.html", output):
        assert f"{path}" in printed.out and path.is_file()
    assert output.read_bytes() == b"0-0 1-1\n0-0 1-1\n0-0\n"
    audit = read_audit(report)
    assert [group["pair"] for group in audit["groups"]] == ["all", "a-b", "c-d"]
    scores = {name: estimate["value"] for name, estimate in audit["groups"][0]["scores"].items()}
    assert scores == pytest.approx({"precision": 4 / 5, "recall": 1, "f1": 8 / 9, "aer": 1 - 8 / 9}, abs=1e-6)
    assert (audit["choice"]["threshold"], audit["choice"]["links"]) == (1.0, 3)


def test_audit_of_links_beside_a_file(corpus, tmp_path, capsys):
    (tmp_path / "links").write_text("0-0:0.9 1-1:0.5\n0-0\n0-0 1-2\n")
    (tmp_path / "gold").write_text("1-1 2-2\n1-1\n1-1 2p3\n")
    options = ["--audit", tmp_path / "gold", "--one-based", "--links", tmp_path / "links"]
    assert align(*options, corpus) == 0
    printed = capsys.readouterr().out
    assert "links of links against gold (n = 3 pairs)" in printed
    assert "100.0" in printed
    assert align(*options, "--limit", 1, corpus) == 0
    assert "(n = 1 pair)" in capsys.readouterr().out


def test_audit_leaves_out_what_is_broken(corpus, tmp_path, capsys):
    corpus.write_text("w1 w2 ||| w3\nbroken\nw1 ||| w2\n", encoding="utf-8")
    (tmp_path / "gold").write_text("0-0 1-7\n0-0\n0-0\n")
    options = ["--aligner", "diagonal", "--audit", tmp_path / "gold", "--skip-bad", "--output", tmp_path / "out"]
    assert align(*options, corpus) == 0
    printed = capsys.readouterr()
    assert "1 line is no pair and left empty, the first is line 2" in printed.err
    assert "1 link of 1 pair left out, pointing past the words" in printed.err
    assert (tmp_path / "out").read_bytes() == b"0-0\n\n0-0\n"


def test_statistical_aligners_learn_one_language_at_a_time(gold):
    assert align("--aligner", "corpus", "--audit", gold) == 0
    assert Corpus.calls == [1, 2]


def test_a_gold_that_may_count_from_1_is_told_of(corpus, tmp_path, capsys):
    corpus.write_text("a b c ||| a b c\n", encoding="utf-8")
    (tmp_path / "gold").write_text("1-1 2-2\n")
    assert align("--aligner", "diagonal", "--audit", tmp_path / "gold", corpus) == 0
    assert "no link touches word 0; if the file counts words from 1, give --one-based" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("files", "arguments", "message"),
    [
        ({"gold": "0-0\n"}, [], "gold has 1 line of gold links, the file of sentences has 3"),
        ({"gold": "0-0\n0-0\n"}, [], "gold has 2 lines of gold links, the file of sentences has 3"),
        ({"gold": "0-0\n3-x\n0-0\n"}, [], "gold, line 2: '3-x' is no link"),
        (
            {"gold": "1-1\n1-1\n2-3\n"},
            [],
            "gold, line 2: link 1-1 is out of range, and none of the file touches word 0",
        ),
        ({"gold": "0-0\n0-1\n0-0\n"}, [], "gold, line 2: link 0-1 is out of range: the sides have 1 and 1 words"),
        ({"gold": "0-0\n0-0\n0-0\n"}, ["--one-based"], "gold, line 1: link 0-0 touches word 0"),
        ({"gold": b"\xff"}, [], "gold, line 1: not UTF-8"),
        ({}, [], "gold: no such file"),
        ({"gold": "0-0\n0-0\n0-0\n"}, ["--gold-format", "wtp"], "unknown gold format 'wtp'; did you mean 'wpt'"),
        ({"gold": "0-0\n0-0\n0-0\n"}, ["--split", "test"], "has no split 'test'"),
        ({"gold": "0-0\n0-0\n0-0\n"}, ["--precision", "90"], "--precision 90 is no share"),
        ({"gold": "0-0\n0-0\n0-0\n"}, ["--limit", "0"], "--limit 0 is too small"),
        ({"gold": "0-0\n0-0\n0-0\n"}, ["--report", "{folder}/gold"], "gold is a file: give a folder"),
        ({"gold": "0-0\n0-0\n0-0\n"}, ["--report", "{folder}/gold/new"], "gold is not a folder that you may write to"),
        ({"gold": "0p0\n0p0\n0p0\n"}, [], "no sure link"),
        ({"gold": "0-0\n0-0\n0-0\n", "links": "0-0\n"}, ["--links"], "links has 1 line of links, "),
        (
            {"gold": "0-0\n0-0\n0-0\n", "links": "0-0\n0-0\n4-4\n"},
            ["--links"],
            "links, line 3: link 4-4 is out of range",
        ),
        ({"gold": "0-0\n0-0\n0-0\n", "links": "0-0\n0p0\n0-0\n"}, ["--links"], "links, line 2: '0p0' is no link"),
    ],
)
def test_bad_audits_are_one_line_and_leave_nothing(corpus, tmp_path, capsys, files, arguments, message):
    for name, text in files.items():
        (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    before = sorted(tmp_path.iterdir())
    arguments = [argument.format(folder=tmp_path) for argument in arguments]
    chosen = ["--links", tmp_path / "links"] if arguments == ["--links"] else ["--aligner", "diagonal", *arguments]
    report = [] if "--report" in arguments else ["--report", tmp_path / "report"]
    assert align("--audit", tmp_path / "gold", *chosen, *report, "--output", tmp_path / "out", corpus) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("xalign align: error: ") and error.count("\n") == 1
    assert sorted(tmp_path.iterdir()) == before


def test_audits_that_contradict_themselves(gold, corpus, capsys):
    for arguments, message in (
        (["--audit", gold], "--audit needs --aligner, or --links"),
        (["--audit", gold, "--aligner", "diagonal", "--links", corpus], "--audit needs --aligner, or --links"),
        (["--audit", gold, "--links", corpus, "--threshold", 0.5], "threshold: settings of an aligner"),
        (["--audit", gold, "--aligner", "diagonal", corpus], "holds its own sentences"),
    ):
        assert align(*arguments) == 2
        error = capsys.readouterr().err
        assert message in error and error.count("\n") == 1


def test_help_needs_no_heavy_import():
    program = (
        "import sys\n"
        "from hf_xalign.cli import main\n"
        "try:\n    main(['align', '--help'])\n"
        "finally:\n    assert not {'torch', 'transformers', 'pyarrow', 'regex', 'numpy', 'tqdm'} & set(sys.modules)"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "--audit GOLD" in shown.stdout
