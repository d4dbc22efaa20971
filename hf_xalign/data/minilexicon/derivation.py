"""What a synthetic sentence says, before any language says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """A noun with what belongs to it; concepts are keys of `concepts.py`, question words are `who` and `what`.

    article: "the", "a" or "" (names, bare plurals, masses); count: 2 or more, 0 for none; owner: "Anna's ...".
    """

    noun: str
    plural: bool = False
    article: str = ""
    count: int = 0
    adjective: str = ""
    owner: NounPhrase | None = None


@dataclass(frozen=True, slots=True)
class Place:
    """Where (`in`), where to (`to`) or where from (`from`)."""

    noun: str
    adjective: str = ""
    relation: str = "in"


@dataclass(frozen=True, slots=True)
class Clause:
    """One verb with its roles.

    verb: a key of `concepts.VERBS`, `be` (with `predicate` or `place`), `exist` ("there is") or a verb of
    `concepts.THAT_VERBS`. tense: one letter of `concepts.TENSES`. question: "", "yes_no", "who", "what", "where",
    "when" or "why". pronoun: the subject was named in the clause before.
    """

    verb: str
    tense: str
    subject: tuple[NounPhrase, ...]
    object: tuple[NounPhrase, ...] = ()
    recipient: NounPhrase | None = None
    companion: NounPhrase | None = None
    place: Place | None = None
    predicate: str = ""
    time: str = ""
    time_first: bool = False
    negated: bool = False
    question: str = ""
    pronoun: bool = False


@dataclass(frozen=True, slots=True)
class Derivation:
    """One clause, or two and how they are joined (a key of `Grammar.links`).

    when: clause 0 is the event, clause 1 what was going on; `when_last` says the event last. because: clause 1 is
    the reason. that: clause 1 is what is known, thought or said.
    """

    clauses: tuple[Clause, ...]
    link: str = ""
