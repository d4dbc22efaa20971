"""`xalign evaluate --task`: what alignment pays in zero-shot transfer, by fine-tuning in one language."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from hf_xalign.cli.set_option import add_set_option, parse_settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "transfer",
        "--task in place of --pair: fine-tune every MODEL in one language, test it in others,\n"
        "downstream.json. --data has the columns split and lang, or a column per language.",
    )
    group.add_argument("--task", choices=("sib200", "ner", "pos", "nli"), help="what is learnt")
    group.add_argument("--train-lang", metavar="L", help="language of training and of the validation set")
    group.add_argument("--test-langs", metavar="LIST", help="such as hin_Deva,urd_Arab")
    group.add_argument("--seeds", type=int, metavar="N", help="trainings of each MODEL, from --seed on (default: 5)")
    add_set_option(
        group,
        "another setting than the task's default, repeatable: training.num_train_epochs=3, test_split=dev, "
        "peft.r=8 (LoRA)",
    )


def run(options: argparse.Namespace) -> None:
    from hf_xalign.cli.evaluate_languages import split_list
    from hf_xalign.errors import XAlignError
    from hf_xalign.evaluation.downstream.settings import task_settings
    from hf_xalign.messages import counted

    for name in ("data", "train_lang", "test_langs"):
        if getattr(options, name) is None:
            raise XAlignError(f"--task needs --{name.replace('_', '-')}")
    seeds = 5 if options.seeds is None else options.seeds
    if seeds < 1:
        raise XAlignError(f"--seeds {seeds} is too small: at least 1")
    if options.limit is not None and options.limit < 1:
        raise XAlignError(f"--limit {options.limit} leaves nothing: keep at least 1")
    changes = parse_settings(options.set, example="training.learning_rate=1e-4")
    if options.max_length is not None:
        if "max_length" in changes:
            raise XAlignError("--max-length and --set max_length are one setting: give it once")
        changes["max_length"] = options.max_length
    settings = task_settings(options.task, changes)

    from hf_xalign.evaluation.downstream.division import read_task
    from hf_xalign.evaluation.downstream.examples import LabelledFile, check_languages

    languages = check_languages(options.train_lang, split_list(options.test_langs))
    file = LabelledFile(options.data, settings)
    data = read_task(file, options.train_lang, languages, limit=options.limit)
    for part in (data.train, data.validation):
        if part.dropped:
            rows = counted(part.dropped, "row")
            print(f"{rows} of {part.language} ({part.split}) left out: no text or label", file=sys.stderr)

    from hf_xalign.evaluation.downstream.evaluation import evaluate_downstream
    from hf_xalign.evaluation.downstream.results import downstream_markdown, format_downstream, write_downstream
    from hf_xalign.files import write_text

    results = evaluate_downstream(
        options.model,
        file,
        data,
        settings,
        seeds=range(options.seed, options.seed + seeds),
        labels=options.label,
        name=options.name,
        synthetic=options.synthetic,
        progress=sys.stderr.isatty(),
        tell=lambda line: print(line, file=sys.stderr),
    )
    path: Path = write_downstream(results, options.output)
    print(format_downstream(results))
    print(f"\nwrote {path}")
    if options.markdown:
        print(f"wrote {write_text(options.markdown, downstream_markdown(results))}")
