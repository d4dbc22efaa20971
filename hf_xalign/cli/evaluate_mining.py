"""`xalign evaluate --mining`: bitext mining in several languages by several models."""

from __future__ import annotations

import argparse

from hf_xalign.cli.evaluate_languages import read_pairs, split_list
from hf_xalign.cli.evaluate_models import evaluate_models


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "mining",
        "--mining with --pair or --pairs: F1 of finding the translations among sentences that have\n"
        "none (BUCC), mining.json. The threshold is tuned on one half of the data, tested on the other.",
    )
    group.add_argument("--mining", action="store_true", help="mine for translations in place of retrieving them")
    group.add_argument(
        "--margin",
        choices=("ratio", "distance", "absolute"),
        default="ratio",
        help="how a cosine is set against its neighbourhood (default: ratio)",
    )
    group.add_argument("--neighbours", type=int, default=4, metavar="K", help="of the margin (default: 4)")
    group.add_argument(
        "--gold-share",
        type=float,
        default=0.2,
        metavar="P",
        help="share of the rows whose sentences are both there; of the others one is (default: 0.2)",
    )


def run(options: argparse.Namespace) -> None:
    data = read_pairs(options)

    from hf_xalign.evaluation.mining_evaluation import evaluate_mining
    from hf_xalign.evaluation.mining_results import write_mining
    from hf_xalign.evaluation.mining_table import format_mining, mining_markdown

    evaluate_models(
        options,
        evaluate_mining,
        data,
        write_mining,
        format_mining,
        mining_markdown,
        low_resource=split_list(options.low_resource),
        neighbours=options.neighbours,
        margin=options.margin,
        gold_share=options.gold_share,
    )
