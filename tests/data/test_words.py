from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_xalign.data.words import locate_words, split_words, words_of_tokens


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop, it's 3.5!", ["Don't", "stop", ",", "it's", "3", ".", "5", "!"]),
        ("well-known  “words”\u00a0…", ["well-known", "“", "words", "”", "…"]),
        ("यह किताब है।", ["यह", "किताब", "है", "।"]),  # vowel signs are marks, not letters
        ("می‌روم؟", ["می‌روم", "؟"]),  # a zero-width non-joiner stands inside the word
        ("我爱Python编程。", ["我", "爱", "Python", "编", "程", "。"]),
        ("カタカナ", ["カ", "タ", "カ", "ナ"]),
        ("", []),
        ("  \u200b ", []),
    ],
)
def test_split_words(text, words):
    assert split_words(text) == words


@given(st.text(max_size=60))
def test_words_are_found_where_they_were_taken_from(text):
    words = split_words(text)
    assert [text[start:end] for start, end in locate_words(text, words)] == words
    assert all(word and not any(map(str.isspace, word)) for word in words)


def test_invisible_characters_are_no_letters_left_over():
    # A joiner that ends a word (Malayalam), a mark of direction, a zero-width space (Khmer), a soft hyphen.
    text = "അവന്\u200d \u200fa\u200bb co\u00adop"
    words = ["അവന്", "a", "b", "co", "op"]
    assert split_words(text) == words
    assert locate_words(text, words) == [(0, 4), (7, 8), (9, 10), (11, 13), (14, 16)]


def test_words_of_another_text_are_not_located():
    assert locate_words("the house", ["the", "mouse"]) is None
    assert locate_words("the old house", ["the", "house"]) is None
    assert locate_words("the house", ["the"]) is None
    assert locate_words("the house", ["the", "", "house"]) is None
    assert locate_words("aaa", ["a", "aa"]) == [(0, 1), (1, 3)]
    assert locate_words("", []) == []


def test_tokens_know_their_words():
    #  "a house ." as <s> ▁ a ▁hou se . </s>
    spans = [(0, 1), (2, 7), (8, 9)]
    offsets = [(0, 0), (0, 1), (1, 5), (5, 7), (7, 8), (8, 9), (0, 0)]
    assert words_of_tokens(offsets, spans).tolist() == [-1, 0, 1, 1, 2, 2, -1]
    # What a word's last token holds besides (a joiner, a space after it) changes nothing.
    assert words_of_tokens([(0, 2), (2, 4), (4, 5)], [(0, 3), (4, 5)]).tolist() == [0, 0, 1]
    # A token of two words belongs to the second, one of no word to none.
    assert words_of_tokens([(0, 4), (7, 8)], [(0, 1), (2, 7)]).tolist() == [1, -1]
    assert words_of_tokens([(0, 1)], []).tolist() == [-1]
    assert words_of_tokens([], [(0, 1)]).tolist() == []
