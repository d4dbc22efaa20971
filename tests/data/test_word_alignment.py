from __future__ import annotations

import pickle
from collections.abc import Sequence

import pytest
from datasets import Dataset, load_dataset
from datasets.fingerprint import Hasher

import hf_xalign
from hf_xalign import AlignWords, load_aligner
from hf_xalign.aligners import Aligner
from hf_xalign.data.word_alignment import align_dataset
from hf_xalign.errors import XAlignError
from tests.aligners.golden import inputs


class FirstLetters(Aligner):
    """Links words that begin alike, scored by the length of the longer one; counts its calls."""

    def __init__(self, *, threshold: float = 0.0, corpus: bool = False):
        super().__init__(threshold=threshold)
        self.needs_corpus = corpus
        self.calls: list[int] = []

    @property
    def id(self) -> str:
        return f"letters(threshold={self.threshold}, corpus={self.needs_corpus})"

    def _links(self, pairs: Sequence, *, progress: bool) -> list:
        self.calls.append(len(pairs))
        return [
            [
                (i, j, 1 / max(len(a), len(b)))
                for i, a in enumerate(source)
                for j, b in enumerate(target)
                if a[0] == b[0]
            ]
            for source, target in pairs
        ]


ROWS = {
    "source": ["an apple", "the tree.", None, "  "],
    "target": ["al", "Tree . the", "a", "b"],
    "source_lang": ["eng", "eng", "eng", "eng"],
    "target_lang": ["aaa", "bbb", "aaa", "bbb"],
}


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("model")
    inputs.save_tiny_model(folder)
    return folder


def on_disk(folder, rows: dict) -> Dataset:
    path = folder / "rows.parquet"
    Dataset.from_dict(rows).to_parquet(path)
    return load_dataset("parquet", data_files=str(path), split="train", cache_dir=str(folder / "cache"))


def test_columns():
    found = AlignWords(aligner=FirstLetters())(ROWS)
    assert found["source_words"] == [["an", "apple"], ["the", "tree", "."], [], []]
    assert found["target_words"] == [["al"], ["Tree", ".", "the"], ["a"], ["b"]]
    assert [row.tolist() for row in found["alignment"]] == [[[0, 0], [1, 0]], [[0, 2], [1, 2], [2, 1]], [], []]
    assert [row.tolist() for row in found["alignment_score"]] == [[0.5, 0.2], [1 / 3, 0.25, 1.0], [], []]


def test_in_a_data_set():
    aligned = Dataset.from_dict(ROWS).map(AlignWords(aligner=FirstLetters(threshold=0.3)), batched=True, batch_size=3)
    assert str(aligned.features["alignment"]) == "List(List(Value('int64')))"
    assert aligned["alignment"][:] == [[[0, 0]], [[0, 2], [2, 1]], [], []]
    assert aligned["alignment_score"][:] == [[0.5], [1 / 3, 1.0], [], []]


def test_a_batch_without_links_has_the_types_of_one_with_links():
    aligned = Dataset.from_dict({"source": ["a"], "target": ["b"]}).map(
        AlignWords(aligner=FirstLetters()), batched=True
    )
    assert str(aligned.features["alignment"]) == "List(List(Value('int64')))"
    assert str(aligned.features["alignment_score"]) == "List(Value('float64'))"


def test_words_that_are_there_are_used():
    rows = {"source": ["a b", "ab"], "target": ["b a", "a"], "source_words": [["b", "a"], None]}
    found = AlignWords(aligner=FirstLetters())(rows)
    assert found["source_words"] == [["b", "a"], ["ab"]]
    assert [row.tolist() for row in found["alignment"]] == [[[0, 0], [1, 1]], [[0, 0]]]


def test_words_in_columns_of_other_names_without_sentences():
    rows = {"one": [["b", "a"]], "two": [["a"]]}
    found = AlignWords(aligner=FirstLetters(), source_words="one", target_words="two")(rows)
    assert found["source_words"] == [["b", "a"]] and found["target_words"] == [["a"]]
    assert found["alignment"][0].tolist() == [[1, 0]]


def test_alignments_that_are_there_are_kept_if_asked():
    rows = {"source": ["a b", "a"], "target": ["b a", "a"], "alignment": [[[0, 0]], None]}
    for scores, expected in (([[0.7], None], [0.7]), (None, [1.0])):
        given = rows if scores is None else rows | {"alignment_score": scores}
        found = AlignWords(aligner=FirstLetters(), keep=True)(given)
        assert [row.tolist() for row in found["alignment"]] == [[[0, 0]], [[0, 0]]]
        assert [row.tolist() for row in found["alignment_score"]] == [expected, [1.0]]
    again = AlignWords(aligner=FirstLetters())(rows)
    assert again["alignment"][0].tolist() == [[0, 1], [1, 0]]


def test_an_encoder_gives_the_links_of_its_aligner(model):
    pairs = inputs.tiny_pairs()[:30]
    aligner = load_aligner("simalign", model=model)
    rows = {"source_words": [source for source, _ in pairs], "target_words": [target for _, target in pairs]}
    found = AlignWords(aligner=aligner)(rows)
    expected = aligner.align(pairs)
    assert [row.tolist() for row in found["alignment"]] == [[[i, j] for i, j, _ in links] for links in expected]
    assert [row.tolist() for row in found["alignment_score"]] == [[score for *_, score in links] for links in expected]


def test_a_second_map_reads_the_cache(model, tmp_path):
    pairs = inputs.tiny_pairs()[:6]
    rows = {"source": [" ".join(source) for source, _ in pairs], "target": [" ".join(target) for _, target in pairs]}
    dataset = on_disk(tmp_path, rows)
    first = dataset.map(AlignWords(aligner=load_aligner("simalign", model=model)), batched=True)
    used = load_aligner("simalign", model=model)
    used.align(pairs)
    second = dataset.map(AlignWords(aligner=used), batched=True)
    assert [file["filename"] for file in second.cache_files] == [file["filename"] for file in first.cache_files]
    other = dataset.map(AlignWords(aligner=load_aligner("simalign", model=model, method="inter")), batched=True)
    assert other.cache_files != first.cache_files


def test_the_fingerprint_follows_the_settings_and_the_aligners_id():
    def fingerprint(**settings) -> str:
        return Hasher.hash(AlignWords(aligner=FirstLetters(threshold=settings.pop("threshold", 0.0)), **settings))

    assert fingerprint() == fingerprint()
    different = [{}, {"threshold": 0.5}, {"keep": True}, {"source_words": "words"}, {"corpus_rows": 3}]
    assert len({fingerprint(**settings) for settings in different}) == len(different)


def test_pickles_light_and_works_in_other_processes(model, tmp_path):
    align = AlignWords(aligner=load_aligner("simalign", model=model))
    assert len(pickle.dumps(align)) < 3000
    pairs = inputs.tiny_pairs()[:8]
    rows = {"source": [" ".join(source) for source, _ in pairs], "target": [" ".join(target) for _, target in pairs]}
    dataset = Dataset.from_dict(rows)
    alone = dataset.map(align, batched=True)
    assert dataset.map(align, batched=True, num_proc=2)["alignment"][:] == alone["alignment"][:]


# A whole corpus


def test_a_corpus_is_aligned_a_pair_of_languages_at_a_time(caplog):
    aligner = FirstLetters(corpus=True)
    rows = {**ROWS, "source": ["an apple", "the tree.", "as", "b"], "row": [0, 1, 2, 3]}
    aligned = align_dataset(Dataset.from_dict(rows), aligner)
    assert aligner.calls == [2, 2]
    assert aligned["row"][:] == [0, 1, 2, 3]
    assert aligned["target"][:] == rows["target"]
    assert [len(row) for row in aligned["alignment"][:]] == [2, 3, 1, 1]


def test_a_corpus_of_one_language_pair_is_one_batch():
    aligner = FirstLetters(corpus=True)
    align_dataset(Dataset.from_dict({"source": ["a"] * 2500, "target": ["a"] * 2500}), aligner, num_proc=2)
    assert aligner.calls == [2500]


def test_other_aligners_get_batches_and_pairs_without_links_are_counted(caplog):
    aligner = FirstLetters()
    aligned = align_dataset(Dataset.from_dict(ROWS), aligner, batch_size=2)
    assert aligner.calls == [2]  # `align` makes nothing of the other batch, which has no words
    assert len(aligned) == 4
    assert "2 of 4 pairs have no aligned words" in caplog.text


def test_an_empty_data_set():
    empty = Dataset.from_dict({"source": [], "target": []})
    assert len(align_dataset(empty, FirstLetters())) == len(align_dataset(empty, FirstLetters(corpus=True))) == 0


def test_a_part_of_the_corpus_is_refused():
    aligner = FirstLetters(corpus=True)
    with pytest.raises(XAlignError, match="learns from all pairs at once, and 4 rows came to it: use align_dataset"):
        AlignWords(aligner=aligner)(ROWS)
    with pytest.raises(XAlignError, match="4 rows came"):
        AlignWords(aligner=aligner, corpus_rows=5)(ROWS)
    assert len(AlignWords(aligner=aligner, corpus_rows=4)(ROWS)["alignment"]) == 4


# Refusals


@pytest.mark.parametrize(
    ("rows", "settings", "message"),
    [
        ({"text": ["a"]}, {}, "no column 'source' to align; the columns are text"),
        ({"source": ["a"], "target": ["a"]}, {"source_words": "words"}, "no column 'words' to align"),
        ({"source": "a", "target": "a"}, {}, "column 'source' holds one row, not a batch"),
        ({"source": [3], "target": ["a"]}, {}, "column 'source' holds int, not strings"),
        ({"source_words": [["a", ""]], "target": ["a"]}, {}, "row 0 of column 'source_words' is no list of words"),
        ({"source_words": ["ab"], "target": ["a"]}, {}, "row 0 of column 'source_words' is no list of words: 'ab'"),
        ({"source_words": [None], "target": ["a"]}, {}, "row 0 of column 'source_words' is empty, and there is no"),
    ],
)
def test_refuses_rows(rows, settings, message):
    with pytest.raises(XAlignError, match=message):
        AlignWords(aligner=FirstLetters(), **settings)(rows)


def test_refuses_what_is_no_aligner():
    with pytest.raises(XAlignError, match=r"aligner is 'simalign'; make one with hf_xalign.load_aligner"):
        AlignWords(aligner="simalign")


def test_is_public():
    assert hf_xalign.AlignWords is AlignWords and hf_xalign.load_aligner is load_aligner
