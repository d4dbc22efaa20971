from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest
import torch
from datasets import Dataset

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.errors import XAlignError
from tests.tiny import random_rows, tiny_config


ROWS = Dataset.from_list(random_rows(64))


def _trainer(tokenizer, tmp_path, heads=None, *, rows=ROWS, dropout=0.0, evaluator=None, **settings):
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(dropout=dropout), heads or {"mlm": {}})
    defaults = {
        "max_steps": 4,
        "per_device_train_batch_size": 8,
        "learning_rate": 1e-2,
        "use_cpu": True,
        "disable_tqdm": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "seed": 5,
    }
    args = XAlignTrainingArguments(str(tmp_path), **(defaults | settings))
    views = {view for head in model.xalign_heads.values() for view in head.views}
    return XAlignTrainer(
        model,
        args,
        train_dataset=rows,
        eval_dataset=rows.select(range(16)) if args.eval_strategy != "no" else None,
        evaluator=evaluator,
        data_collator=XAlignDataCollator(tokenizer, views=views, seed=args.seed),
        processing_class=tokenizer,
    )


def _weights(trainer):
    return {name: value.clone() for name, value in trainer.model.state_dict().items()}


def _losses(trainer, key="loss"):
    return [entry[key] for entry in trainer.state.log_history if key in entry]


@pytest.mark.parametrize(
    "heads", [{"mlm": {}}, {"tlm": {}}, {"mlm": {}, "tlm": {"weight": 0.3}}, {"so": {}, "co": {}}], ids="+".join
)
def test_accumulation_changes_nothing(heads, tokenizer, tmp_path):
    """1 × 8 rows and 8 × 1 row a step: the same losses and weights, although the rows have unequal label counts."""
    whole = _trainer(tokenizer, tmp_path, heads)
    split = _trainer(tokenizer, tmp_path, heads, per_device_train_batch_size=1, gradient_accumulation_steps=8)
    for trainer in (whole, split):
        trainer.train()
    assert _losses(split) == pytest.approx(_losses(whole), rel=1e-5)
    assert _losses(split, "grad_norm") == pytest.approx(_losses(whole, "grad_norm"), rel=1e-4)
    torch.testing.assert_close(_weights(split), _weights(whole), rtol=1e-3, atol=2e-5)


@pytest.mark.parametrize("settings", [{}, {"gradient_cache_chunk_size": 1}, {"gradient_accumulation_steps": 2}])
@pytest.mark.parametrize("heads", [{"tcm": {}}, {"tr": {"learnable_temperature": True}}], ids="+".join)
def test_a_last_batch_of_one_row_trains(heads, settings, tokenizer, tmp_path):
    """Alone, it has nothing to be told from: a contrastive loss of 0, and a finite gradient."""
    rows = ROWS.select(range(17))
    trainer = _trainer(
        tokenizer, tmp_path, heads, rows=rows, max_steps=-1, num_train_epochs=2, dataloader_drop_last=False, **settings
    )
    trainer.train()
    losses = _losses(trainer)
    assert trainer.state.global_step == len(losses) == 2 * (2 if "gradient_accumulation_steps" in settings else 3)
    assert all(math.isfinite(loss) for loss in losses)
    assert losses[-1] == 0 and _losses(trainer, "grad_norm")[-1] == 0


def test_each_loss_is_logged_with_throughput(tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path, {"mlm": {}, "tcm": {"weight": 2.0}, "tlm": {}}, logging_steps=2)
    trainer.train()
    logs = [entry for entry in trainer.state.log_history if "loss" in entry]
    assert len(logs) == 2
    for entry in logs:
        total = entry["loss_mlm"] + 2 * entry["loss_tcm"] + entry["loss_tlm"]
        assert entry["loss"] == pytest.approx(total, rel=1e-5)
        assert entry["pairs_per_second"] > 0 and entry["tokens_per_second"] > 0 and entry["peak_memory_gb"] > 0
        assert 0.5 < entry["padding_efficiency"] <= 1


def test_an_evaluation_does_not_count_as_training_time(tokenizer, tmp_path, monkeypatch):
    """By a clock that stands still but for the evaluator, which takes an hour, and a second for each batch."""
    clock = SimpleNamespace(now=0.0)
    monkeypatch.setattr("hf_xalign.throughput.time", SimpleNamespace(perf_counter=lambda: clock.now))

    def evaluator(model):
        clock.now += 3600
        return {}

    trainer = _trainer(tokenizer, tmp_path, evaluator=evaluator, eval_strategy="steps", eval_steps=1, max_steps=3)
    step = trainer.training_step

    def timed(*args):
        clock.now += 1
        return step(*args)

    monkeypatch.setattr(trainer, "training_step", timed)
    clock.now += 600  # between making it and training, too
    trainer.train()
    assert _losses(trainer, "pairs_per_second") == [8, 8, 8]


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_resumed_run_ends_bit_equal(accumulation, tokenizer, tmp_path):
    """Sampler, masks, dropout, optimiser and schedule all go on where they were; also in the middle of an epoch."""
    settings = {
        "heads": {"mlm": {}, "tcm": {}},
        "dropout": 0.1,
        "max_steps": 11,
        "save_strategy": "steps",
        "save_steps": 5,
        "gradient_accumulation_steps": accumulation,
    }
    straight = _trainer(tokenizer, tmp_path / "straight", **settings)
    straight.train()
    torch.manual_seed(99)
    resumed = _trainer(tokenizer, tmp_path / "resumed", **settings)
    resumed.train(resume_from_checkpoint=str(tmp_path / "straight" / "checkpoint-5"))
    assert resumed.state.global_step == 11
    for name, value in _weights(straight).items():
        assert torch.equal(value, resumed.model.state_dict()[name]), name
    assert _losses(resumed) == _losses(straight)


def test_same_seed_same_run(tokenizer, tmp_path):
    losses = []
    for seed in (5, 5, 6):
        trainer = _trainer(tokenizer, tmp_path, {"mlm": {}, "tcm": {}}, seed=seed)
        trainer.train()
        losses.append(_losses(trainer))
    assert losses[0] == losses[1] != losses[2]


def test_a_loss_that_is_not_finite_stops_the_run(tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path, max_steps=6, save_strategy="steps", save_steps=2)

    def poison(module, inputs):
        if trainer.state.global_step == 3:
            return (inputs[0] * float("nan"),)

    trainer.model.lm_head.register_forward_pre_hook(poison)
    with pytest.raises(XAlignError) as caught:
        trainer.train()
    message = str(caught.value)
    assert "the loss is nan in step 4 (rows " in message and str(tmp_path) in message
    named = [int(row) for row in message.split("rows ")[1].split(" of")[0].split(", ")]
    assert len(named) == 8 and all(0 <= row < 64 for row in named)
    assert [folder.name for folder in tmp_path.glob("checkpoint-*")] == ["checkpoint-2"]
    kept = XAlignModel.from_pretrained(tmp_path / "checkpoint-2")
    assert all(torch.isfinite(value).all() for value in kept.state_dict().values())


def test_each_micro_batch_of_a_step_is_watched(tokenizer, tmp_path):
    """The rows named are those of the micro-batch whose loss is not finite, not those of the last one."""
    trainer = _trainer(tokenizer, tmp_path, gradient_accumulation_steps=2, max_steps=2)
    before, seen = _weights(trainer), []
    compute_loss = trainer.compute_loss

    def poisoned(model, inputs, **kwargs):
        seen.append(inputs["row_ids"].tolist())
        return compute_loss(model, inputs, **kwargs) * (float("inf") if len(seen) == 1 else 1)

    trainer.compute_loss = poisoned
    with pytest.raises(XAlignError, match="the loss is inf in step 1") as caught:
        trainer.train()
    assert len(seen) == 2 and f"(rows {', '.join(map(str, seen[0]))} of" in str(caught.value)
    for name, value in _weights(trainer).items():
        assert torch.equal(value, before[name]), name


def test_a_gradient_that_is_not_finite_stops_the_run_before_the_step(tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path)
    trainer.model.lm_head.dense.weight.register_hook(lambda gradient: gradient * float("inf"))
    before = _weights(trainer)
    with pytest.raises(XAlignError, match="the gradient is not finite in step 1"):
        trainer.train()
    for name, value in _weights(trainer).items():
        assert torch.equal(value, before[name]), name


def test_a_batch_of_one_has_no_negatives(tokenizer, tmp_path):
    with pytest.raises(XAlignError, match="per_device_train_batch_size is 1 on one process, but 'tcm' needs"):
        _trainer(tokenizer, tmp_path, {"mlm": {}, "tcm": {}}, per_device_train_batch_size=1)
    _trainer(tokenizer, tmp_path, {"mlm": {}}, per_device_train_batch_size=1)


def test_the_evaluator_selects_the_best_checkpoint(tokenizer, tmp_path):
    scores = iter([0.2, 0.9, 0.4])
    trainer = _trainer(
        tokenizer,
        tmp_path,
        max_steps=6,
        eval_strategy="steps",
        eval_steps=2,
        save_strategy="steps",
        save_steps=2,
        load_best_model_at_end=True,
        metric_for_best_model="retrieval_top1",
        greater_is_better=True,
        evaluator=lambda model: {"retrieval_top1": next(scores)},
    )
    trainer.train()
    assert trainer.state.best_model_checkpoint.endswith("checkpoint-4")
    best = XAlignModel.from_pretrained(tmp_path / "checkpoint-4").state_dict()
    for name, value in _weights(trainer).items():
        assert torch.equal(value, best[name])
    evaluations = [entry for entry in trainer.state.log_history if "eval_retrieval_top1" in entry]
    assert [entry["eval_retrieval_top1"] for entry in evaluations] == [0.2, 0.9, 0.4]
    assert all(entry["eval_loss"] > 0 for entry in evaluations)


def test_validation_loss_is_the_same_each_time(tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path, {"mlm": {}, "tcm": {}, "tlm": {}}, eval_strategy="steps", dropout=0.1)
    assert trainer.evaluate()["eval_loss"] == trainer.evaluate()["eval_loss"]


def test_validation_leaves_no_row_out(tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path, eval_strategy="steps", per_device_eval_batch_size=10)
    rows = [row for batch in trainer.get_eval_dataloader() for row in batch["row_ids"].tolist()]
    assert rows == list(range(16))
    assert trainer.args.dataloader_drop_last
    trainer = _trainer(tokenizer, tmp_path, eval_strategy="steps", per_device_eval_batch_size=100)
    assert trainer.evaluate()["eval_loss"] > 0


def test_no_token_is_saved(tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path, max_steps=1, hub_token="hf_not_for_others")
    trainer.train()
    trainer.save_model()
    assert trainer.args.hub_token == "hf_not_for_others"
    files = [path for path in tmp_path.iterdir() if path.is_file()]
    assert "training_args.bin" in {path.name for path in files}
    assert not [path.name for path in files if b"hf_not_for_others" in path.read_bytes()]


def test_no_objective_is_refused(tokenizer, tmp_path):
    model = XAlignModel.from_encoder(tiny_config(), {})
    with pytest.raises(XAlignError, match="no heads: name at least one objective"):
        XAlignTrainer(model, XAlignTrainingArguments(str(tmp_path), use_cpu=True), train_dataset=ROWS)


def test_a_peft_run_resumes(tokenizer, tmp_path):
    peft = pytest.importorskip("peft")

    def trainer():
        torch.manual_seed(0)
        model = XAlignModel.from_encoder(tiny_config(), {"mlm": {}, "tcm": {}})
        return XAlignTrainer(
            peft.get_peft_model(model, peft.LoraConfig(target_modules=["query", "value"])),
            XAlignTrainingArguments(
                str(tmp_path), max_steps=4, save_steps=2, logging_steps=1, use_cpu=True, disable_tqdm=True
            ),
            train_dataset=ROWS,
            data_collator=XAlignDataCollator(tokenizer),
            processing_class=tokenizer,
        )

    straight, resumed = trainer(), trainer()
    straight.train()
    resumed.train(resume_from_checkpoint=str(tmp_path / "checkpoint-2"))
    assert _losses(resumed) == pytest.approx(_losses(straight), rel=1e-5)


def test_saved_folder_holds_state_and_tokenizer(tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path, max_steps=2)
    trainer.train()
    trainer.save_model()
    trainer.save_state()
    names = {path.name for path in tmp_path.iterdir()}
    assert {"config.json", "model.safetensors", "xalign_config.json", "xalign_heads.safetensors"} <= names
    assert {"tokenizer.json", "trainer_state.json"} <= names
    assert json.loads((tmp_path / "xalign_config.json").read_text())["heads"] == {"mlm": {}}


def test_too_few_rows_for_a_step_are_said(tokenizer, tmp_path):
    with pytest.raises(XAlignError, match="the training data have 64 rows, but one step takes 128"):
        _trainer(tokenizer, tmp_path, gradient_accumulation_steps=16).train()
