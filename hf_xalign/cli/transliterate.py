"""Romanise text with uroman, or ICU: one line out for each line in, in the same order.

Lines end at a line feed and nowhere else: what some tools take for the end of a line besides (U+2028, U+0085, a
vertical tab) passes through, so that originals and romanised lines stay in step. A carriage return before the line
feed is dropped, and the last line ends in a line feed too. Input and output are UTF-8.

  xalign transliterate --lang hin_Deva corpus.hi --output corpus.hi-latn
  xalign transliterate --lang ukr --backend icu --transform "uk-uk_Latn/BGN; Latin-ASCII" corpus.uk > corpus.uk-latn
  zcat corpus.uk.gz | xalign transliterate --lang ukr --num-proc 8 > corpus.uk-latn
"""

from __future__ import annotations

import argparse
import contextlib

from hf_xalign.cli.streams import open_source, open_target, read_chunks
from hf_xalign.errors import XAlignError


TAKES_OVERRIDES = False

# Lines handed to a process at a time: enough that passing them on costs little, few enough to keep memory small.
_LINES = 5_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", nargs="?", metavar="FILE", help="UTF-8 text (default: standard input)")
    parser.add_argument("--lang", help="language of the text, as hin_Deva, hin or hi; some are romanised by own rules")
    parser.add_argument("--backend", default="uroman", metavar="NAME", help="uroman or icu (default: uroman)")
    parser.add_argument("--transform", metavar="T", help="of icu (default: Any-Latin; Latin-ASCII)")
    parser.add_argument("--output", metavar="OUT", help="file to write when all is done (default: standard output)")
    parser.add_argument("--num-proc", type=int, default=1, metavar="N", help="processes to use (default: 1)")


def run(options: argparse.Namespace) -> None:
    from tqdm.auto import tqdm

    from hf_xalign.data.languages import parse_language
    from hf_xalign.data.transliteration import transliterate_chunks
    from hf_xalign.data.transliterators import load_transliterator

    if options.num_proc < 1:
        raise XAlignError(f"--num-proc is {options.num_proc}; it must be 1 or more")
    lang = None if options.lang is None else str(parse_language(options.lang))
    settings = {} if options.transform is None else {"transform": options.transform}
    backend = load_transliterator(options.backend, **settings)
    lines = 0
    # `disable=None`: a bar on a terminal only.
    with open_source(options.file) as (source, name, size), open_target(options.output) as target:
        bar = tqdm(total=size, unit="B", unit_scale=True, desc="transliterate", disable=None)
        with (
            bar,
            contextlib.closing(
                transliterate_chunks(
                    read_chunks(source, name, bar, _LINES), lang, num_proc=options.num_proc, backend=backend
                )
            ) as done,
        ):
            for chunk in done:
                lines += len(chunk)
                target.write("\n".join(chunk).encode("utf-8") + b"\n")
    if options.output is not None:
        print(f"wrote {lines} lines to {options.output} ({backend.id}, language {lang or 'not given'})")
