from __future__ import annotations

import itertools
import json
import logging
import os
import re
import shutil
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml
from datasets import load_dataset
from transformers import AutoTokenizer

from hf_xalign.data import clean_rows
from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.cleaning import clean_train, sentence_key
from hf_xalign.data.preparation import load_prepared, prepare
from hf_xalign.data.transliteration import transliterate
from hf_xalign.errors import XAlignError


HINDI = ["यह घर है।", "वह घर नहीं है।", "पानी ठंडा है।", "यह  घर है", "किताब लाल है।", "", "नमक दो।", "राम आया।"]
URDU = ["یہ گھر ہے۔", "پانی ٹھنڈا ہے۔", "یہ گھر ہے", "نمک دو۔", "رام آیا۔"]
PAIRS = [("नमक दो!", "نمک دیجیے"), ("चाँद", "رام آیا")]


@pytest.fixture
def section(tmp_path):
    """Arguments of a small data section whose files lie in `tmp_path/in`."""
    folder = tmp_path / "in"
    folder.mkdir()
    (folder / "hin.txt").write_text("\n".join(HINDI) + "\n")
    (folder / "urd.txt").write_text("\n".join(URDU) + "\n")
    (folder / "test.tsv").write_text("hi\tur\n" + "".join(f"{first}\t{second}\n" for first, second in PAIRS))
    (folder / "more.txt").write_text("किताब  लाल है!\n")
    pairs = {"columns": {"source": "hi", "target": "ur"}, "source_lang": "hi", "target_lang": "ur"}

    def make(**changes):
        values = {
            "train_data": [
                {"path": str(folder / "hin.txt"), "lang": "hin_Deva"},
                {"path": str(folder / "urd.txt"), "lang": "urd_Arab"},
            ],
            "test_data": [{"path": str(folder / "test.tsv"), **pairs}],
            "exclude_data": [{"path": str(folder / "more.txt"), "lang": "hi"}],
            "prepared_dir": str(tmp_path / "out" / "data"),
            "tokenizer_name": "anything",
        }
        return DataArguments(**(values | changes))

    return make


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("यह घर है।", " यह  घर है", True),
        ("Ｈｅｌｌｏ, World 12", "hello world 12!", True),
        ("STRASSE", "straße", True),
        ("café", "cafe\u0301", True),
        ("कि", "की", False),
        ("...", "?!", False),
        ("...", "...", True),
        ("2 1", "12", False),
    ],
)
def test_sentence_key(first, second, same):
    assert (sentence_key(first) == sentence_key(second)) == same


def test_either_side_of_a_pair_is_held_out_and_counted():
    def pairs(*rows):
        names = ("source", "target", "source_lang", "target_lang")
        return pa.table({name: list(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)})

    train = pairs(*((*row, "eng", "deu") for row in ("1A", "2B", "3C", "1A", "1D", "4E")))
    held_out = [pa.table({"text": ["b"], "lang": ["deu"]}), pairs(("4.", "X", "eng", "pol"))]
    (kept,), (counts,) = clean_train([train], held_out)
    assert kept["target"].to_pylist() == ["A", "C", "D"]
    assert counts == {"eng-deu": {"read": 6, "excluded": 2, "duplicates": 1, "kept": 3}}
    (kept,), (counts,) = clean_train([train], held_out, deduplicate=False)
    assert kept["target"].to_pylist() == ["A", "C", "A", "D"]


def test_what_is_written(section, tmp_path):
    folder = prepare(section())
    assert folder == tmp_path / "out" / "data"
    assert {item.name for item in folder.iterdir()} == {
        "README.md",
        "preparation.json",
        "test.parquet",
        "train.parquet",
    }
    prepared = load_prepared(folder)
    assert prepared.train.column_names == ["text", "lang", "text_latn"]
    # 'यह  घर है' repeats, 'किताब लाल है।' is excluded, 'नमक दो।' and 'رام آیا۔' are in a test pair.
    assert list(prepared.train["text"]) == [
        "यह घर है।", "वह घर नहीं है।", "पानी ठंडा है।", "राम आया।",
        "یہ گھر ہے۔", "پانی ٹھنڈا ہے۔", "نمک دو۔",
    ]  # fmt: skip
    assert list(prepared.train["lang"]) == ["hin_Deva"] * 4 + ["urd_Arab"] * 3
    hindi, urdu = list(prepared.train["text"])[:4], list(prepared.train["text"])[4:]
    assert list(prepared.train["text_latn"]) == transliterate(hindi, "hin") + transliterate(urdu, "urd")
    assert prepared.test.to_list() == [
        {"source": first, "target": second, "source_lang": "hin", "target_lang": "urd"} for first, second in PAIRS
    ]
    assert prepared.selection is None and prepared.tokenizer_dir is None
    assert prepared.test_name == "test" and prepared.test_file == folder / "test.parquet" and not prepared.synthetic
    languages = prepared.info["languages"]
    assert languages["hin_Deva"] == {"read": 7, "excluded": 2, "duplicates": 1, "kept": 4, "words": 12}
    assert languages["urd_Arab"] == {"read": 5, "excluded": 1, "duplicates": 1, "kept": 3, "words": 8}
    counts = prepared.info["sources"]["train_data"][0]["counts"]
    assert counts == {"read": 8, "null": 0, "empty": 1, "filtered": 0, "kept": 7}
    assert str(tmp_path) not in (folder / "preparation.json").read_text() + (folder / "README.md").read_text()
    assert [item.name for item in (tmp_path / "out").iterdir() if not item.name.endswith(".lock")] == ["data"]


def test_duplicates_can_be_kept(section):
    info = load_prepared(prepare(section(deduplicate=False))).info
    assert info["languages"]["hin_Deva"]["duplicates"] == 0 and info["rows"]["train"] == 9


def test_ready_data_are_used_and_others_prepared_again(section, tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "hf_xalign")
    folder = prepare(section())
    with monkeypatch.context() as patched:
        patched.setattr(clean_rows, "read_source", None)
        # What changes no row changes nothing here: model 1 and model 5 share their data.
        for same in ({}, {"second_view": "original"}, {"max_length": 16}, {"vocab_size": 99}):
            assert prepare(section(**same)) == folder
        assert caplog.text.count(f"using prepared data in {folder}") == 4
    before = (folder / "preparation.json").stat().st_ino
    prepare(section(deduplicate=False))
    assert "was made from other data or settings: preparing it again" in caplog.text
    assert (folder / "preparation.json").stat().st_ino != before
    (tmp_path / "in" / "urd.txt").write_text("\n".join(URDU[:3]) + "\n")
    assert load_prepared(prepare(section())).info["rows"]["train"] == 6
    caplog.clear()
    prepare(section(), overwrite=True)
    assert "using" not in caplog.text


def test_the_fingerprint_follows_content_not_folders(section, tmp_path):
    first = json.loads((prepare(section()) / "preparation.json").read_text())["fingerprint"]
    (tmp_path / "in").rename(tmp_path / "moved")
    arguments = section(prepared_dir=str(tmp_path / "second"))
    for part in (arguments.train_data, arguments.test_data, arguments.exclude_data):
        for source in part:
            source["path"] = source["path"].replace("/in/", "/moved/")
    assert json.loads((prepare(arguments) / "preparation.json").read_text())["fingerprint"] == first


def test_a_tokenizer_is_trained_where_none_is_given(section):
    latin = {}
    for train_on, size in (("original", 130), ("both", 144)):
        arguments = section(tokenizer_name=None, vocab_size=size, tokenizer_train_on=train_on)
        tokenizer = AutoTokenizer.from_pretrained(load_prepared(prepare(arguments)).tokenizer_dir)
        assert len(tokenizer) == size + 2
        latin[train_on] = [piece for piece in tokenizer.get_vocab() if re.fullmatch("▁?[a-z]{2,}", piece)]
    assert latin["original"] == [] != latin["both"]
    with pytest.raises(XAlignError, match="give at most"):
        prepare(section(tokenizer_name=None))
    assert load_prepared(arguments.prepared_dir).info["settings"]["vocab_size"] == 144, "a failure leaves the old data"
    assert load_prepared(prepare(section(tokenizer_name=None), encoder="bert")).tokenizer_dir is None


def test_sentences_and_pairs_in_one_training_set(section, tmp_path):
    pairs = section().test_data[0]
    folder = prepare(section(train_data=[*section().train_data, pairs], test_data=[], exclude_data=[]))
    train = load_prepared(folder).train
    assert set(train.column_names) == {"text", "lang", "text_latn", "source", "target", "source_lang", "target_lang"}
    assert [row["source"] for row in train if row["text"] is None] == [first for first, _ in PAIRS]
    assert {row["target"] for row in train if row["text"] is not None} == {None}
    only = load_prepared(prepare(section(train_data=[pairs], test_data=[], exclude_data=[]))).train
    assert only.column_names == ["source", "target", "source_lang", "target_lang"]


def test_the_card_is_valid_and_escaped(section, tmp_path):
    nasty = tmp_path / "in" / "a|b<script>`x`.tsv"
    nasty.write_text("t\nशब्द\n")
    folder = prepare(section(train_data=[{"path": str(nasty), "columns": {"text": "t"}, "lang": "hi"}]))
    card = (folder / "README.md").read_text()
    _, front, body = card.split("---\n", 2)
    assert yaml.safe_load(front)["language"] == ["hin"]
    assert "<script>" not in body and r"a\|b&lt;script&gt;\`x\`.tsv" in body
    assert load_dataset(str(folder), split="train").num_rows == 1
    assert load_dataset(str(folder), "parallel")["test"].num_rows == 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"train_data": []}, "train_data is empty"),
        ({"prepared_dir": None}, "prepared_dir is not set"),
        ({"test_data": [{"path": "a.txt", "lang": "hi"}]}, "a.txt"),
        ({"train_data": [{"path": "nowhere.txt", "lang": "hi"}]}, "nowhere.txt: no such file"),
        ({"train_data": [{"path": "nowhere.txt", "lng": "hi"}]}, r"train_data\.0: unknown key 'lng'"),
        ({"transliteration": {"backend": "none"}}, "unknown transliteration backend"),
    ],
)
def test_wrong_sections_leave_nothing_behind(section, tmp_path, changes, message):
    with pytest.raises(XAlignError, match=message):
        prepare(section(**changes))
    left = list((tmp_path / "out").iterdir()) if (tmp_path / "out").exists() else []
    assert [item for item in left if not item.name.endswith(".lock")] == []


def test_all_sentences_held_out(section):
    train = section().train_data
    with pytest.raises(XAlignError, match="no train sentence is left"):
        prepare(section(exclude_data=train))


def test_a_folder_of_something_else_is_not_touched(section, tmp_path):
    other = tmp_path / "precious"
    other.mkdir()
    (other / "thesis.tex").write_text("x")
    with pytest.raises(XAlignError, match="holds something else than prepared data"):
        prepare(section(prepared_dir=str(other)), overwrite=True)
    assert (other / "thesis.tex").exists()
    with pytest.raises(XAlignError, match="is a file"):
        prepare(section(prepared_dir=str(other / "thesis.tex")))
    with pytest.raises(XAlignError, match="holds no prepared data; make them with: xalign prepare"):
        load_prepared(other)


def test_a_folder_that_cannot_be_written_is_one_line(section):
    with pytest.raises(XAlignError, match="/proc/nothing/data cannot be written: No such file"):
        prepare(section(prepared_dir="/proc/nothing/data"))


def test_what_a_killed_run_left_is_cleared(section, tmp_path):
    partial = tmp_path / "out" / ".data.partial"
    partial.mkdir(parents=True)
    (partial / "train.parquet").write_text("half")
    assert load_prepared(prepare(section())).train.num_rows == 7
    assert not partial.exists()


@pytest.mark.parametrize("call", range(1, 5))
def test_a_kill_while_old_data_give_way_leaves_no_stranger(call, section, tmp_path, monkeypatch):
    """Killed at each change of folders; a deletion is killed half-way, when `preparation.json` has gone."""

    class Killed(BaseException):
        pass

    folder, calls = prepare(section()), itertools.count(1)
    delete, replace = shutil.rmtree, os.replace

    def dying_delete(path, **options):
        if next(calls) >= call and Path(path).exists():
            (Path(path) / "preparation.json").unlink(missing_ok=True)
            raise Killed
        delete(path, **options)

    def dying_replace(*places):
        if "json" not in str(places[0]) and next(calls) >= call:
            raise Killed
        replace(*places)

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "rmtree", dying_delete)
        patch.setattr(os, "replace", dying_replace)
        with pytest.raises(Killed):
            prepare(section(), overwrite=True)
    assert load_prepared(prepare(section())).train.num_rows == 7
    assert {path.name for path in folder.parent.iterdir()} == {"data", ".data.lock"}


def test_two_processes_give_the_same_folder(section, tmp_path):
    one = prepare(section())
    two = prepare(section(preprocessing_num_proc=2, prepared_dir=str(tmp_path / "two")))
    assert pq.read_table(Path(one) / "train.parquet").equals(pq.read_table(Path(two) / "train.parquet"))


def test_selection_shares_no_sentence_with_the_test(section, tmp_path, caplog):
    pairs = {"columns": {"source": "hi", "target": "ur"}, "source_lang": "hi", "target_lang": "ur"}
    path = tmp_path / "in" / "selection.tsv"
    path.write_text("hi\tur\n" + "नमक दो।\tاور\n" + "सूरज\tرام  آیا\n" + "सूरज निकला\tسورج نکلا\n")
    prepared = load_prepared(prepare(section(selection_data=[{"path": str(path), **pairs}])))
    assert prepared.selection["source"][:] == ["सूरज निकला"]
    assert prepared.test.num_rows == len(PAIRS)
    assert "selection.tsv hi ur: 2 selection rows share a sentence with the test data" in caplog.text
    assert prepared.info["rows"]["selection"] == 1
    with pytest.raises(XAlignError, match="no selection row is left"):
        prepare(section(selection_data=section().test_data))
