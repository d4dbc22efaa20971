"""What the page makes of a sentence's letters."""

from __future__ import annotations

import pytest

from hf_xalign.demo.languages import NAMES, language_name
from hf_xalign.demo.writing import guess_language, script_of
from hf_xalign.evaluation.report.script import direction


@pytest.mark.parametrize(
    ("text", "language", "side"),
    [
        ("The word दुनिया is Hindi", "und_Latn", "ltr"),
        ("ये किताब", "und_Deva", "ltr"),
        ("یہ بڑا ہے", "urd_Arab", "rtl"),
        ("این گل", "fas_Arab", "rtl"),
        ("هذا كتاب", "und_Arab", "rtl"),
        ("זה ספר", "und_Hebr", "rtl"),
        ("Її мама", "ukr_Cyrl", "ltr"),
        ("Это мы", "rus_Cyrl", "ltr"),
        ("Това", "und_Cyrl", "ltr"),
        ("中文", "und_Hani", "ltr"),
        ("12, 13!", "und", "auto"),
        ("", "und", "auto"),
    ],
)
def test_script_and_telling_letters(text, language, side):
    assert guess_language(text) == language
    assert direction(language) == side


def test_of_two_scripts_the_one_with_more_letters():
    assert script_of("abc где") == "Latn" and script_of("ab где") == "Cyrl"


def test_names():
    assert language_name("hin") == language_name("hin_Latn") == "Hindi"
    assert language_name("som_Latn") == "som_Latn"
    assert language_name("und_Deva") == "Devanagari script" and language_name("und_Cham") == "Cham script"
    assert list(NAMES.values()) == sorted(NAMES.values())
