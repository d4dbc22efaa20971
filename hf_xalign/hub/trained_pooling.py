"""How sentences were pooled in training: what an export and the snippets of a card must do alike."""

from __future__ import annotations

from hf_xalign.configuration import XAlignConfig
from hf_xalign.errors import XAlignError


# The objectives that read sentence embeddings.
_SENTENCE_HEADS = ("tcm", "tr")


def trained_pooling(settings: XAlignConfig) -> str:
    """How the objectives on sentence embeddings pool them: `"mean"` or `"cls"`.

    Raises:
        XAlignError: two of them pool in two ways.
    """
    used = {
        name: options.get("pooling") or settings.pooling
        for name, options in settings.heads.items()
        if name in _SENTENCE_HEADS
    }
    if len(set(used.values())) > 1:
        ways = ", ".join(f"{name}: {pooling}" for name, pooling in used.items())
        raise XAlignError(f"its objectives pool sentences in two ways ({ways}): choose one with --pooling")
    return next(iter(used.values()), settings.pooling)
