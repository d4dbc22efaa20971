"""What the field measures alignment by, layer by layer: CKA, ANC, isotropy, and retrieval without training a model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.anc import average_neuron_correlation
from hf_xalign.evaluation.bootstrap import share_interval
from hf_xalign.evaluation.centring import mean_centred
from hf_xalign.evaluation.cka import linear_cka
from hf_xalign.evaluation.isotropy import mean_cosine, partition_isotropy
from hf_xalign.evaluation.linear_map import fit_linear_map
from hf_xalign.evaluation.retrieval import retrieval_accuracy
from hf_xalign.evaluation.similarity import derangement


# Of least squares: there are seldom many more pairs than dimensions. Not tuned, so that no sentence is spent on it.
RIDGE = 0.1


def layer_measures(
    source: Mapping[int, np.ndarray], target: Mapping[int, np.ndarray], groups: np.ndarray, *, seed: int = 0
) -> dict[str, Any]:
    """The part `measures` of a `results.json`.

    CKA and ANC are of all N pairs, each beside the same figure of the pairs put together at random (`random`).
    Retrieval is the mean top-1 of both directions on one half of the pairs: of the vectors as they are ("plain"),
    less their language's mean ("centred"), and with the source mapped by a rotation ("orthogonal") or by least
    squares, centred too. Means and maps are those of the other half, with which no sentence is shared.

    Args:
        source, target: for each layer `(N, D)`; row i of one translates row i of the other.
        groups: `(N,)` ids of `text_groups`; a group is never split.
        seed: of the random pairs, of the halves and of the resamples.

    Raises:
        XAlignError: fewer than 4 groups of pairs, or values that are not finite.
    """
    fit, test = held_out(groups, seed)
    random = derangement(len(groups), seed, groups)
    return {
        "fit": {"n": len(fit), "test": len(test), "ridge": RIDGE},
        "layers": [
            {
                "layer": layer,
                "cka": _beside_random(linear_cka, source[layer], target[layer], random),
                "anc": _beside_random(average_neuron_correlation, source[layer], target[layer], random),
                "mean_cosine": {
                    side: mean_cosine(vectors[layer], seed=seed).to_dict()
                    for side, vectors in (("source", source), ("target", target))
                },
                "partition": {
                    side: partition_isotropy(vectors[layer])
                    for side, vectors in (("source", source), ("target", target))
                },
                "retrieval": {
                    name: share_interval(
                        retrieval_accuracy(*pair, groups=groups[test], k=(1,)).mean_hits(1), seed=seed
                    ).to_dict()
                    for name, pair in baselines(source[layer], target[layer], fit, test).items()
                },
            }
            for layer in sorted(source)
        ],
    }


def held_out(groups: np.ndarray, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Row numbers of two halves, one to fit on and one to test on, that share no group; each ascends.

    Raises:
        XAlignError: fewer than 4 groups.
    """
    names = np.unique(groups)
    if len(names) < 4:
        raise XAlignError(
            f"--measures needs at least 4 different pairs, 2 to fit a map on: the data have {len(names)}"
        )
    chosen = np.random.default_rng(seed).permutation(names)[: len(names) // 2]
    fit = np.isin(groups, chosen)
    return np.flatnonzero(fit), np.flatnonzero(~fit)


def baselines(
    source: np.ndarray, target: np.ndarray, fit: np.ndarray, test: np.ndarray
) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """The vectors `(T, D)` of both sides of the test rows, by `BASELINES`; `fit` and `test` are row numbers."""
    pairs = {"plain": (source[test], target[test])}
    centred = mean_centred(target[test], target[fit])
    pairs["centred"] = mean_centred(source[test], source[fit]), centred
    for kind in ("orthogonal", "least_squares"):
        ridge = RIDGE if kind == "least_squares" else 0.0
        fitted = fit_linear_map(source[fit], target[fit], kind, ridge=ridge)
        pairs[kind] = fitted(source[test]) - fitted.target_mean, centred
    return pairs


def _beside_random(measure: Any, source: np.ndarray, target: np.ndarray, random: np.ndarray) -> dict[str, float | int]:
    return {"value": measure(source, target), "random": measure(source, target[random]), "n": len(source)}
