"""Pairs of languages, as the command line names them."""

from __future__ import annotations

from collections.abc import Sequence

from hf_xalign.data.languages import Language, parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean


def parse_pair(text: str) -> tuple[Language, Language]:
    """`hin_Deva-urd_Arab` as two languages, source and target."""
    codes = text.split("-")
    if len(codes) != 2:
        raise XAlignError(f"cannot read the language pair {text!r}: write it as hin_Deva-urd_Arab")
    source, target = (parse_language(code) for code in codes)
    if source == target:
        raise XAlignError(f"the language pair {text!r} names one language twice")
    return source, target


def expand_pairs(pairs: Sequence[str], present: Sequence[str], file: str) -> list[tuple[Language, Language]]:
    """The pairs as languages; `eng-*` becomes one pair with each of the languages that are `present`.

    Raises:
        XAlignError: a code that cannot be read, a pair that occurs twice, or nothing behind a star.
    """
    expanded: list[tuple[Language, Language]] = []
    for pair in pairs:
        if not pair.endswith("-*"):
            expanded.append(parse_pair(pair))
            continue
        source = parse_language(pair.removesuffix("-*"))
        others = [language for language in map(parse_language, present) if language.iso639_3 != source.iso639_3]
        if not others:
            raise XAlignError(f"{file} has no languages that {pair} could stand for: name the pairs")
        expanded += [(source, language) for language in others]
    twice = next((pair for place, pair in enumerate(expanded) if pair in expanded[:place]), None)
    if twice:
        raise XAlignError(f"the pair {twice[0]}-{twice[1]} is named twice")
    return expanded


def language_codes(names: Sequence[str]) -> list[str]:
    """The names that are languages beyond doubt: those with a script (`hin_Deva`); without any, ISO 639-3 codes."""
    codes = [name for name in names if _is_code(name)]
    return [name for name in codes if "_" in name] or codes


def _is_code(name: str) -> bool:
    try:
        return str(parse_language(name)) == name
    except XAlignError:
        return False


def same_language(first: Language, second: Language) -> bool:
    """One language, and one script as far as both name theirs."""
    return first.iso639_3 == second.iso639_3 and len({first.script, second.script} - {None}) < 2


def language_names(pairs: Sequence[tuple[str, str]]) -> list[str]:
    """What tells the pairs apart: the other language where all pairs share one, else `A-B`."""
    for shared, other in ((0, 1), (1, 0)):
        if len({pair[shared] for pair in pairs}) == 1:
            return [pair[other] for pair in pairs]
    return ["-".join(pair) for pair in pairs]


def are_low_resource(names: Sequence[str], low_resource: Sequence[str]) -> list[bool]:
    """For each of the `language_names` whether one of the `low_resource` codes, as `swh` or `swh_Latn`, is of it.

    Raises:
        XAlignError: a code that cannot be read, or is of none of the names.
    """
    known = [[parse_language(part) for part in name.split("-")] for name in names]
    low = [False] * len(names)
    for code in low_resource:
        language = parse_language(code)
        members = [place for place, parts in enumerate(known) if any(same_language(language, part) for part in parts)]
        if not members:
            raise XAlignError(f"low-resource language {code} is in none of the pairs{did_you_mean(code, names)}")
        for place in members:
            low[place] = True
    return low
