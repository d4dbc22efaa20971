"""Draws derivations at random from the concepts, so that what is said makes sense."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import cache
from random import Random

from hf_xalign.data.minilexicon import concepts
from hf_xalign.data.minilexicon.derivation import Clause, Derivation, NounPhrase, Place
from hf_xalign.data.minilexicon.phrase_sampling import (
    counted,
    fitting_adjective,
    is_countable,
    kind_of,
    object_phrases,
    single,
    single_person,
    sometimes_adjective,
    subject_phrases,
)


# How often each way of making a sentence is tried; rejected repetitions shift the shares a little.
_SHAPES = {
    "simple": 46,
    "question": 12,
    "predicate": 7,
    "exist": 5,
    "locative": 4,
    "when": 9,
    "because": 7,
    "that": 8,
    "and": 6,
    "but": 5,
}
_EVENT_VERBS = ("come", "return", "go")
_WHAT_VERBS = ("read", "write", "buy", "sell", "see", "eat", "drink", "cook", "bring", "repair", "build", "find")
_ANIMAL_PLACES = ("garden", "park", "field", "forest", "house")


def sample(rng: Random) -> Derivation:
    """One random derivation."""
    shape = rng.choices(list(_SHAPES), list(_SHAPES.values()))[0]
    return _SAMPLERS[shape](rng)


def _simple(rng: Random) -> Derivation:
    return Derivation((_clause(rng),))


def _place(rng: Random, verb: str) -> Place:
    entry = concepts.VERBS[verb]
    noun = rng.choice(entry.places)
    relation = "in"
    if "move" in entry.flags:
        relation = "from" if verb == "return" and rng.random() < 0.6 else "to"
    adjective = fitting_adjective(rng, noun) if relation == "in" and rng.random() < 0.15 else ""
    return Place(noun, adjective, relation)


def _clause(
    rng: Random,
    *,
    verb: str = "",
    tenses: str = "PHGFW",
    question: str = "",
    negation: float = 0.14,
    timed: float = 0.45,
) -> Clause:
    """A clause with an ordinary verb; repeated until no noun occurs twice in it."""
    while True:
        candidate = _clause_with(rng, verb or _verb(rng, tenses), tenses, question, negation, timed)
        nouns = list(_nouns(candidate))
        if len(nouns) == len(set(nouns)):
            return candidate


def _verb(rng: Random, tenses: str) -> str:
    return rng.choice(_verbs_with(tenses))


@cache
def _verbs_with(tenses: str) -> list[str]:
    return [verb for verb, entry in concepts.VERBS.items() if set(entry.tenses) & set(tenses)]


def _clause_with(rng: Random, verb: str, tenses: str, question: str, negation: float, timed: float) -> Clause:
    entry = concepts.VERBS[verb]
    tense = rng.choice([letter for letter in tenses if letter in entry.tenses])
    negated = not question and tense in "PHGF" and rng.random() < negation
    subject = subject_phrases(rng, verb)
    objects = object_phrases(rng, verb, tense, negated)
    place = time = None
    if entry.places and rng.random() < (1.0 if "move" in entry.flags and verb != "come" else 0.4):
        place = _place(rng, verb)
        if kind_of(subject[0]) == "animal" and place.noun not in _ANIMAL_PLACES:
            place = None
    if "state" not in entry.flags and tense in "PHGF" and (rng.random() < timed or (tense == "H" and timed)):
        free = not negated and not question
        times = [name for name, letters in concepts.TIMES.items() if tense in letters]
        time = rng.choice([name for name in times if free or name not in ("often", "always")])
    company = "company" in entry.flags and len(subject) == 1 and rng.random() < 0.25
    return Clause(
        verb,
        tense,
        subject,
        objects,
        recipient=single_person(rng) if "give" in entry.flags else None,
        companion=single_person(rng) if company else None,
        place=place,
        time=time or "",
        time_first=time not in (None, "often", "always") and not question and rng.random() < 0.4,
        negated=negated,
        question=question,
    )


def _nouns(clause: Clause) -> Iterator[str]:
    """Every noun of the clause, owners too."""
    phrases = [*clause.subject, *clause.object, clause.recipient, clause.companion]
    for phrase in filter(None, phrases):
        yield phrase.noun
        if phrase.owner:
            yield phrase.owner.noun
    if clause.place:
        yield clause.place.noun


def _question(rng: Random) -> Derivation:
    kind = rng.choices(("yes_no", "who", "what", "where", "when", "why"), (8, 4, 4, 3, 3, 3))[0]
    if kind == "yes_no":
        return Derivation((_clause(rng, tenses="PHGF", question=kind, timed=0.3),))
    if kind == "who":
        clause = _clause(rng, tenses="PHGF", question=kind, timed=0.3)
        return Derivation((dataclasses.replace(clause, subject=(NounPhrase("who"),)),))
    if kind == "what":
        clause = _clause(rng, verb=rng.choice(_WHAT_VERBS), tenses="PHGF", question=kind, timed=0.4)
        return Derivation((dataclasses.replace(clause, object=(NounPhrase("what"),)),))
    if kind == "where":
        verbs = [verb for verb, entry in concepts.VERBS.items() if entry.places and "move" not in entry.flags]
        clause = _clause(rng, verb=rng.choice(verbs), tenses="PHGF", question=kind, timed=0.3)
        return Derivation((dataclasses.replace(clause, place=None),))
    clause = _clause(
        rng, tenses="PF" if kind == "when" else "PHG", question=kind, timed=0.0 if kind == "when" else 0.2
    )
    return Derivation((clause,))


def _predicate(rng: Random) -> Derivation:
    """The book is interesting. Anna is ill."""
    negated = rng.random() < 0.2
    tense = rng.choice("PH")
    question = "yes_no" if not negated and rng.random() < 0.15 else ""
    if rng.random() < 0.4:
        subject = subject_phrases(rng)
        while any(phrase.count or phrase.adjective for phrase in subject):
            subject = subject_phrases(rng)
        predicate = rng.choice(concepts.STATES)
    else:
        noun = rng.choice([noun for noun in concepts.ADJECTIVES_OF if noun in concepts.KIND_OF])
        plural = is_countable(noun) and rng.random() < 0.3
        phrase = NounPhrase(noun, True, "the") if plural else single(rng, noun, adjective=0.0, owner=0.3)
        subject, predicate = (phrase,), fitting_adjective(rng, noun)
    time = "yesterday" if tense == "P" and predicate in concepts.STATES and rng.random() < 0.5 else ""
    clause = Clause("be", tense, subject, predicate=predicate, time=time, negated=negated, question=question)
    return Derivation((clause,))


def _exist(rng: Random) -> Derivation:
    """There are two books on the table."""
    where = rng.choice(list(concepts.CONTAINERS))
    noun = rng.choice(concepts.CONTAINERS[where])
    what = counted(rng, noun) if rng.random() < 0.5 else single(rng, noun, "a", owner=0.0)
    place = Place(where, sometimes_adjective(rng, where))
    return Derivation((Clause("exist", rng.choice("PH"), (what,), place=place),))


def _locative(rng: Random) -> Derivation:
    """Anna is in the kitchen. The key is not on the table."""
    if rng.random() < 0.5:
        subject = subject_phrases(rng)
        while any(phrase.count for phrase in subject):
            subject = subject_phrases(rng)
        where = rng.choice(concepts.PLACES)
    else:
        where = rng.choice(("table", "box", "bag", "room"))
        subject = (single(rng, rng.choice(concepts.CONTAINERS[where]), owner=0.4),)
    negated = len(subject) == 1 and rng.random() < 0.3
    question = "yes_no" if not negated and rng.random() < 0.15 else ""
    tense = rng.choice("PH")
    return Derivation((Clause("be", tense, subject, place=Place(where), negated=negated, question=question),))


def _when(rng: Random) -> Derivation:
    event = _clause(rng, verb=rng.choice(_EVENT_VERBS), tenses="P", negation=0.0, timed=0.0)
    background = _other(rng, event, tenses="I", negation=0.0)
    return Derivation((event, background), rng.choice(("when", "when_last")))


def _because(rng: Random) -> Derivation:
    reasons, negated = (concepts.REASONS, False) if rng.random() < 0.5 else (concepts.OBSTACLES, True)
    verb = rng.choice(list(reasons))
    clause = _clause(rng, verb=verb, tenses="P", negation=float(negated), timed=0.4)
    # English has to say he, she or they, which `child` leaves open; a number takes a genitive predicate in Polish.
    while clause.subject[0].count or (clause.subject[0].noun == "child" and not clause.subject[0].plural):
        clause = _clause(rng, verb=verb, tenses="P", negation=float(negated), timed=0.4)
    reason = Clause("be", "P", clause.subject, predicate=rng.choice(reasons[verb]), pronoun=True)
    return Derivation((clause, reason), "because")


def _that(rng: Random) -> Derivation:
    verb = rng.choice(list(concepts.THAT_VERBS))
    inner = _clause(rng, tenses="PHF", timed=0.4, negation=0.15)
    inner = dataclasses.replace(inner, time_first=False)
    outer = Clause(verb, concepts.THAT_VERBS[verb], (single_person(rng),))
    while set(_nouns(outer)) & set(_nouns(inner)):
        outer = Clause(verb, concepts.THAT_VERBS[verb], (single_person(rng),))
    return Derivation((outer, inner), "that")


def _and(rng: Random) -> Derivation:
    first = _clause(rng, tenses="PF", negation=0.0, timed=0.3)
    return Derivation((first, _other(rng, first, tenses=first.tense, negation=0.0)), "and")


def _but(rng: Random) -> Derivation:
    """One does it, the other does not: the same verb or another."""
    first = _clause(rng, tenses="PHF", negation=0.0, timed=0.3)
    return Derivation((first, _other(rng, first, tenses=first.tense, negation=1.0, same_verb=0.6)), "but")


def _other(rng: Random, first: Clause, *, tenses: str, negation: float, same_verb: float = 0.0) -> Clause:
    """A second clause about someone and something else, without a time of its own."""
    while True:
        verb = first.verb if rng.random() < same_verb else ""
        second = _clause(rng, verb=verb, tenses=tenses, negation=negation, timed=0.0)
        repeats = set(_nouns(first)) & set(_nouns(second)) or (not verb and first.verb == second.verb)
        if not repeats and len(second.subject) == 1:
            return second


_SAMPLERS = {
    "simple": _simple,
    "question": _question,
    "predicate": _predicate,
    "exist": _exist,
    "locative": _locative,
    "when": _when,
    "because": _because,
    "that": _that,
    "and": _and,
    "but": _but,
}
