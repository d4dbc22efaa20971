"""What uroman's rules say of a character, looked up once for each character and language."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from hf_xalign.data.romanizer_rules import DIGIT, DOUBLERS, any_of, is_numeric, shared_rules
from hf_xalign.data.uroman_backend import uroman_module


# A rule's conditions on its place in the word, as bits.
NOT_AT_START, ONLY_AT_START, NOT_AT_END, ONLY_AT_END, WHOLE_WORD = 1, 2, 4, 8, 16
_CONDITIONS = {
    "dont-use-at-start-of-word": NOT_AT_START,
    "use-only-at-start-of-word": ONLY_AT_START,
    "dont-use-at-end-of-word": NOT_AT_END,
    "use-only-at-end-of-word": ONLY_AT_END,
    "use-only-for-whole-word": WHOLE_WORD,
}

# uroman has code of its own for these scripts; here they are left to it.
_LEFT_TO_UROMAN = frozenset({"Thai", "Coptic"})
_TAIL = re.compile(r"\+(m|ng|n|h|r)")

# Stands for "depends on the context" in the table of constant romanisations; no character of a text by definition.
NOT_CONSTANT = "\uffff"


@dataclass(frozen=True, slots=True)
class Rule:
    """The romanisation of a span."""

    text: str
    tail: bool  # a sound that takes no vowel after it (`+m` in uroman's table)
    steady: bool  # alike before and after spaces and before small letters


@dataclass(frozen=True, slots=True)
class Character:
    """All that the lattice asks about one character."""

    special: bool  # left to uroman, numeric or Tibetan
    left_to_uroman: bool
    lengths: range  # of the rules that may begin with it, shortest first
    rule: Rule | tuple[tuple[int, Rule], ...] | None  # of the character alone: constant, by conditions, or none
    script: str
    vowelled: bool  # its script writes consonants with a vowel in them
    other: str | None  # romanisation where no rule applies: a Hangul syllable, or what it decomposes to
    fallback: str
    numeric: bool
    simple_number: bool  # numeric, and its rule has no effect on its neighbours, nor they on it
    digits: bool  # a romanisation that ends with it may hold digits
    constant: str | None  # its romanisation, if that is the same wherever no rule of several characters applies


class CharacterTables:
    """Uroman's rules for one language, by character.

    `translation` is a table for `str.translate`: the romanisation of characters that have the same one everywhere,
    U+FFFF for all others. It holds for texts in which `longer_rule` finds nothing.
    """

    def __init__(self, uroman, lcode: str | None) -> None:
        self.uroman = uroman
        self.lcode = lcode
        self.shared = shared_rules(uroman)
        self.rules = _Lazy(self._rule)
        self.characters = _Lazy(self._character)
        self.translation = _Lazy(self._translated)
        self.vowelled = _Lazy(self._vowelled)
        self.ends_clause = _Lazy(self._ends_clause)
        self._longest: dict[str, int] = {}
        for text in self.shared.longer_rules:
            if self.rules[text] is not None:
                self._longest[text[0]] = max(len(text), self._longest.get(text[0], 0))
        self.longer_rule = any_of(filter(self._matters, self.shared.longer_rules))

    def _matters(self, text: str) -> bool:
        """Whether a rule of several characters gives anything else than these characters do one by one."""
        candidates = self.rules[text]
        if candidates is None:
            return False
        rules = [candidates] if isinstance(candidates, Rule) else [rule for _, rule in candidates]
        alone = [self.characters[character].constant for character in text]
        return None in alone or any(rule.text != "".join(alone) for rule in rules)

    def script(self, character: str) -> str:
        return self.uroman.dict_str.get(("script", character), "")

    def romanized_with_letter(self, text: str) -> bool | None:
        """Whether a rule writes a letter for this text, other than at the start of a word; None if it is undefined."""
        for rule in self.uroman.rom_rules.get(text, ()):
            if rule["use-only-at-start-of-word"]:
                continue
            if rule["t"] is None:
                return None  # uroman fails on these
            if any(map(_is_letter, rule["t"])):
                return True
        return False

    def _texts(self, text: str) -> Iterable[str]:
        return (rule["t"] or "" for rule in self.uroman.rom_rules.get(text, ()))

    def name(self, character: str) -> str:
        return self.uroman.chr_name(character)

    def _translated(self, codepoint: int) -> str:
        constant = self.characters[chr(codepoint)].constant
        return NOT_CONSTANT if constant is None else constant

    def _rule(self, text: str) -> Rule | tuple[tuple[int, Rule], ...] | None:
        """The candidates for a span, best first, as far as they can be told without its context."""
        candidates = []
        for rule in self.uroman.rom_rules.get(text, ()):
            if rule["t"] is None or (rule["lcodes"] and self.lcode not in rule["lcodes"]):
                continue
            conditions = sum(bit for name, bit in _CONDITIONS.items() if rule[name])
            tail = _TAIL.match(rule["t"]) is not None
            romanized = rule["t"][tail:]
            steady = romanized == romanized.strip(" ") and not _loses_capitals(romanized)
            candidates.append((rule["n-restr"] or 0, conditions, Rule(romanized, tail, steady)))
        candidates.sort(key=lambda candidate: -candidate[0])  # stable: uroman takes the first of the most restricted
        if not candidates:
            return None
        if not candidates[0][1]:
            return candidates[0][2]
        return tuple((conditions, rule) for _, conditions, rule in candidates)

    def _vowelled(self, key: tuple[str, str]) -> tuple[str | None, str | None, str]:
        """(script, romanisation) -> without its vowel, with it, and as it is written where neither is known.

        After `Lattice.add_default_abugida_vowel` of uroman.
        """
        script, text = key
        vowels = self.uroman.scripts[script.lower()]["abugida-default-vowels"]
        one, more = "|".join(vowels), "|".join(f"{vowel}+" for vowel in vowels)
        if match := re.match(rf"([cfghkmnqrstxy]?y)({more})-?$", text):
            base, full = match[1], match[1] + match[2]
        elif match := re.match(rf"([bcdfghjklmnpqrstvwxyz]+)({one})-?$", text):
            base, full = match[1], match[1] + match[2]
            if text.endswith("-") and text[0].isalpha():
                text = text[:-1]
        else:
            base, full = text, text + vowels[0]
        if not re.match(r"[bcdfghjklmnpqrstvwxyz]+$", base) and not (script == "Tibetan" and base == "'"):
            base, full = None, None
        return base, full, text

    def _character(self, character: str) -> Character:
        shared, uroman = self.shared, self.uroman
        script = self.script(character)
        rule = self.rules[character]
        vowelled = bool(script and uroman.scripts[script.lower()]["abugida-default-vowels"])
        left_to_uroman = (
            script in _LEFT_TO_UROMAN
            or "\u2800" <= character <= "\u28ff"
            or character in shared.unclear
            or any(one["t-at-end-of-syllable"] is not None for one in uroman.rom_rules.get(character, ()))
        )
        other = None
        if not left_to_uroman:
            other = uroman.unicode_hangul_romanization(character) or self._decomposed(character)
        fallback = "" if unicodedata.category(character) in ("Mn", "Cf", "Co") else character
        numeric = is_numeric(uroman, character)
        digits = character in shared.before_digits or any(map(DIGIT.search, self._texts(character)))
        digits = digits or bool(other and DIGIT.search(other))

        alone = None  # what it becomes whatever its neighbours are
        if isinstance(rule, Rule):
            bare, _, written = self.vowelled[script, rule.text] if vowelled else (None, None, rule.text)
            if rule.steady and (bare is None or rule.tail):
                alone = written
        elif rule is None:
            alone = other if other is not None else fallback
        changes_others = character in shared.extenders or character in DOUBLERS
        if left_to_uroman or changes_others:
            alone = None
        part_of_number = (numeric and not "0" <= character <= "9") or digits or character in shared.number_words
        return Character(
            special=left_to_uroman or numeric or script == "Tibetan",
            left_to_uroman=left_to_uroman,
            lengths=range(1 if rule is not None else 2, self._longest.get(character, 1) + 1),
            rule=rule,
            script=script,
            vowelled=vowelled,
            other=other,
            fallback=fallback,
            numeric=numeric,
            simple_number=numeric and alone is not None,
            digits=digits,
            constant=None if part_of_number or character == NOT_CONSTANT else alone,
        )

    def clauses(self, text: str) -> list[str]:
        """Cut a text after punctuation that nothing looks across, so that its parts can be romanised alone.

        Such a mark has one romanisation, which ends in neither a letter nor a digit, belongs to no script and to no
        longer rule. What follows must not be a space, nor romanised with a space before it: either can be lost.
        """
        ends = [
            position
            for position in range(1, len(text))
            if self.ends_clause[text[position - 1]] and self._begins_clause(text[position])
        ]
        return [text[begin:end] for begin, end in zip([0, *ends], [*ends, len(text)], strict=True)]

    def _ends_clause(self, mark: str) -> bool:
        character = self.characters[mark]
        if unicodedata.category(mark)[0] != "P" or mark == "." or mark in self.shared.in_longer_rules:
            return False
        if character.left_to_uroman or character.script or character.numeric or character.rule.__class__ is tuple:
            return False
        if mark in self.shared.extenders or mark in self.shared.number_words:
            return False
        romanized = character.rule.text if character.rule else character.other or character.fallback
        return not romanized[-1:].isalnum()

    def _begins_clause(self, first: str) -> bool:
        rule = self.characters[first].rule
        return (
            first != " "
            and first not in self.shared.extenders
            and (rule is None or (isinstance(rule, Rule) and not rule.text.startswith(" ")))
        )

    def _decomposed(self, character: str) -> str | None:
        """The romanisation of what a compatibility character stands for (ﻼ, ㏒), as `Lattice.decomp_rom` of uroman."""
        decomposition = unicodedata.decomposition(character).split()
        if not decomposition or not decomposition[0].startswith("<"):
            return None
        return uroman_module().Lattice(character, self.uroman, self.lcode).decomp_rom(0) or None


def _is_letter(character: str) -> bool:
    return unicodedata.category(character).startswith("L")


def _loses_capitals(text: str) -> bool:
    """Whether uroman writes this differently before a small letter: `TH` becomes `Th`."""
    return text.isupper() and text.capitalize() != text


class _Lazy(dict):
    """A table filled in as it is asked: `_Lazy(make)[key]` is `make(key)`."""

    def __init__(self, make) -> None:
        super().__init__()
        self._make = make

    def __missing__(self, key):
        self[key] = value = self._make(key)
        return value
