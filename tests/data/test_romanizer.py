"""The fast romaniser against uroman itself: equal to the character."""

from __future__ import annotations

import logging
import os
import random
from pathlib import Path

import pytest
import uroman
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hf_xalign.data import romanizer, uroman_backend
from hf_xalign.data.romanizer import Romanizer, romanizer_for


DATA = os.environ.get("HF_XALIGN_DATA")
needs_data = pytest.mark.skipif(DATA is None, reason="HF_XALIGN_DATA, the folder of real data, is not set")


@pytest.fixture(scope="module", autouse=True)
def saved_tables(tmp_path_factory):
    """Tables are saved in a folder of the tests, not in the user's cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("huggingface_hub.constants.HF_HOME", str(tmp_path_factory.mktemp("hf_home")))
        yield


@pytest.fixture(scope="module")
def plain():
    return uroman.Uroman()


def check(plain, line, lcode):
    """Equal to uroman, or a line of some sort where uroman fails (an `AttributeError`, say, on `三分之`)."""
    romanized = romanizer_for(lcode)(line)
    try:
        expected = plain.romanize_string(line, lcode=lcode)
    except Exception:
        assert isinstance(romanized, str)
        return False
    if romanized != expected and undecided(plain, line, lcode):
        return False
    assert romanized == expected, (lcode, line, [f"{ord(character):04x}" for character in line])
    return True


def undecided(plain, line, lcode):
    """Whether uroman itself takes one or the other of two edges, by where they happen to lie in memory (Braille)."""
    lattice = uroman.uroman.Lattice(line, plain, lcode)
    lattice.pick_tibetan_vowel_edge()
    lattice.prep_braille()
    lattice.add_romanization()
    spans = [edges for (_, end), edges in lattice.lattice.items() if isinstance(end, int)]
    return any(len({edge.txt for edge in edges if not edge.type.startswith("rom decomp")}) > 1 for edges in spans)


def test_ascii_is_its_own_romanisation(plain):
    """The rules behind the short cut: every rule for ASCII text gives that text."""
    for text, rules in plain.rom_rules.items():
        if text and text.isascii():
            assert {rule["t"] for rule in rules} == {text}
    for line in ("", " ", "  a  b ", "3.14 1.2.3.4 007", "St. John's I'm OK", "\t\x00\x7f\x1c", "1,000.50% (x)"):
        assert check(plain, line, "eng")


@pytest.mark.parametrize(
    ("line", "lcode", "expected"),
    [
        ("Київ", "ukr", "Kyiv"),
        ("Київ", None, "Kiyiv"),
        ("Игорь", "rus", "Igor"),
        ("नमस्ते दुनिया", "hin", "namaste duniyaa"),
        ("تمام انسان", "urd", "tmam ansan"),
        ("Zażółć gęślą jaźń", "pol", "Zazolc gesla jazn"),
        ("٢٠٢٤", "ara", "2024"),
        ("五百二十", "zho", "520"),
        ("23½", None, "23 1/2"),
    ],
)
def test_known_romanisations(plain, line, lcode, expected):
    assert romanizer_for(lcode)(line) == expected
    assert check(plain, line, lcode)


ADVERSARIAL = """
०१२ १२.५ ३, ४५.६.७ क१ १क
½ 23½ ½½ 3 ½ x² m³/s ①② Ⅳ ⅷx Ⅻ
一二三 三百五十 2千 三分之一 百分之五 负5 負五 北京三 百度一下 五百度 零下 二〇二四年 １２３ 十.五
สวัสดีครับ การเปิดตัว ต่อต้าน ก็ เก่า แพดดิงตั้น ศักดิ์สิทธิ์ ๒๕๖๗ ไป ค่อนไป
ກິນເຂົ້າ ລາວ ໑໒
ខ្ញុំ ក្រុង ប៉ ភាសា១២
မြန်မာ ကျောင်းသား ၁၂၃ ်
राम कमल नमस्कार संस्कृतम् देश।
বাংলাদেশ মানুষ દેશ લોક ਦੇਸ਼ ਲੋਕ
བོད་「སྐད」 བོད་（ བོད་྄ཀ བོད་ིཀ
བོད་སྐད། བཀྲ་ཤིས་བདེ་ལེགས། ༡༢༣ བོད ་སྐད «བོད་
日本語、テスト。 ちょっと まって っか きゃー シャー キョー 東京・大阪 「こんにちは」 っ ー ゃ
你好，世界 ， （括号） 《书》 ！ 。 ： a，b ，  ，
ሰላም፡ ዓለም፡፡ ሰላም፡ዓለም ፡ ፡  ፡- ፩፪፫ ፲፱፻
क्‍ष क‌्ष را‌ه می‌روم ‍ ‌ ‏שלום‎ ‏
é ё й ї a̐ о́ и́й ᾍ ʼя
😀 👨‍👩‍👧 🇺🇦 ☕️
а б　в
Θεσσαλονίκη ΘΕΣΣΑΛΟΝΊΚΗ Μπ μπ γκ Ντ λμπ μs
Щука щука ЩУКА ЮНЕСКО Юля Її ії ій ий Підйом
Եվ եւ ուս Երեւան և
שׁוּב ייִדיש וו צ׳ ד׳
܀ ܐܒ݂ܓ
ⲁ̀ⲃⲅ ⲉⲣⲉ
⠠⠠⠺⠕⠗⠇⠙ ⠓⠊ ⠼⠁⠃⠲⠑ abc ⠼ x
ক্ষ ড় য় ১২ ং
ਪੰਜਾਬੀ ਪੱਕਾ ਅੱਜ
தமிழ் ஃப ஃஜ ௧௨
മലയാളം ന് ർ
සිංහල ශ්‍රී
ﻼ ﷺ ﷲ ㎥ ㏒ ℃ ™ ﬁ Ⓐ 🄰 𝔄
⟨⟩ … – — ‘’ “” „” « » ¿ ¡ § © № ‰ € ₴ ×
嗯5 嗯 ҂5 ၩ5
᠑᠒ ᠮᠣᠩᠭᠣᠯ
ꓐ ߒߞߏ ߁߂ ⴰⵣⵓⵍ ᏣᎳᎩ
ا َ ً ُّ ٓا
漢字かな交じり文１２３．５％
""".strip("\n").split("\n")

LCODES = [
    None,
    "ukr",
    "rus",
    "bel",
    "hin",
    "san",
    "ben",
    "guj",
    "pan",
    "yid",
    "fas",
    "uig",
    "kaz",
    "ell",
    "tur",
    "srp",
    "jpn",
]


@pytest.mark.parametrize("line", ADVERSARIAL)
def test_adversarial_lines(plain, line):
    for lcode in LCODES:
        check(plain, line, lcode)
        check(plain, line + " ", lcode)
    for word in line.split(" "):
        check(plain, word, None)
        check(plain, f" {word}  {word}", "ukr")


@pytest.mark.parametrize(
    "line",
    [
        "", " ", "   ", "\t", "\n", "\u00a0", "\u2028", "\x85", "\x0b", "\u3000", "\u200b", "\ufeff", "\u0301",
        "\u093c",         "\u094d", "\u0e31", "\u0f0b", "\u1361", "\u1361 ", "\u1361  ", "\uffff", "\ue000",
        "\U000f0000", "\U0010ffff",
        "  ведучі   пробіли  ", "x\u2009п\u2007ї ", "а\tтаб\tї", "а\u2028б", "а\x85б", "а\x0bб", "а\u00a0\u00a0б ",
        "क\u093c", "क\u093c ", "क\u093cा", "क\u0301ा", "क\u0301\u094d", "क\u200dा", "\u0301а", "а\u0301 \u0301",
        "х" * 5000, "कि" * 500, "好" * 300, "あ。" * 100, "٣" * 200, "а1" * 300,
    ],
)  # fmt: skip
def test_odd_lines(plain, line):
    check(plain, line, None)
    check(plain, line, "ukr")
    check(plain, f"слово {line} слово", "ukr")


def test_only_braille_leaves_uroman_undecided(plain):
    assert undecided(plain, "\u2820\u283d", "eng")
    for line in ADVERSARIAL:
        if not any("\u2800" <= character <= "\u28ff" for character in line):
            assert not any(undecided(plain, line, lcode) for lcode in LCODES)


def test_lines_on_which_uroman_fails_become_one_line(plain, caplog):
    line = "三分之"
    with pytest.raises(AttributeError):
        plain.romanize_string(line)
    romanizer._failures.clear()
    with caplog.at_level(logging.WARNING):
        assert romanizer_for("zho")(f"好 {line}") == "hao " + "".join(map(romanizer_for("zho"), line))
    assert "fails on" in caplog.text


def _characters_by_script(plain) -> dict[str, list[str]]:
    scripts: dict[str, list[str]] = {"Braille": [chr(code) for code in range(0x2800, 0x2900)]}
    for (kind, character), script in plain.dict_str.items():
        if kind == "script" and character and script:
            scripts.setdefault(script, []).append(character)
    return scripts


COMMON = "  .,-'’()/:;!?0123456789%abXYth"  # and what is easily overlooked
COMMON += (
    "\t\u00a0\u200b\u200c\u200d\u200e\u200f\u2028\u3000，。、・「」（）ー—…½²№\u0301\u0300\u030c\u0f0b\u1361\u0964"
)


@pytest.fixture(scope="module")
def mixed_text(plain):
    """A strategy: words of one script each with rules, marks, numbers and punctuation strewn in."""
    scripts = _characters_by_script(plain)
    marks = [text for (kind, text) in plain.dict_bool if kind in ("is-vowel-sign", "is-virama") and len(text) == 1]
    longer = [text for text in plain.rom_rules if len(text) > 1]
    restricted = [text for text, rules in plain.rom_rules.items() if text and any(rule["n-restr"] for rule in rules)]
    numbers = [*plain.num_props, *"0123456789.分之负"]
    strewn = st.sampled_from(marks) | st.sampled_from(longer) | st.sampled_from(restricted) | st.sampled_from(COMMON)
    words = [
        st.lists(st.sampled_from(characters) | st.sampled_from(characters) | strewn, max_size=6).map("".join)
        for characters in scripts.values()
    ]
    words.append(st.lists(st.sampled_from(numbers), max_size=6).map("".join))
    words.append(st.text(max_size=4))
    pieces = st.lists(st.tuples(st.one_of(words), st.sampled_from(["", " ", " ", "  "])).map("".join), max_size=5)
    return pieces.map("".join)


def test_mixed_scripts(plain, mixed_text):
    @settings(
        max_examples=600, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
    )
    @given(line=mixed_text, lcode=st.sampled_from(LCODES))
    def holds(line, lcode):
        check(plain, line, lcode)

    holds()


def test_every_rule_of_several_characters_or_with_conditions(plain):
    rules = [
        text
        for text, rules in plain.rom_rules.items()
        if text and (len(text) > 1 or any(rule["n-restr"] for rule in rules))
    ]
    assert len(rules) > 1000
    generator = random.Random(0)
    codes = sorted({code for rules in plain.rom_rules.values() for rule in rules for code in rule["lcodes"] or ()})
    for text in rules:
        other = generator.choice(rules)
        check(plain, f"{text} {other}{text}{generator.choice('ая कa1。')}", generator.choice([None, *codes]))


@pytest.mark.parametrize("part", [0, pytest.param(1, marks=pytest.mark.slow)])
def test_every_character_with_a_rule(plain, part):
    characters = [text for text in plain.rom_rules if len(text) == 1]
    step = 1 if part else 97
    for begin in range(0, len(characters), step * 12):
        line = " ".join(characters[begin : begin + step * 12 : step])
        check(plain, line, None)
        check(plain, line.replace(" ", ""), None)


def ntrex_lines(share: int | None):
    import pyarrow.parquet

    table = pyarrow.parquet.read_table(Path(DATA) / "ntrex128.parquet")
    generator = random.Random(0)
    for column in table.schema.names:
        if column in ("id", "doc_id"):
            continue
        lines = [line for line in table[column].to_pylist() if line]
        for line in lines if share is None else generator.sample(lines, share):
            yield column[:3], line


@needs_data
def test_sample_of_ntrex(plain):
    checked = sum(check(plain, line, lcode) for lcode, line in ntrex_lines(4))
    assert checked > 106 * 4 - 10


@needs_data
@pytest.mark.slow
@pytest.mark.timeout(4 * 3600)
def test_all_of_ntrex(plain):
    checked = failed = 0
    for lcode, line in ntrex_lines(None):
        equal = check(plain, line, lcode)
        checked += equal
        failed += not equal
    assert checked > 106 * 1900
    assert failed < 200


def test_memory_is_bounded(plain, monkeypatch):
    monkeypatch.setattr(romanizer._Memory, "CAPACITY", 50)
    monkeypatch.setattr(romanizer._Memory, "_all", [])
    romanize = Romanizer(uroman_backend.load_uroman(), "ukr")
    memories = romanizer._Memory._all
    words = [f"слово{chr(0x430 + number % 32)}{chr(0x430 + number // 32)}" for number in range(400)]
    for repeat in range(3):
        for word in words[:: repeat + 1]:
            assert romanize(f"{word} {word}") == plain.romanize_string(f"{word} {word}", lcode="ukr")
            assert sum(map(len, memories)) <= 50
            assert sum(len(memory._older) for memory in memories) <= 50
    long = "ї" * 100
    assert romanize(long) == plain.romanize_string(long, lcode="ukr")
    assert not any(long in memory for memory in memories)


def test_languages_without_rules_of_their_own_share_one_romaniser():
    assert romanizer_for("pol") is romanizer_for(None) is romanizer_for("urd")
    assert romanizer_for("ukr") is not romanizer_for("rus")
    assert romanizer_for("ben") is not romanizer_for(None)  # named in uroman's code, not in its rules


def test_another_uroman_is_used_as_it_is(plain, monkeypatch, caplog):
    monkeypatch.setattr(romanizer, "UROMAN_KNOWN", "another")
    romanizer._is_known.cache_clear()
    romanizer_for.cache_clear()
    try:
        with caplog.at_level(logging.WARNING):
            romanize = romanizer_for("ukr")
        assert not isinstance(romanize, Romanizer)
        assert romanize("Київ, ½") == plain.romanize_string("Київ, ½", lcode="ukr")
        assert "not the release" in caplog.text
    finally:
        romanizer._is_known.cache_clear()
        romanizer_for.cache_clear()
