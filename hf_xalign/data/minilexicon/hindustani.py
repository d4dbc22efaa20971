"""Hindi and Urdu clauses of the synthetic corpus: postpositions, ergative, agreement; subclasses spell."""

from __future__ import annotations

from collections.abc import Mapping

from hf_xalign.data.minilexicon.concepts import KIND_OF, NAMES
from hf_xalign.data.minilexicon.derivation import Clause, NounPhrase, Place
from hf_xalign.data.minilexicon.grammar import QUESTION_SLOTS, Grammar, Word, tag, tag_phrase, verb_tag
from hf_xalign.data.minilexicon.hindustani_lexicon import Agreement, Noun, Verb


class HindustaniGrammar(Grammar):
    """Verb last; ne in the perfective, when the verb agrees with an unmarked object or is masculine singular."""

    nouns: Mapping[str, Noun]
    verbs: Mapping[str, Verb]
    adjectives: Mapping[str, str]
    adjective_endings: tuple[str, str]
    numbers: Mapping[int, str]
    times: Mapping[str, str]
    question_words: Mapping[str, str]
    # ne, ko, of (by gender and number), on the table or at the station; further words
    ne: str
    ko: str
    genitive: Mapping[str, str]
    at: str
    on: str
    from_: str
    with_: str
    one: str
    neg: str
    conjunction: str
    pronouns: tuple[str, str]
    have: str
    on_places = ("table", "station")

    # Spelling, which a language decides for itself.

    def copula(self, agreement: Agreement, past: bool) -> str:
        """Is, are, was, were."""
        raise NotImplementedError

    def perfective(self, stem: str, agreement: Agreement) -> str:
        """Read, came."""
        raise NotImplementedError

    def imperfective(self, stem: str, agreement: Agreement, *, alone: bool = False) -> str:
        """Habitual participle; `alone`: without its auxiliary, when the feminine plural is nasal."""
        raise NotImplementedError

    def continuous(self, agreement: Agreement) -> str:
        """The participle of the progressive."""
        raise NotImplementedError

    def future(self, stem: str, agreement: Agreement) -> tuple[str, str]:
        """The future and its separate second word, if it is one."""
        raise NotImplementedError

    def infinitive(self, stem: str) -> str:
        """To read."""
        raise NotImplementedError

    def want(self, agreement: Agreement) -> str:
        """Participle of to want."""
        raise NotImplementedError

    def who(self, marker: str) -> tuple[str, str]:
        """Who, as subject with a postposition (or none), and a separate word that follows."""
        raise NotImplementedError

    # What they share.

    def clause(self, clause: Clause, slot: str) -> list[Word]:
        """Time, subject, time, companion, place, recipient, object, question word, verb."""
        time = tag_phrase(self.times[clause.time], slot + "time") if clause.time else []
        words = list(time) if clause.time_first else []
        place = self.place(clause.place, slot) if clause.place else []
        if clause.question == "yes_no":
            words = tag(self.question_words["yes_no"], slot + "ask") + words
        if clause.verb == "exist":
            return (
                words + place + self.phrases(clause.subject, slot + "subject", counted=True) + self.verb(clause, slot)
            )
        words += self.subject(clause, slot)
        if not clause.time_first:
            words += time
        if clause.companion:
            words += self.phrase(clause.companion, slot + "companion", oblique=True)
            words += tag(self.with_, slot + "companion.case")
        words += place
        if clause.recipient:
            words += self.phrase(clause.recipient, slot + "recipient", oblique=True)
            words += tag(self.ko, slot + "recipient.case")
        words += self.object(clause, slot)
        if clause.predicate:
            gender, plural = self.agreement_of(clause.subject)
            form = self.adjective(clause.predicate, gender, plural)
            words += tag(form, slot + "predicate")
        if clause.question in ("where", "when", "why"):
            words += tag(self.question_words[clause.question], slot + QUESTION_SLOTS[clause.question])
        return words + self.verb(clause, slot)

    def subject(self, clause: Clause, slot: str) -> list[Word]:
        """The subject with its postposition."""
        marker = self.subject_marker(clause)
        if clause.pronoun:
            return tag(self.pronouns[self.agreement_of(clause.subject)[1]], slot + "subject0")
        role = slot + ("noun" if marker == self.have else "subject.case")
        if clause.subject[0].noun == "who":
            who, postposition = self.who(marker)
            return tag(who, slot + "subject0", *([role] if marker else [])) + tag(postposition, role)
        return self.phrases(clause.subject, slot + "subject", oblique=bool(marker)) + tag(marker, role)

    def subject_marker(self, clause: Clause) -> str:
        """The postposition of the subject in this clause, if any."""
        if clause.verb in ("be", "exist"):
            return ""
        marker = self.verbs[clause.verb].subject
        if marker == "ne":
            return self.ne if clause.tense == "P" else ""
        return {"ko": self.ko, "have": self.have, "": ""}[marker]

    def object(self, clause: Clause, slot: str) -> list[Word]:
        """The object with its postposition."""
        if not clause.object:
            return []
        if clause.question == "what":
            return tag(self.question_words["what"], slot + "object0")
        marker = self.object_marker(clause)
        single = not clause.negated and not clause.question
        words = self.phrases(clause.object, slot + "object", oblique=bool(marker), counted=single)
        return words + tag(marker, slot + "object.case")

    def object_marker(self, clause: Clause) -> str:
        """The postposition of the object: people take ko, animals that are definite too; always in `ko!`."""
        marker = self.verbs[clause.verb].object
        if not marker.startswith("ko"):
            return marker
        marked = any(self.is_marked(phrase, always=marker == "ko!") for phrase in clause.object)
        return self.ko if marked else ""

    def is_marked(self, phrase: NounPhrase, *, always: bool) -> bool:
        """Whether this object takes ko."""
        if phrase.noun in NAMES or KIND_OF.get(phrase.noun) in ("person", "kin"):
            return True
        return KIND_OF.get(phrase.noun) == "animal" and (always or phrase.article == "the" or phrase.owner is not None)

    def place(self, place: Place, slot: str) -> list[Word]:
        """A place with its postposition; a goal is the bare oblique, which expresses the role itself."""
        noun = self.nouns[place.noun]
        words = []
        if place.adjective:
            form = self.adjective(place.adjective, noun.gender, True)
            words = tag(form, slot + "place.adjective")
        if place.relation == "to":
            return words + tag(noun.forms[False, True], slot + "place", slot + "place.case")
        postposition = self.from_ if place.relation == "from" else self.on if place.noun in self.on_places else self.at
        return words + tag(noun.forms[False, True], slot + "place") + tag(postposition, slot + "place.case")

    def phrases(
        self, phrases: tuple[NounPhrase, ...], slot: str, *, oblique: bool = False, counted: bool = False
    ) -> list[Word]:
        """Noun phrases of one role, coordinated."""
        words: list[Word] = []
        for index, phrase in enumerate(phrases):
            words += tag(self.conjunction, slot + ".and") if index else []
            words += self.phrase(phrase, f"{slot}{index}", oblique=oblique, counted=counted)
        return words

    def phrase(self, phrase: NounPhrase, slot: str, *, oblique: bool = False, counted: bool = False) -> list[Word]:
        """Owner with ka, "a" as one where `counted`, number, adjective, noun."""
        noun = self.nouns[phrase.noun]
        changed = oblique or phrase.plural or noun.as_plural
        words: list[Word] = []
        if phrase.owner:
            words += self.phrase(phrase.owner, slot + ".owner", oblique=True)
            of = self.genitive["f" if noun.gender == "f" else "changed" if changed else "m"]
            words += tag(of, slot + ".owner.case")
        if counted and phrase.article == "a":
            words += tag(self.one, slot + ".article")
        words += tag(self.numbers.get(phrase.count, ""), slot + ".count")
        if phrase.adjective:
            form = self.adjective(phrase.adjective, noun.gender, changed)
            words += tag(form, slot + ".adjective")
        return words + tag(noun.forms[phrase.plural, oblique], slot)

    def adjective(self, adjective: str, gender: str, changed: bool) -> str:
        """Form of an adjective; `changed`: plural or oblique."""
        form = self.adjectives[adjective]
        if form.endswith("="):
            return form[:-1]
        if "/" in form:
            masculine, many, feminine = form.split("/")
        else:
            masculine, (many, feminine) = form, (form[:-1] + ending for ending in self.adjective_endings)
        return feminine if gender == "f" else many if changed else masculine

    def agreement_of(self, phrases: tuple[NounPhrase, ...]) -> Agreement:
        """What a verb agrees with in coordinated people: masculine if any is, plural if more than one."""
        if phrases[0].noun in ("who", "what"):
            return "m", False
        nouns = [self.nouns[phrase.noun] for phrase in phrases]
        gender = "f" if all(noun.gender == "f" for noun in nouns) else "m"
        return gender, len(phrases) > 1 or phrases[0].plural or nouns[0].as_plural

    def agreement(self, clause: Clause) -> Agreement:
        """The unmarked subject, else the last unmarked object, else the noun of the verb, else masculine singular."""
        if not self.subject_marker(clause):
            return self.agreement_of(clause.subject)
        entry = self.verbs[clause.verb]
        if clause.object and not self.object_marker(clause):
            return self.agreement_of(clause.object[-1:])
        return entry.prefix_gender or "m", False

    def verb(self, clause: Clause, slot: str) -> list[Word]:
        """The noun of a light verb, negation, verb and auxiliary."""
        neg = tag(self.neg, slot + "neg") if clause.negated else []
        agreement = self.agreement(clause)
        copula = self.copula(agreement, clause.tense in "PI")
        if clause.verb in ("be", "exist"):
            return neg + verb_tag(copula, slot, "verb noun aspect tense")
        entry = self.verbs[clause.verb]
        words = verb_tag(entry.prefix, slot, "noun") + neg
        verb = "verb" if entry.prefix else "verb noun"
        if not entry.stem:
            return words + verb_tag(copula, slot, verb + " aspect tense")
        if clause.tense == "P":
            return words + verb_tag(self.perfective(entry.stem, agreement), slot, verb + " aspect tense")
        if clause.tense == "F":
            main, second = self.future(entry.stem, agreement)
            main = verb_tag(main, slot, verb + (" aspect" if second else " aspect tense"))
            return words + main + verb_tag(second, slot, "tense")
        if clause.tense == "H" and clause.negated:
            form = self.imperfective(entry.stem, agreement, alone=True)
            return words + verb_tag(form, slot, verb + " aspect tense")
        if clause.tense == "H":
            words += verb_tag(self.imperfective(entry.stem, agreement), slot, verb + " aspect")
        elif clause.tense == "W":
            words += verb_tag(self.infinitive(entry.stem), slot, verb + " infinitive")
            words += verb_tag(self.want(agreement), slot, "aspect")
        else:
            words += verb_tag(entry.stem, slot, verb) + verb_tag(self.continuous(agreement), slot, "aspect")
        return words + verb_tag(copula, slot, "tense")
