"""One objective a file; one line here registers it."""

from __future__ import annotations

import inspect
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import EncodedView, Head, HeadInputs, pool
from hf_xalign.heads.mlm import MLMHead
from hf_xalign.heads.tcm import TCMHead
from hf_xalign.heads.tlm import TLMHead
from hf_xalign.messages import did_you_mean


HEADS: dict[str, type[Head]] = {
    "mlm": MLMHead,
    "tcm": TCMHead,
    "tlm": TLMHead,
}

__all__ = ["HEADS", "EncodedView", "Head", "HeadInputs", "MLMHead", "TCMHead", "TLMHead", "build_head", "pool"]


def build_head(name: str, options: dict[str, Any]) -> Head:
    """The head called `name` with the options of a recipe.

    Raises:
        XAlignError: no such head, or no such option of it (the nearest known one is named), or a value it cannot take.
    """
    if name not in HEADS:
        raise XAlignError(f"unknown head {name!r}{did_you_mean(name, HEADS)}")
    if not isinstance(options, dict):
        raise XAlignError(f"heads.{name} is {options!r}; it must be a mapping of options")
    known = [option for option in inspect.signature(HEADS[name].__init__).parameters if option != "self"]
    for option in options:
        if option not in known:
            raise XAlignError(f"unknown option heads.{name}.{option}{did_you_mean(option, known)}")
    try:
        return HEADS[name](**options)
    except (TypeError, ValueError) as error:
        raise XAlignError(f"heads.{name}: {error}") from error
