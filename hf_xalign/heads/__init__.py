"""One objective a file; one line here, in `HEADS`, registers it."""

from __future__ import annotations

import inspect
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.heads.awp import AWPHead
from hf_xalign.heads.base import EncodedView, Head, HeadInputs, pool
from hf_xalign.heads.co import COHead
from hf_xalign.heads.contrastive import ContrastiveHead
from hf_xalign.heads.mlm import MLMHead
from hf_xalign.heads.so import SOHead
from hf_xalign.heads.tcm import TCMHead
from hf_xalign.heads.tlm import TLMHead
from hf_xalign.heads.tr import TRHead
from hf_xalign.heads.wtr import WTRHead
from hf_xalign.messages import did_you_mean


HEADS: dict[str, type[Head]] = {
    "mlm": MLMHead,
    "tcm": TCMHead,
    "tlm": TLMHead,
    "tr": TRHead,
    "awp": AWPHead,
    "wtr": WTRHead,
    "so": SOHead,
    "co": COHead,
}

__all__ = [
    "HEADS",
    "AWPHead",
    "COHead",
    "ContrastiveHead",
    "EncodedView",
    "Head",
    "HeadInputs",
    "MLMHead",
    "SOHead",
    "TCMHead",
    "TLMHead",
    "TRHead",
    "WTRHead",
    "build_head",
    "pool",
]

# Arguments that the model gives, not a recipe.
_OF_THE_MODEL = ("self", "hidden_size", "num_layers")


def build_head(name: str, options: dict[str, Any], *, hidden_size: int = 1, num_layers: int | None = None) -> Head:
    """The head called `name` with the options of a recipe, for an encoder of that many dimensions and layers.

    Args:
        name: a key of `HEADS`.
        options: arguments of the head's class.
        hidden_size, num_layers: the encoder's dimensions, and its layers without the embeddings. Without an encoder at
            hand leave them out: the options are checked and nothing more.

    Raises:
        XAlignError: no such head, or no such option of it (the nearest known one is named), or a value it cannot take.
    """
    if name not in HEADS:
        raise XAlignError(f"unknown head {name!r}{did_you_mean(name, HEADS)}")
    if not isinstance(options, dict):
        raise XAlignError(f"heads.{name} is {options!r}; it must be a mapping of options")
    parameters = inspect.signature(HEADS[name].__init__).parameters
    known = [option for option in parameters if option not in _OF_THE_MODEL]
    for option in options:
        if option not in known:
            raise XAlignError(f"unknown option heads.{name}.{option}{did_you_mean(option, known)}")
    try:
        sizes = {"hidden_size": hidden_size, "num_layers": num_layers}
        return HEADS[name](**options, **{key: value for key, value in sizes.items() if key in parameters})
    except (TypeError, ValueError) as error:
        raise XAlignError(f"heads.{name}: {error}") from error
