"""`xalign align --audit GOLD`: links against a gold alignment."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from hf_xalign.cli.pair_lines import parse_pairs, tell_broken
from hf_xalign.errors import XAlignError
from hf_xalign.messages import counted


if TYPE_CHECKING:
    from hf_xalign.aligners.base import Aligner, Link
    from hf_xalign.aligners.gold import GoldStandard

# Pairs aligned between two steps of the bar.
_PAIRS = 500


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group("audit")
    group.add_argument("--audit", metavar="GOLD", help="gold alignment to hold the links against")
    group.add_argument("--links", metavar="LINKS", help="audit the links of this Pharaoh file, and run no aligner")
    group.add_argument("--report", metavar="DIR", help="folder for audit.json and audit.html, a page with drawings")
    group.add_argument("--precision", type=float, metavar="P", help="find the score threshold for it (default: 0.9)")
    group.add_argument(
        "--gold-format", metavar="F", help="pharaoh, simalign, wpt, xlwa or table (default: what GOLD looks like)"
    )
    group.add_argument("--one-based", action="store_true", default=None, help="GOLD counts words from 1")
    group.add_argument("--split", metavar="S", help="keep the rows of GOLD whose column split says so")
    group.add_argument("--limit", type=int, metavar="N", help="keep the first N pairs of each language pair")
    group.add_argument("--seed", type=int, metavar="N", help="of the resamples (default: 0)")


def refuse_without_audit(options: argparse.Namespace) -> None:
    for name in ("links", "report", "precision", "gold_format", "one_based", "split", "limit", "seed"):
        if getattr(options, name) is not None:
            raise XAlignError(f"--{name.replace('_', '-')} goes with --audit GOLD")


def run(options: argparse.Namespace, settings: dict[str, Any]) -> None:
    import sys

    from hf_xalign.cli.streams import open_target
    from hf_xalign.evaluation.audit.table import format_audit

    _check(options, settings)
    gold = _read_gold(options)
    for notice in gold.notices:
        print(notice, file=sys.stderr)
    if options.output is None:
        audit, _ = _audit(options, settings, gold)
    else:
        with open_target(options.output) as target:
            audit, links = _audit(options, settings, gold)
            target.writelines(_lines(gold, links, options.scores))
    written = [] if options.output is None else [f"wrote {counted(gold.total, 'line')} to {options.output}"]
    if options.report is not None:
        from hf_xalign.evaluation.audit.report import write_audit_report

        written += [f"wrote {path}" for path in write_audit_report(audit, options.report)]
    print("\n".join([format_audit(audit), *([""] if written else []), *written]))


def _check(options: argparse.Namespace, settings: dict[str, Any]) -> None:
    """What can be refused before any work is done."""
    import os
    from pathlib import Path

    if (options.links is None) == (options.aligner is None):
        raise XAlignError("--audit needs --aligner, or --links with the links of one")
    if options.links is not None and settings:
        raise XAlignError(f"{', '.join(sorted(settings))}: settings of an aligner, but --links runs none")
    if options.precision is not None and not 0 < options.precision <= 1:
        raise XAlignError(f"--precision {options.precision:g} is no share: above 0 and up to 1")
    for name, least in (("limit", 1), ("seed", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise XAlignError(f"--{name} {value} is too small: at least {least}")
    if options.report is not None:
        folder = Path(options.report)
        if folder.exists() and not folder.is_dir():
            raise XAlignError(f"--report {folder} is a file: give a folder")
        nearest = next(parent for parent in (folder, *folder.absolute().parents) if parent.exists())
        if not nearest.is_dir() or not os.access(nearest, os.W_OK):
            raise XAlignError(f"--report {folder} cannot be written: {nearest} is not a folder that you may write to")


def _read_gold(options: argparse.Namespace) -> GoldStandard:
    from hf_xalign.aligners.gold import gold_has_words, read_gold

    pairs = None
    if not gold_has_words(options.audit, options.gold_format) or options.file is not None:
        pairs = _read_pairs(options)
    gold = read_gold(
        options.audit,
        pairs,
        format=options.gold_format,
        one_based=bool(options.one_based),
        split=options.split,
        skip_bad=options.skip_bad,
    )
    return gold if options.limit is None else gold.first(options.limit)


def _read_pairs(options: argparse.Namespace) -> list:
    from tqdm.auto import tqdm

    from hf_xalign.cli.streams import open_source, read_chunks

    with open_source(options.file) as (source, name, size), tqdm(total=size, disable=True) as bar:
        lines = [line for chunk in read_chunks(source, name, bar, 10_000) for line in chunk]
    pairs = parse_pairs(lines, name, 1, options)
    tell_broken([number for number, pair in enumerate(pairs, 1) if pair is None], name)
    return pairs


def _audit(
    options: argparse.Namespace, settings: dict[str, Any], gold: GoldStandard
) -> tuple[dict[str, Any], list[list[Link]]]:
    from pathlib import Path

    from hf_xalign.evaluation.audit.alignments import audit_alignments

    if options.links is not None:
        name, links = f"links of {Path(options.links).name}", _read_links(options, gold)
    else:
        from hf_xalign.aligners import load_aligner

        aligner = load_aligner(options.aligner, **settings)
        name, links = aligner.id, _align(aligner, gold)
    audit = audit_alignments(
        gold,
        links,
        aligner=name,
        wanted_precision=0.9 if options.precision is None else options.precision,
        seed=options.seed or 0,
    )
    return audit, links


def _read_links(options: argparse.Namespace, gold: GoldStandard) -> list[list[Link]]:
    from hf_xalign.aligners.pharaoh import check_links, read_links

    links = read_links(options.links)
    if len(links) != gold.total:
        lines, pairs = counted(len(links), "line"), counted(gold.total, "pair")
        raise XAlignError(f"{options.links} has {lines} of links, {options.audit} has {pairs}")
    for row, pair in zip(gold.rows, gold.pairs, strict=True):
        check_links(links[row], pair, f"{options.links}, line {row + 1}")
    return [links[row] for row in gold.rows]


def _align(aligner: Aligner, gold: GoldStandard) -> list[list[Link]]:
    import sys

    from tqdm.auto import tqdm

    from hf_xalign.aligners.blank_words import align_with_blanks

    if aligner.needs_corpus:
        # Languages do not learn from each other.
        return _by_language(aligner, gold, progress=sys.stderr.isatty())
    links = []
    with tqdm(total=len(gold), unit="pair", desc="align", disable=None) as bar:
        for start in range(0, len(gold), _PAIRS):
            links += align_with_blanks(aligner, gold.pairs[start : start + _PAIRS])
            bar.update(len(links) - bar.n)
    return links


def _by_language(aligner: Aligner, gold: GoldStandard, *, progress: bool) -> list[list[Link]]:
    from hf_xalign.aligners.blank_words import align_with_blanks

    labels = gold.labels or [""] * len(gold)
    links: list[list[Link]] = [[] for _ in labels]
    for name in dict.fromkeys(labels):
        rows = [row for row, label in enumerate(labels) if label == name]
        found = align_with_blanks(aligner, [gold.pairs[row] for row in rows], progress=progress)
        for row, row_links in zip(rows, found, strict=True):
            links[row] = row_links
    return links


def _lines(gold: GoldStandard, links: list[list[Link]], scores: bool) -> list[bytes]:
    """A line for every pair of the gold file, empty for those that were left out."""
    from hf_xalign.aligners.pharaoh import format_pharaoh

    lines = [b"\n"] * gold.total
    for row, found in zip(gold.rows, links, strict=True):
        lines[row] = f"{format_pharaoh(found, scores)}\n".encode("ascii")
    return lines
