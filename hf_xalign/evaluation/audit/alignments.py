"""What an aligner does on pairs whose gold alignment is known: the figures of `audit.json`."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.audit.examples import choose_examples
from hf_xalign.evaluation.audit.results import FORMAT
from hf_xalign.evaluation.audit.thresholds import score_histogram, threshold_curve
from hf_xalign.evaluation.bootstrap import percentile_estimate
from hf_xalign.evaluation.word_alignment import (
    SCORES,
    link_counts,
    ratio,
    resampled_sums,
    scores_of_counts,
    share_estimate,
)
from hf_xalign.version import __version__


if TYPE_CHECKING:
    from hf_xalign.aligners.base import Link, WordPair
    from hf_xalign.aligners.gold import GoldStandard

# A histogram of fertility counts words with 0, 1, 2, 3, and 4 or more links.
MOST_LINKS = 4
ALL = "all"


def audit_alignments(
    gold: GoldStandard,
    predicted: Sequence[Sequence[Link]],
    *,
    aligner: str,
    wanted_precision: float = 0.9,
    seed: int = 0,
) -> dict[str, Any]:
    """Measure links against a gold standard; the result is what `write_audit` writes.

    Figures are given for each language pair of the gold standard and, where there are several, for all pairs together
    (first). Coverage is the share of words that have a link, the null rate that of the words of both sides that have
    none, fertility the number of links of a word that has one; beside each stands what the possible gold links give.

    Args:
        predicted: the links of each pair.
        aligner: names the aligner, for the record.
        wanted_precision: the precision that a threshold is looked for.
        seed: of the resamples.

    Raises:
        XAlignError: lengths differ, a link points past its words, or a language pair has no sure gold link.
    """
    if not 0 < wanted_precision <= 1:
        raise XAlignError(f"the wanted precision is {wanted_precision:g}; it is a share, above 0 and up to 1")
    counts = link_counts(predicted, gold.alignments)
    labels = gold.labels or [ALL] * len(gold)
    names = list(dict.fromkeys(labels))
    rows = {name: np.array([row for row, label in enumerate(labels) if label == name]) for name in names}
    if len(names) > 1:
        rows = {ALL: np.arange(len(gold)), **rows}
    possible = [[(i, j, 1.0) for i, j in sorted(truth.possible)] for truth in gold.alignments]
    found, true = (_fertilities(gold.pairs, links) for links in (predicted, possible))
    groups = [_group(name, chosen, counts, found, true, possible, seed) for name, chosen in rows.items()]
    curve, choice = threshold_curve(predicted, gold.alignments, wanted_precision, seed=seed)
    return {
        "format": FORMAT,
        "aligner": aligner,
        "gold": {
            "file": gold.file,
            "format": gold.format,
            "fingerprint": gold.fingerprint(),
            "n": len(gold),
        },
        "wanted_precision": float(wanted_precision),
        "seed": seed,
        "versions": {"hf_xalign": __version__},
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "notices": list(gold.notices),
        "groups": groups,
        "thresholds": curve,
        "choice": choice,
        "histogram": score_histogram(predicted, gold.alignments),
        "examples": choose_examples(gold, predicted, counts, labels),
    }


def _fertilities(pairs: Sequence[WordPair], links: Sequence[Sequence[tuple]]) -> tuple[np.ndarray, np.ndarray]:
    """`(N, MOST_LINKS + 1)` numbers of source and of target words that have 0, 1, … links."""
    sides = tuple(np.zeros((len(pairs), MOST_LINKS + 1), dtype=np.int64) for _ in range(2))
    for row, (pair, found) in enumerate(zip(pairs, links, strict=True)):
        cells = {(link[0], link[1]) for link in found}
        for side, words in enumerate(pair):
            indices = np.array([cell[side] for cell in cells], dtype=np.int64)
            if len(indices) and indices.max() >= len(words):
                raise XAlignError(f"pair {row + 1}: a link touches word {indices.max()}, there are {len(words)}")
            degrees = np.minimum(np.bincount(indices, minlength=len(words)), MOST_LINKS)
            sides[side][row] = np.bincount(degrees, minlength=MOST_LINKS + 1)
    return sides


def _group(
    name: str,
    rows: np.ndarray,
    counts: np.ndarray,
    found: tuple[np.ndarray, np.ndarray],
    true: tuple[np.ndarray, np.ndarray],
    possible: Sequence[Sequence[tuple]],
    seed: int,
) -> dict[str, Any]:
    if not counts[rows, 1].sum():
        where = "" if name == ALL else f" of {name}"
        raise XAlignError(f"the gold alignments{where} have no sure link: recall and AER have no meaning")
    # Links, sure, in sure, in possible; source words and those without a link; the same of the target.
    table = np.column_stack([counts[rows], *(column for side in found for column in _words(side[rows]))])
    values = _statistics(table.sum(axis=0))
    draws = _statistics(resampled_sums(table, 1000, seed))
    estimates = {
        key: (percentile_estimate if key.endswith("fertility") else share_estimate)(
            value, draws[key], len(rows)
        ).to_dict()
        for key, value in values.items()
    }
    gold_links = sum(len(possible[row]) for row in rows)
    gold_table = np.concatenate([[gold_links, 0, 0, 0], *(_words(side[rows].sum(axis=0)) for side in true)])
    gold = {key: float(value) for key, value in _statistics(gold_table).items()}
    links, sure, *_ = counts[rows].sum(axis=0)
    return {
        "pair": name,
        "n": len(rows),
        "links": {"predicted": int(links), "sure": int(sure), "possible": gold_links},
        "scores": {key: estimates[key] for key in SCORES},
        "coverage": {
            side: {"predicted": estimates[f"{side}_coverage"], "gold": gold[f"{side}_coverage"]}
            for side in ("source", "target")
        },
        "null_rate": {"predicted": estimates["null_rate"], "gold": gold["null_rate"]},
        "fertility": {
            side: {
                "predicted": estimates[f"{side}_fertility"],
                "gold": gold[f"{side}_fertility"],
                "words": [int(number) for number in found[place][rows].sum(axis=0)],
                "gold_words": [int(number) for number in true[place][rows].sum(axis=0)],
            }
            for place, side in enumerate(("source", "target"))
        },
    }


def _words(side: np.ndarray) -> list[np.ndarray]:
    """All words, and those without a link."""
    return [side.sum(axis=-1), side[..., 0]]


def _statistics(sums: np.ndarray) -> dict[str, np.ndarray]:
    """Every figure of a group, of sums `(..., 8)` of the columns above."""
    links, *_, source, source_null, target, target_null = np.moveaxis(sums, -1, 0)
    return {
        **scores_of_counts(sums[..., :4]),
        "source_coverage": 1 - ratio(source_null, source, 0.0),
        "target_coverage": 1 - ratio(target_null, target, 0.0),
        "null_rate": ratio(source_null + target_null, source + target, 0.0),
        "source_fertility": ratio(links, source - source_null, 0.0),
        "target_fertility": ratio(links, target - target_null, 0.0),
    }
