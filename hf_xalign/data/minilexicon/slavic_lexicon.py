"""Entries of the Polish and Ukrainian lexicon, and how their tables are read."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from hf_xalign.data.minilexicon.grammar import inflect, rows


class Noun(NamedTuple):
    """Gender: mp (man), ma (male animal), mi (masculine thing), f, n, pl (plural only); case → form by number."""

    gender: str
    living: bool
    singular: dict[str, str]
    plural: dict[str, str]


class Verb(NamedTuple):
    """Presents (third person singular and plural), past of either aspect by agreement, future, infinitive, rection.

    Without a future of its own the verb takes the auxiliary and the imperfective infinitive.
    """

    habitual: tuple[str, str]
    progressive: tuple[str, str]
    imperfect: dict[str, str]
    past: dict[str, str]
    future: tuple[str, str] | None
    infinitive: str
    preposition: str
    case: str


class Location(NamedTuple):
    """A place: gender, case → form, prepositions of where (with locative) and of where to (genitive, accusative)."""

    gender: str
    forms: dict[str, str]
    at: str
    to: str


def parse_nouns(table: str, *, living: bool) -> dict[str, Noun]:
    """Living: `key gender nom gen dat acc ins [nom gen dat ins]`; things: `key gender nom gen acc [nom gen]`."""
    singular = ("nom", "gen", "dat", "acc", "ins") if living else ("nom", "gen", "acc")
    plural = ("nom", "gen", "dat", "ins") if living else ("nom", "gen")
    nouns = {}
    for key, gender, *cells in rows(table):
        forms = inflect(cells)
        one = dict(zip(singular, forms, strict=False))
        many = dict(zip(plural, forms[len(singular) :], strict=False))
        nouns[key] = Noun(gender, living, one, one if gender == "pl" else many)
    return nouns


def parse_places(table: str) -> dict[str, Location]:
    """`key gender gen acc loc at to`."""
    return {
        key: Location(gender, dict(zip(("gen", "acc", "loc"), inflect(forms), strict=True)), at, to)
        for key, gender, *forms, at, to in rows(table)
    }


def parse_verbs(table: str, past: Callable[[str], dict[str, str]]) -> dict[str, Verb]:
    """`key | habitual [, progressive] | imperfective past | past | future or + | infinitive | [preposition] case`.

    Presents and futures are third person singular and plural; an empty cell is a form that is never asked for, an
    empty last cell the accusative. `past` makes the past of each agreement from what the cell says.
    """
    verbs = {}
    for key, present, imperfect, perfect, future, infinitive, rection in rows(table, "|"):
        habitual, _, progressive = present.partition(",")
        *preposition, case = rection.split() or ["acc"]
        verbs[key] = Verb(
            tuple(habitual.split()),
            tuple((progressive or habitual).split()),
            past(imperfect),
            past(perfect),
            None if future == "+" else tuple(future.split()),
            infinitive,
            "".join(preposition),
            case,
        )
    return verbs
