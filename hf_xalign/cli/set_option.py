"""`--set KEY=VALUE`: settings that have no option of their own; values are YAML."""

from __future__ import annotations

import argparse
from collections.abc import Collection, Sequence
from typing import Any

from hf_xalign.errors import XAlignError


def add_set_option(parser: argparse._ActionsContainer, help: str) -> None:
    """Give a command the option, which may be given many times."""
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help=help)


def parse_settings(texts: Sequence[str], *, example: str, given: Collection[str] = ()) -> dict[str, Any]:
    """The settings by their keys.

    Args:
        texts: as they were given, each `KEY=VALUE`.
        example: of one, for who writes it otherwise.
        given: keys that have been set by other options.

    Raises:
        XAlignError: no KEY=VALUE, a value that is no YAML, or a key that is given twice.
    """
    from hf_xalign.yaml_files import parse_yaml

    settings: dict[str, Any] = {}
    for text in texts:
        key, equals, value = text.partition("=")
        key = key.strip()
        if not equals or not key:
            raise XAlignError(f"--set {text}: write KEY=VALUE, as in --set {example}")
        if key in settings or key in given:
            raise XAlignError(f"--set {text}: {key} is given twice")
        settings[key] = parse_yaml(value, f"--set {key}")
    return settings
