"""The quickstart's road at a few steps: train, resume, evaluate, report."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from huggingface_hub import ModelCard
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

from hf_xalign import XAlignModel, XAlignTrainingArguments
from hf_xalign.arguments import ModelArguments
from hf_xalign.cli import main
from hf_xalign.data.arguments import DataArguments
from hf_xalign.recipe import read_recipe


QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.yaml"
STEPS, HALF = 6, 3

# Smaller and shorter than the quickstart; with dropout, so that a resumed run must restore the random numbers, too.
SMALL = [
    *("--use_cpu", "true", "--disable_tqdm", "true"),
    *("--train_data.0.limit", "400", "--selection_data.0.limit", "40", "--test_data.0.limit", "40"),
    *("--vocab_size", "400", "--max_length", "40", "--per_device_train_batch_size", "8"),
    *("--model_config.hidden_size", "32", "--model_config.intermediate_size", "64"),
    *("--model_config.hidden_dropout_prob", "0.1", "--model_config.attention_probs_dropout_prob", "0.1"),
    *("--max_steps", str(STEPS), "--eval_steps", str(HALF), "--save_steps", str(HALF)),
    *("--logging_steps", "1", "--warmup_steps", "2"),
]


def _train(folder: Path, name: str, *overrides: str) -> int:
    places = ["--prepared_dir", str(folder / "prepared"), "--output_dir", str(folder / name)]
    return main(["train", str(QUICKSTART), *SMALL, *places, *overrides])


def _state(run: Path) -> dict:
    return json.loads((run / "trainer_state.json").read_text())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with two runs: `straight`, and `resumed`, which goes on from the first one's checkpoint.

    The best checkpoint is not loaded at the end: both must end with the weights of the last step.
    """
    folder = tmp_path_factory.mktemp("runs")
    last = ("--load_best_model_at_end", "false", "--metric_for_best_model", "null")
    assert _train(folder, "straight", *last) == 0
    checkpoint = f"checkpoint-{HALF}"
    shutil.copytree(folder / "straight" / checkpoint, folder / "resumed" / checkpoint)
    torch.manual_seed(1234)
    assert _train(folder, "resumed", *last, "--resume_from_checkpoint", "true") == 0
    return folder


@pytest.fixture(scope="module")
def run(folder):
    return folder / "straight"


def test_what_a_run_leaves(run):
    names = {path.name for path in run.iterdir()}
    assert {"config.json", "model.safetensors", "tokenizer.json", "tokenizer_config.json"} <= names
    assert {"xalign_config.json", "xalign_heads.safetensors", "recipe.yaml"} <= names
    assert {"trainer_state.json", "results.json", f"checkpoint-{HALF}", f"checkpoint-{STEPS}"} <= names
    assert {"provenance.json", "README.md", ".eval_results"} <= names
    assert not [name for name in names - {".eval_results"} if name.startswith((".", "tmp"))]
    state = _state(run)
    assert state["global_step"] == STEPS
    losses = [entry for entry in state["log_history"] if "loss" in entry]
    assert [entry["step"] for entry in losses] == list(range(1, STEPS + 1))
    assert all({"loss_mlm", "loss_tcm", "grad_norm", "tokens_per_second"} <= entry.keys() for entry in losses)
    evaluations = [entry for entry in state["log_history"] if "eval_retrieval_top1" in entry]
    assert [entry["step"] for entry in evaluations] == [HALF, STEPS]
    assert all(0 <= entry["eval_retrieval_top1"] <= 1 for entry in evaluations)


def test_the_recipe_that_was_run_reads_back(run, folder):
    (data, model, args), resolved = read_recipe(
        run / "recipe.yaml", [], (DataArguments, ModelArguments, XAlignTrainingArguments)
    )
    assert (args.max_steps, args.learning_rate, args.per_device_train_batch_size) == (STEPS, 1e-3, 8)
    assert data.train_data == [{"path": "minicorpus:train", "langs": ["hin_Deva", "urd_Arab"], "limit": 400}]
    assert (data.prepared_dir, data.vocab_size) == (str(folder / "prepared"), 400)
    assert model.heads == {"mlm": {}, "tcm": {}} and model.model_config["hidden_size"] == 32
    assert resolved["output_dir"] == str(run)


def test_plain_transformers_opens_it(run):
    tokenizer = AutoTokenizer.from_pretrained(run)
    assert len(tokenizer) == 402 and tokenizer.model_max_length == 40
    batch = tokenizer(["यह घर है।", "یہ گھر ہے۔"], padding=True, return_tensors="pt")
    assert tokenizer.unk_token_id not in batch["input_ids"]
    model, info = AutoModelForMaskedLM.from_pretrained(run, output_loading_info=True)
    assert not info["missing_keys"] and not info["unexpected_keys"] and not info["mismatched_keys"]
    ours = XAlignModel.from_pretrained(run).eval()
    plain = AutoModel.from_pretrained(run, add_pooling_layer=False)
    with torch.no_grad():
        states = ours.base_model(**batch).last_hidden_state
        assert torch.equal(plain(**batch).last_hidden_state, states)
        assert torch.equal(model(**batch).logits, ours(**batch).logits)


def test_the_card_tells_the_run(run, folder):
    card = ModelCard.load(run / "README.md")
    results = json.loads((run / "results.json").read_text())
    values = [result.metric_value for result in card.data.eval_results]
    assert results["retrieval"]["cosine"]["mean_top1"]["value"] in values
    assert card.data.language == ["hin", "urd"] and "synthetic" in card.data.tags
    info = json.loads((folder / "prepared" / "preparation.json").read_text())
    assert f"fingerprint `{info['fingerprint']}`" in card.text and str(folder) not in card.text
    told = json.loads((run / "provenance.json").read_text())
    assert (told["first_step"], told["last_step"]) == (0, STEPS) and told["seconds"] > 0
    resumed = ModelCard.load(folder / "resumed" / "README.md").text
    assert f"(steps {HALF + 1} to {STEPS}, after a restart)" in resumed


def test_a_resumed_run_ends_with_the_same_weights(folder, run):
    resumed = folder / "resumed"
    for name in ("model.safetensors", "xalign_heads.safetensors"):
        first, second = load_file(run / name), load_file(resumed / name)
        assert first.keys() == second.keys()
        for key, value in first.items():
            assert torch.equal(value, second[key]), key
    half = load_file(run / f"checkpoint-{HALF}" / "model.safetensors")
    whole = load_file(run / "model.safetensors")
    assert not torch.equal(half["lm_head.dense.weight"], whole["lm_head.dense.weight"])
    losses = [[entry["loss"] for entry in _state(path)["log_history"] if "loss" in entry] for path in (run, resumed)]
    assert losses[0] == losses[1] and len(losses[0]) == STEPS


def test_resuming_is_said(folder, capsys, caplog):
    again = folder / "again" / f"checkpoint-{HALF}"
    shutil.copytree(folder / "straight" / again.name, again)
    assert _train(folder, "again", "--resume_from_checkpoint", "true", "--load_best_model_at_end", "false") == 0
    assert f"resuming from {again}\n" in capsys.readouterr().err
    assert f"using prepared data in {folder / 'prepared'}" in caplog.text
    # Weights that are tied to others are not in the file, and need not be.
    assert "missing keys" not in caplog.text and "unexpected keys" not in caplog.text
    assert _train(folder, "new", "--resume_from_checkpoint", "true", "--dry_run", "true") == 0
    assert f"no checkpoint in {folder / 'new'}: starting from the beginning\n" in capsys.readouterr().err


def test_the_recipe_tells_versions_and_data_from_the_start(folder, run):
    text = (run / "recipe.yaml").read_text()
    assert text.startswith("# Resolved by hf_xalign ")
    assert "\n# Prepared data: fingerprint " in text
    assert (folder / "diverged" / "recipe.yaml").exists() is False
    assert _train(folder, "diverged", "--learning_rate", "1e30", "--max_grad_norm", "0") == 2
    assert (folder / "diverged" / "recipe.yaml").exists()


def test_a_dry_run_resumes_nothing(folder, capsys):
    assert _train(folder, "straight", "--resume_from_checkpoint", "true", "--dry_run", "true") == 0
    assert "dry run" in capsys.readouterr().err


def test_a_finished_run_is_not_trained_further(folder, run, capsys):
    """Resuming it writes what it ended with once more, as after a stop between the last step and the saving."""
    again = max(run.glob("checkpoint-*"), key=lambda path: _state(path)["global_step"])
    shutil.copytree(again, folder / "finished" / again.name)
    assert _train(folder, "finished", "--resume_from_checkpoint", "true", "--load_best_model_at_end", "false") == 0
    assert "nothing is left to train" in capsys.readouterr().err
    weights, expected = (load_file(path / "model.safetensors") for path in (folder / "finished", again))
    assert all(torch.equal(weights[name], expected[name]) for name in expected)
    assert _state(folder / "finished")["global_step"] == _state(again)["global_step"]


def test_the_best_checkpoint_is_what_is_saved(folder):
    assert _train(folder, "best", "--heads.tcm", "null") == 0
    state = _state(folder / "best")
    scores = {
        entry["step"]: entry["eval_retrieval_top1"] for entry in state["log_history"] if "eval_retrieval_top1" in entry
    }
    best = max(scores, key=scores.get)  # the first, where two are equal
    assert state["best_global_step"] == best and state["best_metric"] == scores[best]
    saved, checkpoint = (
        load_file(path / "model.safetensors") for path in (folder / "best", folder / "best" / f"checkpoint-{best}")
    )
    assert all(torch.equal(value, checkpoint[key]) for key, value in saved.items())
    assert json.loads((folder / "best" / "xalign_config.json").read_text())["heads"] == {"mlm": {}}


def test_results_of_the_run_and_of_evaluate_agree(folder, run, tmp_path, capsys):
    results = json.loads((run / "results.json").read_text())
    assert results["dataset"]["n"] == 40 and results["dataset"]["synthetic"] is True
    assert results["pair"] == ["hin_Deva", "urd_Arab"] and (results["layer"], results["num_layers"]) == (2, 3)
    arguments = ["--data", str(folder / "prepared" / "test.parquet"), "--pair", "hin_Deva-urd_Arab", "--checkpoints"]
    assert main(["evaluate", str(run), *arguments, "--output", str(tmp_path / "out")]) == 0
    shown = capsys.readouterr().out
    assert f"wrote {tmp_path / 'out' / 'results.json'}" in shown
    again = json.loads((tmp_path / "out" / "results.json").read_text())
    assert again["retrieval"] == results["retrieval"] and again["similarities"] == results["similarities"]
    assert again["overlap"] == results["overlap"]
    assert [point["step"] for point in again["dynamics"]] == [HALF, STEPS]
    assert again["dynamics"][1]["mean_top1"] == results["retrieval"]["cosine"]["mean_top1"]


def test_evaluate_on_the_synthetic_corpus(run, tmp_path):
    arguments = ["--data", "minicorpus:test", "--pair", "hin_Deva-urd_Arab", "--limit", "50"]
    assert main(["evaluate", str(run), *arguments, "--output", str(tmp_path)]) == 0
    results = json.loads((tmp_path / "results.json").read_text())
    assert results["dataset"]["synthetic"] is True and results["dataset"]["n"] == 50
    assert 0 <= results["retrieval"]["cosine"]["mean_top1"]["value"] <= 1


def test_report_on_both_runs(folder, tmp_path, capsys):
    page = tmp_path / "report.html"
    assert main(["report", str(folder / "straight"), str(folder / "resumed"), "--output", str(page)]) == 0
    assert capsys.readouterr().out == f"wrote {page}\n"
    text = page.read_text(encoding="utf-8")
    assert text.lstrip().lower().startswith("<!doctype html>") and text.rstrip().endswith("</html>")
    assert "straight" in text and "resumed" in text and "synthetic" in text.lower()
    assert "<script src" not in text and "<link" not in text
