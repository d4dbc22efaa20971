"""One training run from one recipe: `accelerate launch -m hf_xalign.train RECIPE [--key value ...]`."""

from __future__ import annotations

import logging
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from datasets import Dataset, concatenate_datasets
from transformers import logging as transformers_logging
from transformers import set_seed

from hf_xalign.arguments import ModelArguments
from hf_xalign.backbones import max_tokens
from hf_xalign.building import build_model, build_tokenizer
from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.collator import XAlignDataCollator
from hf_xalign.data.preparation import prepare
from hf_xalign.data.prepared import PreparedData, load_prepared
from hf_xalign.data.tokenized_rows import tokenize_rows
from hf_xalign.data.transliteration import Transliterate, transliteration_options
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.retrieval_evaluator import RetrievalEvaluator
from hf_xalign.files import check_writable, clear_left, disk_errors
from hf_xalign.heads import build_head
from hf_xalign.messages import did_you_mean
from hf_xalign.peft_adapters import add_lora, check_lora_options, describe_trained
from hf_xalign.provenance import ProvenanceCallback, RecipeCallback
from hf_xalign.published_files import check_base_of_adapter
from hf_xalign.recipe import read_recipe
from hf_xalign.repository import check_login
from hf_xalign.resuming import checkpoint_to_resume, is_finished, load_finished, wants_resume
from hf_xalign.stopping import Stopped
from hf_xalign.trainer import XAlignTrainer, check_step
from hf_xalign.training_args import XAlignTrainingArguments
from hf_xalign.turns import first_process_first


if TYPE_CHECKING:
    from hf_xalign.evaluation.parallel_text import ParallelText

logger = logging.getLogger("hf_xalign")

# A dry run proves that everything fits together; a handful of rows does that.
DRY_RUN_ROWS = 4


def train(recipe: str | Path, overrides: list[str]) -> XAlignTrainer:
    """Run a recipe from its data section to a saved checkpoint and, where it has test data, `results.json`.

    Args:
        recipe: the YAML file.
        overrides: `["--key", "value", ...]`, changes to it.

    Returns:
        The trainer, done.

    Raises:
        XAlignError: anything wrong with recipe, data, model or disk.
        Stopped: SIGTERM came while it trained; a checkpoint is saved.
    """
    (data_args, model_args, args), resolved = read_recipe(
        recipe, overrides, (DataArguments, ModelArguments, XAlignTrainingArguments)
    )
    check_arguments(data_args, model_args, args)
    if args.push_to_hub and model_args.peft is not None:
        check_base_of_adapter(model_args.model_name_or_path, "push_to_hub")
    if args.push_to_hub and args.process_index == 0:
        check_login(args.hub_model_id or Path(args.output_dir).absolute().name, args.hub_token)
    _start_logging(args)
    advice = "make room or choose another place; a run that had begun goes on with --resume_from_checkpoint true"
    with disk_errors(args.output_dir, advice):
        return _run(recipe, resolved, data_args, model_args, args)


def _run(
    recipe: str | Path,
    resolved: dict[str, Any],
    data_args: DataArguments,
    model_args: ModelArguments,
    args: XAlignTrainingArguments,
) -> XAlignTrainer:
    _say(args, f"training on {args.world_size} process{'es' * (args.world_size > 1)} ({args.device.type})")
    set_seed(args.seed)
    if args.should_save and not args.dry_run:
        clear_left(args.output_dir)

    # The first process prepares; the others find the data ready.
    with first_process_first(args):
        folder = prepare(
            data_args, default_dir=Path("prepared") / Path(recipe).stem, encoder=model_args.model_name_or_path
        )
        prepared = load_prepared(folder)
    tokenizer = build_tokenizer(data_args, model_args, prepared)
    model = build_model(model_args, data_args, tokenizer)
    if not model_args.model_name_or_path:
        # A fresh encoder knows no longer sentences than it was trained on, and whoever opens it must know that.
        tokenizer.model_max_length = data_args.max_length
    pair_max_length = min(2 * data_args.max_length, max_tokens(model.config))

    with first_process_first(args):
        wanted = {
            "views": model.views,
            "words": any(head.needs_words for head in model.xalign_heads.values()),
            "alignments": any(head.needs_alignments for head in model.xalign_heads.values()),
            "languages": model_args.languages,
        }
        train_rows = tokenize_rows(prepared.train, tokenizer, data_args, **wanted)
        validation_rows = _validation_rows(prepared, tokenizer, data_args, **wanted)
    if args.dry_run:
        _shrink(args)
    adapted = model
    if model_args.peft is not None:
        adapted = add_lora(model, model_args.peft, revision=model_args.model_revision)
    _say(args, describe_trained(adapted))
    trainer = XAlignTrainer(
        adapted,
        args,
        train_dataset=train_rows,
        eval_dataset=validation_rows,
        evaluator=_evaluator(prepared, tokenizer, model, data_args),
        data_collator=XAlignDataCollator(
            tokenizer,
            views=model.views,
            masked_views=model.masked_views,
            mlm_probability=data_args.mlm_probability,
            mask_replace_prob=data_args.mask_replace_prob,
            random_replace_prob=data_args.random_replace_prob,
            awp_probability=data_args.awp_probability,
            pair_max_length=pair_max_length,
            languages=model_args.languages,
            pad_to_multiple_of=8 if args.device.type == "cuda" else None,
            seed=args.seed,
        ),
        processing_class=tokenizer,
        callbacks=[
            RecipeCallback(resolved, prepared),
            ProvenanceCallback(resolved, prepared, model_args.model_name_or_path),
        ],
    )
    if args.report_to:
        from hf_xalign.tracking import add_figures

        add_figures(trainer, prepared.selection)
    checkpoint = None if args.dry_run else checkpoint_to_resume(args, lambda notice: _say(args, notice))
    if checkpoint and is_finished(checkpoint, args):
        _say(args, f"{checkpoint} has all {args.max_steps} steps: nothing is left to train")
        load_finished(trainer, checkpoint)
    else:
        if checkpoint:
            _say(args, f"resuming from {checkpoint}")
        elif wants_resume(args):
            _say(args, f"no checkpoint in {args.output_dir}: starting from the beginning")
        try:
            result = trainer.train(resume_from_checkpoint=checkpoint)
        except Stopped as stopped:
            _say(
                args,
                f"stopped by SIGTERM: wrote {stopped.checkpoint}; --resume_from_checkpoint true goes on from there",
            )
            raise
        if args.dry_run:
            _say(
                args, f"dry run of {recipe}: all built, one step done, loss {result.training_loss:.3f}; nothing saved"
            )
            return trainer
        trainer.save_metrics("train", result.metrics, combined=False)

    # What is pushed at the end holds results and card, too.
    trainer.save_model(_internal_call=True)
    trainer.save_state()
    if args.should_save:
        _say(args, f"wrote {args.output_dir}")
        if prepared.test is not None:
            _measure(args.output_dir, prepared, args.seed)
        from hf_xalign.hub.model_card import write_card

        _say(args, f"wrote {write_card(args.output_dir)}")
    if args.push_to_hub and trainer.is_world_process_zero():
        trainer.create_model_card()
        trainer.push_output_dir()
        _say(args, f"pushed to {trainer.repository.url}")
    return trainer


def check_arguments(data_args: DataArguments, model_args: ModelArguments, args: XAlignTrainingArguments) -> None:
    """Refuse what would fail only after the data have been prepared, or hours later at the first evaluation."""
    heads = {name: build_head(name, options or {}) for name, options in model_args.heads.items()}
    check_step(heads, args)
    checkpoint_to_resume(args)
    if not args.dry_run:
        check_writable(args.output_dir, "output_dir")
    if args.report_to:
        from hf_xalign.tracking import check_trackers

        check_trackers(args.report_to, figures=bool(args.log_figures))
    if model_args.model_name_or_path and model_args.model_config:
        raise XAlignError("model_name_or_path and model_config are both set: post-align an encoder, or make a new one")
    if not model_args.model_name_or_path and "model_type" not in model_args.model_config:
        raise XAlignError("the recipe names no encoder: set model_name_or_path, or model_config with its model_type")
    if model_args.peft is not None:
        _check_peft(model_args, args)
    if args.eval_strategy != "no" and not data_args.selection_data:
        raise XAlignError(
            f"eval_strategy is {args.eval_strategy.value!r}, but the recipe has no selection_data to evaluate on"
        )
    best = args.metric_for_best_model
    known = ["loss", *RetrievalEvaluator.METRICS]
    if best is not None and best.removeprefix("eval_") not in known:
        raise XAlignError(f"unknown metric_for_best_model {best!r}{did_you_mean(best, known)}")


def _check_peft(model_args: ModelArguments, args: XAlignTrainingArguments) -> None:
    check_lora_options(model_args.peft)
    if not model_args.model_name_or_path:
        raise XAlignError(
            "peft is set, but the recipe trains an encoder from scratch (model_config): an adapter needs pretrained "
            "weights to stand on. Set model_name_or_path, or leave peft out"
        )
    if (Path(args.output_dir) / "config.json").exists() and not args.dry_run:
        raise XAlignError(
            f"output_dir {args.output_dir} holds a whole model, which would be taken for the base model of the "
            "adapter: choose another folder"
        )


def _evaluator(prepared: PreparedData, tokenizer, model, data_args) -> RetrievalEvaluator | None:
    if prepared.selection is None:
        return None
    return RetrievalEvaluator(
        tokenizer,
        list(prepared.selection["source"]),
        list(prepared.selection["target"]),
        layer=model.alignment_layer,
        pooling=model.xalign_config.pooling,
        max_length=min(max_tokens(model.config), tokenizer.model_max_length),
    )


def _validation_rows(prepared: PreparedData, tokenizer, data_args: DataArguments, **wanted) -> Dataset | None:
    """The selection set in the form of the training data, for a validation loss."""
    if prepared.selection is None:
        return None
    if "text" not in prepared.train.column_names:
        return tokenize_rows(prepared.selection, tokenizer, data_args, **wanted)
    pairs = prepared.selection
    sides = [
        pairs.select_columns([side, f"{side}_lang"]).rename_columns({side: "text", f"{side}_lang": "lang"})
        for side in ("source", "target")
    ]
    romanise = Transliterate("text", lang_column="lang", **transliteration_options(data_args.transliteration))
    sentences = concatenate_datasets(sides).map(romanise, batched=True, desc="Romanising")
    return tokenize_rows(sentences, tokenizer, data_args, **wanted)


def _measure(output_dir: str, prepared: PreparedData, seed: int) -> None:
    from hf_xalign.evaluation.model_evaluation import evaluate_model
    from hf_xalign.evaluation.parallel_text import read_parallel
    from hf_xalign.evaluation.results import write_results
    from hf_xalign.evaluation.table import format_results

    languages = zip(prepared.test["source_lang"], prepared.test["target_lang"], strict=True)
    pairs = dict.fromkeys(f"{source}-{target}" for source, target in languages)
    data = [read_parallel(str(prepared.test_file), pair) for pair in pairs]
    named = {"name": prepared.test_name, "synthetic": prepared.synthetic, "seed": seed}
    results = evaluate_model(output_dir, data[0], **named)
    path = write_results(results, output_dir)
    print(format_results(results))
    print(f"wrote {path}")
    if len(data) > 1:
        _measure_all(output_dir, data, named)


def _measure_all(output_dir: str, data: list[ParallelText], named: dict[str, Any]) -> None:
    """Retrieval of each pair of languages: `results.json` has the first alone."""
    from hf_xalign.evaluation.languages_results import write_languages
    from hf_xalign.evaluation.languages_table import format_languages
    from hf_xalign.evaluation.many_languages import evaluate_languages

    results = evaluate_languages([output_dir], data, **named)
    path = write_languages(results, output_dir)
    print(format_languages(results))
    print(f"wrote {path}")


def _shrink(args: XAlignTrainingArguments) -> None:
    args.per_device_train_batch_size = min(args.per_device_train_batch_size, DRY_RUN_ROWS)
    args.gradient_accumulation_steps = 1
    # A tracker would keep a run of one step for ever.
    args.report_to = []


def _start_logging(args: XAlignTrainingArguments) -> None:
    level = logging.INFO if args.process_index == 0 else logging.ERROR
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logger.setLevel(level)
    transformers_logging.set_verbosity(logging.WARNING if args.process_index == 0 else logging.ERROR)


def _say(args: XAlignTrainingArguments, message: str) -> None:
    if args.process_index == 0:
        print(message, file=sys.stderr)


def main() -> int:
    """`python -m hf_xalign.train RECIPE [--key value ...]`: one clear line and status 2 for wrong input."""
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        print("usage: accelerate launch -m hf_xalign.train RECIPE [--key value ...]", file=sys.stderr)
        return 0 if len(sys.argv) > 1 else 2
    try:
        train(sys.argv[1], sys.argv[2:])
    except XAlignError as error:
        print(f"hf_xalign.train: error: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
