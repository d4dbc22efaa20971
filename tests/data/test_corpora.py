from __future__ import annotations

import gzip
import json
import os
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_xalign.data.corpora import load_corpus, read_source
from hf_xalign.data.sources import parse_source
from hf_xalign.errors import XAlignError


REAL = os.environ.get("HF_XALIGN_DATA")


def write(path: Path, content: str | bytes) -> str:
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return str(path)


def texts(spec, kind="text"):
    data = load_corpus([spec], kind)
    return data["text"][:] if kind == "text" else list(zip(data["source"][:], data["target"][:], strict=True))


def error_of(spec, kind=None):
    with pytest.raises(XAlignError) as caught:
        read_source(parse_source(spec, "train_data.0", kind))
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_only_lf_ends_a_line(tmp_path):
    path = write(tmp_path / "a.txt", "one\u2028two\x85three\x0bfour\rfive\nsix\r\n\ufeffseven\n  eight\t\n")
    assert texts({"path": path, "lang": "hi"}) == ["one two three four five", "six", "\ufeffseven", "eight"]


def test_a_leading_byte_order_mark_is_no_text(tmp_path):
    path = write(tmp_path / "a.tsv", "\ufefftext\tlang\r\none\thi\r\n")
    assert load_corpus([{"path": path}])[0] == {"text": "one", "lang": "hin"}


@pytest.mark.parametrize("suffix", ["txt", "tsv", "csv", "jsonl", "json", "parquet"])
def test_words_that_look_like_missing_values_are_words(tmp_path, suffix):
    words = ["NA", "null", "NaN", "None", "", "nan", "back\\slash \\n", 'say "yes"', "1e-4", "-", "नमस्ते"]
    path = tmp_path / f"a.{suffix}"
    if suffix == "txt":
        write(path, "\n".join(words) + "\n")
    elif suffix == "tsv":
        write(path, "id\ttext\n" + "".join(f"{n}\t{word}\n" for n, word in enumerate(words)))
    elif suffix == "csv":
        quoted = (word.replace('"', '""') for word in words)
        write(path, "id,text\n" + "".join(f'{n},"{word}"\n' for n, word in enumerate(quoted)))
    elif suffix == "jsonl":
        write(path, "".join(json.dumps({"id": n, "text": word}) + "\n" for n, word in enumerate(words)))
    elif suffix == "json":
        write(path, json.dumps([{"id": n, "text": word} for n, word in enumerate(words)], indent=1))
    else:
        pq.write_table(pa.table({"text": words}), path)
    assert texts({"path": str(path), "lang": "en"}) == [word for word in words if word]


def test_gzip(tmp_path):
    path = write(
        tmp_path / "a.jsonl.gz", gzip.compress(b'{"text": "one", "lang": "hin"}\n{"text": "two", "lang": "ur"}\n')
    )
    data = load_corpus([{"path": path}])
    assert data.column_names == ["text", "lang"] and data["lang"][:] == ["hin", "urd"]
    assert "broken gzip" in error_of({"path": write(tmp_path / "b.txt.gz", b"not gzip"), "lang": "hi"})
    cut = gzip.compress(b"some text\n" * 1000)[:-20]
    assert "broken gzip" in error_of({"path": write(tmp_path / "c.txt.gz", cut), "lang": "hi"})


def test_empty_sentences_are_counted_and_named_in_a_notice(tmp_path, caplog):
    path = write(tmp_path / "a.txt", "one\n\n   \n\u200b\u200d\n\u00a0\ntwo\n...\n")
    table, counts = read_source(parse_source({"path": path, "lang": "hi"}))
    assert table["text"].to_pylist() == ["one", "two", "..."]
    assert (counts.read, counts.empty, counts.kept) == (7, 4, 3)
    assert "skipped 4 empty sentences of 7" in caplog.text


def test_columns_lists_and_headerless_files(tmp_path):
    pq.write_table(
        pa.table({"tokens": [["a", "b"], ["c"], [], None], "lang": ["hi", "hi", "ur", "ur"], "n": [1, 2, 3, 4]}),
        tmp_path / "a.parquet",
    )
    spec = {"path": str(tmp_path / "a.parquet"), "columns": {"text": "tokens"}}
    table, counts = read_source(parse_source(spec))
    assert table.to_pydict() == {"text": ["a b", "c"], "lang": ["hin", "hin"]}
    assert (counts.null, counts.empty) == (1, 1)
    assert "holds int64, not text" in error_of({**spec, "columns": {"text": "n"}})
    path = write(tmp_path / "a.tsv", "1\tone\teins\n2\ttwo\tzwei\n")
    spec = {"path": path, "columns": {"source": 1, "target": 2}, "source_lang": "en", "target_lang": "de"}
    assert texts(spec, "pairs") == [("one", "eins"), ("two", "zwei")]
    assert "no column 7; it has 0, 1, 2" in error_of({**spec, "columns": {"source": 1, "target": 7}})


def test_pairs_in_two_files(tmp_path):
    first, second = write(tmp_path / "a.en", "one\n\nthree\n"), write(tmp_path / "a.de", "eins\nzwei\ndrei\n")
    spec = {"path": first, "format": "txt", "target_path": second, "source_lang": "en", "target_lang": "deu_Latn"}
    table, counts = read_source(parse_source(spec))
    assert table.to_pylist() == [
        {"source": "one", "target": "eins", "source_lang": "eng", "target_lang": "deu_Latn"},
        {"source": "three", "target": "drei", "source_lang": "eng", "target_lang": "deu_Latn"},
    ]
    assert counts.empty == 1
    write(tmp_path / "a.de", "eins\nzwei\n")
    message = error_of(spec)
    assert "has 3 lines" in message and "has 2" in message
    assert "set target_lang" in error_of({**spec, "target_lang": None, "target_path": first})


def test_where(tmp_path):
    pq.write_table(
        pa.table({"text": list("abcd"), "lang": ["hin", "urd", "hin", "eng"], "bad": [True, False, False, None]}),
        tmp_path / "a.parquet",
    )
    spec = {"path": str(tmp_path / "a.parquet")}
    assert texts({**spec, "where": {"lang": "hin"}}) == ["a", "c"]
    assert texts({**spec, "where": {"lang": ["hin", "urd"], "bad": False}}) == ["b", "c"]
    assert texts({**spec, "where": {"bad": None}}) == ["d"]
    assert load_corpus([{**spec, "where": {"lang": "hin"}, "lang": "hin_Deva"}])["lang"][:] == ["hin_Deva"] * 2
    assert "its values are hin, urd, eng" in error_of({**spec, "where": {"lang": "tam"}})


def test_take_gives_disjoint_parts_that_do_not_depend_on_later_filters(tmp_path):
    rows = [f"row {n} {'x ' * (n % 5)}" for n in range(100)]
    path = write(tmp_path / "a.txt", "\n".join(rows) + "\n")
    parts = [
        texts({"path": path, "lang": "hi", "take": {"seed": 3, "start": start, "count": count}})
        for start, count in ((0, 60), (60, 30), (90, 10))
    ]
    assert [len(part) for part in parts] == [60, 30, 10]
    assert sorted(row for part in parts for row in part) == sorted(row.strip() for row in rows)
    assert parts[0] != [row.strip() for row in rows[:60]]
    assert "take starts at row 100, there are 100" in error_of({"path": path, "lang": "hi", "take": {"start": 100}})
    short = texts({"path": path, "lang": "hi", "take": {"seed": 3, "start": 0, "count": 60}, "max_words": 3})
    assert set(short) < set(parts[0])
    other = texts({"path": path, "lang": "hi", "take": {"seed": 4, "start": 0, "count": 60}})
    assert set(other) != set(parts[0])


def test_limit_words_and_unwanted_strings(tmp_path):
    path = write(tmp_path / "a.txt", "".join(f"{'w ' * n}{n}\n" for n in range(20)))
    spec = {"path": path, "lang": "hi"}
    assert len(texts({**spec, "min_words": 5, "max_words": 8})) == 4
    assert len(texts({**spec, "drop_containing": ["1"]})) == 9
    limited = texts({**spec, "limit": 5})
    assert len(limited) == 5 and limited == texts({**spec, "limit": 5}) != texts({**spec, "limit": 5, "seed": 1})
    _, counts = read_source(parse_source({**spec, "min_words": 5, "limit": 5}))
    assert (counts.read, counts.filtered, counts.kept) == (20, 15, 5)
    assert "no row is left of 20 (0 empty, 20 filtered out)" in error_of({**spec, "min_words": 50})


def test_join_keeps_the_order_of_the_first_file(tmp_path):
    left = pa.table({"id": list("dcba"), "text": ["d1", "c1", None, "a1"], "k": [1, 1, 1, 2]})
    pq.write_table(left, tmp_path / "a.parquet")
    pq.write_table(pa.table({"id": list("xabd"), "text": ["x2", "a2", "b2", "d2"]}), tmp_path / "b.parquet")
    spec = {
        "path": str(tmp_path / "a.parquet"),
        "join": {"path": str(tmp_path / "b.parquet"), "on": "id"},
        "columns": {"source": "text", "target": "text_joined"},
        "source_lang": "hi",
        "target_lang": "ur",
    }
    assert texts(spec, "pairs") == [("d1", "d2"), ("a1", "a2")]
    assert texts({**spec, "where": {"k": 2}}, "pairs") == [("a1", "a2")]
    mono = {"path": spec["path"], "join": spec["join"], "columns": {"text": "text_joined"}, "lang": "ur"}
    assert texts(mono) == ["d2", "b2", "a2"]
    assert texts({**mono, "require": ["text"]}) == ["d2", "a2"]
    assert "no column 'nothing'" in error_of({**spec, "columns": {"source": "text", "target": "nothing"}})
    pq.write_table(pa.table({"id": ["y"], "text": ["1"]}), tmp_path / "b.parquet")
    assert "have no id in common" in error_of(spec)
    pq.write_table(pa.table({"id": ["a", "a"], "text": ["1", "2"]}), tmp_path / "b.parquet")
    assert "occurs twice" in error_of(spec)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"", "a.txt is empty"),
        ("a.txt", b"\n\n", "no row is left of 2 (2 empty"),
        ("a.txt", b"good\nbad \xff\n", "a.txt, line 2: not UTF-8 (byte 5 of the line)"),
        ("a.tsv", b"text\tother\none\ttwo\nthree\n", "a.tsv, line 3: 1 fields where the first line has 2"),
        ("a.tsv", b"sentence\tother\none\ttwo\n", "no column 'text'; it has sentence, other"),
        ("a.csv", b'text,b\n"one\n', "a.csv, line 2: not CSV"),
        ("a.csv", b"text,b\none,two,three\n", "a.csv, line 2: 3 fields"),
        ("a.jsonl", b'{"text": "one"}\n{"text": \n', "a.jsonl, line 2: not JSON"),
        ("a.jsonl", b'{"text": "one"}\n["two"]\n', "a.jsonl, line 2: not a JSON object"),
        ("a.jsonl", b'{"sentence": "one"}\n', "no column 'text'; it has sentence"),
        ("a.jsonl", b'{"text": "\\ud800"}\n', "half a surrogate pair"),
        ("a.jsonl", b'{"text": "one"}\n{"text": 2}\n', "column 'text' are not all of one type"),
        ("a.jsonl", b'{"text": 1}\n{"text": 2}\n', "column 'text' holds int64, not text"),
        ("a.json", b'{"text": "one"}\n{"text": "two"}\n', "one object a line is format jsonl"),
        ("a.json", b'"one"', "not a list of JSON objects"),
        ("a.parquet", b"PAR1 no", "not a readable Parquet file"),
    ],
)
def test_broken_files_are_named(tmp_path, name, content, message):
    assert message in error_of({"path": write(tmp_path / name, content), "lang": "hi"})


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        ({"path": "nowhere/a.txt", "lang": "hi"}, "nowhere/a.txt: no such file"),
        ({"pth": "a.txt"}, "train_data.0: unknown key 'pth'; did you mean 'path'?"),
        ({"lang": "hi"}, "needs a path"),
        ({"path": "a.txt"}, "set lang"),
        ({"path": "a.txt", "lang": "qqqq"}, "unknown language code 'qqqq'"),
        ({"path": "a.txt", "limit": 0}, "train_data.0.limit: 0 is less than 1"),
        ({"path": "a.txt", "limit": "many"}, "'many' is not a whole number"),
        ({"path": "a.txt", "where": "lang"}, "'lang' is not a mapping"),
        ({"path": "a.txt", "take": {"begin": 1}}, "train_data.0.take: unknown key 'begin'"),
        ({"path": "a.txt", "take": {"start": -1}}, "-1 is not a whole number from 0"),
        ({"path": "a.parquet", "join": {"path": "b.parquet"}}, "needs on"),
        ({"path": "a.txt", "columns": {"txt": "a"}}, "unknown column 'txt'; did you mean 'text'"),
        ({"path": "a.txt", "columns": {"text": "a", "source": "b"}}, "unknown column 'text'"),
        ({"path": "a.txt", "columns": {"text": ["a"]}}, "train_data.0.columns.text: ['a'] is no name of a column"),
        ({"path": "a.txt", "require": ["a", {"b": 1}]}, "train_data.0.require: {'b': 1} is no name of a column"),
        ({"path": "a.txt", "where": {True: 1}}, "train_data.0.where: True is no name of a column"),
        ({"path": "a.txt", "drop_containing": [None]}, "train_data.0.drop_containing: None is not text"),
        ({"path": "a.parquet", "join": {"path": "b.parquet", "on": 3}}, "train_data.0.join.on: 3 is not text"),
        ({"path": "a.txt", "kind": "triples"}, "choose 'text' or 'pairs'"),
        ({"path": "a.txt", "format": "text"}, "unknown format 'text'; did you mean 'txt'"),
        ({"path": "/tmp/x.bin"}, "cannot tell the format"),
        ({"path": "a.tsv", "target_path": "b.tsv"}, "target_path goes with a .txt file"),
        ({"path": "minicorpus:dev"}, "choose train, validation or test"),
        (5, "a source is a mapping with a path, not a number"),
    ],
)
def test_wrong_sources(spec, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "a.txt", "one\n")
    assert message in error_of(spec)


def test_an_unknown_language_in_a_column_is_named(tmp_path):
    path = write(tmp_path / "a.tsv", "text\tlang\none\thi\ntwo\txx9\n")
    message = error_of({"path": path})
    assert "column lang" in message and "'xx9'" in message


def test_several_sources_are_one_data_set(tmp_path):
    first, second = write(tmp_path / "a.txt", "one\n"), write(tmp_path / "b.txt", "two\nthree\n")
    data = load_corpus([{"path": first, "lang": "hi"}, {"path": second, "lang": "ur"}])
    assert data.to_dict() == {"text": ["one", "two", "three"], "lang": ["hin", "urd", "urd"]}
    assert load_corpus([], "pairs").column_names == ["source", "target", "source_lang", "target_lang"]


def test_a_data_set_that_is_not_there_is_one_line():
    message = error_of({"path": "nobody/nothing-at-all", "lang": "hi"})
    assert "nobody/nothing-at-all: no such file, and it cannot be opened as a data set" in message


def test_a_folder_of_a_data_set(tmp_path):
    (tmp_path / "set").mkdir()
    pq.write_table(pa.table({"sentence": ["one", "two"], "lang": ["hi", "ur"]}), tmp_path / "set" / "train.parquet")
    spec = {"path": str(tmp_path / "set"), "columns": {"text": "sentence"}}
    assert load_corpus([spec]).to_dict() == {"text": ["one", "two"], "lang": ["hin", "urd"]}
    assert "no column 'text'; it has sentence, lang" in error_of({"path": str(tmp_path / "set")})


def test_the_minicorpus():
    data = load_corpus([{"path": "minicorpus:validation", "langs": ["hin_Deva", "urd_Arab"], "limit": 50}])
    assert data.num_rows == 50 and set(data["lang"]) == {"hin_Deva", "urd_Arab"}
    pairs = load_corpus([{"path": "minicorpus:test", "langs": ["urd_Arab", "hin_Deva"]}], "pairs")
    words = ["source_words", "target_words", "alignment"]  # gold, from the derivation
    assert pairs.column_names == ["source", "target", "source_lang", "target_lang", *words]
    assert set(pairs["source_lang"]) == {"urd_Arab"} and set(pairs["target_lang"]) == {"hin_Deva"}
    assert (
        pairs[:]
        == load_corpus([{"path": "minicorpus:test", "source_lang": "urd_Arab", "target_lang": "hin_Deva"}], "pairs")[:]
    )
    assert "a pair needs two langs" in error_of({"path": "minicorpus:test", "langs": ["hin"]}, "pairs")


@pytest.mark.skipif(REAL is None, reason="HF_XALIGN_DATA is not set")
def test_real_data():
    data = load_corpus([{"path": f"{REAL}/mono_sentences.parquet", "where": {"lang": "hin"}, "lang": "hin_Deva"}])
    assert data.num_rows == 41_740 and set(data["lang"]) == {"hin_Deva"}
    pairs = load_corpus(
        [
            {
                "path": f"{REAL}/bible_nt.parquet",
                "join": {"path": f"{REAL}/bible_urd_ugv.parquet", "on": "verse_id"},
                "columns": {"source": "hin_irv", "target": "text"},
                "source_lang": "hin_Deva",
                "target_lang": "urd_Arab",
            }
        ],
        "pairs",
    )
    assert pairs.num_rows == 7_944  # 7 945 verses in common, one of them without Hindi text
