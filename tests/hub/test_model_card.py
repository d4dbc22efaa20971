"""The card of a run says what its files say, and nothing else."""

from __future__ import annotations

import json
import re

import pytest
import yaml
from huggingface_hub import ModelCard

from hf_xalign.data.languages import parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.heads import HEADS
from hf_xalign.hub import render_card, write_card
from hf_xalign.hub.model_card import MARKER, refresh_cards
from tests.evaluation.languages_factory import make_languages
from tests.hub.card_factory import DATA, PROVENANCE, RECIPE, make_run, run_results, write_results


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("runs"), results=run_results())


@pytest.fixture(scope="module")
def card(folder):
    return ModelCard(write_card(folder).read_text(encoding="utf-8"))


def section(card: ModelCard, title: str) -> str:
    """A section of the second level."""
    return re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", card.text, flags=re.DOTALL | re.MULTILINE)[1]


def check_front_matter(card: ModelCard) -> dict:
    """What the Hub asks of a card's metadata, as far as it can be checked without it."""
    text = str(card)
    assert text.startswith("---\n")
    front = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))
    assert all(isinstance(front[key], str) for key in ("library_name", "pipeline_tag"))
    assert all(str(parse_language(code)) == code for code in front.get("language", []))
    for name in [front.get("base_model", "a/b"), *front.get("datasets", [])]:
        assert re.fullmatch(r"[\w.-]+(/[\w.-]+)?", name)
    assert all(isinstance(tag, str) and tag for tag in front["tags"])
    for entry in front.get("model-index", []):
        assert entry["name"]
        for result in entry["results"]:
            assert result["task"]["type"] and result["dataset"]["name"] and result["dataset"]["type"]
            assert all(metric["type"] and isinstance(metric["value"], float) for metric in result["metrics"])
    return front


def test_front_matter(card):
    front = check_front_matter(card)
    assert front["language"] == ["hin", "urd"] and front["license"] == "cc-by-4.0"
    assert front["base_model"] == "FacebookAI/xlm-roberta-base" and front["base_model_relation"] == "finetune"
    assert front["library_name"] == "transformers" and front["pipeline_tag"] == "feature-extraction"
    assert front["datasets"] == ["me/urdu"] and front["metrics"] == ["accuracy"]
    assert front["tags"] == ["hf_xalign", "crosslingual-alignment", "mlm", "tcm", "generated_from_trainer"]
    assert front["model-index"][0]["name"] == "my-run"


def test_it_tells_data_objectives_settings_machine_and_time(card):
    data = section(card, "Training data")
    assert "1,200 rows after cleaning, fingerprint `0123456789abcdef`" in data and "uroman 1.3.1.1" in data
    assert "| `hin_Deva` | 693 | 8,000 | 2 | 5 |" in data
    assert "| train | stories.parquet hin | 700 | cc-by-sa-4.0 | `abababababab` |" in data
    assert "| train | me/urdu text | 510 | not stated | – |" in data
    training = section(card, "Training")
    assert "temperature 0.1, similarity cosine, factor 1 |" in training
    assert "| `learning_rate` | 0.001 |" in training and "| `max_length` | 48 |" in training
    assert "lr_scheduler_type" not in training  # the default
    assert (
        "| 20 | 4.000 | 4.500 | 0.500 | 0.250 |" in training and "| 40 | 3.000 | 4.500 | 0.500 | 0.500 |" in training
    )
    assert training.count("\n| ") < 40
    assert "Some CPU (cpu), 1 process of 2 threads; peak memory 1.5 GB a process" in training
    assert "12 min 34 s (40 steps)" in training and "python 3.11.7, hf\\_xalign" not in training
    assert "python 3.11.7, hf_xalign 0.1.0, torch 2.13.0" in training
    assert "layer 2 of 3" in card.text and "12,345 parameters" in card.text


def test_no_path_of_a_machine(card, folder):
    assert "/home" not in str(card) and str(folder.parent) not in str(card)


def test_each_objective_brings_its_paper(card, tmp_path):
    citation = section(card, "Citation")
    assert citation.count("```bibtex") == 2  # one paper for both objectives, and the romaniser's
    assert HEADS["tcm"].citation in citation and "hermjakob" in citation
    assert all(head.citation.startswith("@inproceedings{") for head in HEADS.values())
    words = PROVENANCE | {"data": DATA | {"aligner": "eflomal(runs=3)"}}
    run = make_run(tmp_path, heads={"tr": {}, "so": {}}, provenance=words, recipe=RECIPE | {"second_view": "original"})
    citation = section(render_card(run), "Citation")
    assert [name in citation for name in ("miao", "dou-neubig", "ostling", "hermjakob", "liu")] == [True] * 3 + [
        False
    ] * 2


def test_every_figure_is_one_of_the_result_file(card, folder):
    results = json.loads((folder / "results.json").read_text())
    retrieval = results["retrieval"]["cosine"]
    estimates = [retrieval["forward"]["top1"], retrieval["backward"]["top1"], retrieval["mean_top1"]]
    cells = [f"{100 * e['value']:.1f} [{100 * e['low']:.1f}, {100 * e['high']:.1f}]" for e in estimates]
    text = section(card, "Results")
    assert f"| `hin_Deva-urd_Arab` | 100 | {' | '.join(cells)} |" in text
    gap = results["similarities"]["translation"]["gap"]
    assert f"{gap['value']:.3f} [{gap['low']:.3f}, {gap['high']:.3f}]" in text
    written = {
        number for line in text.splitlines() if line.startswith("|") for number in re.findall(r"\d+\.\d+", line)
    }
    known = {f"{100 * e[key]:.1f}" for e in estimates for key in ("value", "low", "high")}
    assert written == known | {f"{gap[key]:.3f}" for key in ("value", "low", "high")}
    values = [
        metric["value"] for result in card.data.to_dict()["model-index"][0]["results"] for metric in result["metrics"]
    ]
    assert sorted(values) == sorted([retrieval["mean_top1"]["value"], gap["value"]])
    # Nor does it show the sentences that the file holds.
    assert all(error[side] not in str(card) for error in results["errors"] for side in ("query", "answer", "nearest"))


def test_no_results_no_claims(tmp_path):
    card = render_card(make_run(tmp_path))
    assert "no figure is claimed" in section(card, "Results") and "|" not in section(card, "Results")
    assert "model-index" not in card.data.to_dict() and "metrics" not in card.data.to_dict()


def test_results_of_other_models_and_of_older_weights_are_left_out(tmp_path, caplog):
    folder = make_run(tmp_path)
    write_results(folder / "flores", run_results(dataset="flores") | {"date": "2026-01-01T00:00:00+00:00"})
    write_results(folder / "ntrex", run_results(dataset="ntrex") | {"model": "runs/another"})
    write_results(folder / "checkpoint-20", run_results(dataset="verses"))
    write_results(folder / "broken", {"format": "hf_xalign/results-1", "date": "today"})
    assert "no figure is claimed" in write_card(folder).read_text(encoding="utf-8")
    assert "flores/results.json: measured before the training ended" in caplog.text
    assert "broken/results.json: cannot be read" in caplog.text and "ntrex" not in caplog.text


def test_many_languages(tmp_path):
    folder = make_run(tmp_path)
    found = make_languages(("other", "my-run")) | {"date": "2026-01-03T00:00:00+00:00"}
    write_results(tmp_path / "elsewhere", found, "languages.json")
    assert "no figure is claimed" in str(render_card(folder))
    card = render_card(folder, results=[tmp_path / "elsewhere"])
    rows = [line for line in section(card, "Results").splitlines() if line.startswith("| `eng_Latn-")]
    scores = [entry["scores"]["cosine"][1] for entry in found["languages"]]
    assert len(rows) == 4
    for row, score in zip(rows, scores, strict=True):
        assert [f"{100 * score[way]['value']:.1f}" for way in ("forward", "backward", "mean")] == [
            cell.split()[0] for cell in row.split(" | ")[2:]
        ]
    assert "mean of 4 (all)" in card.text
    weakest = min(zip(scores, found["languages"], strict=True), key=lambda pair: pair[0]["mean"]["value"])[1]
    limits = section(card, "Limits")
    assert f"Weakest of the pairs measured: `{'-'.join(weakest['pair'])}`" in limits
    assert "Nothing was measured in `hin_Deva`, `urd_Arab`" in limits


def test_a_card_of_ones_own_stays(tmp_path, caplog):
    folder = make_run(tmp_path, results=run_results())
    path = write_card(folder)
    mine = path.read_text(encoding="utf-8").replace(MARKER, "").replace("# my-run", "# My model")
    path.write_text(mine, encoding="utf-8")
    assert write_card(folder) == path and path.read_text(encoding="utf-8") == mine
    assert "was not written by hf_xalign: left as it is" in caplog.text
    assert refresh_cards([folder], folder / "flores") == []


def test_an_evaluation_in_the_folder_gets_into_the_card(tmp_path):
    folder = make_run(tmp_path)
    write_card(folder)
    write_results(folder / "flores", run_results(dataset="flores200"))
    assert refresh_cards([folder], tmp_path / "elsewhere") == [] == refresh_cards(["me/model"], folder)
    assert refresh_cards([folder, "me/model"], folder / "flores") == [folder / "README.md"]
    assert "**flores200**" in (folder / "README.md").read_text(encoding="utf-8")


def test_the_name_on_the_hub(folder):
    card = render_card(folder, repo_id="me/aligned")
    assert "# aligned\n" in card.text and 'from_pretrained("me/aligned")' in card.text
    assert card.data.to_dict()["model-index"][0]["name"] == "me/aligned"


def test_a_run_that_tells_little(tmp_path):
    folder = make_run(tmp_path, provenance=None, recipe=None)
    (folder / "trainer_state.json").unlink()
    card = render_card(folder)
    check_front_matter(card)
    for part in ("does not tell what it was trained on", "**Machine:** not recorded", "**Licence:** not stated"):
        assert part in card.text
    assert "None" not in card.text.replace("[..., None]", "")


def test_what_is_no_run(tmp_path):
    with pytest.raises(XAlignError, match=r"no such folder"):
        write_card(tmp_path / "gone")
    with pytest.raises(XAlignError, match=r"has no config.json: it is no checkpoint of hf_xalign"):
        write_card(tmp_path)
    folder = make_run(tmp_path)
    (folder / "provenance.json").write_text("{")
    with pytest.raises(XAlignError, match=r"cannot read .*provenance.json"):
        write_card(folder)
    assert not (folder / "README.md").exists()
