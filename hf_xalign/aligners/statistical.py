"""eflomal: a statistical aligner, for corpora whose languages no encoder knows.

eflomal (Östling and Tiedemann, 2016, "Efficient Word Alignment with Markov Chain Monte Carlo") is GPL-3 software. It
is an optional extra, run as a program of its own that reads and writes files; none of it is ever imported here.
"""

from __future__ import annotations

import contextlib
import hashlib
import logging
import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import TextIO, TypeAlias

from hf_xalign.aligners.base import Aligner, Link, WordPair
from hf_xalign.aligners.programs import find_program, run_programs
from hf_xalign.aligners.symmetrization import symmetrization as symmetrization_method
from hf_xalign.errors import XAlignError
from hf_xalign.files import whole_file


logger = logging.getLogger(__name__)

# Links of both directions, and how often each was seen in either.
Votes: TypeAlias = tuple[set[tuple[int, int]], set[tuple[int, int]], Counter[tuple[int, int]]]

# eflomal takes sentences of less than 1024 words and leaves longer ones out without a word.
MAX_WORDS = 1023

# Stands round the code of a character that must not reach the program as it is; a private character, for no text has
# it, and one that it does not lower-case.
_ESCAPE = "\ue000"
# What ends a word or a line for eflomal (Python's `str.split`), what UTF-8 cannot write, and the mark itself.
_UNSAFE = re.compile(rf"[\s\ud800-\udfff{_ESCAPE}]")


class Eflomal(Aligner):
    """Word alignment by eflomal (Östling and Tiedemann, 2016), learnt from the pairs of one `align` call alone.

    eflomal samples, and has no probabilities of links to give. So it is run several times (each time from other random
    numbers), and a direction's alignment is what more than half of the runs say. Both directions are then merged by
    `symmetrization`. A link's **score** is the share of runs and directions, `2 * runs` in all, that contain it: with
    three runs 1.0 is unanimous, and a link of the intersection has 4/6 or more.

    On eight language pairs of some 1 350 sentences each (XL-WA), three runs with one sampler cost as much as one run
    with three samplers, eflomal's own default, and have a mean alignment error rate of 24.9 and 25.1 % (measured
    twice) instead of 25.5 % ("grow-diag-final-and"). eflomal takes fewer iterations the larger a corpus is, so that
    sampling costs about the square root of the number of pairs.

    The random numbers come from the system and eflomal has no setting to fix them: two calls with the same pairs
    differ in a few links, which the votes make fewer, though their `id` is the same.

    Args:
        symmetrization: "intersection", "grow-diag-final-and" or another of
            `hf_xalign.aligners.symmetrization.METHODS`.
        threshold: links scored below it are dropped; 0 keeps what the symmetrisation gives.
        runs: independent runs that vote; odd numbers leave no tie (a tie is no majority).
        samplers: Markov chains within each run, whose estimates eflomal adds up.
        model: 1 (IBM model 1), 2 (and HMM) or 3 (and fertility).
        iterations: sampling iterations, relative to eflomal's own number for a corpus of this size.
        null_prior: prior probability that a word has no translation, 0 to 1.
        lowercase: whether words that differ in case only are one word.
        priors: a file of priors, from `save_priors` or `eflomal-makepriors`, so that a small corpus is aligned with
            what a larger one taught; its words are those of text prepared with the same `lowercase`.
        save_priors: a file to write, after each call, with the priors that its alignment gives.
        jobs: runs at the same time, each a process.
        executable: the `eflomal-align` to use; None: the one beside this Python, else the one on the PATH.

    Raises:
        XAlignError: eflomal is not installed, a setting is out of range or there is no such file of priors; in a call,
            eflomal fails (with what it said).
    """

    needs_corpus: bool = True

    def __init__(
        self,
        *,
        symmetrization: str = "grow-diag-final-and",
        threshold: float = 0.0,
        runs: int = 3,
        samplers: int = 1,
        model: int = 3,
        iterations: float = 1.0,
        null_prior: float = 0.2,
        lowercase: bool = True,
        priors: str | os.PathLike | None = None,
        save_priors: str | os.PathLike | None = None,
        jobs: int = 1,
        executable: str | os.PathLike | None = None,
    ) -> None:
        super().__init__(threshold=threshold)
        self._merge = symmetrization_method(symmetrization)
        for name, value in (("runs", runs), ("samplers", samplers), ("jobs", jobs)):
            if not isinstance(value, int) or value < 1:
                raise XAlignError(f"eflomal: {name} is {value!r}; it must be a whole number, 1 or more")
        if model not in (1, 2, 3):
            raise XAlignError(f"eflomal: model is {model!r}; it must be 1, 2 or 3")
        if not isinstance(iterations, int | float) or not 0 < iterations < float("inf"):
            raise XAlignError(f"eflomal: iterations is {iterations!r}; it must be a number above 0")
        if not isinstance(null_prior, int | float) or not 0 < null_prior < 1:
            raise XAlignError(f"eflomal: null_prior is {null_prior!r}; it must be between 0 and 1")
        if priors is not None and not Path(priors).is_file():
            raise XAlignError(f"eflomal: no such file of priors: {priors}")
        self.symmetrization = symmetrization
        self.runs = runs
        self.samplers = samplers
        self.model = model
        self.iterations = float(iterations)
        self.null_prior = float(null_prior)
        self.lowercase = lowercase
        self.priors = None if priors is None else Path(priors)
        self.save_priors = None if save_priors is None else Path(save_priors)
        self.jobs = jobs
        self.executable = find_program("eflomal-align") if executable is None else str(executable)

    @property
    def id(self) -> str:
        settings = {
            name: getattr(self, name)
            for name in ("symmetrization", "threshold", "runs", "samplers", "model", "iterations", "null_prior")
        }
        settings["lowercase"] = self.lowercase
        if self.priors is not None:
            settings["priors"] = hashlib.sha256(self.priors.read_bytes()).hexdigest()[:12]
        return f"eflomal({', '.join(f'{name}={value}' for name, value in settings.items())})"

    def _links(self, pairs: Sequence[WordPair], *, progress: bool) -> list[list[Link]]:
        links: list[list[Link]] = [[] for _ in pairs]
        fitting = [number for number, pair in enumerate(pairs) if max(map(len, pair)) <= MAX_WORDS]
        if len(fitting) < len(pairs):
            first = next(number for number, pair in enumerate(pairs) if max(map(len, pair)) > MAX_WORDS)
            logger.warning(
                "eflomal takes sentences of up to %d words: %d of %d pairs are longer and get no links, the first is "
                "pair %d",
                MAX_WORDS,
                len(pairs) - len(fitting),
                len(pairs),
                first,
            )
        if not fitting:
            return links
        with contextlib.ExitStack() as stack:
            # Opened first: that it cannot be written is better known before the work than after it.
            priors = stack.enter_context(whole_file(self.save_priors)) if self.save_priors is not None else None
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="hf_xalign-eflomal-")))
            texts = [pairs[number] for number in fitting]
            for side, name in enumerate(("source", "target")):
                _write_lines(
                    folder / name, ((safe_word(word, self.lowercase) for word in pair[side]) for pair in texts)
                )
            self._run(folder, progress)
            for number, (forward, reverse, counts) in zip(fitting, self._votes(folder, texts), strict=True):
                links[number] = [
                    (i, j, counts[i, j] / (2 * self.runs)) for i, j in sorted(self._merge(forward, reverse))
                ]
            if priors is not None:
                priors.write(self._make_priors(folder, texts))
        return links

    def _run(self, folder: Path, progress: bool) -> None:
        """Run eflomal on `source` and `target`; it writes `forward.0`, `reverse.0`, `forward.1` and so on."""
        options = [self.executable, "--model", self.model, "--length", self.iterations]
        options += ["--n-samplers", self.samplers, "--null-prior", self.null_prior]
        options += ["--source", folder / "source", "--target", folder / "target"]
        if self.priors is not None:
            options += ["--priors", self.priors]
        commands = [
            [*options, "--forward-links", folder / f"forward.{run}", "--reverse-links", folder / f"reverse.{run}"]
            for run in range(self.runs)
        ]
        run_programs(commands, folder, jobs=self.jobs, progress=progress)

    def _votes(self, folder: Path, pairs: Sequence[WordPair]) -> Iterator[Votes]:
        """For each pair both directions' links by majority, and how often each link was seen in either."""
        with contextlib.ExitStack() as stack:
            directions = [
                [stack.enter_context(_open_links(folder / f"{name}.{run}")) for run in range(self.runs)]
                for name in ("forward", "reverse")
            ]
            for number, pair in enumerate(pairs):
                counts: Counter[tuple[int, int]] = Counter()
                majorities = []
                for files in directions:
                    seen = Counter(link for file in files for link in _read_links(file, number, pair))
                    majorities.append({link for link, count in seen.items() if 2 * count > self.runs})
                    counts.update(seen)
                yield majorities[0], majorities[1], counts
            if any(file.readline() for files in directions for file in files):
                raise XAlignError(f"eflomal wrote links of more than the {len(pairs)} pairs that it was given")

    def _make_priors(self, folder: Path, pairs: Sequence[WordPair]) -> bytes:
        """Counts of the words that were linked, of jumps and of fertilities, by eflomal's own program."""
        for side, name in enumerate(("forward", "reverse")):
            voted = (sorted(votes[side]) for votes in self._votes(folder, pairs))
            _write_lines(folder / name, ((f"{i}-{j}" for i, j in links) for links in voted))
        beside = Path(self.executable).with_name("eflomal-makepriors")
        program = str(beside) if beside.is_file() else find_program("eflomal-makepriors")
        command = [program, "-s", folder / "source", "-t", folder / "target"]
        command += ["-f", folder / "forward", "-r", folder / "reverse", "-p", folder / "priors"]
        run_programs([command], folder)
        return (folder / "priors").read_bytes()


def safe_word(word: str, lowercase: bool = True) -> str:
    """A word as eflomal gets it: different words stay different, and none breaks the line.

    White space and line ends of any script inside a word, lone surrogates and, where case counts, upper-case letters
    (eflomal lower-cases all it reads) are written by their code between two U+E000.
    """
    if lowercase:
        return _UNSAFE.sub(lambda match: _escaped(match[0]), word.lower())
    return "".join(_escaped(c) if c.lower() != c or _UNSAFE.match(c) else c for c in word)


def _escaped(character: str) -> str:
    return f"{_ESCAPE}{ord(character):x}{_ESCAPE}"


def _write_lines(path: Path, lines: Iterable[Iterable[str]]) -> None:
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        for words in lines:
            print(*words, file=file)


def _open_links(path: Path) -> TextIO:
    try:
        return open(path, encoding="utf-8")
    except FileNotFoundError:
        raise XAlignError("eflomal ended without an error, but wrote no links: is this eflomal-align?") from None


def _read_links(file: TextIO, number: int, pair: WordPair) -> list[tuple[int, int]]:
    """The links of the next line; a line that ends otherwise than in a line feed was never finished."""
    line = file.readline()
    try:
        if not line.endswith("\n"):
            raise ValueError
        links = [(int(i), int(j)) for i, j in (link.split("-") for link in line.split())]
        if any(not (0 <= i < len(pair[0]) and 0 <= j < len(pair[1])) for i, j in links):
            raise ValueError
    except ValueError:
        raise XAlignError(f"eflomal's links of pair {number} cannot be read: {line.strip()[:80]!r}") from None
    return links
