"""Links as a transport of mass from the words of one sentence to those of the other.

Source: Arase, Bao and Yokoi, "Unbalanced Optimal Transport for Unbalanced Word Alignment" (ACL 2023, sections 3 and
4): costs are cosine distances and plans are scaled to 0..1, both by their least and largest value.
"""

from __future__ import annotations

import contextlib
import io
import warnings

import numpy as np

from hf_xalign.errors import XAlignError


KINDS = ("balanced", "partial", "unbalanced")
MASSES = ("uniform", "norm")

# Sinkhorn's iterations stop there at the latest, or when the plan changes by less.
_LIMITS = {"numItermax": 1000, "stopThr": 1e-6}
# Values nearer to each other than this are equal but for rounding: of hidden states in other batches, of iterations
# that stopped there. Spread over 0 to 1, that would decide which words are linked.
_EQUAL = 1e-5
# A plan that has not converged may miss its masses by this share; one that underflowed misses them by far more.
_SLACK = 0.05


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

    Raises:
        XAlignError: `reg` is so small that the numbers of the solver underflow.
    """
    costs = 1.0 - scale(similarities.astype(np.float64))
    source, target = source_masses.astype(np.float64), target_masses.astype(np.float64)
    # POT warns of iterations that end before they converge: the plan is good enough. It also prints to standard
    # output, where links may go.
    with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
        warnings.simplefilter("ignore")
        if kind == "balanced":
            plan = _balanced(source, target, costs, reg)
        elif kind == "partial":
            plan = _partial(source, target, costs, reg, share * min(source.sum(), target.sum()))
        else:
            plan = _unbalanced(source, target, costs, reg, relaxation)
    if plan is None or not np.isfinite(plan).all() or not plan.any():
        exact = "" if kind == "unbalanced" else ", or 0 for the exact plan"
        raise XAlignError(f"reg is {reg:g}, too small for the numbers of {kind} transport: raise it{exact}")
    return scale(plan)


def _balanced(source: np.ndarray, target: np.ndarray, costs: np.ndarray, reg: float) -> np.ndarray:
    import ot

    source, target = source / source.sum(), target / target.sum()
    if reg == 0:
        return ot.emd(source, target, costs)
    return ot.bregman.sinkhorn_log(source, target, costs, reg=reg, **_LIMITS)


def _partial(source: np.ndarray, target: np.ndarray, costs: np.ndarray, reg: float, moved: float) -> np.ndarray | None:
    import ot

    if reg == 0:
        return ot.partial.partial_wasserstein(source, target, costs, m=moved)
    # The first solver is ten times as fast. Where its numbers underflow, it puts all mass into one cell.
    for method in ("sinkhorn", "sinkhorn_log"):
        plan = ot.partial.entropic_partial_wasserstein(
            source, target, costs, reg=reg, m=moved, method=method, **_LIMITS
        )
        most = 1 + _SLACK
        if (
            abs(plan.sum() - moved) <= _SLACK * moved
            and (plan.sum(axis=1) <= most * source).all()
            and (plan.sum(axis=0) <= most * target).all()
        ):
            return plan
    return None


def _unbalanced(
    source: np.ndarray, target: np.ndarray, costs: np.ndarray, reg: float, relaxation: float
) -> np.ndarray | None:
    import ot

    # A word all of whose costs underflow gets no mass, and the others get its.
    dearest = max(costs.min(axis=0).max(), costs.min(axis=1).max())
    if np.exp(-dearest / reg) == 0:
        return None
    return ot.unbalanced.sinkhorn_stabilized_unbalanced(source, target, costs, reg=reg, reg_m=relaxation, **_LIMITS)
