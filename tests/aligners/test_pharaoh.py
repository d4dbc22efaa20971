from __future__ import annotations

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hf_xalign.aligners.base import Aligner
from hf_xalign.aligners.blank_words import align_with_blanks
from hf_xalign.aligners.pharaoh import check_links, format_pharaoh, parse_pair, parse_pharaoh, read_links, read_pairs
from hf_xalign.errors import XAlignError


def test_links_are_sorted_and_kept_once():
    assert parse_pharaoh("2-1 0-0:0.25  0-0:0.5 10-3\n", "x") == [(0, 0, 0.5), (2, 1, 1.0), (10, 3, 1.0)]
    assert parse_pharaoh("", "x") == parse_pharaoh("  ", "x") == []
    assert parse_pharaoh("1-2:1e-05 3-4:.5 5-6:0", "x") == [(1, 2, 1e-5), (3, 4, 0.5), (5, 6, 0.0)]


@given(st.dictionaries(st.tuples(st.integers(0, 99), st.integers(0, 99)), st.integers(0, 10_000)))
def test_what_is_written_is_read_again(cells):
    links = sorted((i, j, score / 10_000) for (i, j), score in cells.items())
    assert parse_pharaoh(format_pharaoh(links, scores=True), "x") == links
    assert [link[:2] for link in parse_pharaoh(format_pharaoh(links), "x")] == [link[:2] for link in links]


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("0-0 3-x", "file, line 4: '3-x' is no link; write i-j or i-j:score"),
        ("3", "'3' is no link"),
        ("-1-2", "'-1-2' is no link"),
        ("1-2:", "is no link"),
        ("1-2:nan", "is no link"),
        ("1-2:-0.5", "is no link"),
        ("1-2:1.5", "the score of '1-2:1.5' is not within 0 and 1"),
        ("٣-٤", "is no link"),
        ("1p2", r"possible links \(ipj\) are for gold alignments"),
    ],
)
def test_broken_links(line, message):
    with pytest.raises(XAlignError, match=message):
        parse_pharaoh(line, "file, line 4")


def test_words_stand_between_spaces_and_tabs():
    assert parse_pair(" das  Haus\t. ||| the house .", "x") == (["das", "Haus", "."], ["the", "house", "."])
    assert parse_pair("a|||b", "x") == (["a"], ["b"])
    # Corpora whose indices count such words: an ideographic space alone, a no-break space inside.
    assert parse_pair("a \u3000 20\xa0000 ||| b", "x") == (["a", "\u3000", "20\xa0000"], ["b"])
    assert parse_pair("It's here. ||| C'est ici.", "x", raw=True) == (["It's", "here", "."], ["C'est", "ici", "."])


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("", "x: the line is empty"),
        ("das Haus", r"x: '\|\|\|' is missing"),
        ("a ||| b ||| c", r"x: '\|\|\|' stands there 2 times"),
        (" ||| b", "x: the source side is empty"),
        ("a ||| \u3000", "x: the target side is empty"),
    ],
)
def test_broken_pairs(line, message):
    with pytest.raises(XAlignError, match=message):
        parse_pair(line, "x")


def test_files(tmp_path):
    path = tmp_path / "pairs.txt.gz"
    path.write_bytes(gzip.compress(b"ein Haus ||| a house\r\nja ||| yes"))
    assert read_pairs(path) == [(["ein", "Haus"], ["a", "house"]), (["ja"], ["yes"])]
    links = tmp_path / "links"
    links.write_text("0-0 1-1\n\n0-0:0.5\n", encoding="utf-8")
    assert read_links(links) == [[(0, 0, 1.0), (1, 1, 1.0)], [], [(0, 0, 0.5)]]
    (tmp_path / "broken").write_bytes(b"a ||| b\n\xff ||| b\n")
    with pytest.raises(XAlignError, match="broken, line 2: not UTF-8"):
        read_pairs(tmp_path / "broken")
    with pytest.raises(XAlignError, match=r"cannot read .*none: No such file"):
        read_pairs(tmp_path / "none")
    with pytest.raises(XAlignError, match="line 3: link 0-2 is out of range: the sides have 1 and 2 words"):
        check_links([(0, 1, 1.0), (0, 2, 1.0)], (["a"], ["b", "c"]), "line 3")


class Diagonal(Aligner):
    id = "diagonal"

    def _links(self, pairs, *, progress):
        return [[(i, i, 1.0) for i in range(min(map(len, pair)))] for pair in pairs]


def test_a_blank_word_has_no_link_and_keeps_its_index():
    pairs = [(["a", "\u3000", "b"], ["x", "y"]), (["a"], [" ", "x"])]
    assert align_with_blanks(Diagonal(), pairs) == [[(0, 0, 1.0), (2, 1, 1.0)], [(0, 1, 1.0)]]
    with pytest.raises(XAlignError, match="target side of pair 0"):
        align_with_blanks(Diagonal(), [(["a"], [" "])])
