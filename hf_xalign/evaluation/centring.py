"""Mean-centring: taking out of a sentence's vector what only tells its language."""

from __future__ import annotations

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.paired_rows import checked_rows


def mean_centred(vectors: np.ndarray, reference: np.ndarray | None = None) -> np.ndarray:
    """Vectors of one language less the mean of that language (Libovický et al., 2020).

    It needs no training and no translations, and is the first thing to try before a model is aligned.

    Args:
        vectors: `(N, D)`, all of one language.
        reference: `(M, D)` other sentences of the language, whose mean is taken; None: that of `vectors`.

    Returns:
        `(N, D)` float64.

    Raises:
        XAlignError: other shapes, no sentences to take a mean of, or values that are not finite.
    """
    vectors = checked_rows(vectors, "vectors", least=1)
    reference = vectors if reference is None else checked_rows(reference, "reference", least=1)
    if vectors.shape[1] != reference.shape[1]:
        raise XAlignError(f"vectors have {vectors.shape[1]} dimensions, the reference {reference.shape[1]}")
    return vectors - reference.mean(axis=0)
