"""Gold alignments in every format, of one tiny standard made up here, and what is refused of them."""

from __future__ import annotations

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_xalign.aligners.gold import FORMATS, GoldAlignment, gold_has_words, read_gold
from hf_xalign.aligners.gold_formats import detect_format
from hf_xalign.errors import XAlignError


PAIRS = [
    (["das", "alte", "Haus"], ["the", "old", "house"]),
    (["ja"], ["oh", "yes"]),
    (["er", "kam", "nicht"], ["he", "did", "not", "come"]),
]
GOLD = [
    GoldAlignment([(0, 0), (1, 1), (2, 2)]),
    GoldAlignment([(0, 1)], [(0, 0)]),
    GoldAlignment([(0, 0), (2, 2)], [(1, 1), (1, 3)]),
]
LINES = ["0-0 1-1 2-2", "0p0 0-1", "0-0 1p1 2-2 1p3"]


def shifted(line: str) -> str:
    return " ".join(f"{int(link[0]) + 1}{link[1]}{int(link[2]) + 1}" for link in line.split())


def write(path, text) -> str:
    path.write_text(text, encoding="utf-8")
    return str(path)


def table() -> list[dict]:
    return [
        {
            "source_words": source,
            "target_words": target,
            "sure": [f"{i}-{j}" for i, j in sorted(truth.sure)],
            "possible": [f"{i}-{j}" for i, j in sorted(truth.possible - truth.sure)],
            "pair": "deu-eng",
        }
        for (source, target), truth in zip(PAIRS, GOLD, strict=True)
    ]


def test_possible_links_hold_the_sure_ones():
    truth = GoldAlignment([[0, 1]], [(2, 3)])
    assert truth.sure == {(0, 1)} and truth.possible == {(0, 1), (2, 3)}
    assert truth == GoldAlignment({(0, 1)}, {(0, 1), (2, 3)})


@pytest.mark.parametrize(
    ("format", "text"),
    [
        ("wpt", "1\t1\t2\n2\t1\t1\n"),
        ("wpt", "1\t1\t2\tS\n"),
        ("simalign", "0\t\n1\t0-0\n"),
        ("simalign", "0\t0-0 1p1\n"),
        ("xlwa", "ein 7\t7 a\t0-1\n"),
        ("pharaoh", "0-0\t1-1\n"),
        ("pharaoh", "\n"),
    ],
)
def test_the_first_line_tells_the_format(tmp_path, format, text):
    (tmp_path / "gold").write_text(text)
    assert detect_format(tmp_path / "gold") == format


@pytest.mark.parametrize("one_based", [False, True])
def test_formats_that_hold_links_only(tmp_path, one_based):
    lines = [shifted(line) if one_based else line for line in LINES]
    wpt = [
        f"{number:04} {link[0]} {link[2]}{' P' if link[1] == 'p' else ' S' if number == 1 else ''}"
        for number, line in enumerate(lines, 1)
        for link in line.split()
    ]
    files = {
        "pharaoh": "\n".join(lines),
        "simalign": "\n".join(f"{number}\t{line}" for number, line in enumerate(lines, 1)),
        "wpt": "\n".join(wpt),
    }
    for format, text in files.items():
        path = write(tmp_path / format, text)
        assert not gold_has_words(path)
        gold = read_gold(path, PAIRS, one_based=one_based)
        assert (gold.alignments, gold.pairs, gold.format) == (GOLD, PAIRS, format)
        assert (gold.labels, gold.notices, gold.rows, gold.total) == (None, [], [0, 1, 2], 3)
        with pytest.raises(XAlignError, match="give the file of its sentences"):
            read_gold(path)


def test_formats_that_hold_sentences(tmp_path):
    jsonl = write(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in table()))
    pq.write_table(pa.Table.from_pylist(table()), tmp_path / "a.parquet")
    for path in (jsonl, tmp_path / "a.parquet"):
        assert gold_has_words(path)
        gold = read_gold(path)
        assert (gold.alignments, gold.pairs, gold.labels) == (GOLD, PAIRS, ["deu-eng"] * 3)
    lines = ["\t".join([*map(" ".join, pair), line]) for pair, line in zip(PAIRS, LINES, strict=True)]
    gold = read_gold(write(tmp_path / "test.tsv", "\n".join(lines)))
    assert (gold.alignments, gold.pairs, gold.format) == (GOLD, PAIRS, "xlwa")
    with pytest.raises(XAlignError, match="leave out the file of"):
        read_gold(jsonl, PAIRS)


def test_other_names_of_columns_and_links_as_pairs(tmp_path):
    rows = [
        {"src_tokens": source, "tgt_words": target, "alignment": [[0, 0]], "source_lang": "deu", "target_lang": "eng"}
        for source, target in PAIRS
    ]
    gold = read_gold(write(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in rows)))
    assert gold.alignments == [GoldAlignment([(0, 0)])] * 3
    assert gold.labels == ["deu-eng"] * 3


def test_splits_are_chosen_not_mixed(tmp_path):
    rows = [row | {"split": split} for row, split in zip(table(), ("dev", "test", "test"), strict=True)]
    path = write(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in rows))
    with pytest.raises(XAlignError, match="holds the splits dev, test; choose one with --split"):
        read_gold(path)
    assert read_gold(path, split="test").alignments == GOLD[1:]
    with pytest.raises(XAlignError, match="has no split 'silver'; it holds dev, test"):
        read_gold(path, split="silver")


def test_the_first_pairs_of_each_language(tmp_path):
    rows = [row | {"pair": pair} for row, pair in zip(table(), ("a-b", "a-b", "c-d"), strict=True)]
    gold = read_gold(write(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in rows))).first(1)
    assert (gold.labels, gold.rows, gold.total, gold.pairs) == (["a-b", "c-d"], [0, 2], 3, [PAIRS[0], PAIRS[2]])


@pytest.mark.parametrize(
    ("keys", "links"),
    [
        # As many ids as pairs: their order counts, wherever they start.
        (["26", "27", "28"], [1, 1, 1]),
        (["9", "10", "11"], [1, 1, 1]),
        (["2", "3", "1"], [1, 1, 1]),
        # A pair without a link has no line; ids count from 1, or from 0.
        (["1", "3"], [1, 0, 1]),
        (["0", "2"], [1, 0, 1]),
    ],
)
def test_ids_of_shared_tasks(tmp_path, keys, links):
    path = write(tmp_path / "wpt", "\n".join(f"{key} 0 0" for key in keys))
    assert [len(truth.sure) for truth in read_gold(path, PAIRS).alignments] == links


@pytest.mark.parametrize(
    ("format", "text", "message"),
    [
        ("pharaoh", "0-0\n0-0 3-x\n0-0", "gold, line 2: '3-x' is no link"),
        ("pharaoh", "0-0\n0-0:0.5\n0-0", "gold, line 2: '0-0:0.5' is no link"),
        ("pharaoh", "0-0\n0-0", "2 lines of gold links, the file of sentences has 3"),
        ("pharaoh", "0-0\n0-2\n0-0", "gold, line 2: link 0-2 is out of range: the sides have 1 and 2 words"),
        ("pharaoh", "0-3\n0-2\n0-4 0-0", "line 1: link 0-3 .* counted from 0; 3 such links in the file; mend"),
        ("pharaoh", "1-1\n1-2\n3-4", "line 2: link 1-2 .* none of the file touches word 0, so it counts from 1"),
        ("simalign", "1\t0-0\n2 0-0\n3\t0-0", "gold, line 2: no tab"),
        ("simalign", "1\t0-0\n1\t0-0\n3\t0-0", "gold, line 2: the id '1' stands there twice"),
        ("wpt", "1 0 0\n2 0\n3 0 0", "gold, line 2: '2 0' is no link"),
        ("wpt", "1 0 0\n2 0 -99\n3 0 0", "gold, id 2 from line 2 on: link 0--99 is out of range"),
        ("wpt", "1 0 0\n4 0 0", "gold for 2 ids, beside 3 pairs"),
        ("wpt", "a 0 0\nb 0 0", "gold for 2 ids, beside 3 pairs"),
        ("xlwa", "a\tb\t0-0\na\tb", "gold, line 2: 2 fields"),
        ("xlwa", "a\t\t0-0", "gold, line 1: the target side is empty"),
        ("table", '{"sure": ["0-0"]}', "no column 'source_words'; it has sure"),
        (
            "table",
            '{"source_words": "a b", "target_words": ["c"], "sure": []}',
            "'source_words' is not a list of words",
        ),
        ("table", '{"source_words": ["a"], "target_words": ["c"], "sure": [[0, -1]]}', r"'\[0, -1\]' is no link"),
        ("table", '{"source_words": ["a"], "target_words": ["c"], "sure": 3}', "'sure' is not a list of links"),
        ("table", '{"source_words": ["\\ud800"], "target_words": ["c"], "sure": []}', "half a surrogate pair"),
        ("table", "[1]", "line 1: not a JSON object"),
        ("table", "{", "line 1: not JSON"),
        ("pharoah", "0-0", "unknown gold format 'pharoah'; did you mean 'pharaoh'"),
        ("wpt", "", "holds no gold alignment"),
    ],
)
def test_what_is_refused(tmp_path, format, text, message):
    path = write(tmp_path / "gold", text)
    with pytest.raises(XAlignError, match=message):
        read_gold(path, None if format in ("xlwa", "table") else PAIRS, format=format)


def test_a_file_that_counts_from_0_read_as_from_1(tmp_path):
    path = write(tmp_path / "gold", "1-1\n0-0\n3-4")
    with pytest.raises(XAlignError, match="line 2: link 0-0 touches word 0, so the file counts from 0"):
        read_gold(path, PAIRS, one_based=True)
    with pytest.raises(XAlignError, match=r"line 3: link 3-5 .* counted from 1"):
        read_gold(write(tmp_path / "gold", "1-1\n1-1\n3-5"), PAIRS, one_based=True)


def test_a_file_in_range_that_never_touches_word_0_is_told_of(tmp_path):
    pairs = [(["a", "b", "c"], ["a", "b", "c"])] * 2
    gold = read_gold(write(tmp_path / "gold", "1-1\n1-2 2-2"), pairs)
    assert "no link touches word 0; if the file counts words from 1, give --one-based" in gold.notices[0]
    assert read_gold(write(tmp_path / "gold", "1-1\n1-2 2-0"), pairs).notices == []
    assert read_gold(write(tmp_path / "gold", "\n1-2 2-2"), pairs, one_based=True).notices == []


def test_what_may_be_left_out(tmp_path):
    path = write(tmp_path / "gold", "0-0 1-1 2-2\n0-1 0p0 0p7 5-5\n0-0\n")
    gold = read_gold(path, PAIRS, skip_bad=True)
    assert gold.alignments[:2] == GOLD[:2]
    assert gold.notices == [f"{path}: 2 links of 1 pair left out, pointing past the words"]
    # A base that is wrong is not a matter of leaving out.
    with pytest.raises(XAlignError, match="so it counts from 1"):
        read_gold(write(tmp_path / "gold", "1-1\n1-2\n3-4"), PAIRS, skip_bad=True)
    # A pair that could not be read takes its gold links with it.
    gold = read_gold(write(tmp_path / "gold", "\n".join(LINES)), [PAIRS[0], None, PAIRS[2]])
    assert (gold.alignments, gold.rows, gold.total) == ([GOLD[0], GOLD[2]], [0, 2], 3)
    rows = table()
    rows[1]["target_words"] = []
    gold = read_gold(write(tmp_path / "a.jsonl", "\n".join(json.dumps(row) for row in rows)), skip_bad=True)
    assert gold.rows == [0, 2] and "1 pair left out" in gold.notices[0]


def test_no_file(tmp_path):
    for path, message in ((tmp_path / "none", "no such file"), (tmp_path, "is a folder")):
        with pytest.raises(XAlignError, match=message):
            read_gold(path, PAIRS)
    (tmp_path / "a.parquet").write_bytes(b"no")
    with pytest.raises(XAlignError, match=r"cannot read .*a.parquet"):
        read_gold(tmp_path / "a.parquet")
    assert FORMATS == ("pharaoh", "simalign", "wpt", "xlwa", "table")
