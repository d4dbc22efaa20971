from __future__ import annotations

import gzip
import json
import os

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import read_language_pairs, read_parallel


ROWS = {
    "id": [1, 2, 3, 4],
    "hin_Deva": ["एक", 'दो "तीन"', None, "NA"],
    "urd": ["ایک", "دو\u2028تین", "چار", "null"],
    "eng_Latn": ["one", "two", "four", " "],
}


def write(path, table: dict[str, list]):
    if path.suffix == ".parquet":
        pq.write_table(pa.table(table), path)
        return path
    rows = list(zip(*table.values(), strict=True))
    if path.suffix == ".jsonl":
        text = "".join(json.dumps(dict(zip(table, row, strict=True)), ensure_ascii=False) + "\n" for row in rows)
    else:
        quote = (lambda cell: '"' + cell.replace('"', '""') + '"') if path.suffix == ".csv" else str
        mark = "," if path.suffix == ".csv" else "\t"
        lines = [mark.join("" if cell is None else quote(str(cell)) for cell in row) for row in [list(table), *rows]]
        text = "\n".join(lines) + "\n"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("format", ["parquet", "jsonl", "tsv", "csv"])
def test_every_format_gives_the_same_pairs(tmp_path, format):
    data = read_parallel(str(write(tmp_path / f"set.{format}", ROWS)), "hin_Deva-urd_Arab")
    assert data.source == ["एक", 'दो "तीन"', "NA"]
    assert data.target == ["ایک", "دو\u2028تین", "null"]
    assert (data.dropped, data.pair, data.file, data.name) == (1, ("hin_Deva", "urd_Arab"), f"set.{format}", "set")
    assert not data.synthetic
    assert data.fingerprint() == read_parallel(str(write(tmp_path / "b.tsv", ROWS)), "hi-urd_Arab").fingerprint()


def test_gzip_and_the_fingerprint_is_of_the_pairs(tmp_path):
    path = write(tmp_path / "set.tsv", ROWS)
    packed = tmp_path / "set.tsv.gz"
    packed.write_bytes(gzip.compress(path.read_bytes()))
    plain = read_parallel(str(path), "hin-urd")
    assert read_parallel(str(packed), "hin-urd").fingerprint() == plain.fingerprint()
    assert len(plain.fingerprint()) == 16
    assert read_parallel(str(path), "urd-hin").fingerprint() != plain.fingerprint()
    assert read_parallel(str(path), "hin-urd", limit=2).fingerprint() != plain.fingerprint()


def test_limit_keeps_the_first_usable_pairs(tmp_path):
    data = read_parallel(str(write(tmp_path / "set.jsonl", ROWS)), "urd-eng", limit=2)
    assert (data.source, data.target) == (["ایک", "دو\u2028تین"], ["one", "two"])
    assert data.dropped == 1  # the blank English sentence


def test_the_full_code_goes_before_the_short_one(tmp_path):
    table = {"ace": ["x", "y"], "ace_Arab": ["ا", "ب"], "ace_Latn": ["a", "b"], "eng": ["1", "2"]}
    path = str(write(tmp_path / "set.csv", table))
    assert read_parallel(path, "ace_Latn-eng").source == ["a", "b"]
    assert read_parallel(path, "ace-eng").source == ["x", "y"]
    assert read_parallel(path, "ace_Arab-ace_Latn").target == ["a", "b"]


def test_a_code_without_script_finds_the_only_script(tmp_path):
    path = str(write(tmp_path / "set.tsv", ROWS))
    assert read_parallel(path, "hin-eng").source[0] == "एक"
    table = {"ace_Arab": ["ا", "ب"], "ace_Latn": ["a", "b"], "eng": ["1", "2"]}
    with pytest.raises(XAlignError, match="ace_Arab, ace_Latn: say in --pair which script of ace"):
        read_parallel(str(write(tmp_path / "two.tsv", table)), "ace-eng")


def test_prepared_pairs_and_their_languages(tmp_path):
    table = {
        "source": ["a", "b", "c", "d"],
        "target": ["1", "2", "3", "4"],
        "source_lang": ["hin_Deva", "hin_Deva", "pol_Latn", "hi"],
        "target_lang": ["urd_Arab", "urd_Arab", "ukr_Cyrl", "urd"],
    }
    path = str(write(tmp_path / "pairs.parquet", table))
    assert read_parallel(path, "hin_Deva-urd_Arab").source == ["a", "b", "d"]
    with pytest.raises(XAlignError, match="no rows of eng-urd; its pairs are hi-urd, hin_Deva-urd_Arab, pol_Latn-ukr"):
        read_parallel(path, "eng-urd")
    del table["source_lang"], table["target_lang"]
    assert len(read_parallel(str(write(tmp_path / "plain.parquet", table)), "hin_Deva-urd_Arab")) == 4


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("hin_Deva", "cannot read the language pair 'hin_Deva'"),
        ("hin-urd-eng", "cannot read the language pair"),
        ("hin_Deva-xx", "unknown language code 'xx'"),
        ("hin-hi", "names one language twice"),
        ("hin-pol_Latn", "no column for pol_Latn (tried pol_Latn, pol; source, target); its columns are id, hin_Deva"),
        ("hin_Latn-urd", "no column for hin_Latn"),
        ("hin-urd_Arab", None),
    ],
)
def test_pairs_that_are_not_there(tmp_path, pair, message):
    path = str(write(tmp_path / "set.parquet", ROWS))
    if message is None:
        assert len(read_parallel(path, pair)) == 3
        return
    with pytest.raises(XAlignError) as caught:
        read_parallel(path, pair)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("set.txt", "a\tb\n", "give a file ending in .parquet"),
        ("set.parquet", "not parquet", "as Parquet"),
        ("set.jsonl", '{"hin": "a", "urd": "b"}\n{"hin": \n', "line 2 is not a JSON object"),
        ("set.jsonl", "[1]\n2\n", "line 2 is not a JSON object"),
        ("set.tsv", "hin\turd\na\n", "line 2"),
        ("set.csv", 'hin,urd\n"a,b\n', "not CSV"),
        ("set.tsv", "hin\turd\na\tb\n", "holds 1 usable pairs of hin-urd: at least 2"),
        ("set.tsv", "", "no column for hin"),
        ("set.jsonl", '{"hin": 1, "urd": "b"}\n{"hin": 2, "urd": "d"}\n', "row 1 of hin and urd holds 1, not text"),
    ],
)
def test_broken_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")
    with pytest.raises(XAlignError) as caught:
        read_parallel(str(path), "hin-urd")
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_no_file_and_a_folder(tmp_path):
    with pytest.raises(XAlignError, match="no such file"):
        read_parallel(str(tmp_path / "none.tsv"), "hin-urd")
    with pytest.raises(XAlignError, match="give a file ending in"):
        read_parallel(str(tmp_path), "hin-urd")
    with pytest.raises(XAlignError, match="--limit 1 leaves nothing"):
        read_parallel(str(write(tmp_path / "set.tsv", ROWS)), "hin-urd", limit=1)


@pytest.mark.skipif("HF_XALIGN_DATA" not in os.environ, reason="HF_XALIGN_DATA does not name a folder of real data")
@pytest.mark.parametrize(
    ("file", "pair", "n", "dropped"),
    [
        ("flores200_devtest", "hin_Deva-urd_Arab", 1012, 0),
        ("flores200_devtest", "pol-ukr", 1012, 0),
        ("ntrex128", "hin_Deva-urd_Arab", 1997, 0),
    ],
)
def test_real_test_sets(file, pair, n, dropped):
    data = read_parallel(f"{os.environ['HF_XALIGN_DATA']}/{file}.parquet", pair)
    assert (len(data), data.dropped, data.name) == (n, dropped, file)


def test_many_pairs_of_one_file(tmp_path):
    path = str(write(tmp_path / "set.parquet", ROWS))
    for pairs in (["urd-hin", "hin_Deva-eng"], ["eng-hin", "eng-urd"]):
        for data, pair in zip(read_language_pairs(path, pairs), pairs, strict=True):
            alone = read_parallel(path, pair)
            assert data == alone
    assert read_language_pairs(path, ["urd-hin"])[0].rows == [0, 1, 3]


def test_a_star_is_every_language_of_the_file(tmp_path):
    table = {"id": [1, 2], "eng_Latn": ["a", "b"], "row": ["1", "2"], "swh_Latn": ["c", "d"], "arb_Latn": ["e", "f"]}
    path = str(write(tmp_path / "set.parquet", table))
    assert [data.pair[1] for data in read_language_pairs(path, ["eng-*"])] == ["swh_Latn", "arb_Latn"]
    plain = str(write(tmp_path / "plain.parquet", {"id": [1, 2], "eng": ["a", "b"], "swh": ["c", "d"]}))
    assert [data.pair for data in read_language_pairs(plain, ["eng-*"])] == [("eng", "swh")]
    with pytest.raises(XAlignError, match="no languages that fra-\\* could stand for"):
        read_language_pairs(str(write(tmp_path / "none.parquet", {"id": [1, 2]})), ["fra-*"])
    with pytest.raises(XAlignError, match="unknown language code '\\*'"):
        read_parallel(path, "eng-*")


def test_source_and_target_without_languages_are_one_pair(tmp_path):
    path = str(write(tmp_path / "set.parquet", {"source": ["a", "b"], "target": ["c", "d"]}))
    assert len(read_language_pairs(path, ["eng-swh"])) == 1
    with pytest.raises(XAlignError, match="only source and target: these are one pair"):
        read_language_pairs(path, ["eng-swh", "eng-tgl"])
