"""What the realisers of all five languages share: tagged words, tables, and how clauses make a sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache
from typing import NamedTuple

from hf_xalign.data.minilexicon.derivation import Clause, Derivation


QUESTION_SLOTS = {"what": "object0", "where": "place", "when": "time", "why": "reason"}


class Word(NamedTuple):
    """A written word and the slots of the derivation that it expresses."""

    form: str
    slots: frozenset[str] = frozenset()


def tag(forms: str, *slots: str) -> list[Word]:
    """The words of `forms` (an underscore separates words; the empty string has none), all with the same slots."""
    return [*_tag(forms, slots)]


@cache
def _tag(forms: str, slots: tuple[str, ...]) -> tuple[Word, ...]:
    names = frozenset(slots)
    return tuple(Word(form, names) for form in forms.split("_") if form)


def verb_tag(forms: str, slot: str, parts: str) -> list[Word]:
    """Words of a verb that express the given of its parts.

    The parts are `verb`, `noun` (what a light verb is said with: काम of काम करना), `aspect` and `tense`; a verb of one
    word expresses all of them.
    """
    return tag(forms, *[slot + part for part in parts.split()])


def tag_phrase(phrase: str, slot: str) -> list[Word]:
    """A phrase written `word word:part word:+part`: of `slot`, of its part, of both; `word:-` is of neither."""
    words = []
    for item in phrase.split("_"):
        form, _, part = item.partition(":")
        if part == "-":
            slots = []
        elif part.startswith("+"):
            slots = [slot, f"{slot}.{part[1:]}"]
        else:
            slots = [f"{slot}.{part}" if part else slot]
        words += tag(form, *slots)
    return words


def rows(table: str, separator: str | None = None) -> Iterator[list[str]]:
    """The lines of a table as lists of cells, split at white space or at `separator`."""
    for line in table.strip().splitlines():
        yield [cell.strip() for cell in line.split(separator)]


def pairs(table: str) -> dict[str, str]:
    """A table of `key form` pairs, several a line."""
    return {key: form for cells in rows(table) for key, form in zip(cells[::2], cells[1::2], strict=True)}


def inflect(cells: list[str]) -> list[str]:
    """`chłop.iec ca cu` → chłopiec chłopca chłopcu: before the dot stands the stem of all; `-` is no ending."""
    stem, _, first = cells[0].partition(".")
    return [stem + ending.strip("-") for ending in [first, *cells[1:]]]


class Grammar:
    """Turns a derivation into words; a subclass says how a clause reads.

    `links` gives each way of joining two clauses as a pattern: 0 and 1 are the clauses, the rest are words.
    """

    stop = "."
    question_mark = "?"
    comma = ","
    links: Mapping[str, str]

    def clause(self, clause: Clause, slot: str) -> list[Word]:
        """Words of one clause without final punctuation; `slot` is the prefix of its slots."""
        raise NotImplementedError

    def finish(self, words: list[Word]) -> list[Word]:
        """Sandhi and the like, on the whole sentence."""
        return words

    def sentence(self, derivation: Derivation) -> list[Word]:
        """Words of the whole sentence with punctuation, the first capitalised where the script has capitals."""
        clauses = [self.clause(clause, f"{index}.") for index, clause in enumerate(derivation.clauses)]
        if derivation.link:
            words = self._join(clauses, self.links[derivation.link])
        else:
            words = clauses[0]
        words = self.finish(words)
        words[0] = Word(words[0].form[0].upper() + words[0].form[1:], words[0].slots)
        return words + tag(self.question_mark if derivation.clauses[0].question else self.stop, "end")

    def _join(self, clauses: list[list[Word]], pattern: str) -> list[Word]:
        words = []
        for item in pattern.split():
            if item in ("0", "1"):
                words += clauses[int(item)]
            else:
                words += tag(item, "comma" if item == self.comma else "link")
        return words
