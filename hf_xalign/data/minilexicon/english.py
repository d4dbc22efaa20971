"""English words and clauses of the synthetic corpus."""

from __future__ import annotations

from types import MappingProxyType

from hf_xalign.data.minilexicon.concepts import KIND_OF, SHE
from hf_xalign.data.minilexicon.derivation import Clause, NounPhrase
from hf_xalign.data.minilexicon.grammar import QUESTION_SLOTS, Grammar, Word, rows, tag, tag_phrase, verb_tag


# The keys of the concepts are the English words; only what is not regular is listed.
PLURALS = {"man": "men", "woman": "women", "child": "children", "box": "boxes", "knife": "knives", "story": "stories"}
NUMBERS = {2: "two", 3: "three", 4: "four", 5: "five", 6: "six", 7: "seven", 10: "ten"}
ADJECTIVES = {"old_thing": "old"}
AT = ("station", "university")
ON = ("table",)

# concept: base, third person, past, -ing; the preposition of the object
VERBS = {
    cells[0]: cells[1:]
    for cells in rows("""
        sleep      sleep sleeps slept sleeping
        work       work works worked working
        rest       rest rests rested resting
        sing       sing sings sang singing
        dance      dance dances danced dancing
        laugh      laugh laughs laughed laughing
        cry        cry cries cried crying
        play       play plays played playing
        run        run runs ran running
        swim       swim swims swam swimming
        go         go goes went going
        come       come comes came coming
        return     return returns returned returning
        read       read reads read reading
        write      write writes wrote writing
        buy        buy buys bought buying
        sell       sell sells sold selling
        see        see sees saw seeing
        find       find finds found finding
        eat        eat eats ate eating
        drink      drink drinks drank drinking
        cook       cook cooks cooked cooking
        wash       wash washes washed washing
        open       open opens opened opening
        close      close closes closed closing
        clean      clean cleans cleaned cleaning
        bring      bring brings brought bringing
        repair     repair repairs repaired repairing
        build      build builds built building
        watch      watch watches watched watching
        listen     listen listens listened listening to
        meet       meet meets met meeting
        help       help helps helped helping
        wait       wait waits waited waiting for
        look       look looks looked looking for
        invite     invite invites invited inviting
        thank      thank thanks thanked thanking
        feed       feed feeds fed feeding
        give       give gives gave giving
        send       send sends sent sending
        show       show shows showed showing
        love       love loves loved loving
        know       know knows knew knowing
        like       like likes liked liking
        have       have has had having
        know_that  know knows knew knowing
        think      think thinks thought thinking
        say        say says said saying
    """)
}

TIMES = {
    "yesterday": "yesterday",
    "today": "today",
    "tomorrow": "tomorrow",
    "now": "now",
    "every_day": "every:which_day",
    "often": "often",
    "always": "always",
    "in_the_morning": "in:case_the:-_morning",
    "in_the_evening": "in:case_the:-_evening",
    "at_night": "at:case_night",
    "last_week": "last:which_week",
    "next_week": "next:which_week",
    "on_sunday": "on:case_Sunday",
    "on_monday": "on:case_Monday",
    "on_friday": "on:case_Friday",
}


class English(Grammar):
    """Subject verb object, articles, do-support."""

    links = MappingProxyType(
        {
            "and": "0 , and 1",
            "but": "0 , but 1",
            "when": "when 0 , 1",
            "when_last": "1 when 0",
            "because": "0 because 1",
            "that": "0 that 1",
        }
    )

    def clause(self, clause: Clause, slot: str) -> list[Word]:
        """Time, question word, subject and auxiliary (turned round in a question), not, verb, complements, time."""
        time = tag_phrase(TIMES[clause.time], slot + "time") if clause.time else []
        at_verb = clause.time in ("often", "always")
        subject = self._subject(clause, slot)
        auxiliary, verb = self._verb(clause, slot)
        words = time if clause.time_first else []
        if clause.question and clause.question != "who":
            if clause.question != "yes_no":
                words = words + tag(clause.question, slot + QUESTION_SLOTS[clause.question])
            words = words + auxiliary + subject
        else:
            words = words + subject + auxiliary
        if clause.negated:
            words += tag("not", slot + "neg")
        words += (time if at_verb else []) + verb + self._complements(clause, slot)
        return words if clause.time_first or at_verb else words + time

    def _subject(self, clause: Clause, slot: str) -> list[Word]:
        if clause.verb == "exist":
            return tag("there")
        if clause.pronoun:
            return tag(_pronoun(clause.subject), slot + "subject0")
        return self._phrases(clause.subject, slot + "subject")

    def _verb(self, clause: Clause, slot: str) -> tuple[list[Word], list[Word]]:
        """Auxiliary and main verb."""
        plural = _is_plural(clause.subject)
        past = clause.tense in "PI"
        be = ("were" if plural else "was") if past else ("are" if plural else "is")
        if clause.verb in ("be", "exist"):
            return verb_tag(be, slot, "verb noun aspect tense"), []
        base, third, preterite, participle = VERBS[clause.verb][:4]
        if clause.tense in "GI":
            return verb_tag(be, slot, "aspect tense"), verb_tag(participle, slot, "verb noun")
        if clause.tense == "F":
            return verb_tag("will", slot, "tense"), verb_tag(base, slot, "verb noun aspect")
        if clause.tense == "W":
            want = verb_tag("want" if plural else "wants", slot, "aspect tense") + verb_tag("to", slot, "infinitive")
            return [], want + verb_tag(base, slot, "verb noun")
        if clause.negated or clause.question not in ("", "who"):
            do = "did" if past else "do" if plural else "does"
            return verb_tag(do, slot, "tense"), verb_tag(base, slot, "verb noun aspect")
        form = preterite if past else base if plural else third
        return [], verb_tag(form, slot, "verb noun aspect tense")

    def _complements(self, clause: Clause, slot: str) -> list[Word]:
        words: list[Word] = []
        if clause.verb == "exist":
            words += self._phrases(clause.subject, slot + "subject")
        if clause.predicate:
            words += tag(ADJECTIVES.get(clause.predicate, clause.predicate), slot + "predicate")
        if clause.verb in VERBS:
            words += tag("".join(VERBS[clause.verb][4:]), slot + "object.case")
        if clause.question != "what":
            words += self._phrases(clause.object, slot + "object")
        if clause.recipient:
            words += tag("to", slot + "recipient.case") + self._phrase(clause.recipient, slot + "recipient")
        company = []
        if clause.companion:
            company = tag("with", slot + "companion.case") + self._phrase(clause.companion, slot + "companion")
        place = []
        if clause.place:
            at, relation = clause.place.noun, clause.place.relation
            preposition = ("at" if at in AT else "on" if at in ON else "in") if relation == "in" else relation
            place = tag(preposition, slot + "place.case") + tag("the")
            place += tag(ADJECTIVES.get(clause.place.adjective, clause.place.adjective), slot + "place.adjective")
            place += tag(at, slot + "place")
            if relation != "in":
                return words + place + company
        return words + company + place

    def _phrases(self, phrases: tuple[NounPhrase, ...], slot: str) -> list[Word]:
        words: list[Word] = []
        for index, phrase in enumerate(phrases):
            words += tag("and", slot + ".and") if index else []
            words += self._phrase(phrase, f"{slot}{index}")
        return words

    def _phrase(self, phrase: NounPhrase, slot: str) -> list[Word]:
        adjective = tag(ADJECTIVES.get(phrase.adjective, phrase.adjective), slot + ".adjective")
        noun = tag(_plural(phrase.noun) if phrase.plural else phrase.noun, slot)
        words = tag(NUMBERS.get(phrase.count, ""), slot + ".count") + adjective + noun
        if phrase.owner:
            article = tag(phrase.owner.article)
            return article + tag(phrase.owner.noun + "'s", slot + ".owner", slot + ".owner.case") + words
        if phrase.article == "a":
            return tag("an" if words[0].form[0] in "aeiou" else "a", slot + ".article") + words
        return tag(phrase.article) + words


def _plural(noun: str) -> str:
    return PLURALS.get(noun, noun + "s")


def _pronoun(phrases: tuple[NounPhrase, ...]) -> str:
    if _is_plural(phrases):
        return "they"
    noun = phrases[0].noun
    return "it" if KIND_OF.get(noun) == "animal" else "she" if noun in SHE else "he"


def _is_plural(phrases: tuple[NounPhrase, ...]) -> bool:
    return len(phrases) > 1 or phrases[0].plural


GRAMMAR = English()
