"""`xalign evaluate --pairs`: retrieval in many languages by several models, in one table."""

from __future__ import annotations

import argparse
import sys
from functools import partial

from hf_xalign.cli.evaluate_models import evaluate_models
from hf_xalign.errors import XAlignError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "many languages",
        "--pairs in place of --pair: top-1 retrieval of several MODELs in several languages, one\n"
        "table, languages.json. Forward has the first language's sentences as queries, backward\n"
        "the second's (Tatoeba accuracy, where the first is English).",
    )
    group.add_argument(
        "--pairs",
        metavar="LIST",
        help="such as eng_Latn-swh_Latn,eng_Latn-tgl_Latn; eng_Latn-* is every other language of the file",
    )
    group.add_argument("--low-resource", metavar="LIST", help="languages whose mean stands apart: swh,tgl")
    group.add_argument(
        "--lang-column",
        metavar="NAME",
        help="the file has a row per pair of sentences, and this column tells its language",
    )
    group.add_argument(
        "--source-column", metavar="NAME", help="with --lang-column: the first language's sentences (default: source)"
    )
    group.add_argument(
        "--target-column", metavar="NAME", help="with --lang-column: the second language's (default: target)"
    )
    group.add_argument(
        "--direction",
        choices=("mean", "forward", "backward"),
        default="mean",
        help="what the printed table shows; languages.json has all (default: mean)",
    )
    group.add_argument("--markdown", metavar="FILE", help="write the table as Markdown, too")


def run(options: argparse.Namespace) -> None:
    data = read_pairs(options)

    from hf_xalign.evaluation.languages_results import write_languages
    from hf_xalign.evaluation.languages_table import format_languages, languages_markdown
    from hf_xalign.evaluation.many_languages import evaluate_languages

    evaluate_models(
        options,
        evaluate_languages,
        data,
        write_languages,
        partial(format_languages, direction=options.direction),
        partial(languages_markdown, direction=options.direction),
        low_resource=split_list(options.low_resource),
        metrics=split_list(options.metrics),
        measures=options.measures,
    )


def read_pairs(options: argparse.Namespace) -> list:
    """The languages that `--pair` or `--pairs` names, out of `--data`; says how many rows were of no use."""
    from hf_xalign.evaluation.long_form import read_long_form
    from hf_xalign.evaluation.parallel_text import read_language_pairs

    pairs = split_list(options.pairs if options.pair is None else options.pair)
    if not pairs:
        raise XAlignError("--pairs names no pair of languages: write them as eng_Latn-swh_Latn,eng_Latn-tgl_Latn")
    columns = {
        name: value for name in ("source_column", "target_column") if (value := getattr(options, name)) is not None
    }
    if options.lang_column is None:
        if columns:
            raise XAlignError(f"--{next(iter(columns)).replace('_', '-')} needs --lang-column beside it")
        data = read_language_pairs(options.data, pairs, limit=options.limit)
    else:
        data = read_long_form(options.data, pairs, lang_column=options.lang_column, limit=options.limit, **columns)
    for text in data:
        if text.dropped:
            rows = text.file if len(data) == 1 else f"{'-'.join(text.pair)} in {text.file}"
            print(f"{text.dropped} rows of {rows} left out: a side is null or empty", file=sys.stderr)
    return data


def split_list(text: str | None) -> list[str]:
    return [part.strip() for part in (text or "").split(",") if part.strip()]
