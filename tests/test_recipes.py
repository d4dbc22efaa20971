"""Every recipe that is shipped: what it says, and that it runs."""

from __future__ import annotations

import math
from pathlib import Path

import pyarrow.parquet as pq
import pytest
import torch
from tokenizers import Tokenizer, models
from transformers import PreTrainedTokenizerFast

from hf_xalign.arguments import ModelArguments
from hf_xalign.backbones import fresh_config
from hf_xalign.configuration import default_alignment_layer
from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.cleaning import sentence_key
from hf_xalign.data.prepared import load_prepared
from hf_xalign.data.sources import parse_source
from hf_xalign.data.tokenization import load_tokenizer
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.modeling import XAlignModel
from hf_xalign.recipe import read_recipe
from hf_xalign.train import train
from hf_xalign.training_args import XAlignTrainingArguments
from tests.end_to_end.stand_in_data import write_stand_in_data


RECIPES = Path(__file__).parents[1] / "recipes"
# recipes/accelerate holds settings of accelerate, which are no recipes.
ALL = sorted(path for path in RECIPES.rglob("*.yaml") if "accelerate" not in path.parts and path.stem != "sweep")
WORD_ALIGNMENT = {
    "tr": {"tr": {}},
    "tr-awp": {"tr": {"weight": 0.8}, "awp": {"weight": 0.1}},
    "tr-wtr": {"tr": {"weight": 0.8}, "wtr": {"weight": 0.1}},
    "full": {"tr": {"weight": 0.8}, "awp": {"weight": 0.1}, "wtr": {"weight": 0.1}},
}
PAIRS = {"hin-urd": ("hin_Deva", "urd_Arab"), "pol-ukr": ("pol_Latn", "ukr_Cyrl")}
SETS = [f"{pair}{size}" for pair in PAIRS for size in ("", "/small")]

# Liu et al. (2025), section 4.1: the text of the second view, and the objectives.
PAPER = {
    1: ("original", ["mlm"]),
    2: ("transliteration", ["mlm"]),
    3: ("transliteration", ["mlm", "tcm"]),
    4: ("transliteration", ["mlm", "tlm"]),
    5: ("transliteration", ["mlm", "tcm", "tlm"]),
}

# The full-size models are too large to build 21 times: a dry run shrinks them, and their data, to these.
TINY = [
    "--use_cpu=true",
    "--vocab_size=400",
    "--model_config.num_hidden_layers=2",
    "--model_config.hidden_size=64",
    "--model_config.intermediate_size=128",
    "--model_config.num_attention_heads=2",
    "--alignment_layer=1",
]


def _name(path: Path) -> str:
    return str(path.relative_to(RECIPES).with_suffix(""))


def _written(path: Path) -> dict:
    """A recipe as it is written, its keys and values checked against the dataclasses."""
    _, resolved = read_recipe(path, [], (DataArguments, ModelArguments, XAlignTrainingArguments), expand=False)
    return resolved


def _model(group: str, number: int) -> dict:
    return _written(RECIPES / "transliteration" / group / f"model-{number}.yaml")


@pytest.fixture(scope="session")
def stand_in_data(tmp_path_factory):
    return write_stand_in_data(tmp_path_factory.mktemp("data"))


@pytest.fixture(scope="session")
def prepared_root(tmp_path_factory):
    """Recipes that share prepared data share them here, too."""
    return tmp_path_factory.mktemp("prepared")


@pytest.fixture
def data_folder(stand_in_data, monkeypatch):
    monkeypatch.setenv("HF_XALIGN_DATA", str(stand_in_data))


# --- what they say ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_it_is_a_recipe(path):
    """Every key and value fits, on a machine without data; what is named in the sources is known, too."""
    recipe = _written(path)
    for section in ("train_data", "selection_data", "test_data"):
        assert recipe[section], f"{section} is empty"
        for index, spec in enumerate(recipe[section]):
            source = parse_source(spec, f"{section}.{index}")
            assert source.path.startswith(("${HF_XALIGN_DATA}/", "minicorpus:")), "a path of one machine"
    if recipe.get("model_name_or_path") is None:
        model = recipe["model_config"]
        assert recipe["alignment_layer"] == default_alignment_layer(model["num_hidden_layers"])
        assert model["hidden_size"] % model["num_attention_heads"] == 0
    assert recipe["max_steps"] % recipe["save_steps"] == 0, "the last checkpoint is not the end of the run"
    assert recipe["output_dir"].startswith("runs/") and recipe["prepared_dir"].startswith("prepared/")


def test_there_are_all_twenty_and_the_quickstart():
    expected = {f"transliteration/{group}/model-{number}" for group in SETS for number in PAPER}
    assert expected | {"quickstart"} <= set(map(_name, ALL))
    outputs = [_written(path)["output_dir"] for path in ALL]
    assert len(set(outputs)) == len(ALL), "two recipes write to one folder"


@pytest.mark.parametrize("group", SETS)
@pytest.mark.parametrize("number", PAPER)
def test_models_are_those_of_the_paper(group, number):
    recipe = _model(group, number)
    view, heads = PAPER[number]
    assert recipe["second_view"] == view
    # No options: weights of 1, and the default preset.
    assert recipe["heads"] == {head: {} for head in heads}
    assert recipe["tokenizer_train_on"] == "original"
    assert {source["lang"] for source in recipe["train_data"]} == set(PAIRS[group.split("/")[0]])
    assert recipe["output_dir"].endswith(f"/model-{number}")


@pytest.mark.parametrize("group", SETS)
def test_models_of_one_table_differ_in_nothing_else(group):
    own = ("second_view", "heads", "output_dir")
    shared = [{key: value for key, value in _model(group, number).items() if key not in own} for number in PAPER]
    for other in shared[1:]:
        assert other == shared[0]


@pytest.mark.parametrize("pair", PAIRS)
def test_full_size_is_that_of_the_paper(pair):
    recipe = _model(pair, 3)
    assert recipe["per_device_train_batch_size"] * recipe["gradient_accumulation_steps"] == 1024
    assert (recipe["learning_rate"], recipe["warmup_steps"], recipe["weight_decay"]) == (1e-4, 1000, 0.01)
    assert (recipe["vocab_size"], recipe["alignment_layer"]) == (30_000, 8)


@pytest.mark.parametrize("pair", PAIRS)
def test_small_recipes_differ_from_the_full_ones_in_size_alone(pair):
    full, small = _model(pair, 5), _model(f"{pair}/small", 5)
    differing = {key for key in full | small if full.get(key) != small.get(key)}
    assert differing <= {
        *("train_data", "prepared_dir", "vocab_size", "max_length", "model_config", "alignment_layer", "output_dir"),
        *("max_steps", "per_device_train_batch_size", "gradient_accumulation_steps", "learning_rate", "warmup_steps"),
        *("optim", "adam_epsilon", "logging_steps", "eval_steps", "save_steps", "save_total_limit"),
    }
    # Short sentences of the same sources, the Old Testament left out.
    unbounded = [
        {key: value for key, value in source.items() if key not in ("min_words", "max_words")}
        for source in small["train_data"]
    ]
    assert unbounded == [source for source in full["train_data"] if not source["path"].endswith("bible_ot.parquet")]
    assert all("max_words" in source for source in small["train_data"])
    assert small["vocab_size"] < full["vocab_size"]
    assert small["model_config"]["model_type"] == full["model_config"]["model_type"]


@pytest.mark.parametrize("size", ["", "small/"])
def test_word_alignment_is_that_of_the_paper(size):
    recipes = {name: _written(RECIPES / f"word_alignment/{size}{name}.yaml") for name in WORD_ALIGNMENT}
    own = ("heads", "output_dir")
    shared = [{key: value for key, value in recipe.items() if key not in own} for recipe in recipes.values()]
    for other in shared[1:]:
        assert other == shared[0]
    assert {name: recipe["heads"] for name, recipe in recipes.items()} == WORD_ALIGNMENT
    assert shared[0]["alignment_threshold"] == 0.9
    if not size:
        full = recipes["full"]
        assert (full["max_steps"], full["per_device_train_batch_size"]) == (10_000, 1024)
        assert full["gradient_cache_chunk_size"] and "gradient_accumulation_steps" not in full
        assert full["aligner"]["name"] == "wspalign"


def test_the_small_recipes_post_align_what_base_trains():
    base = _written(RECIPES / "word_alignment/small/base.yaml")
    for name in (*WORD_ALIGNMENT, "tr-wtr-tcm"):
        recipe = _written(RECIPES / f"word_alignment/small/{name}.yaml")
        assert recipe["model_name_or_path"] == base["output_dir"]
        for key in ("train_data", "selection_data", "test_data", "exclude_data", "max_length"):
            assert recipe[key] == base[key]


@pytest.mark.parametrize("number", PAPER)
def test_both_pairs_are_trained_alike(number):
    data = ("train_data", "selection_data", "test_data", "exclude_data", "prepared_dir", "output_dir")
    for size in ("", "/small"):
        first, second = (
            {key: value for key, value in _model(f"{pair}{size}", number).items() if key not in data} for pair in PAIRS
        )
        assert first == second


def _differing(first: dict, second: dict) -> set[str]:
    return {key for key in first | second if first.get(key) != second.get(key)}


@pytest.mark.parametrize("size", ["", "/small"])
@pytest.mark.parametrize("number", [1, 3, 5])
def test_four_languages_are_both_pairs(size, number):
    """The sources of both, and as many pieces and steps for a language."""
    four = _model(f"four-languages{size}", number)
    pairs = [_model(f"{pair}{size}", number) for pair in PAIRS]
    for section in ("train_data", "selection_data", "test_data", "exclude_data"):
        assert four[section] == [source for pair in pairs for source in pair[section]]
    assert (four["vocab_size"], four["max_steps"]) == (2 * pairs[0]["vocab_size"], 2 * pairs[0]["max_steps"])
    assert _differing(four, pairs[0]) == {
        *("train_data", "selection_data", "test_data", "exclude_data", "prepared_dir", "output_dir"),
        *("vocab_size", "max_steps", "eval_steps", "save_steps"),
    }


@pytest.mark.parametrize(
    ("name", "transliteration"),
    [
        ("icu", {"backend": "icu", "transform": "Any-Latin; Latin-ASCII"}),
        ("noise-0.1", {"noise": 0.1}),
        ("noise-0.3", {"noise": 0.3}),
    ],
)
def test_other_transliterations_change_nothing_else(name, transliteration):
    other = _written(RECIPES / f"transliteration/hin-urd/small/model-3-{name}.yaml")
    assert other["transliteration"] == transliteration
    assert _differing(other, _model("hin-urd/small", 3)) == {"transliteration", "prepared_dir", "output_dir"}


def test_the_control_is_in_one_script():
    for number in (1, 3):
        control, other = _model("pol-eng/small", number), _model("pol-ukr/small", number)
        data = {"train_data", "selection_data", "test_data", "exclude_data", "prepared_dir", "output_dir"}
        assert _differing(control, other) == data
        assert {source["lang"] for source in control["train_data"]} == {"pol_Latn", "eng_Latn"}


def test_parameters_of_the_full_size():
    """12 layers of 768 with 30 000 pieces, `<pad>` and `<mask>`; counted by hand, built without memory."""
    recipe = _model("hin-urd", 5)
    vocabulary = recipe["vocab_size"] + 2
    special = {"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3, "<mask>": vocabulary - 1}
    words = special | {f"w{i}": i for i in range(4, vocabulary - 1)}
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=Tokenizer(models.WordLevel(words, unk_token="<unk>")),
        bos_token="<s>", cls_token="<s>", pad_token="<pad>", eos_token="</s>", sep_token="</s>", mask_token="<mask>",
    )  # fmt: skip
    config = fresh_config(**recipe["model_config"], tokenizer=tokenizer, min_tokens=2 * recipe["max_length"])
    with torch.device("meta"):
        model = XAlignModel.from_encoder(config, recipe["heads"], alignment_layer=recipe["alignment_layer"])
    width, inner, positions = 768, 3072, 2 * recipe["max_length"] + 2
    norm = 2 * width
    embeddings = (vocabulary + positions + 1) * width + norm
    attention = 4 * (width * width + width) + norm
    feed_forward = 2 * width * inner + inner + width + norm
    lm_head = width * width + width + norm + vocabulary  # its matrix is that of the embeddings
    assert model.num_parameters() == embeddings + 12 * (attention + feed_forward) + lm_head == 108_918_578
    assert model.alignment_layer == 8


# --- that they run ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="session")
def encoder(tmp_path_factory, stand_in_data):
    """What stands in for the encoders that recipes post-align, and for the models that align their words."""
    folder = tmp_path_factory.mktemp("encoder")
    columns = pq.read_table(stand_in_data / "ntrex128.parquet").to_pydict()
    train_sentencepiece_tokenizer([text for column in columns.values() for text in column], folder, 400)
    tokenizer = load_tokenizer(str(folder))
    sizes = {"num_hidden_layers": 2, "hidden_size": 64, "num_attention_heads": 2, "intermediate_size": 128}
    config = fresh_config("xlm-roberta", tokenizer, min_tokens=256, **sizes)
    XAlignModel.from_encoder(config, {"mlm": {}}).save_pretrained(folder)
    return str(folder)


def _dry_run(path: Path, prepared_root: Path, output_dir: Path, encoder: str):
    recipe = _written(path)
    overrides = [f"--prepared_dir={prepared_root / Path(recipe['prepared_dir']).name}", f"--output_dir={output_dir}"]
    if recipe.get("model_name_or_path") is None:
        overrides += TINY
    else:
        overrides += ["--use_cpu=true", "--alignment_layer=1", f"--model_name_or_path={encoder}"]
        overrides += ["--aligner.name=simalign", f"--aligner.model={encoder}", "--alignment_threshold=0"]
    if path.stem == "quickstart":
        overrides.append("--train_data.0.limit=400")
    return train(path, [*overrides, "--dry_run=true"])


@pytest.mark.parametrize("path", ALL, ids=_name)
def test_dry_run(path, data_folder, prepared_root, encoder, tmp_path):
    if _written(path).get("transliteration", {}).get("backend") == "icu":
        pytest.importorskip("icu")
    trainer = _dry_run(path, prepared_root, tmp_path / "out", encoder)
    heads = list(_written(path)["heads"])
    assert list(trainer.model.xalign_heads) == heads
    assert trainer.state.global_step == 1
    (logged,) = [entry for entry in trainer.state.log_history if "loss" in entry]
    for head in heads:
        assert math.isfinite(logged[f"loss_{head}"])
    weights = {name: head.weight for name, head in trainer.model.xalign_heads.items()}
    total = sum(weight * logged[f"loss_{head}"] for head, weight in weights.items())
    assert logged["loss"] == pytest.approx(total, rel=1e-5)
    # Both views of Model-1 are the sentence; the others see its transliteration, or its translation.
    row = trainer.train_dataset.rows[0]
    same = row["source_input_ids"] == row["target_input_ids"]
    assert same == (_written(path).get("second_view") == "original")
    assert trainer.evaluator is not None
    written = list((tmp_path / "out").rglob("*")) if (tmp_path / "out").exists() else []
    assert not [item for item in written if item.name.endswith((".safetensors", ".json", ".yaml"))]


@pytest.mark.parametrize("group", SETS)
def test_nothing_that_is_tested_is_trained_on(group, data_folder, stand_in_data, prepared_root, encoder, tmp_path):
    recipe = _model(group, 1)
    folder = prepared_root / Path(recipe["prepared_dir"]).name
    if not folder.exists():
        _dry_run(RECIPES / "transliteration" / group / "model-1.yaml", prepared_root, tmp_path / "out", encoder)
    prepared = load_prepared(folder)
    test, selection = (
        {sentence_key(text) for side in ("source", "target") for text in part[side]}
        for part in (prepared.test, prepared.selection)
    )
    training = {sentence_key(text) for text in prepared.train["text"]}
    assert len(prepared.test) == 450 and len(prepared.selection) > 40
    assert not test & selection and not training & (test | selection)
    source, target = PAIRS[group.split("/")[0]]
    assert set(prepared.train["lang"]) == {source, target}
    assert set(prepared.test["source_lang"]) == {source} and set(prepared.test["target_lang"]) == {target}
    # One of its sentences stands among the text to train on.
    flores = pq.read_table(stand_in_data / "flores200_devtest.parquet", columns=[source, target]).to_pydict()
    assert not training & {sentence_key(text) for texts in flores.values() for text in texts}
    by_source = [
        part["languages"] for part in prepared.info["sources"]["train_data"] if part["label"].startswith("mono")
    ]
    assert [count["excluded"] for part in by_source for count in part.values()] == [1, 1]
    assert not any("رجوع" in text for text in prepared.train["text"])
