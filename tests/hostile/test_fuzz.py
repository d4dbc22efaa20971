"""A sample of `tests/stress/fuzz.py`: every reader on spoiled files, and what once broke one."""

from __future__ import annotations

import gzip
import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_xalign.adapter_files import base_of_adapter
from hf_xalign.aligners.gold import read_gold
from hf_xalign.aligners.pharaoh import read_links
from hf_xalign.cli import main
from hf_xalign.configuration import XAlignConfig
from hf_xalign.data.corpora import load_corpus
from hf_xalign.data.readers import read_table
from hf_xalign.data.tokenization import TokenizeViews, load_tokenizer
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.audit.results import read_audit
from hf_xalign.evaluation.languages_results import read_languages
from hf_xalign.loading import load_config
from hf_xalign.names import XALIGN_CONFIG_NAME
from hf_xalign.recipe import read_recipe
from hf_xalign.training_args import XAlignTrainingArguments
from hf_xalign.yaml_files import parse_yaml
from tests.evaluation.languages_factory import make_languages
from tests.evaluation.test_audit_report import make_audit
from tests.stress import fuzz, readers
from tests.tiny import tiny_config, word_tokenizer


CASES = {"cards": 4, "checkpoints": 3, "command": 6, "text": 6}


@pytest.mark.parametrize("group", readers.GROUPS)
def test_a_sample_of_the_spoiled_files(tmp_path, monkeypatch, group):
    monkeypatch.chdir(tmp_path)
    maker = readers.GROUPS[group](tmp_path)
    for number in range(CASES.get(group, 15)):
        verdict, name, more = fuzz.trial(maker, group, 1, number)
        assert verdict in ("read", "refused"), f"case {number}, {name}: {more}"


def test_a_message_is_one_line_that_steers_no_terminal():
    shown = str(XAlignError("a\nb\x1b[2J\u202egnp\ud800\u2028 नदी\u200d"))
    assert shown == "a\\nb\\x1b[2J\\u202egnp\\ud800\\u2028 नदी\u200d"
    assert len(str(XAlignError("x" * 10**6 + " the end"))) < 2100
    assert str(XAlignError("x" * 10**6 + " the end")).endswith("x the end")


def test_names_of_files_are_shown_as_they_may_be(tmp_path, capsys):
    path = tmp_path / "a\nb\x1b[31m\u202e.txt"
    path.write_text("a ||| b\n")
    assert main(["align", str(path), "--audit", str(path), "--links", str(path)]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "\x1b" not in told and r"a\nb\x1b[31m\u202e.txt" in told


@pytest.mark.parametrize("spoil", [lambda data: data[:-12], lambda data: b"no" + data, lambda data: data[:30] * 2])
def test_broken_gzip_of_every_format(tmp_path, spoil):
    path = tmp_path / "a.txt.gz"
    path.write_bytes(spoil(gzip.compress(b"0-0 1-1\n" * 1000)))
    for read in (read_links, read_gold):
        with pytest.raises(XAlignError, match=r"a\.txt\.gz: broken gzip file"):
            read(path)


def test_numbers_of_thousands_of_digits(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": ' + "9" * 5000 + "}\n")
    for read in (lambda: read_table(path, "jsonl", ["text"]), lambda: read_gold(path)):
        with pytest.raises(XAlignError, match="line 1: not JSON"):
            read()


def test_indices_of_thousands_of_digits(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("9" * 5000 + "-0\n")
    for read in (read_links, read_gold):
        with pytest.raises(XAlignError, match=r"line 1: .* is no link"):
            read(path)


def test_sources_that_no_file_can_be(tmp_path):
    for name in ("x" * 300, "a\0b.tsv", "/" * 5000 + "a.txt"):
        with pytest.raises(XAlignError):
            load_corpus([{"path": name, "lang": "hin"}])


@pytest.mark.parametrize("lists", [pa.array([[[1]]]), pa.array([[1, 2]])])
def test_columns_of_lists_that_hold_no_words(tmp_path, lists):
    pq.write_table(pa.table({"source": lists, "target": ["a"]}), tmp_path / "a.parquet")
    with pytest.raises(XAlignError, match=r"column 'source' holds list<.*, not text|not text"):
        load_corpus([{"path": str(tmp_path / "a.parquet"), "source_lang": "hin", "target_lang": "urd"}], "pairs")


def test_parquet_whose_text_is_not_utf8(tmp_path):
    broken = pa.StringArray.from_buffers(1, *pa.array([b"\xff\x8c"], pa.binary()).buffers()[1:])
    pq.write_table(pa.table({"text": broken}), tmp_path / "a.parquet")
    with pytest.raises(XAlignError, match=r"cannot read .*a\.parquet as Parquet"):
        load_corpus([{"path": str(tmp_path / "a.parquet"), "lang": "hin"}])


BOMB = "a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1, 1]\n" + "".join(
    f"a{n + 1}: &a{n + 1} [{', '.join([f'*a{n}'] * 10)}]\n" for n in range(9)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (BOMB, "the anchors stand for more than 100,000 values"),
        ("a: &a [*a]", "an anchor contains itself"),
        ("[" * 5000, "nested too deeply"),
        ("a: !!int twelve", "line 1: no int can be read here"),
        ("a: " + "9" * 6000, "line 1: no int can be read here"),
        ("a: !!bool maybe", "line 1: no bool can be read here"),
        ("a: !!map [b]", "line 1: no mapping can be read here"),
        ("a: !!timestamp 2001-99-99", "could not determine a constructor for the tag"),
        ("a: !!set {b}", "could not determine a constructor for the tag"),
        ("a: !!python/object/apply:os.system ['true']", "could not determine a constructor for the tag"),
        ('a: "\\U00110000"', "not YAML"),
    ],
)
def test_yaml_that_grows_or_calls(text, message):
    with pytest.raises(XAlignError, match=message):
        parse_yaml(text, "recipe.yaml")


def test_yaml_of_many_values_without_anchors_is_read(monkeypatch):
    monkeypatch.setattr("hf_xalign.yaml_files._MOST_VALUES", 100)
    assert len(parse_yaml("a: [" + "1, " * 1000 + "1]", "x")["a"]) == 1001
    with pytest.raises(XAlignError, match="the anchors stand for more than 100 values"):
        parse_yaml("a: &a [1, 2, 3, 4, 5, 6, 7, 8, 9]\nb: [" + "*a, " * 20 + "*a]", "x")


def test_half_a_character_in_a_recipe(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text('run_name: "\\ud800"\noutput_dir: x\n')
    with pytest.raises(XAlignError, match="holds half a surrogate pair"):
        read_recipe(path, [], (XAlignTrainingArguments,))


def test_half_a_character_in_a_sentence():
    views = TokenizeViews(word_tokenizer(), source="source", target="target", max_length=16)
    with pytest.raises(XAlignError, match="column 'source' holds half a surrogate pair"):
        views({"source": ["w1 \ud800"], "target": ["w1"]})


@pytest.mark.parametrize(
    "settings", [[1], "x", None, {"heads": [1]}, {"heads": {"mlm": 3}}, {"alignment_layer": "3"}, {"languages": [3]}]
)
def test_settings_of_another_shape(tmp_path, settings):
    (tmp_path / XALIGN_CONFIG_NAME).write_text(json.dumps(settings))
    with pytest.raises(XAlignError, match=XALIGN_CONFIG_NAME):
        XAlignConfig.load_beside(tmp_path)


def test_results_that_do_not_fit_together(tmp_path):
    languages = make_languages(n=20)
    languages["groups"][0]["languages"].append("deu_Cyrl")
    (tmp_path / "languages.json").write_text(json.dumps(languages))
    with pytest.raises(XAlignError, match=r"groups\[0\] names 'deu_Cyrl', which is none of the languages"):
        read_languages(tmp_path)
    for link in ([0, 0], [0.5, 0, 1.0], [-1, 0, 1.0], [0, 99, 1.0], [float("inf"), 0, 1.0]):
        audit = make_audit()
        audit["examples"][0]["links"][0] = link
        (tmp_path / "audit.json").write_text(json.dumps(audit))
        with pytest.raises(XAlignError, match=r"examples\[0\]\.links holds .*, no link of its words"):
            read_audit(tmp_path)


@pytest.mark.parametrize("name", [["a"], {"a": "b"}, 3, "a\0b"])
def test_adapters_whose_base_model_is_no_name(tmp_path, name):
    (tmp_path / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": name}))
    with pytest.raises(XAlignError, match="names no base model"):
        base_of_adapter(tmp_path)


@pytest.mark.parametrize(
    ("file", "text"), [("tokenizer_config.json", '{"model_max_length": []}'), ("tokenizer.json", "[]")]
)
def test_tokenizers_that_other_libraries_stumble_over(tmp_path, file, text):
    word_tokenizer().save_pretrained(tmp_path)
    (tmp_path / file).write_text(text)
    with pytest.raises(XAlignError, match="no tokenizer can be loaded"):
        load_tokenizer(str(tmp_path))


def test_a_config_of_another_shape(tmp_path):
    tiny_config().save_pretrained(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | {"hidden_size": [None]}))
    with pytest.raises(XAlignError, match="cannot open the model"):
        load_config(str(tmp_path))
