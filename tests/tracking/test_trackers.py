"""Which trackers are refused, which get figures, and that a run without one does nothing at all."""

from __future__ import annotations

import importlib.machinery
import sys
import types

import numpy as np
import pytest
import torch
from datasets import Dataset

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.cli import main
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import RetrievalEvaluator
from hf_xalign.tracking import add_figures, check_trackers, trackers
from tests.tiny import random_rows, tiny_config
from tests.tracking.runs import write_recipe


PAIRS = Dataset.from_list(
    [
        {
            "source": f"w{i} w{i + 1} w{i + 2} w{i + 3}",
            "target": f"w{i + 9} w{i + 8} w{i + 7}",
            "source_lang": "hin_Deva",
            "target_lang": "urd_Arab",
        }
        for i in range(8)
    ]
)


def _trainer(tokenizer, folder, **settings) -> XAlignTrainer:
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(), {"mlm": {}, "tcm": {}})
    rows = Dataset.from_list(random_rows(16))
    args = XAlignTrainingArguments(
        str(folder),
        **({"max_steps": 2, "eval_strategy": "steps", "eval_steps": 1, "logging_steps": 1} | settings),
        per_device_train_batch_size=8,
        save_strategy="no",
        use_cpu=True,
        disable_tqdm=True,
    )
    return XAlignTrainer(
        model,
        args,
        train_dataset=rows,
        eval_dataset=rows,
        evaluator=RetrievalEvaluator(tokenizer, PAIRS["source"][:], PAIRS["target"][:], layer=model.alignment_layer),
        data_collator=XAlignDataCollator(tokenizer, seed=0),
        processing_class=tokenizer,
    )


@pytest.fixture
def wandb(monkeypatch):
    """A stand-in for the package, which is not installed for the tests: it keeps what it is given."""
    module = types.ModuleType("wandb")
    module.__spec__ = importlib.machinery.ModuleSpec("wandb", None)
    module.run, module.logged = None, []
    module.summary = {}

    class Config(dict):
        def update(self, values, allow_val_change=False):
            super().update(values)

    class Image:
        def __init__(self, data, caption=None):
            self.data, self.caption = data, caption

    def init(project, **kwargs):
        module.run = types.SimpleNamespace(summary=module.summary, _label=lambda **kwargs: None)

    module.config, module.Image, module.init = Config(), Image, init
    module.log = module.logged.append
    module.define_metric = lambda *args, **kwargs: None
    errors = types.ModuleType("wandb.sdk.lib.config_util")
    errors.ConfigError = type("ConfigError", (Exception,), {})
    for name in ("wandb.sdk", "wandb.sdk.lib"):
        monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
    monkeypatch.setitem(sys.modules, "wandb.sdk.lib.config_util", errors)
    monkeypatch.setitem(sys.modules, "wandb", module)
    return module


def test_wandb_gets_scalars_and_figures_that_change_no_number(wandb, tokenizer, tmp_path):
    losses = []
    for report_to in ("none", "wandb"):
        trainer = _trainer(tokenizer, tmp_path, report_to=report_to)
        add_figures(trainer, PAIRS)
        trainer.train()
        losses.append([entry["loss_tcm"] for entry in trainer.state.log_history if "loss_tcm" in entry])
    assert losses[0] == losses[1] == [entry["train/loss_tcm"] for entry in wandb.logged if "train/loss_tcm" in entry]
    assert sum("eval/retrieval_top1" in entry for entry in wandb.logged) == 2
    figures = [entry for entry in wandb.logged if "figures/similarities" in entry]
    assert [entry.pop("train/global_step") for entry in figures] == [1, 2]
    for entry in figures:
        assert list(entry) == ["figures/similarities", *(f"figures/alignment_{row}" for row in (0, 2, 5))]
        assert all(image.data.dtype == np.uint8 and image.data.shape[2] == 3 for image in entry.values())
    assert figures[1]["figures/alignment_2"].caption == (
        "Pair 2 of the selection data (hin_Deva-urd_Arab), step 2, layer 2"
    )


@pytest.mark.parametrize("settings", [{"log_figures": False}, {"eval_strategy": "no"}, {"report_to": "none"}], ids=str)
def test_figures_can_be_left_out(settings, wandb, tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path, **({"report_to": "wandb"} | settings))
    add_figures(trainer, PAIRS)
    assert not any(type(callback).__name__ == "FigureCallback" for callback in trainer.callback_handler.callbacks)


def test_no_word_is_drawn_where_none_is_wanted(wandb, tokenizer, tmp_path):
    trainer = _trainer(tokenizer, tmp_path, report_to="wandb", log_figure_pairs=0, max_steps=1)
    add_figures(trainer, PAIRS)
    trainer.train()
    (entry,) = [entry for entry in wandb.logged if "figures/similarities" in entry]
    assert set(entry) == {"figures/similarities", "train/global_step"}


def test_who_publishes_words_of_the_data_is_told(tokenizer, tmp_path, caplog, monkeypatch):
    monkeypatch.setattr(XAlignTrainer, "init_hf_repo", lambda self: None)
    for number, (pairs, told) in enumerate([(2, 1), (0, 0)]):
        changes = {"report_to": "tensorboard", "push_to_hub": True, "log_figure_pairs": pairs}
        add_figures(_trainer(tokenizer, tmp_path / str(number), **changes), PAIRS)
        assert len([record for record in caplog.records if "the words of 2 pairs" in record.message]) == told
        caplog.clear()


def test_without_matplotlib_the_scalars_go_on(wandb, tokenizer, tmp_path, monkeypatch, caplog):
    monkeypatch.setattr(trackers, "version", lambda name: "3.10.3")
    trainer = _trainer(tokenizer, tmp_path, report_to="wandb", max_steps=1)
    add_figures(trainer, PAIRS)
    assert [record.message for record in caplog.records if record.name == "hf_xalign"] == [
        "wandb gets no figures: figures need matplotlib 3.11 or newer, but 3.10.3 is installed: "
        "pip install 'hf_xalign[tracking]'"
    ]
    trainer.train()
    assert any("train/loss_tcm" in entry for entry in wandb.logged)
    with pytest.raises(XAlignError, match=r"matplotlib .* is installed: pip install"):
        check_trackers(["wandb"], figures=True)


def test_a_run_without_a_tracker_imports_nothing_of_it(tmp_path, monkeypatch):
    """Every module that only trackers need is made one that cannot be imported."""
    for name in ("hf_xalign.tracking", "hf_xalign.tracking.trackers", "matplotlib", "tensorboard", "trackio", "wandb"):
        monkeypatch.setitem(sys.modules, name, None)
    recipe = write_recipe(tmp_path, report_to="none", max_steps=1)
    assert main(["train", str(recipe)]) == 0
    assert not (tmp_path / "out" / "runs").exists()


@pytest.mark.parametrize(
    ("report_to", "message"),
    [
        ("tensorbord", "report_to: unknown tracker 'tensorbord'; did you mean 'tensorboard'?"),
        ("wandb", "report_to is 'wandb', which is not installed: pip install wandb"),
    ],
)
def test_wrong_trackers_are_refused_before_anything_is_prepared(report_to, message, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(trackers.importlib.util, "find_spec", lambda name: None)
    recipe = write_recipe(tmp_path, report_to=report_to)
    assert main(["train", str(recipe)]) == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"xalign train: error: {message}"
    assert not (tmp_path / "prepared").exists() and not (tmp_path / "out").exists()


def test_a_negative_number_of_pairs_is_refused(tmp_path):
    with pytest.raises(XAlignError, match="log_figure_pairs is -1; it must be 0 or more"):
        XAlignTrainingArguments(str(tmp_path), log_figure_pairs=-1)
