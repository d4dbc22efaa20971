"""What a run tells of itself, without the folders of the machine that it ran on."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.preparation import prepare
from hf_xalign.data.prepared import load_prepared
from hf_xalign.provenance import ProvenanceCallback, describe_data, describe_hardware


@pytest.fixture
def prepared(tmp_path):
    """Pairs of two sources, prepared, and the recipe's part that says what they are."""
    sources = []
    for name, licence in (("news", "cc0-1.0"), ("talks", None)):
        rows = [{"source": f"{name} {row}", "target": f"{name} numer {row}"} for row in range(20)]
        (tmp_path / f"{name}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
        source = {"path": str(tmp_path / f"{name}.jsonl"), "source_lang": "eng_Latn", "target_lang": "pol_Latn"}
        sources.append(source | ({"license": licence} if licence else {}))
    return load_prepared(_prepare(sources, tmp_path)), {"train_data": sources}


def _prepare(sources: list[dict], place: Path) -> Path:
    return prepare(DataArguments(train_data=sources), default_dir=place / "prepared", encoder="me/model")


def test_data_are_told_by_name_and_licence(prepared, tmp_path):
    data, recipe = prepared
    told = describe_data(data.info, recipe)
    assert str(tmp_path) not in json.dumps(told)
    first, second = told["sources"]["train_data"]
    assert (first["label"], first["license"], first["hub_id"]) == ("news.jsonl", "cc0-1.0", None)
    assert first["files"][0]["name"] == "news.jsonl" and len(first["files"][0]["sha256"]) == 64
    assert (second["label"], second["license"], second["rows"]) == ("talks.jsonl", None, 20)
    assert told["fingerprint"] == data.info["fingerprint"] and not told["synthetic"]
    assert told["languages"]["eng_Latn-pol_Latn"]["kept"] == told["rows"]["train"] == 40


def test_a_licence_makes_no_other_data(prepared, tmp_path):
    data, recipe = prepared
    recipe["train_data"][0]["license"] = "other"
    assert load_prepared(_prepare(recipe["train_data"], tmp_path)).info == data.info
    assert describe_data(data.info, recipe)["sources"]["train_data"][0]["license"] == "other"


def test_where_a_source_is_from(prepared, tmp_path):
    data, recipe = prepared
    source = data.info["sources"]["train_data"][0] | {"format": None}
    (tmp_path / "stories").mkdir()
    for path, hub_id, label in (
        ("me/stories", "me/stories", "me/stories text"),
        ("minicorpus:train", None, "minicorpus:train text"),
        (str(tmp_path / "stories"), None, "stories text"),
    ):
        info = data.info | {"sources": {"train_data": [source | {"path": path, "label": f"{path} text"}]}}
        told = describe_data(info, recipe)["sources"]["train_data"][0]
        assert (told["hub_id"], told["label"]) == (hub_id, label)


def test_an_encoder_of_a_folder_is_told_by_its_name(prepared, tmp_path):
    data, recipe = prepared
    (tmp_path / "base").mkdir()
    callback = ProvenanceCallback(recipe, data, str(tmp_path / "base"))
    assert callback.told["base_model"] == {"name": "base", "local": True, "revision": None}
    callback = ProvenanceCallback(recipe | {"model_revision": "v2"}, data, "me/model")
    assert callback.told["base_model"] == {"name": "me/model", "local": False, "revision": "v2"}


def test_hardware():
    told = describe_hardware(torch.device("cpu"), 2)
    assert (told["device"], told["processes"]) == ("cpu", 2) and told["name"] and told["threads"] >= 1
