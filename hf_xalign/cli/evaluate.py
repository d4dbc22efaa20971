"""Measure how well a model aligns languages, each figure with its 95 % bootstrap interval.

  xalign evaluate MODEL --data FILE --pair A-B --output DIR          all of two languages: results.json
  xalign evaluate MODEL ... --data FILE --pairs LIST --output DIR    retrieval in many languages: languages.json
  xalign evaluate MODEL ... --mining --data FILE --pairs LIST ...    bitext mining: mining.json
  xalign evaluate MODEL ... --sts FILE --output DIR                  graded similarity: sts.json
  xalign evaluate MODEL ... --task TASK --data FILE --train-lang A --test-langs A,B ...   transfer: downstream.json

Of two languages: sentence retrieval in both directions and at every layer, the similarity of sentences, their
translations and their transliterations against random pairs, and the overlap of token types.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from hf_xalign.cli import evaluate_downstream, evaluate_languages, evaluate_mining, evaluate_models, evaluate_sts


if TYPE_CHECKING:
    from hf_xalign.aligners.gold import GoldStandard

TAKES_OVERRIDES = False

# What only the evaluation of two languages does.
_OF_ONE_PAIR = ("alignment", "checkpoints")
_OF_MINING = ("margin", "neighbours", "gold_share")
_OF_RETRIEVAL = ("metrics", "measures")
# What only fine-tuning takes, and what each mode has no use for.
_OF_TRANSFER = ("train_lang", "test_langs", "seeds", "set")
_REFUSED = {
    "--task": (
        *("sts", "pair", "pairs", "mining", "low_resource", "lang_column", "source_column", "target_column"),
        *("layer", "pooling", "batch_tokens", "direction", *_OF_RETRIEVAL, *_OF_MINING, *_OF_ONE_PAIR),
    ),
    "--sts": (
        *("data", "pair", "pairs", "mining", "low_resource", "lang_column", "direction"),
        *(*_OF_RETRIEVAL, *_OF_MINING, *_OF_ONE_PAIR),
    ),
    "--mining": ("direction", *_OF_RETRIEVAL, *_OF_ONE_PAIR),
    "--pairs": (*_OF_MINING, *_OF_ONE_PAIR),
    "--pair A-B": ("low_resource", "markdown", "direction", *_OF_MINING),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", nargs="+", help="a checkpoint folder or an id on the Hub")
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="Parquet, JSONL, TSV or CSV with a column per language (hin_Deva or hin), or with source and target; "
        "minicorpus:test is the synthetic corpus",
    )
    parser.add_argument("--pair", metavar="A-B", help="source and target, such as hin_Deva-urd_Arab")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder for the results")
    parser.add_argument("--layer", type=int, metavar="L", help="hidden states to use (default: the checkpoint's own)")
    parser.add_argument("--pooling", choices=("mean", "cls"), help="default: the checkpoint's own, else mean")
    parser.add_argument(
        "--metrics", default="cosine", metavar="LIST", help="of cosine, csls, margin; cosine is always among them"
    )
    parser.add_argument("--checkpoints", action="store_true", help="MODEL's checkpoint-* folders too (dynamics)")
    parser.add_argument(
        "--label",
        action="append",
        help="name of the model in tables (default: the folder's); once for each, in order, where there are several",
    )
    parser.add_argument(
        "--alignment",
        metavar="GOLD",
        help="gold word alignment, JSONL, Parquet or XL-WA's TSV: alignment error rate of the words by layer",
    )
    parser.add_argument(
        "--measures",
        action="store_true",
        help="with --pair: CKA, ANC, isotropy, and retrieval after mean-centring and a linear map, by layer; "
        "with --pairs: the similarity of the languages (mPLM-Sim)",
    )
    parser.add_argument("--alignment-split", metavar="S", help="keep the rows of GOLD whose column split says so")
    parser.add_argument("--name", help="name of the data in tables (default: the file's)")
    parser.add_argument("--synthetic", action="store_true", help="mark the data as synthetic")
    parser.add_argument("--seed", type=int, default=0, help="of random pairs, resamples and trainings (default: 0)")
    parser.add_argument(
        "--max-length", type=int, metavar="TOKENS", help="cut sentences there (default: model's limit)"
    )
    parser.add_argument("--limit", type=int, metavar="N", help="keep the first N pairs, or of each set of --task")
    parser.add_argument("--batch-tokens", type=int, default=4096, metavar="TOKENS", help="a batch (default: 4096)")
    for mode in (evaluate_languages, evaluate_mining, evaluate_sts, evaluate_downstream):
        mode.add_arguments(parser)
    parser.set_defaults(default_of=parser.get_default)


def run(options: argparse.Namespace) -> None:
    from pathlib import Path

    from hf_xalign.errors import XAlignError

    for name, least in (("max_length", 3), ("batch_tokens", 1), ("seed", 0)):
        value = getattr(options, name)
        if value is not None and value < least:
            raise XAlignError(f"--{name.replace('_', '-')} {value} is too small: at least {least}")
    if Path(options.output).exists() and not Path(options.output).is_dir():
        raise XAlignError(f"--output {options.output} is a file: give a folder")
    if options.alignment is None and options.alignment_split is not None:
        raise XAlignError("--alignment-split goes with --alignment GOLD")
    if options.task is not None:
        _refuse_ignored(options, "--task")
        evaluate_downstream.run(options)
        return
    _refuse(options, _OF_TRANSFER, "goes with --task")
    if options.sts is not None:
        _refuse_ignored(options, "--sts")
        evaluate_sts.run(options)
        return
    if options.data is None or (options.pair is None) == (options.pairs is None):
        raise XAlignError("give --data FILE, and either --pair A-B or --pairs A-B,A-C")
    if options.mining:
        _refuse_ignored(options, "--mining")
        evaluate_mining.run(options)
    elif options.pairs is not None:
        _refuse_ignored(options, "--pairs")
        evaluate_languages.run(options)
    else:
        _refuse_ignored(options, "--pair A-B")
        _evaluate_pair(options)


def _refuse_ignored(options: argparse.Namespace, mode: str) -> None:
    """Options that would be ignored in this mode are refused."""
    _refuse(options, _REFUSED[mode], f"does not go with {mode}")


def _refuse(options: argparse.Namespace, names: tuple[str, ...], why: str) -> None:
    from hf_xalign.errors import XAlignError

    for name in names:
        if getattr(options, name) != options.default_of(name):
            raise XAlignError(f"--{name.replace('_', '-')} {why}")


def _evaluate_pair(options: argparse.Namespace) -> None:
    import sys

    from hf_xalign.errors import XAlignError
    from hf_xalign.evaluation.language_pairs import parse_pair

    if len(options.model) > 1 or len(options.label or []) > 1:
        raise XAlignError("--pair takes one MODEL: evaluate each into a folder of its own, or give --pairs")
    # The data are read first: a wrong file name should not cost the loading of a model.
    parse_pair(options.pair)
    (data,) = evaluate_languages.read_pairs(options)
    alignment = None if options.alignment is None else _read_alignment(options, data.pair)

    from hf_xalign.evaluation.model_evaluation import evaluate_model
    from hf_xalign.evaluation.results import write_results
    from hf_xalign.evaluation.table import format_results

    results = evaluate_model(
        options.model[0],
        data,
        layer=options.layer,
        pooling=options.pooling,
        metrics=[metric.strip() for metric in options.metrics.split(",") if metric.strip()],
        label=options.label[0] if options.label else None,
        name=options.name,
        synthetic=options.synthetic,
        seed=options.seed,
        max_length=options.max_length,
        batch_tokens=options.batch_tokens,
        checkpoints=options.checkpoints,
        alignment=alignment,
        measures=options.measures,
        progress=sys.stderr.isatty(),
    )
    for side, count in results["truncated"].items():
        if count:
            print(f"{count} of {len(data)} sentences of {side} cut at {results['max_length']} tokens", file=sys.stderr)
    path = write_results(results, options.output)
    print(format_results(results))
    print(f"\nwrote {path}")
    evaluate_models.tell_cards(options)


def _read_alignment(options: argparse.Namespace, pair: tuple[str, str]) -> GoldStandard:
    """The gold alignment of these two languages."""
    import sys

    from hf_xalign.aligners.gold import read_gold
    from hf_xalign.evaluation.alignment_layers import of_languages

    gold = read_gold(options.alignment, split=options.alignment_split)
    for notice in gold.notices:
        print(notice, file=sys.stderr)
    return of_languages(gold, pair)
