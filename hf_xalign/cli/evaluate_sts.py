"""`xalign evaluate --sts`: do the cosines of several models grade pairs of sentences as people do?"""

from __future__ import annotations

import argparse
import sys

from hf_xalign.cli.evaluate_models import evaluate_models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "graded similarity",
        "--sts in place of --data: correlation of cosines with gold scores, sts.json.",
    )
    group.add_argument(
        "--sts",
        metavar="FILE",
        help="Parquet, JSONL, TSV or CSV with the columns sentence1, sentence2 and score, in one language or two",
    )


def run(options: argparse.Namespace) -> None:
    from hf_xalign.evaluation.parallel_text import check_limit
    from hf_xalign.evaluation.sts_data import read_sts

    check_limit(options.limit)
    data = read_sts(options.sts, limit=options.limit)
    if data.dropped:
        print(f"{data.dropped} rows of {data.file} left out: a sentence or the score is missing", file=sys.stderr)

    from hf_xalign.evaluation.sts_evaluation import evaluate_sts
    from hf_xalign.evaluation.sts_results import format_sts, sts_markdown, write_sts

    evaluate_models(options, evaluate_sts, data, write_sts, format_sts, sts_markdown)
