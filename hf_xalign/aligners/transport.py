"""Links as a transport of mass from the words of one sentence to those of the other.

Source: Arase, Bao and Yokoi, "Unbalanced Optimal Transport for Unbalanced Word Alignment" (ACL 2023, sections 3 and
4): costs are cosine distances and plans are scaled to 0..1, both by their least and largest value.
"""

from __future__ import annotations

import warnings

import numpy as np

from hf_xalign.errors import XAlignError


KINDS = ("balanced", "partial", "unbalanced")
MASSES = ("uniform", "norm")

# Sinkhorn's iterations stop there at the latest, or when the plan changes by less.
_ITERATIONS = 1000
_PRECISION = 1e-6
# Values nearer to each other than this are equal but for rounding: of hidden states in other batches, of iterations
# that stopped there. Spread over 0 to 1, that would decide which words are linked.
_EQUAL = 1e-5


def require_pot() -> None:
    """Raises `XAlignError` where the POT library is not installed."""
    try:
        import ot  # noqa: F401
    except ImportError as error:
        raise XAlignError("optimal transport needs the POT library: pip install 'hf_xalign[ot]'") from error


def scale(values: np.ndarray) -> np.ndarray:
    """Values, 0 or more, from 0, the least, to 1, the largest; all 1 where they are equal but for rounding."""
    least, largest = values.min(), values.max()
    if largest - least <= _EQUAL * largest:
        return np.ones_like(values)
    return (values - least) / (largest - least)


def transport_plan(
    similarities: np.ndarray,
    source_masses: np.ndarray,
    target_masses: np.ndarray,
    *,
    kind: str,
    reg: float,
    share: float,
    relaxation: float,
) -> np.ndarray:
    """The scaled plan `(m, n)` of one pair: 1 for the cell that carries most, 0 for the one that carries least.

    Args:
        similarities: `(m, n)`.
        source_masses, target_masses: `(m,)` and `(n,)`, above 0. Balanced transport divides them by their sums.
        kind: `"balanced"` (all mass is moved), `"partial"` (the share `share` of the smaller side's mass is moved, the
            rest stays), or `"unbalanced"` (mass may appear and vanish at the price `relaxation`, times the
            Kullback-Leibler divergence).
        reg: weight of the entropy that smooths the plan; 0 solves the problem exactly (not for unbalanced).
    """
    import ot

    costs = 1.0 - scale(similarities.astype(np.float64))
    source, target = source_masses.astype(np.float64), target_masses.astype(np.float64)
    settings = {"numItermax": _ITERATIONS, "stopThr": _PRECISION}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of iterations that end before they converge: the plan is good enough
        if kind == "balanced":
            source, target = source / source.sum(), target / target.sum()
            if reg == 0:
                plan = ot.emd(source, target, costs)
            else:
                plan = ot.bregman.sinkhorn_log(source, target, costs, reg=reg, **settings)
        elif kind == "partial":
            moved = share * min(source.sum(), target.sum())
            if reg == 0:
                plan = ot.partial.partial_wasserstein(source, target, costs, m=moved)
            else:
                plan = ot.partial.entropic_partial_wasserstein(source, target, costs, reg=reg, m=moved, **settings)
        else:
            plan = ot.unbalanced.sinkhorn_stabilized_unbalanced(
                source, target, costs, reg=reg, reg_m=relaxation, **settings
            )
    return scale(np.nan_to_num(plan))
