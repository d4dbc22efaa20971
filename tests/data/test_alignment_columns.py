from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_xalign.data.corpora import load_corpus
from hf_xalign.errors import XAlignError


PAIR = {"source": ["a b"], "target": ["c d"]}


def _read(folder, **columns):
    pq.write_table(pa.table(PAIR | columns), folder / "pairs.parquet")
    names = {name: name for name in PAIR | columns}
    spec = {"path": str(folder / "pairs.parquet"), "columns": names, "source_lang": "eng", "target_lang": "deu"}
    return load_corpus([spec], "pairs")[0]


def test_scores_stay_with_their_links_when_these_are_sorted(tmp_path):
    for links in ([[[1, 1], [0, 1], [0, 0]]], ["1-1 0-1 0-0"]):
        row = _read(tmp_path, alignment=links, alignment_score=[[0.1, 0.5, 0.9]])
        assert row["alignment"] == [[0, 0], [0, 1], [1, 1]]
        assert row["alignment_score"] == [0.9, 0.5, 0.1]


def test_long_lists_of_long_strings_are_words_too(tmp_path):
    words = pa.array([["a", "b"]], pa.large_list(pa.large_string()))
    assert _read(tmp_path, source_words=words, target_words=words)["source_words"] == ["a", "b"]


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ({"alignment": [[0, 1]]}, "0 is no word link"),
        ({"alignment": [[[0, None]]]}, r"\[0, None\] is no word link"),
        ({"alignment": [[[0.0, 1.0]]]}, r"\[0\.0, 1\.0\] is no word link"),
        ({"alignment": [[{"a": 0, "b": 1}]]}, "is no word link"),
        ({"alignment": [3]}, "alignment holds 3, not a list of word links"),
        ({"alignment": ["0-0 1-1"], "alignment_score": ["0.5 0.6"]}, "alignment_score holds '0.5 0.6', not a list"),
        ({"alignment": ["0-0"], "alignment_score": [0.5]}, "alignment_score holds 0.5, not a list"),
        ({"alignment": ["0-0"], "alignment_score": [[None]]}, "the score None"),
        ({"alignment": ["0-0"], "alignment_score": [[float("nan")]]}, "the score nan"),
        ({"alignment": ["0-0"], "alignment_score": [[-3.5]]}, "the score -3.5.*0 to 1"),
        ({"alignment": ["0-0"], "alignment_score": [[0.5, 0.5]]}, "2 scores for 1 links"),
    ],
)
def test_what_is_no_alignment_is_named(tmp_path, columns, message):
    with pytest.raises(XAlignError, match=rf"pairs\.parquet: .*{message}"):
        _read(tmp_path, **columns)
