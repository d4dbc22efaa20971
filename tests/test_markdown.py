"""Text of unknown origin in Markdown."""

from __future__ import annotations

import pytest

from hf_xalign.markdown import code, inline, one_line, table


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a|b", "a\\|b"),
        ("<b>&amp;", "&lt;b&gt;&amp;amp;"),
        ("*x* _y_ `z` ~w~ $v$", "\\*x\\* \\_y\\_ \\`z\\` \\~w\\~ \\$v\\$"),
        ("[a](b) {c} #d \\e", "\\[a\\](b) \\{c\\} \\#d \\\\e"),
        ("hin_Deva", "hin_Deva"),
        ("https://x.example www.x.example", "https&#58;//x.example www&#46;x.example"),
        ("एक_दो  \t\n तीन", "एक_दो तीन"),
        (7, "7"),
    ],
)
def test_inline(text, shown):
    assert inline(text) == shown


def test_one_line():
    assert one_line("a\r\nb\u2028c\x00d\u202ee\u2066f\ud800") == "a b c defg?".replace("g", "")
    assert one_line("a\u200db") == "a\u200db"  # joiners belong to words


def test_code_and_table():
    assert code("a`b|c\n---") == "`a'b\\|c ---`" and code("") == ""
    assert table(["x", "y"], [["1", "2"]], numbers=[1]) == "| x | y |\n| --- | ---: |\n| 1 | 2 |"
