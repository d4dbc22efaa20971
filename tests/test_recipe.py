from __future__ import annotations

from dataclasses import dataclass, field

import pytest
from transformers import TrainingArguments

from hf_xalign.data.arguments import DataArguments
from hf_xalign.errors import XAlignError
from hf_xalign.recipe import dump_recipe, read_recipe
from hf_xalign.yaml_files import load_yaml


@dataclass
class Model:
    """A stand-in for the model section."""

    encoder: str | None = None
    heads: dict[str, dict] | None = field(default_factory=lambda: {"mlm": {}, "tcm": {"temperature": 0.05}})
    layer: int | None = None
    names: list[str] | None = None


@dataclass
class Training(TrainingArguments):
    """A stand-in for the training section."""


ALL = (DataArguments, Model, Training)


@pytest.fixture
def recipe(tmp_path):
    def write(text: str):
        path = tmp_path / "recipe.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    return write


def read(path, *overrides, types=(DataArguments, Model), **options):
    return read_recipe(path, list(overrides), types, **options)


def test_a_recipe_fills_all_dataclasses(recipe):
    path = recipe(
        "train_data:\n- {path: a.txt, lang: hin_Deva}\nencoder: bert\nlearning_rate: 1e-4\nmax_steps: 1e3\n"
        "eval_strategy: no\nsave_strategy: steps\nbf16: no\noutput_dir: out\nuse_cpu: true\nseed: 7\n"
        "lr_scheduler_kwargs: {power: 2e0}\nhub_token: secret\nwarmup_steps: 0.1\n"
    )
    (data, model, training), resolved = read_recipe(path, [], ALL)
    assert data.train_data == [{"path": "a.txt", "lang": "hin_Deva"}]
    assert model.encoder == "bert"
    assert training.learning_rate == 1e-4
    assert training.max_steps == 1000 and isinstance(training.max_steps, int)
    assert training.eval_strategy.value == "no" and training.save_strategy.value == "steps"
    assert training.bf16 is False and training.use_cpu is True and training.seed == 7
    assert training.lr_scheduler_kwargs == {"power": 2.0}
    assert training.warmup_steps == 0.1
    assert training.hub_token == "secret"
    assert "hub_token" not in resolved
    assert resolved["learning_rate"] == 1e-4


def test_the_scalars_are_those_of_yaml_1_2(recipe):
    loaded = load_yaml(
        recipe("a: no\nb: 1e-4\nc: 12:30\nd: 2024-01-31\ne: true\nf: '1e-4'\ng: ~\nh: 5\ni: -.5\nj: on\nk: 007\n")
    )
    assert loaded == {
        "a": "no",
        "b": 1e-4,
        "c": "12:30",
        "d": "2024-01-31",
        "e": True,
        "f": "1e-4",
        "g": None,
        "h": 5,
        "i": -0.5,
        "j": "on",
        "k": "007",
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("encodr: bert\n", r"recipe.yaml: unknown key 'encodr'; did you mean 'encoder'\?"),
        ("encoder: a\nencoder: b\n", r"line 2: duplicate key 'encoder'"),
        ("heads: {mlm: {}, mlm: {}}\n", r"duplicate key 'mlm'"),
        ("heads: !!python/object/apply:os.system ['true']\n", r"line 1: could not determine a constructor"),
        ("- a\n", r"mapping"),
        ("", r"not empty"),
        ("a: [\n", r"line 2"),
        ("heads: [a]\n", r"heads must not be a list"),
        ("heads: mlm\n", r"heads must be a mapping, not text"),
        ("train_data: a.txt\n", r"train_data must be a list, not text"),
        ("max_length: many\n", r"max_length: invalid int value: 'many'"),
        ("max_length: 1.5\n", r"max_length must be a whole number, not 1.5"),
        ("max_length:\n", r"max_length must have a value"),
        ("max_length: true\n", r"max_length: invalid int value"),
        ("encoder: 1.10\n", r"encoder is text; put 1.1 in quotes"),
        ("second_view: both\n", r"second_view: invalid choice"),
        ("deduplicate: perhaps\n", r"deduplicate: .*perhaps"),
        ("mlm_probability: 1.5\n", r"mlm_probability is 1.5"),
        ("heads: &a {b: *a}\n", r"contains itself|undefined alias|recursive"),
        ("? [a]\n: 1\n", r"cannot be a key"),
        ("1: 2\n", r"unknown key 1"),
    ],
)
def test_a_wrong_recipe_is_one_clear_line(recipe, text, message):
    with pytest.raises(XAlignError, match=message) as caught:
        read(recipe(text))
    assert "\n" not in str(caught.value)


def test_unreadable_files(tmp_path):
    with pytest.raises(XAlignError, match="no such file"):
        read(tmp_path / "missing.yaml")
    with pytest.raises(XAlignError, match="is a folder"):
        read(tmp_path)
    (tmp_path / "bytes.yaml").write_bytes(b"encoder: \xff\n")
    with pytest.raises(XAlignError, match=r"not UTF-8 \(byte 9\)"):
        read(tmp_path / "bytes.yaml")


def test_training_arguments_that_refuse_each_other(recipe):
    path = recipe("output_dir: out\nload_best_model_at_end: true\neval_strategy: no\nsave_strategy: steps\n")
    with pytest.raises(XAlignError, match=r"recipe.yaml: .*load_best_model_at_end") as caught:
        read_recipe(path, [], ALL)
    assert "\n" not in str(caught.value)


def test_overrides(recipe):
    path = recipe("train_data:\n- {path: a.txt}\n- {path: b.txt, limit: 5}\nheads: {mlm: {}, tcm: {temperature: 1}}\n")
    (data, model), resolved = read(
        path,
        "--heads.tcm.temperature",
        "1e-1",
        "--heads.mlm",
        "null",
        "--heads.tlm.weight=2",
        "--train_data.0.limit",
        "100",
        "--train_data.1.limit",
        "null",
        "--train_data.2.path",
        "c.txt",
        "--layer",
        "-1",
        "--encoder=",
        "--deduplicate",
        "false",
        "--max-length",
        "64",
    )
    assert model.heads == {"tcm": {"temperature": 0.1}, "tlm": {"weight": 2}}
    assert data.train_data == [{"path": "a.txt", "limit": 100}, {"path": "b.txt"}, {"path": "c.txt"}]
    assert model.layer == -1 and model.encoder is None
    assert data.deduplicate is False and data.max_length == 64
    assert resolved["heads"] == model.heads and resolved["max_length"] == 64


def test_an_override_of_a_default_keeps_its_other_entries(recipe):
    (_, model), _ = read(recipe("encoder: a\n"), "--heads.tcm.temperature", "0.1")
    assert model.heads == {"mlm": {}, "tcm": {"temperature": 0.1}}
    assert Model().heads["tcm"] == {"temperature": 0.05}


def test_a_change_through_an_anchor_stays_where_it_is(recipe):
    path = recipe("train_data:\n- &first {path: a.txt, lang: hi}\n- {<<: *first, path: b.txt}\n- *first\n")
    (data, _), _ = read(path, "--train_data.0.lang", "ur")
    assert [source["lang"] for source in data.train_data] == ["ur", "hi", "hi"]


def test_a_flag_without_value_is_true(recipe):
    path = recipe("output_dir: out\n")
    (_, _, training), _ = read_recipe(path, ["--use_cpu", "--seed", "3"], ALL)
    assert training.use_cpu is True and training.seed == 3


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["--encodr", "a"], r"--encodr: unknown key 'encodr'; did you mean 'encoder'"),
        (["--heds.tcm.x", "1"], r"did you mean 'heads'"),
        (["encoder"], r"'encoder' follows no option"),
        (["--train_data.5.limit", "1"], r"'5' is no index into a list of 1"),
        (["--train_data.x.limit", "1"], r"'x' is no index"),
        (["--train_data.0.path.more", "1"], r"'more' would be a part of 'a.txt'"),
        (["--encoder", "[a"], r"--encoder, line 1"),
    ],
)
def test_wrong_overrides(recipe, overrides, message):
    with pytest.raises(XAlignError, match=message):
        read(recipe("train_data: [{path: a.txt}]\n"), *overrides)


def test_environment_variables(recipe, monkeypatch):
    monkeypatch.setenv("SOMEWHERE", "/data")
    monkeypatch.delenv("NOWHERE", raising=False)
    path = recipe("train_data: [{path: '${SOMEWHERE}/a.txt'}]\nencoder: ${SOMEWHERE}\n")
    (data, model), resolved = read(path)
    assert data.train_data == [{"path": "/data/a.txt"}] and model.encoder == "/data"
    assert resolved["train_data"] == [{"path": "${SOMEWHERE}/a.txt"}]
    path = recipe("train_data: [{path: '${NOWHERE}/a.txt'}]\n")
    with pytest.raises(XAlignError, match=r"train_data\.0\.path needs the environment variable NOWHERE"):
        read(path)
    (data, _), _ = read(path, expand=False)
    assert data.train_data == [{"path": "${NOWHERE}/a.txt"}]


def test_also_known_fields_may_stand_in_a_recipe_but_are_not_built(recipe):
    path = recipe("encoder: a\nlayer: nonsense\n")
    with pytest.raises(XAlignError, match="unknown key 'encoder'"):
        read(path, types=(DataArguments,))
    (data,), resolved = read(path, types=(DataArguments,), also_known=(Model,))
    assert data == DataArguments() and resolved["layer"] == "nonsense"


def test_the_resolved_recipe_reads_back_to_the_same(recipe, tmp_path):
    path = recipe(
        "encoder: 'no'\nnames: ['1e-4', 'null', 'नमस्ते', '12:30', '007', '1_000', ' x ', 'a: b', '']\n"
        "heads: {tcm: {temperature: 1e-7, on: true, none: null, big: 1e30}}\nlayer: 3\n"
    )
    first, resolved = read(path)
    dump_recipe({**resolved, "hub_token": "secret"}, tmp_path / "again.yaml")
    second, again = read(tmp_path / "again.yaml")
    assert first == second and resolved == again
    assert first[1].names[0] == "1e-4" and first[1].heads["tcm"]["temperature"] == 1e-7
    assert "secret" not in (tmp_path / "again.yaml").read_text()
    assert sorted(item.name for item in tmp_path.iterdir()) == ["again.yaml", "recipe.yaml"]
