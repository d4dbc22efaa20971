"""Polish clauses and inflection of the synthetic corpus."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType

from hf_xalign.data.minilexicon.derivation import Clause, NounPhrase
from hf_xalign.data.minilexicon.grammar import Word, pairs, tag, verb_tag
from hf_xalign.data.minilexicon.polish_lexicon import (
    ADJECTIVES,
    LIVING,
    NUMERALS,
    PLACES,
    THINGS,
    TIMES,
    VERBS,
)
from hf_xalign.data.minilexicon.slavic import SlavicGrammar
from hf_xalign.data.minilexicon.slavic_lexicon import Noun, parse_nouns, parse_places, parse_verbs


@cache
def decline(adjective: str, men: str, case: str, gender: str) -> str:
    """Form of an adjective; after k, g and in soft stems `i` stands before e, in soft stems before a and o too."""
    if gender == "vir" and case == "nom":
        return men
    stem, last = adjective[:-1], adjective[-1]
    if gender in ("vir", "pl"):
        ending = {"nom": "e", "gen": "ych", "dat": "ym", "ins": "ymi", "loc": "ych"}[case]
    elif gender == "f":
        ending = {"nom": "a", "gen": "ej", "dat": "ej", "acc": "ą", "ins": "ą", "loc": "ej"}[case]
    else:
        nominative = "e" if gender == "n" else "y"
        ending = {"nom": nominative, "gen": "ego", "dat": "emu", "ins": "ym", "loc": "ym"}[case]
    if last == "i":
        hard = stem[-1] in "kg"
        ending = ending.replace("y", "i")
        if ending[0] == "e" or (not hard and ending[0] in "aą"):
            ending = "i" + ending
    return stem + ending


def past(cell: str) -> dict[str, str]:
    """`poszedł/poszła/poszli`: he, she, men; it and the other plural go with she; regular forms need the first."""
    if not cell:
        return {}
    cell, reflexive, _ = cell.partition("_się")
    he, she, men, *_ = [*cell.split("/"), "", ""]
    she = she or he + "a"
    men = men or he[:-1] + "li"
    forms = {"m": he, "f": she, "n": she[:-1] + "o", "vir": men, "pl": she[:-1] + "y"}
    return {agreement: form + reflexive for agreement, form in forms.items()}


class Polish(SlavicGrammar):
    """Polish: plural with men, collective numerals of children, reflexive clitic, w and z before clusters."""

    nouns = MappingProxyType(parse_nouns(LIVING, living=True) | parse_nouns(THINGS, living=False))
    places = MappingProxyType(parse_places(PLACES))
    verbs = MappingProxyType(parse_verbs(VERBS, past))
    adjectives = MappingProxyType({key: form.partition("/")[::2] for key, form in pairs(ADJECTIVES).items()})
    times = MappingProxyType(TIMES)
    times_before_verb = ("now", "every_day", "often", "always")
    times_after_verb = ("yesterday", "today", "tomorrow", "in_the_morning", "in_the_evening")
    question_words = MappingProxyType(
        {"yes_no": "czy", "who": "kto", "what": "co", "where": "gdzie", "when": "kiedy", "why": "dlaczego"}
    )
    neg = "nie"
    conjunction = "i"
    with_from = "z"
    be_present = ("jest", "są")
    exist_present = be_present
    be_past = MappingProxyType({"m": "był", "f": "była", "n": "było", "vir": "byli", "pl": "były"})
    will = ("będzie", "będą")
    want = ("chce", "chcą")
    links = MappingProxyType(
        {
            "and": "0 , a 1",
            "but": "0 , ale 1",
            "when": "kiedy 0 , 1",
            "when_last": "1 , kiedy 0",
            "because": "0 , ponieważ 1",
            "that": "0 , że 1",
        }
    )

    def adjective(self, adjective: str, case: str, gender: str) -> str:
        """See `decline`."""
        return decline(*self.adjectives[adjective], case, gender)

    def numeral(self, phrase: NounPhrase, case: str) -> tuple[str, str]:
        """Men and children are counted with forms of their own and the genitive, others with it from five."""
        other, feminine, men, children = NUMERALS[phrase.count].split()
        gender = self.nouns[phrase.noun].gender
        if phrase.noun == "child":
            return children, "gen"
        if gender == "mp":
            return men, "gen"
        return feminine if gender == "f" else other, "paucal" if phrase.count < 5 else "gen"

    def counted_agreement(self, phrase: NounPhrase, existing: bool) -> str:
        """Neuter singular wherever the noun is in the genitive."""
        return "n" if self.numeral(phrase, "nom")[1] == "gen" else "pl"

    def plural_accusative(self, noun: Noun) -> str:
        """Like the genitive for men only."""
        return "gen" if noun.gender == "mp" else "nom"

    def absence(self, tense: str, slot: str) -> list[Word]:
        """Anny nie ma, Anny nie było."""
        copula = verb_tag("było" if tense == "P" else "ma", slot, "verb noun aspect tense")
        return tag("nie", slot + "neg") + copula

    def arrange(
        self, clause: Clause, slot: str, subject: list[Word], verb: list[Word], rest: list[Word]
    ) -> list[Word]:
        """Subject before verb in questions too; się follows the first verb, unless it would stand last."""
        before = self.middle_time(clause, slot, self.times_before_verb)
        after = self.middle_time(clause, slot, self.times_after_verb)
        negation = self.negation(clause, slot)
        if verb[-1].form == "się":
            *verb, clitic = verb
            if len(verb) == 1 and not rest + after:
                before = [*before, clitic]
            else:
                verb.insert(1, clitic)
        return self.question_word(clause, slot) + subject + before + negation + verb + after + rest

    def finish(self, words: list[Word]) -> list[Word]:
        """`we wsi`, `ze szkoły`."""
        result = []
        for word, following in zip(words, [*words[1:], None], strict=True):
            if word.form == "z" and re.match("[szśźż][^aąeęioóuy]|ws", following.form):
                word = word._replace(form="ze")
            elif word.form == "w" and re.match("[wf][^aąeęioóuyrl]", following.form):
                word = word._replace(form="we")
            result.append(word)
        return result


GRAMMAR = Polish()
