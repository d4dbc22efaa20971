"""`a ||| b` lines of a command's input, broken ones refused or counted."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from hf_xalign.aligners.pharaoh import Pair


def parse_pairs(lines: Iterable[str], name: str, first: int, options: argparse.Namespace) -> list[Pair | None]:
    """The pairs of lines that are numbered from `first`; with `--skip-bad`, None for a broken one."""
    from hf_xalign.aligners.pharaoh import parse_pair

    pairs: list[Pair | None] = []
    for number, line in enumerate(lines, first):
        try:
            pairs.append(parse_pair(line, f"{name}, line {number}", raw=options.raw))
        except XAlignError as error:
            if not options.skip_bad:
                raise XAlignError(f"{error}; --skip-bad leaves such lines out") from None
            pairs.append(None)
    return pairs


def tell_broken(numbers: Sequence[int], name: str) -> None:
    """Say on standard error how many lines were left out."""
    import sys

    if numbers:
        are = "line is no pair" if len(numbers) == 1 else "lines are no pairs"
        print(f"{name}: {len(numbers)} {are} and left empty, the first is line {numbers[0]}", file=sys.stderr)
