"""Checks of settings that several aligners have."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch

from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean


def check_choice(setting: str, value: Any, known: Iterable[str]) -> None:
    # A list: what YAML may give cannot all be looked up in a mapping.
    if value not in list(known):
        raise XAlignError(f"{setting} is {value!r}{did_you_mean(value, known)}")


def check_between(setting: str, value: Any, least: float, most: float) -> None:
    if not isinstance(value, int | float) or not least <= value <= most:
        raise XAlignError(f"{setting} is {value!r}; it must be " + (f"{least} to {most}" if most < 2 else "0 or more"))


def check_device(device: str) -> None:
    try:
        torch.empty(0, device=device)
    # An assertion is what torch has for a kind of device that it was built without.
    except (RuntimeError, AssertionError) as error:
        reason = str(error).splitlines()[0].rstrip(".")
        raise XAlignError(f"device is {device!r}, which cannot be used here: {reason}") from None


def check_above(setting: str, value: Any) -> None:
    if not isinstance(value, int | float) or not value > 0:
        raise XAlignError(f"{setting} is {value!r}; it must be above 0")
