"""Word aligners; `ALIGNERS` are their names. Everything public is imported on first use: naming one costs nothing."""

from __future__ import annotations

import importlib
import inspect
from typing import TYPE_CHECKING, Any

from hf_xalign.errors import XAlignError
from hf_xalign.lazy import lazy_names
from hf_xalign.messages import did_you_mean


if TYPE_CHECKING:
    from hf_xalign.aligners.base import Aligner

# What `load_aligner` and `xalign align --aligner` call them: module and class.
ALIGNERS = {
    "simalign": ("hf_xalign.aligners.simalign", "SimAlign"),
    "awesome": ("hf_xalign.aligners.awesome", "AwesomeAlign"),
    "ot": ("hf_xalign.aligners.optimal_transport", "OptimalTransport"),
    "wspalign": ("hf_xalign.aligners.span", "WSPAlign"),
    "eflomal": ("hf_xalign.aligners.statistical", "Eflomal"),
}

_WHERE = {"Aligner": "hf_xalign.aligners.base"} | {class_name: module for module, class_name in ALIGNERS.values()}

__all__ = ["ALIGNERS", "load_aligner", *_WHERE]

_get, _names = lazy_names(__name__, _WHERE)
__getattr__ = _get


def __dir__() -> list[str]:
    return ["ALIGNERS", "load_aligner", *_names()]


def load_aligner(name: str, **settings: Any) -> Aligner:
    """An aligner by name: `load_aligner("simalign", model="xlm-roberta-base", method="itermax")`.

    Args:
        name: `"simalign"`, `"awesome"`, `"ot"`, `"wspalign"` or `"eflomal"`.
        settings: arguments of the aligner's class.

    Raises:
        XAlignError: no such aligner or no such setting of it (the nearest is named), a required one is missing, or a
            value that it cannot take.
    """
    if name not in ALIGNERS:
        raise XAlignError(f"unknown aligner {name!r}{did_you_mean(name, ALIGNERS)}")
    module, class_name = ALIGNERS[name]
    aligner_class = getattr(importlib.import_module(module), class_name)
    parameters = inspect.signature(aligner_class).parameters
    for setting in settings:
        if setting not in parameters:
            raise XAlignError(f"aligner {name!r} has no setting {setting!r}{did_you_mean(setting, parameters)}")
    for parameter in parameters.values():
        if parameter.default is parameter.empty and parameter.name not in settings:
            raise XAlignError(f"aligner {name!r} needs the setting {parameter.name!r}")
    return aligner_class(**settings)
