"""Fine-tuning of tiny models: what is learnt, seeds, differences of models, LoRA."""

from __future__ import annotations

import copy

import numpy as np
import pytest
import torch
from scipy.stats import ttest_1samp
from transformers import AutoModel, AutoModelForMaskedLM

from hf_xalign.adapter_files import save_adapter
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import (
    LabelledFile,
    downstream_markdown,
    evaluate_downstream,
    format_downstream,
    read_downstream,
    read_task,
    validate_downstream,
    write_downstream,
)
from hf_xalign.evaluation.downstream.encoding import encode_examples
from hf_xalign.evaluation.downstream.finetuning import figure, fine_tune
from hf_xalign.evaluation.downstream.measures import counts
from hf_xalign.evaluation.downstream.models import check_model, open_model
from hf_xalign.evaluation.downstream.resampling import figure_estimate, gain_estimate, resampled_figures
from tests.evaluation.checkpoints import save_checkpoint
from tests.evaluation.downstream.factory import quick_settings, topic_rows, word_rows, write_rows
from tests.tiny import tiny_config, word_tokenizer


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    return [str(save_checkpoint(folder / name, seed, layers=1)) for seed, name in enumerate(("a", "b"))]


def evaluated(folder, models, rows, settings, **options):
    file = LabelledFile(write_rows(folder / "data.jsonl", rows), settings)
    return evaluate_downstream(models, file, read_task(file, "hin", ["hin", "urd"]), settings, **options)


@pytest.fixture(scope="module")
def of_topics(models, tmp_path_factory):
    """Two models, two seeds each."""
    settings = quick_settings("sib200", training__num_train_epochs=2)
    return evaluated(tmp_path_factory.mktemp("sib"), models, topic_rows(), settings, seeds=(3, 4), labels=("A", "B"))


def test_what_is_found_is_written_and_read(of_topics, tmp_path):
    path = write_downstream(of_topics, tmp_path)
    assert path.name == "downstream.json"
    read = read_downstream(tmp_path)
    assert [entry["language"] for entry in read["languages"]] == ["hin", "urd"]
    for entry in read["languages"]:
        assert (entry["n"], entry["words"], entry["dropped"]) == (24, 24, 0)
        for place, score in enumerate(entry["scores"]):
            for measure in ("accuracy", "macro_f1"):
                found = score[measure]
                assert found["low"] <= found["value"] <= found["high"]
                assert found["value"] == pytest.approx(np.mean(found["seeds"]), abs=1e-5)
                assert found["sd"] == pytest.approx(np.std(found["seeds"], ddof=1), abs=1e-5)
            assert ("difference" in score) == bool(place)
    first, second = (score["accuracy"] for score in read["languages"][0]["scores"])
    gain = read["languages"][0]["scores"][1]["difference"]["accuracy"]
    assert gain["value"] == pytest.approx(second["value"] - first["value"], abs=1e-5)
    assert read["settings"]["training"]["learning_rate"] == 0.01


def test_the_table(of_topics):
    lines = format_downstream(of_topics).splitlines()
    assert lines[0].startswith("sib200 on data, trained on 24 of hin, mean ± standard deviation of 2 seeds")
    assert lines[2].split() == ["test", "measure", "n", "A", "B", "B", "to", "A"]
    assert [line.split()[:2] for line in lines[3:7]] == [
        ["hin", "accuracy"],
        ["hin", "macro-F1"],
        ["urd", "accuracy"],
        ["urd", "macro-F1"],
    ]
    assert "| hin | accuracy | 24 |" in downstream_markdown(of_topics)


def test_what_models_did_not_see_is_told(of_topics):
    results = copy.deepcopy(of_topics)
    results["languages"][0]["dropped"] = 1
    results["languages"][1]["dropped"] = 2
    results["languages"][1]["scores"][1]["cut"] = 1
    assert format_downstream(results).splitlines()[-3:] == [
        "hin: 1 row without text or label left out",
        "urd: 2 rows without text or label left out",
        "urd, B: 1 sentence cut at 64 tokens",
    ]


def test_a_seed_gives_one_number_and_seeds_differ(models, tmp_path):
    settings = quick_settings("pos", training__num_train_epochs=1, training__learning_rate=0.003)
    found = [evaluated(tmp_path, models[:1], word_rows(), settings, seeds=seeds) for seeds in ((5, 6), (6,))]
    both, second = ([entry["scores"][0]["accuracy"]["seeds"] for entry in result["languages"]] for result in found)
    assert [[figures[1]] for figures in both] == second
    assert any(first != other for first, other in both)
    assert found[1]["languages"][0]["scores"][0]["accuracy"]["sd"] is None


def test_lost_words_are_counted_as_errors(models, tmp_path):
    settings = quick_settings("pos", max_length=5, training__num_train_epochs=8)
    result = evaluated(tmp_path, models[:1], word_rows(), settings, seeds=(0,))
    for entry in result["languages"]:
        (score,) = entry["scores"]
        assert 0 < score["lost_words"] < entry["words"]
        assert score["accuracy"]["value"] <= 1 - score["lost_words"] / entry["words"]
        # Of the words that it sees, it has learnt most.
        assert score["accuracy"]["value"] > 0.6 * (1 - score["lost_words"] / entry["words"])
    assert "words beyond 5 tokens or without any, counted as errors" in format_downstream(result)


@pytest.mark.parametrize("lora", [{}, {"peft__r": 2}])
def test_the_epoch_that_is_best_in_validation_is_tested(models, tmp_path, lora):
    if lora:
        pytest.importorskip("peft")
    settings = quick_settings("pos", training__num_train_epochs=5, training__learning_rate=0.2, **lora)
    data = read_task(LabelledFile(write_rows(tmp_path / "data.jsonl", word_rows()), settings), "hin", ["urd"])
    tokenizer = check_model(models[0], settings)
    train, validation = (
        encode_examples(part.items, tokenizer, settings, 64) for part in (data.train, data.validation)
    )
    run = fine_tune(models[0], tokenizer, settings, train, validation, [validation], seed=0)
    assert run.chosen_step < 15
    assert figure(settings, validation, run.predictions[0]) == run.validation


def test_lora(models, tmp_path):
    pytest.importorskip("peft")
    settings = quick_settings("sib200", peft__r=2, training__max_steps=3)
    result = evaluated(tmp_path, models[:1], topic_rows(), settings, seeds=(0,))
    assert result["settings"]["peft"] == {"r": 2}
    wrong = quick_settings("sib200", peft__rr=2)
    with pytest.raises(XAlignError, match=r"unknown option peft\.rr; did you mean"):
        evaluated(tmp_path, models[:1], topic_rows(), wrong, seeds=(0,))


@pytest.mark.parametrize(
    ("backbone", "new"),
    [
        # What these three put before the classifier is not in masked language models: its random weights are learnt.
        ("bert", ("pooler", "classifier")),
        ("deberta-v2", ("pooler", "classifier")),
        ("distilbert", ("pre_classifier", "classifier")),
        ("modernbert", ("classifier",)),
        ("xlm-roberta", ("classifier",)),
    ],
)
def test_lora_trains_all_that_the_checkpoint_lacks(backbone, new, tmp_path):
    pytest.importorskip("peft")
    torch.manual_seed(0)
    AutoModelForMaskedLM.from_config(tiny_config(backbone)).save_pretrained(tmp_path)
    opened = open_model(str(tmp_path), quick_settings("sib200", peft__r=2))
    learnt = {name for name, parameter in opened.named_parameters() if parameter.requires_grad}
    assert all(any(f"{module}.modules_to_save" in name for name in learnt) for module in new)
    assert all("lora_" in name or "modules_to_save" in name for name in learnt)


@pytest.fixture
def adapter(models, tmp_path):
    """An adapter of the first model, and the model that both come to."""
    peft = pytest.importorskip("peft")
    from hf_xalign import XAlignModel
    from hf_xalign.peft_adapters import add_lora

    torch.manual_seed(0)
    heads = {"mlm": {}, "tr": {"projection": "tanh"}}
    adapted = add_lora(XAlignModel.from_encoder(models[0], heads), {"r": 4})
    with torch.no_grad():
        for name, parameter in adapted.named_parameters():
            if "lora_B" in name:  # 0 at first
                parameter.normal_()
    save_adapter(adapted, tmp_path / "adapter")
    word_tokenizer().save_pretrained(tmp_path / "adapter")
    whole = peft.PeftModel.from_pretrained(AutoModel.from_pretrained(models[0]), tmp_path / "adapter")
    return str(tmp_path / "adapter"), whole.eval()


def test_an_adapter_is_added_to_its_base_model(adapter, models, tmp_path):
    folder, whole = adapter
    ids = torch.arange(6, 14)[None]
    for task in ("sib200", "pos"):
        settings = quick_settings(task)
        check_model(folder, settings)
        opened = open_model(folder, settings).eval()
        assert all(parameter.requires_grad for parameter in opened.parameters())
        assert not [name for name, _ in opened.named_parameters() if "lora" in name]
        with torch.no_grad():
            states, expected, of_base = (
                model(input_ids=ids).last_hidden_state
                for model in (opened.base_model, whole, open_model(models[0], settings).eval().base_model)
            )
        torch.testing.assert_close(states, expected, rtol=1e-5, atol=1e-5)
        assert (states - of_base).abs().max() > 0.01
    settings = quick_settings("sib200", training__max_steps=3, peft__r=2)
    result = evaluated(tmp_path, [folder, models[0]], topic_rows(), settings, seeds=(0,))
    assert [model["label"] for model in result["models"]] == ["adapter", "a"]


def test_a_training_that_breaks_down(models, tmp_path):
    settings = quick_settings("sib200", training__learning_rate=1e30, training__max_steps=4)
    with pytest.raises(XAlignError, match=r"with seed 0 broke down: .* lower training.learning_rate"):
        evaluated(tmp_path, models[:1], topic_rows(), settings, seeds=(0,))


def test_resamples_are_paired():
    labels = ["a", "b"]
    gold = [["a"], ["b"]] * 20
    good = counts("accuracy", gold, gold, labels)
    poor = counts("accuracy", gold, [["a"]] * 40, labels)
    draws = resampled_figures("accuracy", [[poor, poor], [poor, poor], [good, good]], seed=1)
    assert draws.shape == (1000, 3)
    assert (draws[:, 0] == draws[:, 1]).all()
    assert (draws[:, 2] == 1).all()
    assert 0.3 < np.quantile(draws[:, 0], 0.025) < 0.5 < np.quantile(draws[:, 0], 0.975) < 0.7
    assert figure_estimate("accuracy", np.ones(2), draws[:, 2], 40).low == pytest.approx(0.9119, abs=1e-4)
    # With seeds that differ, and examples that do not, what varies is the seed.
    draws = resampled_figures("accuracy", [[good, 0 * good + [0, 1]]], seed=1)
    assert set(np.unique(draws)) == {0, 0.5, 1}


def ends(estimate) -> tuple[float, float]:
    return estimate.low, estimate.high


def test_intervals_of_few_seeds_are_those_of_student():
    by_seed = np.array([0.50, 0.53, 0.61])
    gains = by_seed - np.array([0.48, 0.49, 0.52])
    # Draws that say that neither seeds nor examples differ.
    for found, figures in (
        (figure_estimate("entity_f1", by_seed, np.full(1000, by_seed.mean()), 40), by_seed),
        (gain_estimate(gains, np.full(1000, gains.mean()), 40), gains),
    ):
        expected = ttest_1samp(figures, 0).confidence_interval(0.95)
        assert (found.value, found.low, found.high) == pytest.approx((figures.mean(), *expected))
    wide = np.linspace(0, 1, 1001)
    assert ends(figure_estimate("entity_f1", by_seed, wide, 40)) == pytest.approx(
        tuple(np.quantile(wide, [0.025, 0.975]))
    )
    # No figure is below 0 or above 1; of one seed there is nothing but the draws.
    assert ends(figure_estimate("entity_f1", np.array([0.1, 0.9]), wide, 40)) == (0, 1)
    assert ends(gain_estimate(np.array([-0.9, 0.9]), wide, 40)) == (-1, 1)
    assert ends(figure_estimate("entity_f1", by_seed[:1], np.full(9, 0.5), 40)) == (0.5, 0.5)


def test_intervals_hold_what_they_should():
    """Of three seeds that differ more than the examples do, as of figures whose true mean is known."""
    rng, held, by_bootstrap = np.random.default_rng(0), 0, 0
    drawn = rng.integers(0, 3, size=(400, 3))
    for _ in range(400):
        by_seed = rng.normal(0, 0.05, size=3)
        draws = by_seed[drawn].mean(axis=1)
        found = gain_estimate(by_seed, draws, 100)
        held += found.low <= 0 <= found.high
        by_bootstrap += np.quantile(draws, 0.025) <= 0 <= np.quantile(draws, 0.975)
    assert by_bootstrap < 0.8 * 400 < 0.92 * 400 < held


@pytest.mark.parametrize(
    ("path", "wrong", "message"),
    [
        (("task",), "chess", "unknown task 'chess'"),
        (("measures",), ["accuracy"], "measures of sib200 are accuracy, macro_f1"),
        (("languages", 0, "scores"), [], "0 scores for 2 models"),
        (("languages", 0, "scores", 0, "accuracy", "seeds"), [0.5], "not one figure for each seed"),
        (("languages", 0, "scores", 1, "difference"), {}, "lacks .*difference.accuracy"),
    ],
)
def test_results_that_are_refused(of_topics, path, wrong, message):
    results = copy.deepcopy(of_topics)
    place = results
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = wrong
    with pytest.raises(XAlignError, match=message):
        validate_downstream(results)
