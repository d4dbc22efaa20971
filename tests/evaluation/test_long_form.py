from __future__ import annotations

import json
import os

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.long_form import read_long_form


ROWS = [
    {"lang": "swh", "sentence": "a", "english": "one"},
    {"lang": "tgl", "sentence": "b", "english": "one"},
    {"lang": "swh", "sentence": "c", "english": "two"},
    {"lang": "swh", "sentence": " ", "english": "three"},
    {"lang": "tgl", "sentence": "d", "english": "four"},
    {"lang": "kzj", "sentence": "e", "english": "five"},
    {"lang": "kzj", "sentence": "f", "english": "six"},
    {"lang": "xx", "sentence": "g", "english": "seven"},
    {"lang": None, "sentence": "h", "english": "eight"},
    {"lang": "dtp", "sentence": "i", "english": "nine"},
    {"lang": "dtp", "sentence": "j", "english": "ten"},
]
COLUMNS = {"source_column": "english", "target_column": "sentence"}


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "long.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in ROWS), encoding="utf-8")
    return str(path)


def test_rows_of_each_pair(file):
    swahili, tagalog = read_long_form(file, ["eng-swh", "eng_Latn-tgl_Latn"], **COLUMNS)
    assert (swahili.source, swahili.target) == (["one", "two"], ["a", "c"])
    assert (swahili.pair, swahili.rows, swahili.dropped) == (("eng", "swh"), [0, 2], 1)
    assert (tagalog.target, tagalog.pair) == (["b", "d"], ("eng_Latn", "tgl_Latn"))


def test_the_shared_language_may_be_the_second(file):
    (turned,) = read_long_form(file, ["swh-eng"], source_column="sentence", target_column="english")
    assert turned.source == ["a", "c"]
    assert turned.target == ["one", "two"]


def test_a_star_is_every_language_that_has_a_code(file):
    found = read_long_form(file, ["eng-*"], **COLUMNS)
    assert [text.pair for text in found] == [("eng", "swh"), ("eng", "tgl"), ("eng", "dtp")]
    # The rows of the retired code are another test set.
    assert found[-1].target == ["i", "j"]


@pytest.mark.parametrize(
    ("pairs", "options", "message"),
    [
        (["eng-fra"], {}, "no rows of eng-fra; it has dtp, kzj, swh, tgl, xx"),
        (["swh-tgl"], {}, "swh and tgl are both of swh-tgl"),
        (["eng-swh", "en-swh"], {}, "the pair eng-swh is named twice"),
        (["eng"], {}, "cannot read the language pair 'eng'"),
        (["eng-xx"], {}, "unknown language code 'xx'"),
        (["eng-swh"], {"lang_column": "language"}, "no column 'language'; it has lang, sentence, english"),
        (["eng-swh"], {"source_column": "en"}, "no column 'en'"),
        (["eng-swh"], {"limit": 1}, "at least 2"),
    ],
)
def test_wrong_input(file, pairs, options, message):
    with pytest.raises(XAlignError) as caught:
        read_long_form(file, pairs, **COLUMNS | options)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_language_column_of_numbers(tmp_path):
    path = tmp_path / "long.jsonl"
    path.write_text('{"lang": 3, "source": "a", "target": "b"}\n', encoding="utf-8")
    with pytest.raises(XAlignError, match="row 1 of lang holds 3, not a language code"):
        read_long_form(str(path), ["eng-swh"])


@pytest.mark.skipif("HF_XALIGN_DATA" not in os.environ, reason="HF_XALIGN_DATA does not name a folder of real data")
def test_tatoeba():
    file = f"{os.environ['HF_XALIGN_DATA']}/tatoeba_v1.parquet"
    data = read_long_form(file, ["eng-swh", "eng-jav", "eng-kat"], **COLUMNS)
    assert [len(text) for text in data] == [390, 205, 746]
    assert [text.dropped for text in data] == [0, 0, 0]
    assert len(read_long_form(file, ["eng-*"], **COLUMNS)) == 89
