"""One objective a file; one line here registers it."""

from __future__ import annotations

import difflib
import inspect
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import EncodedView, Head, HeadInputs, pool
from hf_xalign.heads.mlm import MLMHead
from hf_xalign.heads.tcm import TCMHead
from hf_xalign.heads.tlm import TLMHead


HEADS: dict[str, type[Head]] = {
    "mlm": MLMHead,
    "tcm": TCMHead,
    "tlm": TLMHead,
}

__all__ = ["HEADS", "EncodedView", "Head", "HeadInputs", "MLMHead", "TCMHead", "TLMHead", "build_head", "pool"]


def build_head(name: str, options: dict[str, Any]) -> Head:
    """The head called `name` with the options of a recipe.

    Raises:
        XAlignError: no such head, or no such option of it; the nearest known one is named.
    """
    if name not in HEADS:
        raise XAlignError(f"unknown head {name!r}{_nearest(name, HEADS)}; known heads: {', '.join(HEADS)}")
    known = [option for option in inspect.signature(HEADS[name].__init__).parameters if option != "self"]
    for option in options:
        if option not in known:
            raise XAlignError(
                f"unknown option heads.{name}.{option}{_nearest(option, known)}; known options: {', '.join(known)}"
            )
    return HEADS[name](**options)


def _nearest(word: str, known) -> str:
    matches = difflib.get_close_matches(word, known, n=1, cutoff=0.5)
    return f" (did you mean {matches[0]!r}?)" if matches else ""
