"""What uroman's rules say in all languages: which characters act on their neighbours, and which rules are long."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable
from typing import NamedTuple


# Marks that change the romanisation of the character before or after them.
DOUBLERS = frozenset("っッ\u0a71")
SMALL_Y = frozenset("ゃゅょャュョ")
LENGTHENER = "ー"

DIGIT = re.compile(r"\d")


class SharedRules(NamedTuple):
    """What holds for every language."""

    longer_rules: tuple[str, ...]  # texts of several characters
    in_longer_rules: frozenset[str]  # their characters
    unclear: frozenset[str]  # characters of those whose romanisation depends on the syllable or on the words before
    before_digits: frozenset[str]  # last characters of those romanised with digits
    vowel_signs: frozenset[str]
    viramas: frozenset[str]
    bare: frozenset[str]  # signs before which a consonant is written without its vowel, but for subjoined letters
    extenders: frozenset[str]  # characters that lengthen the span of the one before them
    number_words: frozenset[str]  # characters of minus signs and fraction connectors
    number_signs: re.Pattern[str]
    number_rules: re.Pattern[str]  # longer rules with numeric characters


@functools.cache
def shared_rules(uroman) -> SharedRules:
    longer = tuple(text for text in uroman.rom_rules if len(text) > 1)
    unclear, before_digits = set(), set()
    for text in longer:
        for rule in uroman.rom_rules[text]:
            # uroman remembers what it makes of a final hyphen, for whichever span it meets first.
            if rule["t-at-end-of-syllable"] is not None or (rule["t"] or "").endswith("-"):
                unclear.update(text)
            if DIGIT.search(rule["t"] or ""):
                before_digits.add(text[-1])

    def having(kind: str) -> frozenset[str]:
        return frozenset(text for (one, text), value in uroman.dict_bool.items() if one == kind and value)

    vowel_signs, viramas = having("is-vowel-sign"), having("is-virama")
    signs = [*uroman.minus_signs, *uroman.plus_signs, *uroman.fraction_connectors]
    return SharedRules(
        longer_rules=longer,
        in_longer_rules=frozenset("".join(longer)),
        unclear=frozenset(unclear),
        before_digits=frozenset(before_digits),
        vowel_signs=vowel_signs,
        viramas=viramas,
        bare=vowel_signs | viramas | having("is-medial-consonant-sign"),
        extenders=viramas | SMALL_Y | {LENGTHENER},
        number_words=frozenset("".join(signs)),
        number_signs=any_of(signs),
        number_rules=any_of(text for text in longer if any(is_numeric(uroman, character) for character in text)),
    )


def any_of(texts: Iterable[str]) -> re.Pattern[str]:
    """A pattern that finds any of these texts; grouped by first character, which is what `re` is fast at."""
    groups: dict[str, list[str]] = {}
    for text in texts:
        groups.setdefault(text[0], []).append(re.escape(text[1:]))
    return re.compile("|".join(f"{re.escape(first)}(?:{'|'.join(rest)})" for first, rest in groups.items()) or "(?!)")


def is_numeric(uroman, character: str) -> bool:
    return bool(uroman.num_props.get(character)) or unicodedata.numeric(character, None) is not None
