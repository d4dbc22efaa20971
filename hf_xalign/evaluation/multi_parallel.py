"""The same sentences in many languages, out of pairs of languages that share rows of one file."""

from __future__ import annotations

from collections.abc import Sequence

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.language_matrix import LanguageSimilarity, language_similarity
from hf_xalign.evaluation.parallel_text import ParallelText
from hf_xalign.evaluation.text_vectors import TextVectors


def multi_parallel(data: Sequence[ParallelText]) -> dict[str, list[str]]:
    """The sentences of the rows that all languages of `data` have, by language, in the order of the rows.

    Raises:
        XAlignError: fewer than two such rows.
    """
    by_language: dict[str, dict[int, str]] = {}
    for text in data:
        for language, sentences in zip(text.pair, (text.source, text.target), strict=True):
            by_language.setdefault(language, {}).update(zip(text.rows, sentences, strict=True))
    common = sorted(set.intersection(*(set(rows) for rows in by_language.values())))
    if len(common) < 2:
        raise XAlignError(
            f"--measures with --pairs compares languages by the rows of {data[0].file} that all {len(by_language)} of "
            f"them have: there are {len(common)}; give a multi-parallel file, or --pair A-B"
        )
    return {language: [rows[row] for row in common] for language, rows in by_language.items()}


def similarity_of(vectors: TextVectors, texts: dict[str, list[str]], seed: int) -> LanguageSimilarity:
    """The similarity of the languages of `texts`, by a model's vectors of them."""
    return language_similarity({language: vectors(sentences) for language, sentences in texts.items()}, seed=seed)


def similarity_part(found: Sequence[LanguageSimilarity]) -> dict:
    """The part `language_similarity` of a `languages.json`, of one or more models."""
    return {
        "languages": list(found[0].languages),
        "n": found[0].n,
        "models": [{name: getattr(one, name).tolist() for name in ("value", "low", "high")} for one in found],
    }
