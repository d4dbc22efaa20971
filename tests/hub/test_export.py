from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, GPT2Config

from hf_xalign import XAlignConfig, XAlignModel
from hf_xalign.adapter_files import save_adapter
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.loading import alignment_settings
from hf_xalign.hub import export_reference
from hf_xalign.hub.export import ExportOptions, export_model
from hf_xalign.hub.export_record import read_export
from hf_xalign.hub.special_tokens import special_token_ids
from hf_xalign.hub.trained_pooling import trained_pooling
from hf_xalign.peft_adapters import add_lora
from hf_xalign.published_files import check_model, left_out, model_files
from tests.hub.test_downstream import ONNX, make_case
from tests.tiny import BACKBONES, tiny_config, word_tokenizer


BATCH = {"input_ids": torch.tensor([[0, 7, 8, 9, 2], [0, 7, 2, 1, 1]])}
BATCH["attention_mask"] = (BATCH["input_ids"] != 1).long()


def _states(folder):
    with torch.no_grad():
        return AutoModel.from_pretrained(folder).eval()(**BATCH, output_hidden_states=True)


def _checkpoint(folder: Path, backbone="xlm-roberta", heads=None, tokenizer=None, **settings) -> Path:
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(backbone, layers=3), heads or {"mlm": {}, "tcm": {}}, **settings)
    model.save_pretrained(folder)
    (tokenizer or word_tokenizer()).save_pretrained(folder)
    return folder


@pytest.fixture
def checkpoint(tmp_path):
    return _checkpoint(tmp_path / "model")


def test_the_alignment_layer_is_the_last(checkpoint, tmp_path):
    record = export_model(checkpoint, tmp_path / "new" / "out", ExportOptions())
    output = _states(tmp_path / "new" / "out")
    assert torch.equal(output.last_hidden_state, _states(checkpoint).hidden_states[2])
    assert (record.layer, record.layers, record.layers_of_source, record.pooling) == (2, 2, 3, "mean")
    assert record.differences == {"transformers": 0.0} and record.source == "model"
    assert read_export(tmp_path / "new" / "out") == record
    assert read_export(checkpoint) is None
    # Nothing else lies about, and it is no checkpoint to train further.
    assert [entry.name for entry in (tmp_path / "new").iterdir()] == ["out"]
    assert not (tmp_path / "new" / "out" / "xalign_heads.safetensors").exists()


def test_xalign_evaluates_an_export_at_its_layer(checkpoint, tmp_path):
    export_model(checkpoint, tmp_path / "out", ExportOptions(layer=3, pooling="cls"))
    settings = alignment_settings(str(tmp_path / "out"))
    assert (settings.alignment_layer, settings.pooling, list(settings.heads)) == (3, "cls", ["mlm", "tcm"])


def test_a_tokenizer_without_a_limit_gets_the_encoders(tmp_path):
    tokenizer = word_tokenizer()
    tokenizer.model_max_length = 10**30
    export_model(_checkpoint(tmp_path / "model", tokenizer=tokenizer), tmp_path / "out", ExportOptions())
    # 130 positions, of which XLM-R cannot use the first two.
    assert AutoTokenizer.from_pretrained(tmp_path / "out").model_max_length == 128


def test_records_go_along_and_figures_of_the_same_layer_only(checkpoint, tmp_path):
    (checkpoint / "LICENSE").write_text("mine")
    (checkpoint / "recipe.yaml").write_text("license: apache-2.0\nheads: {mlm: {}}\n")
    (checkpoint / "results.json").write_text(json.dumps({"layer": 2, "pooling": "mean"}))
    (checkpoint / "mining.json").write_text(json.dumps({"models": [{"layer": 2, "pooling": "mean"}] * 2}))
    (checkpoint / "languages.json").write_text(json.dumps({"models": [{"layer": 3, "pooling": "mean"}]}))
    (checkpoint / "sts.json").write_text("cut sho")
    (checkpoint / "training_args.bin").write_text("a pickle")
    (checkpoint / "provenance.json").write_text(json.dumps({"architecture": {"parameters": 12345}}))
    export_model(checkpoint, tmp_path / "out", ExportOptions())
    export_model(checkpoint, tmp_path / "last", ExportOptions(layer=3))
    records = {"LICENSE", "recipe.yaml", "README.md"}
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert records | {"results.json", "mining.json"} < names
    assert not {"languages.json", "sts.json", "training_args.bin"} & names
    assert {path.name for path in (tmp_path / "last").iterdir()} & {"results.json", "languages.json"} == {
        "languages.json"
    }
    card = (tmp_path / "out" / "README.md").read_text()
    assert "# out" in card and 'from_pretrained("out")' in card and "The first 2 of 3 layers of model" in card
    # Those of the whole model are more.
    weights = load_file(tmp_path / "out" / "model.safetensors")
    assert f"{sum(tensor.numel() for tensor in weights.values()):,} parameters" in card


def test_any_encoder_can_be_cut_where_it_is_told(tmp_path):
    AutoModelForMaskedLM.from_config(tiny_config()).save_pretrained(tmp_path / "plain")
    word_tokenizer().save_pretrained(tmp_path / "plain")
    export_model(tmp_path / "plain", tmp_path / "out", ExportOptions(layer=1))
    assert torch.equal(_states(tmp_path / "out").last_hidden_state, _states(tmp_path / "plain").hidden_states[1])
    # It was not aligned here: nothing is claimed.
    assert not (tmp_path / "out" / "README.md").exists() and not (tmp_path / "out" / "xalign_config.json").exists()
    with pytest.raises(XAlignError, match=r"plain has no xalign_config.json that tells .* give --layer"):
        export_model(tmp_path / "plain", tmp_path / "none", ExportOptions())


def test_modernbert_is_cut_for_those_who_read_a_layer_by_name(tmp_path):
    checkpoint = _checkpoint(tmp_path / "model", "modernbert")
    with pytest.raises(XAlignError, match=r"modernbert puts a norm after its last layer, which layer 2 of 3 has not"):
        export_model(checkpoint, tmp_path / "out", ExportOptions())
    export_model(checkpoint, tmp_path / "out", ExportOptions(layer=3))
    assert torch.equal(_states(tmp_path / "out").last_hidden_state, _states(checkpoint).last_hidden_state)
    record = export_model(checkpoint, tmp_path / "named", ExportOptions(layer=1, sentence_transformers=True))
    assert (record.layer, record.layers, record.layers_of_source) == (1, 2, 3)
    assert torch.equal(_states(tmp_path / "named").hidden_states[1], _states(checkpoint).hidden_states[1])


def test_sentence_embeddings_of_length_1(checkpoint, tmp_path):
    from sentence_transformers import SentenceTransformer

    export_model(checkpoint, tmp_path / "out", ExportOptions(sentence_transformers=True, normalize=True))
    export_model(checkpoint, tmp_path / "plain", ExportOptions(sentence_transformers=True))
    sentences = ["w1 w2 w3", "w4"]
    unit, plain = (
        SentenceTransformer(str(tmp_path / name), device="cpu").encode(sentences, convert_to_tensor=True)
        for name in ("out", "plain")
    )
    torch.testing.assert_close(unit, torch.nn.functional.normalize(plain))
    assert not torch.allclose(unit, plain)
    # The one difference to training: special tokens are known by id, wherever they stand in a sentence.
    model = SentenceTransformer(str(tmp_path / "plain"), device="cpu")
    states = model.encode(["w1 </s> w2"], output_value="token_embeddings")[0]
    assert states.shape[0] == 5 and bool((states == 0).all(1).tolist() == [True, False, True, False, True])


def test_an_export_is_whole_for_a_push(checkpoint, tmp_path):
    export_model(checkpoint, tmp_path / "out", ExportOptions(sentence_transformers=True))
    (tmp_path / "out" / "onnx").mkdir()
    (tmp_path / "out" / "onnx" / "model.onnx").write_text("drawn elsewhere")
    check_model(tmp_path / "out")
    files = model_files(tmp_path / "out")
    assert {"xalign_export.json", "modules.json", "1_WordWeights/model.safetensors", "onnx/model.onnx"} < files.keys()
    assert left_out(tmp_path / "out", files) == []


def test_special_tokens_are_those_around_a_sentence():
    assert special_token_ids(word_tokenizer()) == [0, 1, 2]  # <s> <pad> </s>; <unk> and <mask> are text


@pytest.mark.parametrize(
    ("heads", "pooling", "expected"),
    [
        ({}, "cls", "cls"),
        ({"tcm": {}}, "mean", "mean"),
        ({"tr": {"pooling": "cls"}}, "mean", "cls"),
        ({"tr": {"pooling": "cls"}, "tcm": {}}, "cls", "cls"),
        ({"tr": {"pooling": None}, "wtr": {}}, "cls", "cls"),
    ],
)
def test_pooling_is_that_of_the_objectives(heads, pooling, expected):
    assert trained_pooling(XAlignConfig(heads=heads, pooling=pooling)) == expected


def test_two_ways_to_pool_are_told_apart(tmp_path):
    checkpoint = _checkpoint(tmp_path / "model", heads={"tr": {"pooling": "cls"}, "tcm": {}})
    with pytest.raises(XAlignError, match=r"two ways \(tr: cls, tcm: mean\): choose one with --pooling"):
        export_model(checkpoint, tmp_path / "out", ExportOptions())
    assert export_model(checkpoint, tmp_path / "out", ExportOptions(pooling="mean")).pooling == "mean"


@pytest.mark.parametrize("part", ["transformers", "sentence-transformers"])
def test_an_export_that_gives_something_else_is_none(part, checkpoint, tmp_path, monkeypatch):
    monkeypatch.setattr(export_reference, "TOLERANCE", -1.0)
    options = ExportOptions(sentence_transformers=part != "transformers")
    with pytest.raises(XAlignError, match=f"the {part} export gives other values than the source"):
        export_model(checkpoint, tmp_path / "out", options)
    assert [entry.name for entry in tmp_path.iterdir()] == ["model"]


def test_a_missing_package_is_named_with_its_extra(checkpoint, tmp_path, monkeypatch):
    absent = {"sentence_transformers", "onnxscript", "peft"}
    found = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name in absent else found(name))
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    for folder, options, message in [
        (checkpoint, {"sentence_transformers": True}, r"needs sentence_transformers: .*\[sentence-transformers\]"),
        (checkpoint, {"onnx": True}, r"--onnx needs onnxscript: pip install 'hf_xalign\[onnx\]'"),
        (tmp_path / "adapter", {"merge": True}, r"--merge needs peft: pip install 'hf_xalign\[peft\]'"),
    ]:
        with pytest.raises(XAlignError, match=message):
            export_model(folder, tmp_path / "out", ExportOptions(**options))
    assert not (tmp_path / "out").exists()


def test_folders_that_cannot_be_exported(checkpoint, tmp_path):
    (tmp_path / "empty").mkdir()
    (tmp_path / "file").write_text("")
    GPT2Config(vocab_size=10, n_positions=8, n_embd=4, n_layer=1, n_head=1).save_pretrained(tmp_path / "gpt2")
    (tmp_path / "adapter").mkdir()
    (tmp_path / "adapter" / "adapter_config.json").write_text("{}")
    _checkpoint(tmp_path / "lacking")
    (tmp_path / "lacking" / "model.safetensors").unlink()
    for name, options, message in [
        ("nowhere", {}, "no such checkpoint folder: .*nowhere"),
        ("file", {}, "file is a file: give a checkpoint's folder"),
        ("empty", {}, "empty is not a model folder: it has no config.json"),
        ("gpt2", {"layer": 1}, "encoder 'gpt2' is not supported; supported model types: bert, "),
        ("adapter", {}, "adapter holds an adapter: add --merge"),
        ("model", {"merge": True}, "model holds no adapter .*: leave out --merge"),
        ("model", {"layer": 0}, "layer 0 is out of range: .*model has layers 1 to 3"),
        ("model", {"layer": 4}, "layer 4 is out of range"),
        ("model", {"normalize": True}, "--normalize goes with --sentence-transformers or --onnx"),
        ("lacking", {}, "cannot open the model of .*lacking"),
    ]:
        with pytest.raises(XAlignError, match=message) as refused:
            export_model(tmp_path / name, tmp_path / "out", ExportOptions(**options))
        assert "\n" not in str(refused.value)
    for output in (checkpoint, tmp_path / "file"):
        with pytest.raises(XAlignError, match=r"exists and is not empty|it is a file"):
            export_model(checkpoint, output, ExportOptions())
    left = {"empty", "file", "gpt2", "adapter", "lacking", "model"}
    assert {entry.name for entry in tmp_path.iterdir()} == left


def test_an_adapter_is_merged_and_then_cut(tmp_path):
    AutoModelForMaskedLM.from_config(tiny_config()).save_pretrained(tmp_path / "base")
    word_tokenizer().save_pretrained(tmp_path / "base")
    torch.manual_seed(0)
    model = add_lora(XAlignModel.from_encoder(str(tmp_path / "base"), {"mlm": {}, "tcm": {}}), {"r": 4})
    with torch.no_grad():
        for name, weights in model.named_parameters():
            if "lora_B" in name:
                weights.normal_()
    save_adapter(model, tmp_path / "adapter")
    word_tokenizer().save_pretrained(tmp_path / "adapter")
    with torch.no_grad():
        expected = model.eval()(**BATCH, output_hidden_states=True).hidden_states

    (tmp_path / "adapter" / "NOTICE").write_text("mine")
    assert export_model(tmp_path / "adapter", tmp_path / "merged", ExportOptions(merge=True)) is None
    _, info = AutoModelForMaskedLM.from_pretrained(tmp_path / "merged", output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys"))
    assert (tmp_path / "merged" / "README.md").exists() and read_export(tmp_path / "merged") is None
    record = export_model(tmp_path / "adapter", tmp_path / "cut", ExportOptions(merge=True, layer=2))
    assert (record.source, record.layer, record.layers) == ("adapter", 2, 2)
    assert all((tmp_path / name / "NOTICE").read_text() == "mine" for name in ("merged", "cut"))
    for found, state in zip(_states(tmp_path / "merged").hidden_states, expected, strict=True):
        torch.testing.assert_close(found, state, rtol=1e-4, atol=1e-5)
    torch.testing.assert_close(_states(tmp_path / "cut").last_hidden_state, expected[2], rtol=1e-4, atol=1e-5)
    assert not torch.allclose(expected[2], _states(tmp_path / "base").hidden_states[2], atol=1e-2)
    assert {entry.name for entry in tmp_path.iterdir()} == {"base", "adapter", "merged", "cut"}


@pytest.mark.slow
@pytest.mark.parametrize("backbone", [name for name in BACKBONES if name not in ONNX])
def test_every_backbone_has_a_graph(backbone, tmp_path):
    """The command itself compares the graph with the source; `test_downstream` reads the others."""
    make_case(backbone, tmp_path, onnx=True)
    assert read_export(tmp_path / "export").differences["onnx"] < 1e-5
