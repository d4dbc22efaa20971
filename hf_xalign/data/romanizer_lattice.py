"""uroman's romanisation lattice, kept to the longest edge at each position.

Follows `Lattice` of uroman 1.3.1.1 method by method; the comments name them. uroman adds an edge for every rule that
applies to every span, then walks from the left and takes the longest edge at each position. Edges that are never taken
matter in one place only: whether a position is at the start of a word.
"""

from __future__ import annotations

import operator
import re
import unicodedata

from hf_xalign.data.romanizer_rules import DOUBLERS, LENGTHENER, SMALL_Y
from hf_xalign.data.romanizer_tables import (
    NOT_AT_END,
    NOT_AT_START,
    ONLY_AT_END,
    ONLY_AT_START,
    WHOLE_WORD,
    CharacterTables,
    Rule,
)
from hf_xalign.data.uroman_backend import uroman_module


_DOUBLED = re.compile(r"(ch|[bcdfghjklmnpqrstwz])")
_ENDS_IN_I = re.compile(r"[bcdfghjklmnpqrstvwxyz]i$")
_R_AND_VOWEL = re.compile(r"r[aeiou]")
_SPECIAL = operator.attrgetter("special")
_NO_FINAL_VOWEL = frozenset({"asm", "ben", "guj", "kas", "pan"})
_FINAL_VOWEL = frozenset({"san"})


class NotCovered(Exception):
    """This text needs uroman itself."""


class Lattice:
    """Romanises texts by the rules of one language.

    `plain` romanises a number (a run of numeric characters) with uroman itself. `LANGUAGES` are those that uroman's
    code, not its rules, treats apart.
    """

    LANGUAGES = _NO_FINAL_VOWEL | _FINAL_VOWEL

    def __init__(self, tables: CharacterTables, plain) -> None:
        self._tables = tables
        self._plain = plain
        self._tibetan: dict = {}  # of the text at hand: what `pick_tibetan_vowel_edge` finds
        self._numbers: dict[str, str] = {}

    def romanize(self, text: str) -> str:
        """One word with its space, or a whole line -> its romanisation; raises `NotCovered`."""
        characters, rules = self._tables.characters, self._tables.rules
        extenders = self._tables.shared.extenders
        length = len(text)
        found = [characters[character] for character in text]
        ends = [0] * length  # where the longest edge that starts here ends; 0 if there is none
        texts = [""] * length
        alpha = bytearray(length + 1)  # an edge that ends in a letter ends here
        undecided: set[int] = set()
        special = any(map(_SPECIAL, found))
        if special and any(character.left_to_uroman for character in found):
            raise NotCovered
        if special and any(character.script == "Tibetan" for character in found):
            self._tibetan = self._tibetan_vowels(text)
        for start, character in enumerate(found):
            for size in character.lengths:
                end = start + size
                if size == 1:
                    rule = character.rule
                elif end > length:
                    break
                else:
                    rule = rules[text[start:end]]
                if rule.__class__ is tuple:
                    rule = self._valid(rule, text, start, end, alpha)
                if rule is None:
                    continue
                romanized, from_, to = rule.text, start, end
                if character.vowelled:
                    romanized = self._with_vowel(rule, text, start, end, alpha, character.script)
                if romanized:
                    if (
                        not rule.steady
                        or (end < length and text[end] in extenders)
                        or (start and text[start - 1] in DOUBLERS)
                    ):
                        romanized, from_, to = self._expanded(romanized, text, start, end, alpha)
                    if romanized and romanized[-1].isalpha():
                        alpha[to] = 1
                if to > ends[from_]:
                    ends[from_], texts[from_] = to, romanized
                    undecided.discard(from_)
                elif to == ends[from_] and romanized != texts[from_]:
                    undecided.add(from_)
            if character.other is not None:
                if character.other[-1].isalpha():
                    alpha[start + 1] = 1
                if not ends[start]:
                    ends[start], texts[start] = start + 1, character.other
        if special and any(character.numeric for character in found):
            self._add_numbers(text, found, ends, texts)
        result = []
        position = 0
        while position < length:
            if ends[position]:
                if position in undecided:
                    raise NotCovered
                result.append(texts[position])
                position = ends[position]
            else:
                result.append(self._single(text, position, found[position], alpha))
                position += 1
        return "".join(result)

    def _single(self, text, position, character, alpha) -> str:
        """`add_rom_fall_back_singles`."""
        if not character.fallback or character.rule is None:
            return character.fallback
        # The edge of this character was moved to the doubler before it.
        rule = self._valid(character.rule, text, position, position + 1, alpha)
        return character.fallback if rule is None else rule.text

    def _valid(self, candidates, text, start, end, alpha) -> Rule | None:
        """`cand_is_valid`: the first candidate whose conditions hold."""
        if candidates is None or isinstance(candidates, Rule):
            return candidates
        for conditions, rule in candidates:
            if conditions & (NOT_AT_START | ONLY_AT_START | WHOLE_WORD):
                at_start = self._at_start(text, start, alpha)
                if conditions & NOT_AT_START and at_start:
                    continue
                if conditions & (ONLY_AT_START | WHOLE_WORD) and not at_start:
                    continue
            if conditions & (NOT_AT_END | ONLY_AT_END | WHOLE_WORD):
                at_end = self._at_end(text, end)
                if conditions & NOT_AT_END and at_end:
                    continue
                if conditions & (ONLY_AT_END | WHOLE_WORD) and not at_end:
                    continue
            return rule
        return None

    @staticmethod
    def _at_start(text, position, alpha) -> bool:
        """`is_at_start_of_word`."""
        return not alpha[position] and not (position and text[position - 1].isalpha())

    def _at_end(self, text, position) -> bool:
        """`is_at_end_of_word`."""
        length, tables = len(text), self._tables
        if position < length and text[position].isalpha():
            return False
        while (
            position + 1 < length
            and unicodedata.category(text[position]) == "Mn"
            and "NUKTA" in tables.name(text[position])
        ):
            position += 1
        for end in range(position + 1, length + 1):
            span = text[position:end]
            if ("s-prefix", span) not in tables.uroman.dict_bool:
                break
            with_letter = tables.romanized_with_letter(span)
            if with_letter is None:
                raise NotCovered
            if with_letter:
                return False
        return True

    def _with_vowel(self, rule, text, start, end, alpha, script) -> str:
        """`add_default_abugida_vowel`."""
        tables, shared = self._tables, self._tables.shared
        base, full, written = tables.vowelled[script, rule.text]
        if base is None or rule.tail:
            return written
        if script == "Tibetan":
            if self._tibetan.get(("edge-delete", start)):
                return ""
            return full if self._tibetan.get(("edge-vowel", start)) else base
        before = text[start - 1] if start else ""
        after = text[end : end + 1]
        if after:
            if after in shared.bare or (after == "យ" and (base in "bcdfghklmnpqrstvwz" or base == "ng")):
                return base
            if unicodedata.category(after) == "Mn":
                second = text[end + 1 : end + 2]
                if second in shared.vowel_signs or second in shared.viramas:
                    return base
            if "SUBJOINED LETTER" in tables.name(after):
                return base
        if before in shared.viramas:
            return full
        if not _R_AND_VOWEL.search(written) and self._at_start(text, start, alpha):
            return full
        if self._at_end(text, end):
            if script == "Devanagari" and tables.lcode not in _FINAL_VOWEL:
                return written
            return written if tables.lcode in _NO_FINAL_VOWEL else full
        if tables.script(before) != script:
            return full
        if "VOCALIC" in tables.name(text[end - 1]):
            return base
        return full if tables.script(after) == script else written

    def _tibetan_vowels(self, text) -> dict:
        """Which consonant of a Tibetan syllable carries its vowel: uroman's own code, which looks at that syllable."""
        tables = self._tables
        lattice = uroman_module().Lattice(text, tables.uroman, tables.lcode)
        lattice.pick_tibetan_vowel_edge()
        return lattice.props

    def _expanded(self, romanized, text, start, end, alpha) -> tuple[str, int, int]:
        """`expand_rom_with_special_chars`: the romanisation, and the span it covers then."""
        tables = self._tables
        begin = start
        before = text[start - 1] if start else ""
        after = text[end : end + 1]
        if after and start + 1 == end and after.islower() and romanized.isupper():
            romanized = romanized.capitalize()
        if before in DOUBLERS and (match := _DOUBLED.match(romanized)):
            romanized = match[1].replace("ch", "c" if before == "\u0a71" else "t") + romanized
            start -= 1
            before = text[start - 1] if start else ""
        if after in tables.shared.extenders:
            last = text[end - 1]
            if (
                after in SMALL_Y
                and tables.script(last) == tables.script(after)
                and _ENDS_IN_I.search(romanized)
                and (small := tables.uroman.rom_rules[after][0]["t"])
                and not self._some_rule(text, begin, end + 1, alpha)
                and not self._some_rule(text, start, end + 1, alpha)
            ):
                romanized = romanized[:-1] + small
                end += 1
                last, after = after, text[end : end + 1]
            if after == LENGTHENER and tables.script(last) in ("Hiragana", "Katakana") and romanized[-1] in "aeiou":
                return romanized + romanized[-1], start, end + 1
            if after in tables.shared.viramas:
                return romanized, start, end + 1
        if romanized.startswith(" ") and (start == 0 or before == " "):
            romanized = romanized[1:]
        if romanized.endswith(" ") and after == " ":
            romanized = romanized[:-1]
        return romanized, start, end

    def _some_rule(self, text, start, end, alpha) -> bool:
        rule = self._valid(self._tables.rules[text[start:end]], text, start, end, alpha)
        return rule is not None and bool(rule.text)

    def _add_numbers(self, text, found, ends, texts) -> None:
        """`add_numbers`: a run of numeric characters is romanised by uroman, apart from its neighbours.

        Number edges are made of adjacent characters with a numeric value, of the full stop between two digits, and of
        the signs and rules in `number_signs` and `number_rules`, which are left to uroman with all of the text.
        """
        shared, length = self._tables.shared, len(text)
        if shared.number_signs.search(text) or shared.number_rules.search(text):
            raise NotCovered
        position = 0
        while position < length:
            if not found[position].numeric:
                position += 1
                continue
            end = position + 1
            while end < length and (
                found[end].numeric or (text[end] == "." and end + 1 < length and found[end + 1].numeric)
            ):
                end += 1
            before, after = text[position - 1 : position], text[end : end + 1]
            # uroman parts two digits: a romanisation that ends in one, and a number.
            if before and (before in DOUBLERS or found[position - 1].digits):
                raise NotCovered
            number = text[position:end]
            if not number.isascii():
                if after in shared.extenders or not all(
                    character.simple_number or character_text == "."
                    for character, character_text in zip(found[position:end], number, strict=True)
                ):
                    raise NotCovered
                ends[position], texts[position] = end, self._number(number)
            position = end

    def _number(self, number: str) -> str:
        romanized = self._numbers.get(number)
        if romanized is None:
            if len(self._numbers) >= 10_000:
                self._numbers.clear()
            romanized = self._numbers[number] = self._plain(number)
        return romanized
