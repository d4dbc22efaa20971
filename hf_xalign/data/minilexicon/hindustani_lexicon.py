"""Entries of the Hindi and Urdu lexicon, and how their tables are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hf_xalign.data.minilexicon.grammar import rows


class Noun(NamedTuple):
    """Gender (m, f), forms by (plural, oblique), whether it takes the plural of respect or is plural anyway."""

    gender: str
    forms: dict[tuple[bool, bool], str]
    as_plural: bool

    @classmethod
    def of(cls, gender: str, direct: str, oblique: str, plural: str, oblique_plural: str, *, as_plural: bool) -> Noun:
        """From the four forms."""
        keys = ((False, False), (False, True), (True, False), (True, True))
        return cls(gender, dict(zip(keys, (direct, oblique, plural, oblique_plural), strict=True)), as_plural)


class Verb(NamedTuple):
    """What stands before the stem (a noun with its gender, or not), the stem, what marks subject and object.

    `subject`: ne (in the perfective only), ko or have (always), or empty, and then the verb agrees with the subject.
    `object`: the postposition of the object; `ko` and `ko!` as `object_marker` says.
    """

    prefix: str
    prefix_gender: str
    stem: str
    subject: str
    object: str


# What a verb agrees with: (gender, plural).
Agreement = tuple[str, bool]


def parse_nouns(table: str, decline: Callable[[str, str], Noun]) -> dict[str, Noun]:
    """`key noun declension`, several a line."""
    return {
        key: decline(noun, declension)
        for cells in rows(table)
        for key, noun, declension in zip(cells[::3], cells[1::3], cells[2::3], strict=True)
    }


def parse_verbs(table: str) -> dict[str, Verb]:
    """`key prefix[:gender] stem subject object`, a dash where there is none."""
    verbs = {}
    for key, prefix, *cells in rows(table):
        stem, subject, marker = (cell.strip("-") for cell in cells)
        prefix, _, gender = prefix.strip("-").partition(":")
        verbs[key] = Verb(prefix, gender, stem, subject, marker)
    return verbs


def pick(forms: str, agreement: Agreement) -> str:
    """Of the masculine singular and plural, feminine singular and plural, the one that agrees."""
    gender, plural = agreement
    return forms.split()[2 * (gender == "f") + plural]
