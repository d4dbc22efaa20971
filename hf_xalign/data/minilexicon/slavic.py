"""Polish and Ukrainian clauses of the synthetic corpus: case, gender, aspect; what differs is in the subclasses."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hf_xalign.data.minilexicon.derivation import Clause, NounPhrase, Place
from hf_xalign.data.minilexicon.grammar import QUESTION_SLOTS, Grammar, Word, tag, tag_phrase, verb_tag
from hf_xalign.data.minilexicon.slavic_lexicon import Location, Noun, Verb


class SlavicGrammar(Grammar):
    """Free subject-verb-object order with case endings; no articles, subject pronouns dropped."""

    nouns: Mapping[str, Noun]
    paucals: Mapping[str, str] = MappingProxyType({})
    places: Mapping[str, Location]
    verbs: Mapping[str, Verb]
    adjectives: Mapping[str, str]
    times: Mapping[str, str]
    times_before_verb: tuple[str, ...]
    times_after_verb: tuple[str, ...]
    question_words: Mapping[str, str]
    neg: str
    conjunction: str
    with_from: str
    be_present: tuple[str, str]
    exist_present: tuple[str, str]
    be_past: Mapping[str, str]
    will: tuple[str, str]
    want: tuple[str, str]

    # What a language decides for itself.

    def adjective(self, adjective: str, case: str, gender: str) -> str:
        """Form of an adjective; gender m, f, n, vir (plural with men) or pl; accusative of the feminine only."""
        raise NotImplementedError

    def numeral(self, phrase: NounPhrase, case: str) -> tuple[str, str]:
        """The numeral of a nominative or accusative, and the case of what it counts (`paucal`, `gen`)."""
        raise NotImplementedError

    def counted_agreement(self, phrase: NounPhrase, existing: bool) -> str:
        """How a verb agrees with a counted subject."""
        raise NotImplementedError

    def plural_accusative(self, noun: Noun) -> str:
        """`gen` or `nom`: which case the accusative plural is like."""
        raise NotImplementedError

    def negated_object(self, noun: Noun) -> str:
        """Case of a negated verb's object that would else be accusative."""
        return "gen"

    def absence(self, tense: str, slot: str) -> list[Word]:
        """The verb of what is not there, which is in the genitive."""
        raise NotImplementedError

    def arrange(
        self, clause: Clause, slot: str, subject: list[Word], verb: list[Word], rest: list[Word]
    ) -> list[Word]:
        """Question word, subject, times, negation, verb and the rest in their order."""
        raise NotImplementedError

    def predicate_case(self, clause: Clause) -> str:
        """Case of a predicate adjective."""
        return "nom"

    # What they share.

    def clause(self, clause: Clause, slot: str) -> list[Word]:
        """Time or question word first, then as `arrange` has it."""
        time = self.time(clause, slot)
        verb = self.verb(clause, slot)
        if clause.verb == "exist":
            return self.place(clause.place, slot) + verb + self.phrases(clause.subject, "nom", slot + "subject")
        if clause.place and clause.verb == "be" and clause.negated:
            subject = self.phrases(clause.subject, "gen", slot + "subject")
            return subject + self.absence(clause.tense, slot) + self.place(clause.place, slot)
        subject = [] if clause.pronoun else self.phrases(clause.subject, "nom", slot + "subject")
        rest = self.complements(clause, slot)
        if clause.time and not clause.time_first and clause.time not in self.times_before_verb + self.times_after_verb:
            rest = rest + time
        words = time if clause.time_first else []
        return words + self.arrange(clause, slot, subject, verb, rest)

    def time(self, clause: Clause, slot: str) -> list[Word]:
        """The time, wherever it stands."""
        return tag_phrase(self.times[clause.time], slot + "time") if clause.time else []

    def middle_time(self, clause: Clause, slot: str, where: tuple[str, ...]) -> list[Word]:
        """The time if it stands at the verb, on the side that `where` lists."""
        return self.time(clause, slot) if clause.time in where and not clause.time_first else []

    def negation(self, clause: Clause, slot: str) -> list[Word]:
        """The negation before the verb."""
        return tag(self.neg, slot + "neg") if clause.negated else []

    def question_word(self, clause: Clause, slot: str) -> list[Word]:
        """The question word or particle that opens the clause; who is the subject."""
        if clause.question in ("", "who"):
            return []
        return tag(self.question_words[clause.question], slot + QUESTION_SLOTS.get(clause.question, "ask"))

    def agreement(self, clause: Clause) -> str:
        """m, f, n, vir or pl: what the verb agrees with."""
        first = clause.subject[0]
        if len(clause.subject) == 1 and first.count:
            return self.counted_agreement(first, clause.verb == "exist")
        genders = [self.gender(phrase.noun) for phrase in clause.subject]
        if len(genders) > 1 or first.plural or genders == ["pl"]:
            return "vir" if "mp" in genders else "pl"
        return _simple(genders[0])

    def gender(self, noun: str) -> str:
        """Gender of a noun; who is masculine."""
        return "mp" if noun == "who" else self.nouns[noun].gender

    def verb(self, clause: Clause, slot: str) -> list[Word]:
        """The verb without its negation: one word, or an auxiliary and an infinitive."""
        agreement = self.agreement(clause)
        many = agreement in ("vir", "pl")
        if clause.verb in ("be", "exist"):
            present = self.exist_present if clause.verb == "exist" else self.be_present
            form = self.be_past[agreement] if clause.tense == "P" else present[many]
            return verb_tag(form, slot, "verb noun aspect tense")
        entry = self.verbs[clause.verb]
        if clause.tense == "W":
            want = verb_tag(self.want[many], slot, "aspect tense")
            return want + verb_tag(entry.infinitive, slot, "verb noun infinitive")
        if clause.tense == "F" and entry.future is None:
            return verb_tag(self.will[many], slot, "tense") + verb_tag(entry.infinitive, slot, "verb noun aspect")
        if clause.tense in "PI":
            form = (entry.past if clause.tense == "P" else entry.imperfect)[agreement]
        else:
            form = {"H": entry.habitual, "G": entry.progressive, "F": entry.future}[clause.tense][many]
        return verb_tag(form, slot, "verb noun aspect tense")

    def complements(self, clause: Clause, slot: str) -> list[Word]:
        """Predicate, recipient, object, companion and place; a goal stands before the companion."""
        words: list[Word] = []
        if clause.predicate:
            case = self.predicate_case(clause)
            words += tag(self.adjective(clause.predicate, case, self.agreement(clause)), slot + "predicate")
        if clause.recipient:
            words += self.phrase(clause.recipient, "dat", slot + "recipient", slot + "recipient.case")
        if clause.object and clause.question != "what":
            words += self.object(clause, slot)
        company = []
        if clause.companion:
            company = tag(self.with_from, slot + "companion.case")
            company += self.phrase(clause.companion, "ins", slot + "companion")
        place = self.place(clause.place, slot) if clause.place else []
        goal = clause.place is not None and clause.place.relation != "in"
        return words + (place + company if goal else company + place)

    def object(self, clause: Clause, slot: str) -> list[Word]:
        """The object in the case that the verb governs; the accusative turns genitive under negation."""
        entry = self.verbs[clause.verb]
        case = entry.case
        if clause.negated and case == "acc" and not entry.preposition:
            case = self.negated_object(self.nouns[clause.object[0].noun])
        role = slot + "object.case"
        marked = not entry.preposition and entry.case in ("gen", "dat")
        words = tag(entry.preposition, role)
        return words + self.phrases(clause.object, case.rstrip("!"), slot + "object", role if marked else "")

    def place(self, place: Place, slot: str) -> list[Word]:
        """Preposition, adjective and noun of a place."""
        location = self.places[place.noun]
        if place.relation == "in":
            preposition, case = location.at, "loc"
        elif place.relation == "to":
            preposition, case = location.to, "gen" if location.to in ("do", "до") else "acc"
        else:
            preposition, case = self.with_from, "gen"
        words = tag(preposition, slot + "place.case")
        if place.adjective:
            words += tag(self.adjective(place.adjective, case, _simple(location.gender)), slot + "place.adjective")
        return words + tag(location.forms[case], slot + "place")

    def phrases(self, phrases: tuple[NounPhrase, ...], case: str, slot: str, role: str = "") -> list[Word]:
        """Noun phrases of one role, coordinated."""
        words: list[Word] = []
        for index, phrase in enumerate(phrases):
            words += tag(self.conjunction, slot + ".and") if index else []
            words += self.phrase(phrase, case, f"{slot}{index}", role)
        return words

    def phrase(self, phrase: NounPhrase, case: str, slot: str, role: str = "") -> list[Word]:
        """Numeral, adjective, noun, owner in the genitive; `role` is the slot that the case ending expresses."""
        if phrase.noun == "who":
            return tag(self.question_words["who"], slot)
        noun = self.nouns[phrase.noun]
        words: list[Word] = []
        if phrase.count:
            numeral, case = self.numeral(phrase, case)
            words += tag(numeral, slot + ".count")
        if phrase.adjective:
            words += tag(self.attribute(phrase.adjective, noun, phrase.plural, case), slot + ".adjective")
        words += tag(self.noun(phrase.noun, phrase.plural, case), slot, *filter(None, [role]))
        if phrase.owner:
            words += self.phrase(phrase.owner, "gen", slot + ".owner", slot + ".owner.case")
        return words

    def noun(self, key: str, plural: bool, case: str) -> str:
        """Form of a noun; `paucal` is what two to four of it are called."""
        noun = self.nouns[key]
        if case == "paucal":
            return self.paucals.get(key, noun.plural["nom"])
        if case == "acc" and plural:
            case = self.plural_accusative(noun)
        return (noun.plural if plural else noun.singular)[case]

    def attribute(self, adjective: str, noun: Noun, plural: bool, case: str) -> str:
        """Form of an adjective before a noun."""
        if case == "paucal":
            case = "nom"
        if plural or noun.gender == "pl":
            gender = "vir" if noun.gender == "mp" else "pl"
            return self.adjective(adjective, self.plural_accusative(noun) if case == "acc" else case, gender)
        if case == "acc" and noun.gender != "f":
            case = "gen" if noun.gender in ("mp", "ma") else "nom"
        return self.adjective(adjective, case, _simple(noun.gender))


def _simple(gender: str) -> str:
    return "m" if gender.startswith("m") else gender
