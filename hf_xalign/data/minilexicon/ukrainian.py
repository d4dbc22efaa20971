"""Ukrainian clauses and inflection of the synthetic corpus."""

from __future__ import annotations

import re
from functools import cache
from types import MappingProxyType

from hf_xalign.data.minilexicon.concepts import KIND_OF
from hf_xalign.data.minilexicon.derivation import Clause, NounPhrase
from hf_xalign.data.minilexicon.grammar import Word, pairs, tag, verb_tag
from hf_xalign.data.minilexicon.slavic import SlavicGrammar
from hf_xalign.data.minilexicon.slavic_lexicon import Noun, parse_nouns, parse_places, parse_verbs
from hf_xalign.data.minilexicon.ukrainian_lexicon import (
    ADJECTIVES,
    LIVING,
    NUMERALS,
    PAUCALS,
    PLACES,
    THINGS,
    TIMES,
    VERBS,
)


_HARD = {
    "f": {"nom": "а", "gen": "ої", "dat": "ій", "acc": "у", "ins": "ою", "loc": "ій"},
    "pl": {"nom": "і", "gen": "их", "dat": "им", "ins": "ими", "loc": "их"},
    "m": {"nom": "ий", "gen": "ого", "dat": "ому", "ins": "им", "loc": "ому"},
    "n": {"nom": "е", "gen": "ого", "dat": "ому", "ins": "им", "loc": "ому"},
}
_SOFT = str.maketrans({"а": "я", "у": "ю", "е": "є", "и": "і"})


@cache
def decline(adjective: str, case: str, gender: str) -> str:
    """Form of an adjective: новий, нового; soft: синій, синього."""
    ending = _HARD["pl" if gender == "vir" else gender][case]
    if adjective.endswith("ій"):
        soft = ending[0].translate(_SOFT) if ending[0] != "о" else "ьо"
        ending = soft + ending[1:]
    return adjective[:-2] + ending


def past(cell: str) -> dict[str, str]:
    """`пішов/пішла`: he, she; regular forms need the first only."""
    if not cell:
        return {}
    he, _, she = cell.partition("/")
    reflexive = "ся" if he.endswith("ся") else ""
    stem = she[:-1] if she else he.removesuffix("ся")[:-1] + "л"
    forms = {"m": he, "f": stem + "а" + reflexive, "n": stem + "о" + reflexive}
    return forms | dict.fromkeys(("vir", "pl"), stem + "и" + reflexive)


class Ukrainian(SlavicGrammar):
    """Ukrainian: no copula in the present, one plural, у and в, і and й by their neighbours."""

    nouns = MappingProxyType(parse_nouns(LIVING, living=True) | parse_nouns(THINGS, living=False))
    paucals = MappingProxyType(PAUCALS)
    places = MappingProxyType(parse_places(PLACES))
    verbs = MappingProxyType(parse_verbs(VERBS, past))
    adjectives = MappingProxyType(pairs(ADJECTIVES))
    times = MappingProxyType(TIMES)
    times_before_verb = ("yesterday", "today", "tomorrow", "now", "every_day", "often", "always")
    times_after_verb = ()
    question_words = MappingProxyType(
        {"yes_no": "чи", "who": "хто", "what": "що", "where": "де", "when": "коли", "why": "чому"}
    )
    neg = "не"
    conjunction = "~"
    with_from = "з"
    be_present = ("", "")
    exist_present = ("є", "є")
    be_past = MappingProxyType({"m": "був", "f": "була", "n": "було", "vir": "були", "pl": "були"})
    will = ("буде", "будуть")
    want = ("хоче", "хочуть")
    links = MappingProxyType(
        {
            "and": "0 , а 1",
            "but": "0 , але 1",
            "when": "коли 0 , 1",
            "when_last": "1 , коли 0",
            "because": "0 , бо 1",
            "that": "0 , що 1",
        }
    )

    def adjective(self, adjective: str, case: str, gender: str) -> str:
        """See `decline`."""
        return decline(self.adjectives[adjective], case, gender)

    def numeral(self, phrase: NounPhrase, case: str) -> tuple[str, str]:
        """The living have accusatives of their own (animals to four only); children are counted collectively."""
        other, feminine, living, children = NUMERALS[phrase.count].split()
        noun = self.nouns[phrase.noun]
        person = KIND_OF[phrase.noun] == "person"
        if case == "acc" and noun.living and (person or phrase.count < 5):
            return living, "gen"
        if phrase.noun == "child":
            return children, "gen"
        return feminine if noun.gender == "f" else other, "paucal" if phrase.count < 5 else "gen"

    def counted_agreement(self, phrase: NounPhrase, existing: bool) -> str:
        """Plural, but "there is" is neuter with the genitive."""
        return "n" if existing and self.numeral(phrase, "nom")[1] == "gen" else "pl"

    def plural_accusative(self, noun: Noun) -> str:
        """Like the genitive for the living."""
        return "gen" if noun.living else "nom"

    def predicate_case(self, clause: Clause) -> str:
        """Instrumental where something was not so, else nominative."""
        return "ins" if clause.negated and clause.tense == "P" else "nom"

    def negated_object(self, noun: Noun) -> str:
        """Things turn genitive, the living may stay accusative and do so here."""
        return "acc" if noun.living else "gen"

    def absence(self, tense: str, slot: str) -> list[Word]:
        """Анни немає, Анни не було."""
        if tense == "P":
            return tag("не", slot + "neg") + verb_tag("було", slot, "verb noun aspect tense")
        return verb_tag("немає", slot, "neg verb noun aspect tense")

    def arrange(
        self, clause: Clause, slot: str, subject: list[Word], verb: list[Word], rest: list[Word]
    ) -> list[Word]:
        """A question of yes or no has the (auxiliary) verb before the subject."""
        before = self.middle_time(clause, slot, self.times_before_verb)
        question = self.question_word(clause, slot)
        if clause.question == "yes_no":
            return question + verb[:1] + subject + before + verb[1:] + rest
        return question + subject + before + self.negation(clause, slot) + verb + rest

    def finish(self, words: list[Word]) -> list[Word]:
        """Euphony: у or в, і or й, з, зі or із by the sounds before and after."""
        result: list[Word] = []
        for index, word in enumerate(words):
            before = result[-1].form[-1] if result else ""
            after = words[index + 1].form if index + 1 < len(words) else ""
            form = _euphonic(word.form, before.lower(), after.lower())
            result.append(word if form == word.form else word._replace(form=form))
        return result


_VOWELS = tuple("аеєиіїоуюя")


def _euphonic(form: str, before: str, after: str) -> str:
    """`form` with its `^` or `~` resolved, or з; `before` is the last letter before it, `after` the next word."""
    after_vowel = before.endswith(_VOWELS) and before != ""
    following = form[1:] or after
    if form.startswith("^"):
        if len(form) == 1 and following.startswith(_VOWELS):
            return "в"
        clash = len(form) == 1 and following.startswith(("в", "ф", "льв", "св", "тв", "хв"))
        return ("в" if after_vowel and not clash else "у") + form[1:]
    if form.startswith("~"):
        return ("й" if after_vowel and not following.startswith(tuple("йєїюя")) else "і") + form[1:]
    if form == "з":
        if re.match("[сзшщчц][^аеєиіїоуюя]", after):
            return "зі"
        if after.startswith(tuple("сзшщчц")) or (not after_vowel and re.match("[^аеєиіїоуюя]{2}", after)):
            return "із"
    return form


GRAMMAR = Ukrainian()
