from __future__ import annotations

import os
from pathlib import Path

import pytest

from hf_xalign.data.iso_codes import FORMER, LANGUAGES, SCRIPTS, TWO_LETTERS
from hf_xalign.data.languages import Language, parse_language
from hf_xalign.errors import XAlignError


@pytest.mark.parametrize(
    ("code", "language", "text"),
    [
        ("hin_Deva", Language("hin", "Deva"), "hin_Deva"),
        ("hin", Language("hin", None), "hin"),
        ("hi", Language("hin", None), "hin"),
        (" HIN-deva ", Language("hin", "Deva"), "hin_Deva"),
        ("uk", Language("ukr", None), "ukr"),
        ("zh-Hant-TW", Language("zho", "Hant"), "zho_Hant"),
        ("zho-TW", Language("zho", None), "zho"),
        ("es-419", Language("spa", None), "spa"),
        ("ger", Language("deu", None), "deu"),
        ("iw", Language("heb", None), "heb"),
        ("sh", Language("hbs", None), "hbs"),
        ("ber", Language("ber", None), "ber"),
        ("pbt_Arab", Language("pbt", "Arab"), "pbt_Arab"),
    ],
)
def test_codes(code, language, text):
    assert parse_language(code) == language
    assert str(parse_language(code)) == text
    assert parse_language(text) == language


@pytest.mark.parametrize(
    ("code", "named"),
    [
        ("hindi", "hin"),
        ("ukrainian", "ukr"),
        ("xqq", "nearest are"),
        ("", "hin_Deva"),
        ("hin_Dewa", "Deva"),
        ("hin_Deva_x", "'x'"),
        ("spa_ref2", "ref2"),
        ("hin_Deva_IN_x", "'x'"),
        ("12", "hin_Deva"),
    ],
)
def test_unknown_codes_name_what_is_near(code, named):
    with pytest.raises(XAlignError) as error:
        parse_language(code)
    assert named in str(error.value)
    assert repr(code) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("code", [None, 5, ["hin"]])
def test_what_is_not_a_string(code):
    with pytest.raises(XAlignError, match="a language code is a string"):
        parse_language(code)


def test_code_lists_are_well_formed():
    assert len(LANGUAGES) == 7911
    assert all(len(code) == 3 and code.isascii() and code.islower() and code.isalpha() for code in LANGUAGES)
    assert len(TWO_LETTERS) == 184
    assert set(TWO_LETTERS.values()) <= LANGUAGES
    assert set(FORMER.values()) <= LANGUAGES
    assert not set(FORMER) & set(TWO_LETTERS)
    assert {"Deva", "Latn", "Arab", "Cyrl", "Hans"} <= SCRIPTS


def test_every_language_that_uroman_knows():
    import uroman

    listed = Path(uroman.__file__).with_name("data") / "ISO-639-3-list.txt"
    codes = [
        line.split()[1] for line in listed.read_text(encoding="utf-8").splitlines() if line.startswith("::lang-code")
    ]
    assert len(codes) > 300
    assert all(parse_language(code) for code in codes)


@pytest.mark.skipif("HF_XALIGN_DATA" not in os.environ, reason="HF_XALIGN_DATA, the folder of real data, is not set")
@pytest.mark.parametrize(
    ("file", "other"), [("ntrex128", {"id", "doc_id", "spa_ref2"}), ("flores200_devtest", {"row"})]
)
def test_columns_of_parallel_sets(file, other):
    import pyarrow.parquet

    columns = pyarrow.parquet.read_schema(Path(os.environ["HF_XALIGN_DATA"]) / f"{file}.parquet").names
    assert len(columns) > 100
    for column in set(columns) - other:
        assert parse_language(column).iso639_3 == column[:3]
