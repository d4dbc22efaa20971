"""uroman's output, character for character, without building uroman's lattice for every sentence.

Three things make it fast. A line of ASCII is its own romanisation. A word of characters that romanise alike in every
context is one `str.translate`. Any other word goes once through `Lattice`, which follows the same rules as uroman's
lattice but keeps only the longest edge at each position; what that does not cover (Thai, Coptic and Braille script,
some numbers) goes to uroman itself, clause by clause.

Why words can be romanised one by one: no rule of uroman 1.3.1.1 looks beyond the neighbouring space, except that a
romanisation that ends in a space loses it before a space (`rom.endswith(' ')` in `expand_rom_with_special_chars`), and
except rules whose own text holds a space. So a word is romanised together with the one space that follows it. A space
before a word counts as the start of a line does, wherever uroman looks to the left. Lines that hold the text of a rule
with a space, Braille (capitals and numbers run on across spaces) or the Thai letter o ang (uroman looks back past the
space for a consonant) are romanised whole.
"""

from __future__ import annotations

import functools
import logging
import re
from collections.abc import Iterator

from hf_xalign.data.romanizer_lattice import Lattice, NotCovered
from hf_xalign.data.romanizer_tables import NOT_CONSTANT, CharacterTables
from hf_xalign.data.uroman_backend import UROMAN_KNOWN, backend_id, load_uroman, source_digest


logger = logging.getLogger(__name__)

_TSHEG = "\u0f0b"
_SYLLABLE = re.compile(f"(?<={_TSHEG})(?=[\u0f40-\u0f6c])")
_ACROSS_SPACES = "[\u2800-\u28ff\u0e2d]"  # Braille, Thai o ang


class _Memory(dict):
    """Words romanised lately; after `CAPACITY` new ones, in all languages, those not used since are forgotten.

    Two generations bound the memory of a process to some 200 MB. A "word" of more than `LONGEST` characters (a line of
    Chinese, say) hardly comes twice and is not kept.
    """

    CAPACITY = 400_000
    LONGEST = 48
    _all: list[_Memory] = []  # noqa: RUF012

    def __init__(self, romanize) -> None:
        super().__init__()
        self._romanize = romanize
        self._older: dict[str, str] = {}
        self._all.append(self)

    def __missing__(self, word: str) -> str:
        romanized = self._older.get(word)
        if romanized is None:
            romanized = self._romanize(word)
            if len(word) > self.LONGEST:
                return romanized
        if sum(map(len, self._all)) >= self.CAPACITY:
            for memory in self._all:
                memory._older = memory.copy()
                memory.clear()
        self[word] = romanized
        return romanized


class Romanizer:
    """Romanises lines of one language; `lcode` is the ISO 639-3 code that uroman knows it by, or None."""

    def __init__(self, uroman, lcode: str | None = None) -> None:
        self._uroman = uroman
        self._lcode = lcode
        self._tables = CharacterTables(uroman, lcode)
        self._lattice = Lattice(self._tables, self._plain)
        with_space = [re.escape(text) for text in uroman.rom_rules if len(text) > 1 and " " in text]
        self._across_spaces = re.compile("|".join([_ACROSS_SPACES, *with_space]))
        tsheg = self._tables.characters[_TSHEG].constant
        self._has_syllables = tsheg is not None and not tsheg[-1:].isalpha()
        self._before_space = _Memory(lambda word: self._whole(word + " "))
        self._at_end = _Memory(self._whole)

    def __call__(self, line: str) -> str:
        """One line of text -> what `Uroman().romanize_string(line, lcode=lcode)` returns."""
        if line.isascii():
            return line
        if self._across_spaces.search(line):
            return self._whole(line)
        if self._has_syllables and _TSHEG in line:
            return "".join(self._syllables(line))
        words = line.split(" ")
        last = words.pop()
        return "".join(map(self._before_space.__getitem__, words)) + self._at_end[last]

    def _syllables(self, line: str) -> Iterator[str]:
        """Tibetan, which writes a mark between syllables and a space only between phrases."""
        *phrases, last = line.split(" ")
        for phrase in phrases:
            *syllables, end = _SYLLABLE.split(phrase)
            yield from map(self._at_end.__getitem__, syllables)
            yield self._before_space[end]
        yield from map(self._at_end.__getitem__, _SYLLABLE.split(last))

    def _whole(self, text: str) -> str:
        if not self._tables.longer_rule.search(text):
            translated = text.translate(self._tables.translation)
            if NOT_CONSTANT not in translated:
                return translated
        try:
            return self._lattice.romanize(text)
        except NotCovered:
            clauses = [] if self._across_spaces.search(text) else self._tables.clauses(text)
            return "".join(map(self._whole, clauses)) if len(clauses) > 1 else self._plain(text)

    def _plain(self, text: str) -> str:
        return plain(self._uroman, text, self._lcode)


def plain(uroman, text: str, lcode: str | None = None) -> str:
    """uroman itself, and character by character where it fails.

    uroman 1.3.1.1 raises on some numbers, such as `三分之` without a numerator; one such line must not end a run.
    """
    try:
        return uroman.romanize_string(text, lcode=lcode)
    except Exception as error:
        if len(text) == 1:
            return text
        _warn_of_failure(
            type(error), f"{backend_id()} fails on {text!r} ({error}); its characters are taken one by one"
        )
        return "".join(plain(uroman, character, lcode) for character in text)


@functools.cache
def romanizer_for(lcode: str | None):
    """What romanises a line of this language in this process: a function from text to text."""
    uroman = load_uroman()
    if not _is_known():
        return functools.partial(plain, uroman, lcode=lcode)
    return Romanizer(uroman, lcode) if lcode in _distinguished(uroman) else romanizer_for(None)


@functools.cache
def _is_known() -> bool:
    known = source_digest() == UROMAN_KNOWN
    if not known:
        logger.warning(
            "%s is not the release that the fast romaniser follows; it is used as it is, slowly", backend_id()
        )
    return known


@functools.cache
def _distinguished(uroman) -> frozenset[str | None]:
    """The languages that uroman has rules of their own for; all others are romanised alike."""
    codes = {code for rules in uroman.rom_rules.values() for rule in rules for code in rule["lcodes"] or ()}
    return frozenset({None, *codes, *Lattice.LANGUAGES})


_failures: set[type] = set()


def _warn_of_failure(kind: type, message: str) -> None:
    if kind not in _failures:
        _failures.add(kind)
        logger.warning(message)
