"""Draws noun phrases at random: who does something, what it is done to."""

from __future__ import annotations

from random import Random

from hf_xalign.data.minilexicon import concepts
from hf_xalign.data.minilexicon.derivation import NounPhrase


_OWNERS = ("farmer", "teacher", "doctor", "student", "writer", "woman", "man", "girl", "boy")


def single(
    rng: Random, noun: str, article: str = "the", *, adjective: float = 0.35, owner: float = 0.12
) -> NounPhrase:
    """A singular with its article, perhaps with an adjective and an owner; names and kin have what they must have."""
    kind = concepts.KIND_OF.get(noun, "name")
    if kind == "name":
        return NounPhrase(noun)
    attribute = fitting_adjective(rng, noun) if rng.random() < adjective else ""
    if kind == "kin" or (noun in ("friend", "neighbour") and rng.random() < 0.6):
        return NounPhrase(noun, owner=NounPhrase(rng.choice(concepts.NAMES)))
    if kind in ("text", "thing", "animal", "building", "room") and rng.random() < owner:
        name = rng.choice(concepts.NAMES) if rng.random() < 0.7 else rng.choice(_OWNERS)
        article = "" if name in concepts.NAMES else "the"
        return NounPhrase(noun, adjective=attribute, owner=NounPhrase(name, article=article))
    return NounPhrase(noun, article=article, adjective=attribute)


def fitting_adjective(rng: Random, noun: str) -> str:
    """An adjective that the noun may have, or none."""
    fitting = concepts.ADJECTIVES_OF.get(noun, ())
    return rng.choice(fitting) if fitting else ""


def counted(rng: Random, noun: str) -> NounPhrase:
    """Two or more of it."""
    return NounPhrase(noun, plural=True, count=rng.choice(concepts.COUNTS), adjective=sometimes_adjective(rng, noun))


def sometimes_adjective(rng: Random, noun: str) -> str:
    """One time in four an adjective."""
    return fitting_adjective(rng, noun) if rng.random() < 0.25 else ""


def is_countable(noun: str) -> bool:
    """Whether the noun is said in the plural and with numbers."""
    kind = concepts.KIND_OF.get(noun)
    return kind not in (None, "kin", "opening") and noun not in concepts.MASSES | concepts.SINGULAR_ONLY


def _agent(rng: Random, verb: str = "") -> NounPhrase:
    """One who does something: a name, a person, someone's kin, or an animal where the verb allows it."""
    flags = concepts.VERBS[verb].flags if verb else frozenset()
    if "children" in flags:
        noun = rng.choice(("boy", "girl", "child"))
        weights = (5, 4, 2)
    else:
        kind = rng.choices(("name", "person", "kin", "animal"), (45, 35, 12, 8 if "living" in flags else 0))[0]
        noun = rng.choice(concepts.NAMES if kind == "name" else concepts.KINDS[kind])
        weights = (7, 2, 1)
    form = rng.choices(("one", "many", "counted"), weights)[0]
    if form == "one" or not is_countable(noun):
        return single(rng, noun, adjective=0.25)
    if form == "many":
        return NounPhrase(noun, plural=True, article="the", adjective=sometimes_adjective(rng, noun))
    return counted(rng, noun)


def subject_phrases(rng: Random, verb: str = "") -> tuple[NounPhrase, ...]:
    """One subject, or two singular ones coordinated (not people with animals)."""
    first = _agent(rng, verb)
    if first.plural or rng.random() > 0.1:
        return (first,)
    second = _agent(rng, verb)
    if second.plural or second.noun == first.noun or (kind_of(first) == "animal") != (kind_of(second) == "animal"):
        return (first,)
    # "Anna and Arjun's sister" might be heard as the sister of both.
    return (second, first) if second.owner and not first.owner else (first, second)


def kind_of(phrase: NounPhrase) -> str:
    """Kind of the noun, `name` for names."""
    return concepts.KIND_OF.get(phrase.noun, "name")


def object_phrases(rng: Random, verb: str, tense: str, negated: bool) -> tuple[NounPhrase, ...]:
    """No object, one, or two of a kind coordinated; numbers and coordination stay out of negation."""
    nouns = concepts.VERBS[verb].objects
    if not nouns:
        return ()
    first = _object(rng, verb, tense, rng.choice(nouns), negated)
    plain = not negated and verb not in ("like", "have", "look", "wait", "listen")
    if not plain or first.count or rng.random() > 0.12:
        return (first,)
    noun = rng.choice(nouns)
    if noun == first.noun or concepts.KIND_OF.get(noun) != concepts.KIND_OF.get(first.noun):
        return (first,)
    second = _object(rng, verb, tense, noun, negated)
    return (first,) if second.count else (first, second)


def _object(rng: Random, verb: str, tense: str, noun: str, negated: bool) -> NounPhrase:
    kind = concepts.KIND_OF.get(noun, "name")
    if noun in concepts.MASSES:
        article = "the" if tense in "PGI" and rng.random() < 0.3 else ""
        return NounPhrase(noun, article=article, adjective=sometimes_adjective(rng, noun))
    if verb == "like" or (tense == "H" and verb in ("buy", "sell")):
        return NounPhrase(noun, plural=True, adjective=sometimes_adjective(rng, noun))
    if verb == "have":
        several = not negated and rng.random() < 0.3
        return counted(rng, noun) if several else single(rng, noun, "a", owner=0)
    if kind in ("name", "kin") or noun in concepts.SINGULAR_ONLY:
        return single(rng, noun, "the")
    if kind == "person":
        if not negated and rng.random() < 0.2:
            return counted(rng, noun)
        plural = rng.random() < 0.25
        return NounPhrase(noun, True, "the", adjective=sometimes_adjective(rng, noun)) if plural else single(rng, noun)
    form = rng.choices(("the", "a", "many", "counted"), (4, 4, 2, 2))[0]
    if form == "counted" and is_countable(noun) and not negated and verb != "look":
        return counted(rng, noun)
    if form == "many" and kind not in ("opening", "room"):
        return NounPhrase(noun, True, "the" if rng.random() < 0.4 else "", adjective=sometimes_adjective(rng, noun))
    article = "a" if form == "a" and kind not in ("opening", "room") else "the"
    return single(rng, noun, article, owner=0.0 if verb == "write" else 0.12)


def single_person(rng: Random) -> NounPhrase:
    """A single person: recipient, companion."""
    kind = rng.choices(("name", "person", "kin"), (45, 35, 20))[0]
    noun = rng.choice(concepts.NAMES if kind == "name" else concepts.KINDS[kind])
    return single(rng, noun, adjective=0.15)
