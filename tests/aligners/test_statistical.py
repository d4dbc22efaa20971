"""eflomal: real runs on the synthetic corpus where it is installed, and stand-ins for it where it goes wrong."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pytest

from hf_xalign.aligners import load_aligner, programs
from hf_xalign.aligners.statistical import MAX_WORDS, Eflomal, safe_word
from hf_xalign.data.minicorpus import load_parallel
from hf_xalign.errors import XAlignError


INSTALLED = (Path(sys.executable).parent / "eflomal-align").is_file() or shutil.which("eflomal-align")
needs_eflomal = pytest.mark.skipif(not INSTALLED, reason="eflomal is not installed (pip install hf_xalign[eflomal])")

PAIRS = [(["the", "house"], ["das", "Haus"]), (["a", "small", "house"], ["ein", "kleines", "Haus"])]


@pytest.fixture
def stand_in(tmp_path, monkeypatch):
    """Makes an `eflomal-align` of the body of a Python program, in which `options` are its options by name.

    Temporary files go where the test can see whether they stay.
    """
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))

    def make(body: str, name: str = "eflomal-align") -> str:
        path = tmp_path / "bin" / name
        path.parent.mkdir(exist_ok=True)
        head = (
            f"#!{sys.executable}\n"
            "import os, pathlib, sys, time\n"
            "options = dict(zip(sys.argv[1::2], sys.argv[2::2]))\n"
            "number = int(options.get('--forward-links', '.0').rsplit('.', 1)[1])\n"
            "def write(forward, reverse):\n"
            "    pathlib.Path(options['--forward-links']).write_text(forward)\n"
            "    pathlib.Path(options['--reverse-links']).write_text(reverse)\n"
        )
        path.write_text(head + body + "\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
        return str(path)

    yield make
    assert list(scratch.iterdir()) == []


def error_rate(found, gold):
    common = sum(len({link[:2] for link in links} & truth) for links, truth in zip(found, gold, strict=True))
    return 1 - 2 * common / (sum(map(len, found)) + sum(map(len, gold)))


@needs_eflomal
@pytest.mark.parametrize("symmetrization", ["grow-diag-final-and", "intersection"])
def test_learns_the_synthetic_corpus(symmetrization):
    rows = load_parallel("test", ("eng_Latn", "hin_Deva"))
    pairs = list(zip(rows["source_words"], rows["target_words"], strict=True))
    gold = [{tuple(link) for link in links} for links in rows["alignment"]]
    aligned = load_aligner("eflomal", symmetrization=symmetrization).align(pairs)
    assert error_rate(aligned, gold) < 0.35
    for links, (source, target) in zip(aligned, pairs, strict=True):
        assert links == sorted(links)
        assert all(0 <= i < len(source) and 0 <= j < len(target) for i, j, _ in links)
        shares = {round(score * 6, 9) for _, _, score in links}
        assert shares <= ({4, 5, 6} if symmetrization == "intersection" else {1, 2, 3, 4, 5, 6})
    # What the runs agree on is right more often.
    by_score = {True: [], False: []}
    for links, truth in zip(aligned, gold, strict=True):
        for i, j, score in links:
            by_score[score == 1].append((i, j) in truth)
    certain, doubtful = by_score[True], by_score[False]
    assert sum(certain) / len(certain) > sum(doubtful) / len(doubtful)


@needs_eflomal
def test_one_pair_and_no_pair():
    aligner = Eflomal(runs=1)
    assert aligner.align([]) == []
    (links,) = aligner.align([PAIRS[0]])
    assert all(i in (0, 1) and j in (0, 1) and score in (0.5, 1.0) for i, j, score in links)


@needs_eflomal
def test_words_that_would_break_lines_keep_their_places():
    """Every odd word takes one place, so the words after it are linked as well as without it."""
    odd = [
        "new york",
        "a\u2028b",
        "x\x85y",
        "|||",
        "\ud800",
        "a\tb",
        "\ue000",
        "1-2",
        "<NULL>",
        "c\rd",
        "e\nf",
        "\x1c.",
    ]
    rows = load_parallel("test", ("eng_Latn", "pol_Latn")).select(range(240))
    pairs, gold = [], []
    for number, row in enumerate(rows):
        word = odd[number % len(odd)]
        pairs.append(([word, *row["source_words"]], [word, *row["target_words"]]))
        gold.append({(0, 0)} | {(i + 1, j + 1) for i, j in row["alignment"]})
    aligned = Eflomal().align(pairs)
    assert error_rate(aligned, gold) < 0.25
    assert sum((0, 0) in {link[:2] for link in links} for links in aligned) > 0.9 * len(pairs)


@needs_eflomal
def test_priors_teach_a_pair_that_says_nothing_by_itself(tmp_path):
    rows = load_parallel("test", ("eng_Latn", "pol_Latn"))
    pairs = list(zip(rows["source_words"], rows["target_words"], strict=True))
    gold = [{tuple(link) for link in links} for links in rows["alignment"]]
    priors = tmp_path / "eng-pol.priors"
    Eflomal(runs=1, save_priors=priors).align(pairs[:400])
    assert {line.split("\t")[0] for line in priors.read_text("utf-8").splitlines()} >= {"LEX", "HMMF", "FERF"}
    few = slice(480, 500)
    alone = error_rate(Eflomal().align(pairs[few]), gold[few])
    taught = Eflomal(priors=priors)
    assert error_rate(taught.align(pairs[few]), gold[few]) < min(0.3, alone)
    assert taught.id != Eflomal().id


def test_safe_words():
    assert safe_word("Haus") == "haus"
    assert safe_word("Haus", lowercase=False) == "\ue00048\ue000aus"
    assert safe_word("new york") == "new\ue00020\ue000york"
    odd = [
        "a b",
        "a\u2028b",
        "a\u00a0b",
        "a\x85b",
        "a\x1cb",
        "a\ud800b",
        "a\ue000b",
        "ab",
        "a\ue00020\ue000b",
        "Ab",
        "AB",
    ]
    for lowercase, different in ((True, 9), (False, 11)):
        safe = [safe_word(word, lowercase) for word in odd]
        assert len(set(safe)) == different
        for word in safe:
            assert word.split() == [word] and word.lower() == word and word.encode()


def test_votes_and_scores_by_hand(stand_in):
    """Three runs of one pair: 0-0 is in all six, 1-1 in two of three of either, 0-1 once, 1-0 in one direction."""
    forward = ["0-0 1-1", "0-0 1-1", "0-0 0-1"]
    reverse = ["0-0 1-1 1-0", "0-0 1-0", "0-0 1-1 1-0"]
    program = stand_in(f"write({forward}[number] + chr(10), {reverse}[number] + chr(10))")
    pair = [(["the", "house"], ["das", "Haus"])]

    def links(symmetrization, **settings):
        return Eflomal(symmetrization=symmetrization, executable=program, **settings).align(pair)[0]

    assert links("intersection") == [(0, 0, 1.0), (1, 1, 4 / 6)]
    assert links("union") == [(0, 0, 1.0), (1, 0, 0.5), (1, 1, 4 / 6)]
    assert links("union", threshold=0.6) == [(0, 0, 1.0), (1, 1, 4 / 6)]
    assert links("grow-diag-final-and", threshold=0.9) == [(0, 0, 1.0)]
    # Two runs: a link of one of them has no majority.
    assert links("union", runs=2) == [(0, 0, 1.0), (1, 0, 0.5), (1, 1, 0.75)]
    assert links("union", jobs=3) == links("union")


def test_too_long_pairs_are_counted_and_get_no_links(stand_in, caplog):
    program = stand_in(
        "lines = pathlib.Path(options['--source']).read_text('utf-8').splitlines()\n"
        "assert len(lines) == 2, lines\nwrite('0-0\\n' * 2, '0-0\\n' * 2)"
    )
    pairs = [PAIRS[0], (["w"] * (MAX_WORDS + 1), ["w"]), (["w"] * MAX_WORDS, ["w"] * MAX_WORDS)]
    aligned = Eflomal(executable=program).align(pairs)
    assert aligned == [[(0, 0, 1.0)], [], [(0, 0, 1.0)]]
    assert "1 of 3 pairs are longer and get no links, the first is pair 1" in caplog.text
    assert Eflomal(executable="/nowhere").align([pairs[1]]) == [[]]


@needs_eflomal
def test_the_longest_that_eflomal_takes():
    words = [f"w{i}" for i in range(MAX_WORDS)]
    (links,) = Eflomal(runs=1, model=1, iterations=0.001).align([(words, words)])
    assert links


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            "sys.exit('text_read(): out of\\nmemory')",
            r"eflomal-align failed \(status 1\): text_read\(\): out of memory",
        ),
        ("os.kill(os.getpid(), 9)", r"stopped by signal 9\): it gave no reason"),
        ("print('x' * 9999, file=sys.stderr); sys.exit(3)", r"status 3\): …x{400}$"),
        ("pass", "wrote no links"),
        ("write('0-0', '0-0')", "links of pair 0 cannot be read"),
        ("write('0-0\\n', '0-0\\n')", "links of pair 1 cannot be read: ''"),
        ("write('0-0\\n7-0\\n', '0-0\\n0-0\\n')", "links of pair 1 cannot be read: '7-0'"),
        ("write('0-0\\nzero\\n', '0-0\\n0-0\\n')", "links of pair 1 cannot be read: 'zero'"),
        ("write('\\n\\n\\n', '\\n\\n\\n')", "links of more than the 2 pairs"),
    ],
)
def test_failures_are_one_line_and_leave_nothing(stand_in, tmp_path, body, said):
    aligner = Eflomal(executable=stand_in(body), save_priors=tmp_path / "priors")
    with pytest.raises(XAlignError, match=said) as failure:
        aligner.align(PAIRS)
    assert "\n" not in str(failure.value)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bin", "scratch"]


def test_a_failure_stops_the_other_runs_and_what_they_started(stand_in, tmp_path):
    left = tmp_path / "left"
    program = stand_in(
        f"import subprocess\n"
        f"if number:\n"
        f"    child = subprocess.Popen(['sleep', '600'])\n"
        f"    pathlib.Path({str(left)!r}).write_text(str(child.pid)); child.wait()\n"
        f"while not pathlib.Path({str(left)!r}).exists() or not pathlib.Path({str(left)!r}).read_text():\n"
        f"    time.sleep(0.01)\n"
        f"sys.exit('no')"
    )
    with pytest.raises(XAlignError, match="no"):
        Eflomal(executable=program, runs=2, jobs=2).align(PAIRS)
    # Nobody waits for a child's child, so it may take a moment to die; left alone it would sleep for ten minutes.
    deadline = time.monotonic() + 30
    while _is_running(left.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(pid: str) -> bool:
    status = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True)
    return status.stdout.strip()[:1] not in ("", "Z")


def test_missing_program_says_how_to_install_it(tmp_path, monkeypatch):
    monkeypatch.setattr(programs.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(XAlignError, match=r"eflomal-align is not installed: pip install hf_xalign\[eflomal\]$"):
        load_aligner("eflomal")
    program = tmp_path / "eflomal-align"
    program.touch(mode=0o755)
    assert load_aligner("eflomal").executable == str(program)
    with pytest.raises(XAlignError, match="cannot be run: "):
        Eflomal(executable=tmp_path / "none").align(PAIRS)


def test_never_imports_eflomal():
    code = (
        "import sys; from hf_xalign.aligners import load_aligner; "
        f"load_aligner('eflomal', executable={sys.executable!r}); "
        "assert not [name for name in sys.modules if name.split('.')[0] in ('eflomal', 'torch', 'transformers')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "PYTHONPATH": os.getcwd()})


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"runs": 0}, "runs is 0"),
        ({"samplers": 1.5}, "samplers is 1.5"),
        ({"jobs": "2"}, "jobs is '2'"),
        ({"model": 4}, "model is 4"),
        ({"iterations": 0}, "iterations is 0"),
        ({"null_prior": 1}, "null_prior is 1"),
        ({"threshold": 1.5}, "threshold is 1.5"),
        ({"symmetrization": "grow"}, "unknown symmetrization 'grow'"),
        ({"priors": "nowhere"}, "no such file of priors: nowhere"),
        ({"rnus": 3}, "did you mean 'runs'"),
    ],
)
def test_settings_out_of_range(settings, said):
    with pytest.raises(XAlignError, match=said):
        load_aligner("eflomal", executable=sys.executable, **settings)


def test_priors_that_cannot_be_written_are_said_before_the_work(stand_in, tmp_path):
    program = stand_in("sys.exit('was run')")
    with pytest.raises(XAlignError, match="cannot be written"):
        Eflomal(executable=program, save_priors=tmp_path / "none" / "priors").align(PAIRS)


def test_id_names_what_links_depend_on():
    aligner = Eflomal(executable=sys.executable, jobs=2)
    assert aligner.id == Eflomal(executable="elsewhere").id
    assert aligner.id.startswith("eflomal(symmetrization=grow-diag-final-and, threshold=0.0, runs=3, ")
    assert aligner.id != Eflomal(executable=sys.executable, runs=5).id
    assert Eflomal.needs_corpus
