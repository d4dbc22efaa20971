"""LoRA adapters: trained, saved, resumed and opened by everything that plain peft and transformers offer."""

from __future__ import annotations

import json
import logging

import peft
import pytest
import torch
from datasets import Dataset
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForMaskedLM, AutoModelForTokenClassification

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.adapter_files import base_of_adapter, load_adapter, save_adapter
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.retrieval_evaluator import RetrievalEvaluator
from hf_xalign.gradient_cache import cached_step
from hf_xalign.heads import HEADS, TRHead
from hf_xalign.hub.merging import merge_adapter
from hf_xalign.loading import load_config, load_encoder
from hf_xalign.peft_adapters import add_lora, check_lora_options, describe_trained, lora_config, plain_name
from tests.tiny import BACKBONES, random_rows, tiny_config


ROWS = Dataset.from_list(random_rows(64))
HEAD_OPTIONS = {"mlm": {}, "tcm": {}, "tr": {"projection": "tanh", "learnable_temperature": True}}
IDS = torch.arange(5, 23).view(2, 9)


def _base(folder, kind="xlm-roberta", tokenizer=None, **fields) -> str:
    torch.manual_seed(1)
    AutoModelForMaskedLM.from_config(tiny_config(kind, **fields)).save_pretrained(folder)
    if tokenizer is not None:
        tokenizer.save_pretrained(folder)
    return str(folder)


def _adapted(base, heads=None, languages=None, **options):
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(base, heads or HEAD_OPTIONS, languages=languages)
    return add_lora(model, {"r": 4, **options})


def _trainer(model, tokenizer, folder, *, evaluator=None, **settings):
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
    args = XAlignTrainingArguments(str(folder), **(defaults | settings))
    return XAlignTrainer(
        model,
        args,
        train_dataset=ROWS,
        eval_dataset=ROWS.select(range(16)) if args.eval_strategy != "no" else None,
        evaluator=evaluator,
        data_collator=XAlignDataCollator(tokenizer, views=model.views, masked_views=model.masked_views, seed=5),
        processing_class=tokenizer,
    )


def _states(model) -> torch.Tensor:
    """The last hidden state of whatever wraps an encoder."""
    inner = model.get_base_model() if isinstance(model, peft.PeftModel) else model
    with torch.no_grad():
        return inner.eval().base_model(input_ids=IDS).last_hidden_state


@pytest.mark.parametrize("backbone", BACKBONES)
def test_a_trained_adapter_opens_everywhere(backbone, tokenizer, tmp_path):
    base, folder = _base(tmp_path / "base", backbone, tokenizer), tmp_path / "adapter"
    trainer = _trainer(_adapted(base), tokenizer, folder)
    trainer.train()
    trainer.save_model()
    states = _states(trainer.model)
    assert not torch.equal(states, _states(AutoModel.from_pretrained(base)))

    plain = {
        "on the masked LM": peft.PeftModel.from_pretrained(AutoModelForMaskedLM.from_pretrained(base), folder),
        "on the encoder": peft.PeftModel.from_pretrained(AutoModel.from_pretrained(base), folder),
        "on a classifier": peft.PeftModel.from_pretrained(
            AutoModelForTokenClassification.from_pretrained(base), folder
        ),
        "by itself": AutoModel.from_pretrained(folder),
        "by itself, with peft": peft.AutoPeftModel.from_pretrained(folder),
        "in evaluation": load_encoder(str(folder)),
    }
    for where, model in plain.items():
        assert torch.equal(_states(model), states), where
    config = json.loads((folder / "adapter_config.json").read_text())
    assert config["base_model_name_or_path"] == base
    assert config["modules_to_save"] is None and "xalign" not in json.dumps(config)
    assert load_config(str(folder)).model_type == backbone

    # Merged, the same numbers are added in another order.
    aligned = XAlignModel.from_pretrained(folder)
    torch.testing.assert_close(_states(aligned), states, rtol=0, atol=1e-5)
    assert all(parameter.requires_grad for parameter in aligned.parameters())
    trained = {plain_name(key): value for key, value in trainer.model.state_dict().items()}
    own = {key: value for key, value in aligned.state_dict().items() if key.startswith("xalign_")}
    assert len(own) == 3 and all(torch.equal(value, trained[key]) for key, value in own.items())
    merged = merge_adapter(folder, tmp_path / "merged")
    torch.testing.assert_close(_states(AutoModel.from_pretrained(merged)), states, rtol=0, atol=1e-5)
    assert {"config.json", "model.safetensors", "xalign_heads.safetensors", "tokenizer.json"} <= {
        path.name for path in merged.iterdir()
    }


def test_only_lora_and_heads_are_trained(tmp_path, tokenizer):
    model = _adapted(_base(tmp_path / "base"), languages=["hin_Deva", "urd_Arab"])
    trained = {plain_name(name) for name, parameter in model.named_parameters() if parameter.requires_grad}
    own = {name for name in trained if "lora_" not in name}
    assert own == {
        "xalign_heads.tr.temperature.logarithm",
        "xalign_heads.tr.projection.0.weight",
        "xalign_heads.tr.projection.0.bias",
        "xalign_languages.weight",
    }
    # Six linear layers in each of three layers, an A and a B each; nothing in the LM head.
    assert len(trained - own) == 36 and all("roberta.encoder.layer." in name for name in trained - own)
    numbers = [parameter.numel() for parameter in model.parameters() if parameter.requires_grad]
    assert describe_trained(model).startswith(f"{sum(numbers):,} of ")


def test_an_lm_head_that_was_made_anew_is_trained_and_saved(tmp_path, tokenizer):
    torch.manual_seed(1)
    AutoModel.from_config(tiny_config()).save_pretrained(tmp_path / "base")
    model = _adapted(str(tmp_path / "base"), {"mlm": {}})
    assert {"lm_head.dense", "lm_head.layer_norm"} == set(model.peft_config["default"].modules_to_save)
    # An objective that predicts no tokens has no use for it.
    assert _adapted(str(tmp_path / "base"), {"tcm": {}}).peft_config["default"].modules_to_save is None
    trainer = _trainer(model, tokenizer, tmp_path / "adapter")
    trainer.train()
    trainer.save_model()
    opened = peft.PeftModel.from_pretrained(
        AutoModelForMaskedLM.from_pretrained(tmp_path / "base"), tmp_path / "adapter"
    )
    with torch.no_grad():
        assert torch.equal(opened.eval()(input_ids=IDS).logits, model.eval()(input_ids=IDS).logits)
        merged = XAlignModel.from_pretrained(tmp_path / "adapter").eval()
        torch.testing.assert_close(merged(input_ids=IDS).logits, opened(input_ids=IDS).logits, rtol=0, atol=1e-5)


def test_a_resumed_run_ends_bit_equal_and_keeps_the_best(tokenizer, tmp_path):
    base = _base(tmp_path / "base", dropout=0.1)

    def trainer(folder):
        scores = iter([0.9, 0.2])
        return _trainer(
            _adapted(base, lora_dropout=0.1),
            tokenizer,
            folder,
            evaluator=lambda model: {"retrieval_top1": next(scores)},
            eval_strategy="steps",
            eval_steps=3,
            save_strategy="steps",
            save_steps=3,
            max_steps=6,
            load_best_model_at_end=True,
            metric_for_best_model="retrieval_top1",
            greater_is_better=True,
        )

    straight = trainer(tmp_path / "straight")
    straight.train()
    resumed = trainer(tmp_path / "resumed")
    torch.manual_seed(99)
    with torch.no_grad():
        for parameter in resumed.model.parameters():
            if parameter.requires_grad:
                parameter.normal_()
    resumed.train(resume_from_checkpoint=str(tmp_path / "straight" / "checkpoint-3"))
    ends = [
        load_file(tmp_path / run / "checkpoint-6" / "adapter_model.safetensors") for run in ("straight", "resumed")
    ]
    heads = [
        load_file(tmp_path / run / "checkpoint-6" / "xalign_heads.safetensors") for run in ("straight", "resumed")
    ]
    for first, second in (ends, heads):
        assert first.keys() == second.keys() and all(torch.equal(first[key], second[key]) for key in first)

    # The first checkpoint was the best.
    assert straight.state.best_model_checkpoint.endswith("checkpoint-3")
    save_adapter(straight.model, tmp_path / "best")
    for name in ("adapter_model.safetensors", "xalign_heads.safetensors"):
        best, kept = load_file(tmp_path / "best" / name), load_file(tmp_path / "straight" / "checkpoint-3" / name)
        assert all(torch.equal(best[key], kept[key]) for key in kept)
    fresh = _adapted(base)
    load_adapter(fresh, tmp_path / "best")
    assert torch.equal(_states(fresh), _states(straight.model))


class _ScaledTR(TRHead):
    """A head with a parameter of its own, which PEFT must wrap whole."""

    def __init__(self, *, projection=None, hidden_size):
        super().__init__(projection=projection, hidden_size=hidden_size)
        self.scale = torch.nn.Parameter(torch.empty(()))

    def reset_parameters(self) -> None:
        torch.nn.init.constant_(self.scale, 1.5)

    def rows(self, inputs):
        rows, groups = super().rows(inputs)
        return torch.tanh(self.scale * rows), groups


@pytest.mark.parametrize("projection", ["linear", None])
def test_a_cached_step_has_the_gradients_of_the_whole(projection, tokenizer, tmp_path, monkeypatch):
    monkeypatch.setitem(HEADS, "scaled", _ScaledTR)
    heads = {
        "mlm": {},
        "tr": {"projection": projection, "learnable_temperature": True},
        "scaled": {"projection": projection},
    }
    model = _adapted(_base(tmp_path / "base"), heads).double()
    assert "xalign_heads.scaled" in model.peft_config["default"].modules_to_save
    torch.manual_seed(3)
    for name, parameter in model.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(parameter)
    batch = XAlignDataCollator(tokenizer, views=model.views, masked_views=model.masked_views)(
        [{**row, "row_id": number} for number, row in enumerate(random_rows(12))]
    )
    batch.pop("row_ids", None)
    model(**batch).loss.backward()
    whole = {name: p.grad.clone() for name, p in model.named_parameters() if p.grad is not None}
    model.zero_grad()
    cached_step(model, batch, chunk_size=5)
    chunked = {name: p.grad for name, p in model.named_parameters() if p.grad is not None}
    assert whole.keys() == chunked.keys() and any("lora_A" in name for name in whole)
    torch.testing.assert_close(chunked, whole, rtol=1e-9, atol=1e-12)


def test_ones_own_lora_config_trains_too(tokenizer, tmp_path, caplog):
    """As peft's documentation has it; the evaluator sees the model inside."""
    texts = [f"w{i} w{i + 1} w{i + 2}" for i in range(12)]
    base = _base(tmp_path / "base")
    model = XAlignModel.from_encoder(base, HEAD_OPTIONS)
    wrapped = peft.get_peft_model(model, lora_config(model, r=4, target_modules=["query", "value"], lora_alpha=16))
    evaluator = RetrievalEvaluator(tokenizer, texts, texts, layer=2)
    trainer = _trainer(wrapped, tokenizer, tmp_path / "run", evaluator=evaluator, eval_strategy="steps", eval_steps=2)
    assert trainer.train().training_loss > 0
    assert trainer.aligned_model is model and "eval_retrieval_top1" in trainer.state.log_history[-2]
    assert not caplog.records

    model = XAlignModel.from_encoder(base, HEAD_OPTIONS)
    bare = peft.get_peft_model(model, peft.LoraConfig(target_modules=["query", "value"]))
    with caplog.at_level(logging.WARNING):
        _trainer(bare, tokenizer, tmp_path / "bare")
    assert "xalign_heads.tr.projection.0.weight" in caplog.text and "is not trained" in caplog.text


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"rank": 4}, r"unknown option peft\.rank; did you mean '.*rank.*'"),
        ({"lora_alfa": 4}, r"unknown option peft\.lora_alfa; did you mean 'lora_alpha'"),
        ({"task_type": "FEATURE_EXTRACTION"}, r"unknown option peft\.task_type"),
        ({"r": 0}, r"^peft: `?r`? .*positive"),
        ({"init_lora_weights": "pissa"}, r"peft\.init_lora_weights is 'pissa', which changes the weights"),
        (
            {"target_modules": ["query", "valeu"]},
            r"target_modules: the model has no module 'valeu'; did you mean 'value'",
        ),
        ({"target_modules": "query"}, r"'query', read as a regular expression, is no whole name .* has attention"),
        ({"modules_to_save": ["lm_hed"]}, r"to_save: the model has no module 'lm_hed'; did you mean 'lm_head'"),
        ({"modules_to_save": ["lm_head"]}, r"'lm_head' holds lm_head\.\w+, which embeddings and LM head share"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(options, message, tmp_path):
    base = _base(tmp_path / "base")
    with pytest.raises(XAlignError, match=message) as caught:
        _adapted(base, **options)
    assert "\n" not in str(caught.value)


def test_an_encoder_from_scratch_has_no_adapter():
    with pytest.raises(XAlignError, match="starts from scratch: name one in model_name_or_path"):
        add_lora(XAlignModel.from_encoder(tiny_config(), HEAD_OPTIONS), {"r": 4})


def test_without_peft_the_package_to_install_is_named(monkeypatch, tmp_path):
    save_adapter(_adapted(_base(tmp_path / "base")), tmp_path / "adapter")
    monkeypatch.setitem(__import__("sys").modules, "peft", None)
    for open_it in (
        lambda: check_lora_options({"r": 4}),
        lambda: XAlignModel.from_pretrained(tmp_path / "adapter"),
        lambda: load_encoder(str(tmp_path / "adapter")),
        lambda: merge_adapter(tmp_path / "adapter", tmp_path / "merged"),
    ):
        with pytest.raises(XAlignError, match=r"needs peft: pip install 'hf_xalign\[peft\]'"):
            open_it()


def test_what_does_not_open_as_an_adapter_is_said(tmp_path, tokenizer, caplog):
    base, folder = _base(tmp_path / "base"), tmp_path / "adapter"
    with caplog.at_level(logging.WARNING):
        model = _adapted(base)
    assert f"the base model is the local folder {base}" in caplog.text
    folder.mkdir()
    (folder / "README.md").write_text("My own words.\n")
    save_adapter(model, folder)
    assert (folder / "README.md").read_text() == "My own words.\n"
    assert base_of_adapter(folder).name == base and base_of_adapter(folder).is_local
    assert base_of_adapter(base) is None and base_of_adapter(tmp_path / "nowhere") is None
    with pytest.raises(XAlignError, match="is an adapter, not an encoder: merge it first"):
        XAlignModel.from_encoder(folder, HEAD_OPTIONS)
    with pytest.raises(XAlignError, match=r"is no adapter .*: there is nothing to merge"):
        merge_adapter(base, tmp_path / "merged")
    with pytest.raises(XAlignError, match="not empty"):
        merge_adapter(folder, base)

    weights = (folder / "adapter_model.safetensors").read_bytes()
    (folder / "adapter_model.safetensors").write_bytes(weights[:-8])
    for open_it in (XAlignModel.from_pretrained, lambda path: load_encoder(str(path))):
        with pytest.raises(XAlignError, match="adapter"):
            open_it(folder)
    (folder / "adapter_model.safetensors").write_bytes(weights)
    (tmp_path / "base").rename(tmp_path / "elsewhere")
    for open_it in (XAlignModel.from_pretrained, lambda path: load_encoder(str(path))):
        with pytest.raises(XAlignError, match=f"is an adapter of the base model {base}, a folder that is not there"):
            open_it(folder)
    assert not (tmp_path / "merged").exists()
