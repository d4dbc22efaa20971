"""Align the words of sentence pairs: `a ||| b` lines in, one line of Pharaoh links `i-j` out for each, in order.

Words stand between spaces (--raw splits running text); i and j count them from 0. Aligners are simalign, awesome, ot
and wspalign, which need --model, and eflomal, which learns from the file itself. A setting of an aligner that has no
option here is given with --set, as in --set distortion=0.5.

  xalign align --aligner simalign --model xlm-roberta-base corpus.txt --output corpus.align
  xalign align --aligner eflomal --scores corpus.txt > corpus.align

With --audit, links are held against a gold alignment, and a table says how good they are. GOLD is JSONL or Parquet
(source_words, target_words, sure, possible), XL-WA's TSV, or, beside FILE, lines in the format of Pharaoh, SimAlign or
the WPT shared tasks.

  xalign align --aligner simalign --model DIR --audit gold.parquet --split test --report audit
  xalign align --links corpus.align --audit corpus.gold --one-based corpus.txt
"""

from __future__ import annotations

import argparse
from typing import Any

from hf_xalign.cli import align_audit
from hf_xalign.cli.pair_lines import parse_pairs, tell_broken
from hf_xalign.cli.set_option import add_set_option, parse_settings
from hf_xalign.errors import XAlignError
from hf_xalign.messages import counted


TAKES_OVERRIDES = False

# Pairs given to the aligner at a time: enough to sort them by length into even batches, few enough to keep memory
# small and output flowing.
_LINES = 2_000

_READ_AN_ENCODER = ("simalign", "awesome", "ot", "wspalign")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="UTF-8 lines of a ||| b (default: standard input)")
    parser.add_argument("--aligner", metavar="A", help="simalign, awesome, ot, wspalign or eflomal")
    parser.add_argument("--model", metavar="M", help="encoder of the aligner: a checkpoint folder or an id on the Hub")
    parser.add_argument("--method", help="how links are chosen, such as itermax or intersection")
    parser.add_argument("--layer", type=int, metavar="L", help="hidden states to compare (default: the aligner's)")
    parser.add_argument("--threshold", type=float, metavar="T", help="drop links whose score is below it")
    add_set_option(parser, "another setting, repeatable")
    parser.add_argument("--raw", action="store_true", help="FILE is running text: split words by Unicode's classes")
    parser.add_argument("--scores", action="store_true", help="write i-j:p, the link with its score")
    parser.add_argument("--output", metavar="OUT", help="file to write when all is done (default: standard output)")
    parser.add_argument("--skip-bad", action="store_true", help="an empty line for each broken one; count them")
    align_audit.add_arguments(parser)


def run(options: argparse.Namespace) -> None:
    settings = _settings(options)
    if options.audit is not None:
        align_audit.run(options, settings)
        return
    align_audit.refuse_without_audit(options)
    if options.aligner is None:
        raise XAlignError("give --aligner: simalign, awesome, ot, wspalign or eflomal")
    _align(options, settings)


def _align(options: argparse.Namespace, settings: dict[str, Any]) -> None:
    import sys

    from tqdm.auto import tqdm

    from hf_xalign.aligners import load_aligner
    from hf_xalign.aligners.blank_words import align_with_blanks
    from hf_xalign.aligners.pharaoh import format_pharaoh
    from hf_xalign.cli.streams import open_source, open_target, read_chunks

    lines, broken = 0, []
    with open_source(options.file) as (source, name, size), open_target(options.output) as target:
        aligner = load_aligner(options.aligner, **settings)
        # `disable=None`: a bar on a terminal only.
        with tqdm(total=size, unit="B", unit_scale=True, desc="align", disable=None) as bar:
            chunks = read_chunks(source, name, bar, _LINES)
            if aligner.needs_corpus:
                chunks = iter([[line for chunk in chunks for line in chunk]])
            for chunk in chunks:
                pairs = parse_pairs(chunk, name, lines + 1, options)
                broken += [lines + place for place, pair in enumerate(pairs, 1) if pair is None]
                links = align_with_blanks(
                    aligner,
                    [pair for pair in pairs if pair is not None],
                    progress=aligner.needs_corpus and sys.stderr.isatty(),
                )
                rows = iter(links)
                texts = ["" if pair is None else format_pharaoh(next(rows), options.scores) for pair in pairs]
                target.writelines(f"{text}\n".encode("ascii") for text in texts)
                lines += len(pairs)
    tell_broken(broken, name)
    if options.output is not None:
        print(f"wrote {counted(lines, 'line')} to {options.output} ({aligner.id})")


def _settings(options: argparse.Namespace) -> dict[str, Any]:
    """What the aligner is to be made with: only what was given."""
    settings = {
        name: getattr(options, name)
        for name in ("model", "method", "layer", "threshold")
        if getattr(options, name) is not None
    }
    if options.aligner in ("wspalign", "eflomal") and "method" in settings:
        # These two choose how two directions become one.
        settings["symmetrization"] = settings.pop("method")
    settings |= parse_settings(options.set, example="distortion=0.5", given=settings)
    if options.aligner in _READ_AN_ENCODER and "model" not in settings:
        raise XAlignError(f"aligner {options.aligner!r} needs --model: a checkpoint folder or an id on the Hub")
    return settings
