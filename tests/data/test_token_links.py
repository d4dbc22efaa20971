from __future__ import annotations

import pytest
from datasets import Dataset
from tokenizers import Tokenizer, models
from tokenizers.pre_tokenizers import ByteLevel
from transformers import PreTrainedTokenizerFast

from hf_xalign.data.minicorpus import load_parallel
from hf_xalign.data.tokenization import TokenizeViews
from hf_xalign.data.tokenized_rows import tokenize_dataset
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.data.words import split_words
from hf_xalign.errors import XAlignError


PAIRS = load_parallel("train", ("eng_Latn", "hin_Deva"), sizes={"train": 200})


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    from transformers import AutoTokenizer

    texts = [*PAIRS["source"], *PAIRS["target"]]
    return AutoTokenizer.from_pretrained(
        str(train_sentencepiece_tokenizer(texts, tmp_path_factory.mktemp("words") / "tokenizer", 300))
    )


def _views(tokenizer, **settings):
    return TokenizeViews(tokenizer, source="source", target="target", alignments=True, **settings)


def test_every_token_of_a_word_knows_it_and_the_links_are_the_given_ones(tokenizer):
    rows = PAIRS.map(_views(tokenizer), batched=True)
    assert rows["alignment"][:] == PAIRS["alignment"][:]
    for row in rows:
        for side in ("source", "target"):
            ids, words = row[f"{side}_input_ids"], row[f"{side}_word_ids"]
            assert len(ids) == len(words) and words[0] == words[-1] == -1
            assert ids == tokenizer(row[side])["input_ids"]  # the sentence itself is tokenised, not its words
            for number, word in enumerate(row[f"{side}_words"]):
                tokens = [token for token, of in zip(ids, words, strict=True) if of == number]
                assert tokenizer.decode(tokens).strip() == word
        assert row["links_below"] == row["links_cut"] == 0


def test_words_of_another_tokeniser_are_tokenised_themselves(tokenizer):
    row = {"source": ["it isn't"], "target": ["x"], "alignment": [[[1, 0], [2, 0]]]}
    row |= {"source_words": [["it", "is", "n't", "not"]], "target_words": [["x"]]}
    encoded = _views(tokenizer)(row)
    assert encoded["source_input_ids"][0] == tokenizer("it is n't not")["input_ids"]
    assert set(encoded["source_word_ids"][0]) == {-1, 0, 1, 2, 3}


def test_words_are_found_without_an_alignment(tokenizer):
    text = PAIRS["source"][0]
    views = TokenizeViews(tokenizer, source="source", target="target", words=True)
    (row,) = views({"source": [text], "target": [text]})["source_word_ids"]
    assert set(row) == {-1, *range(len(split_words(text)))}
    (row,) = views({"source": [text], "target": [text], "source_words": [text.split()], "target_words": [None]})[
        "source_word_ids"
    ]
    assert set(row) == {-1, *range(len(text.split()))}


def test_a_link_needs_its_score_and_whole_words(tokenizer):
    sentence = PAIRS["source"][0]
    words = PAIRS["source_words"][0]
    whole = tokenizer(sentence)["input_ids"]
    links = [[i, i] for i in range(len(words))]
    batch = {"source": [sentence], "target": [sentence], "source_words": [words], "target_words": [words]}
    batch |= {"alignment": [links], "alignment_score": [[0.95, 0.5] + [0.9] * (len(words) - 2)]}
    row = _views(tokenizer, alignment_threshold=0.9)(batch)
    assert row["alignment"] == [[links[0], *links[2:]]] and row["links_below"] == [1] and row["links_cut"] == [0]
    # One token less cuts the last word (a full stop); its link goes, whatever its score.
    row = _views(tokenizer, max_length=len(whole) - 1)(batch)
    assert row["links_cut"] == [1] and row["alignment"] == [links[:-1]]
    assert row["words_lost"] == [2]
    # The tokens that are left of a word in two pieces know it, but no link does.
    number, place = next(
        (word, index)
        for index, (word, after) in enumerate(
            zip(row["source_word_ids"][0], row["source_word_ids"][0][1:], strict=False)
        )
        if word == after >= 0
    )
    cut = _views(tokenizer, max_length=place + 2)(batch)
    assert cut["source_word_ids"][0][-2] == number
    assert cut["alignment"] == [links[:number]]


def test_a_letter_cut_between_its_bytes_is_not_whole():
    backend = Tokenizer(models.BPE(vocab={char: i for i, char in enumerate(sorted(ByteLevel.alphabet()))}, merges=[]))
    backend.pre_tokenizer = ByteLevel(add_prefix_space=False)
    views = _views(PreTrainedTokenizerFast(tokenizer_object=backend), max_length=4)
    words = {"source_words": [["a", "क"]], "target_words": [["a", "b"]]}
    row = views({"source": ["a क"], "target": ["a b"], "alignment": [[[0, 0], [1, 1]]], **words})
    assert row["source_word_ids"] == [[0, 1, 1, 1]]  # of the space and three bytes, the last is gone
    assert row["alignment"] == [[[0, 0]]] and row["links_cut"] == [1]


def test_special_tokens_spelt_out_are_words_like_others(tokenizer):
    batch = {"source": ["a </s> b"], "target": ["b"], "source_words": [["a", "</s>", "b"]], "target_words": [["b"]]}
    row = _views(tokenizer)(batch | {"alignment": [[[2, 0]]]})
    assert row["source_input_ids"][0].count(tokenizer.eos_token_id) == 1
    assert set(row["source_word_ids"][0]) == {-1, 0, 1, 2} and row["alignment"] == [[[2, 0]]]


def test_links_out_of_range_and_scores_that_do_not_fit_are_named(tokenizer):
    batch = {"source": ["a b"], "target": ["c"], "source_words": [["a", "b"]], "target_words": [["c"]]}
    with pytest.raises(XAlignError, match=r"'a b'.*link 1-1 is out of range.*2 and 1 words"):
        _views(tokenizer)(batch | {"alignment": [[[1, 1]]]})
    with pytest.raises(XAlignError, match="1 links with 2 scores"):
        _views(tokenizer)(batch | {"alignment": [[[1, 0]]], "alignment_score": [[0.1, 0.2]]})


def test_a_data_set_without_links_is_refused_and_one_with_few_is_counted(tokenizer, caplog):
    data = Dataset.from_dict(
        {
            "source": ["a b", "a"],
            "target": ["c", "c"],
            "source_words": [["a", "b"], ["a"]],
            "target_words": [["c"], ["c"]],
            "alignment": [[[0, 0], [1, 0]], []],
            "alignment_score": [[0.3, 0.7], []],
        }
    )
    rows = tokenize_dataset(data, _views(tokenizer, alignment_threshold=0.5))
    assert rows["alignment"][:] == [[[1, 0]], []]
    assert "1 word links in 1 of 2 rows; left out: 1 below alignment_threshold 0.5" in caplog.text
    with pytest.raises(XAlignError, match=r"no word link is left: 2 are below alignment_threshold 0\.9"):
        tokenize_dataset(data, _views(tokenizer, alignment_threshold=0.9))


def test_languages_and_a_romanised_target_come_along(tokenizer):
    batch = {"source": ["a"], "target": ["b"], "target_latn": ["b b"], "source_lang": ["eng_Latn"]}
    views = TokenizeViews(
        tokenizer,
        source="source",
        target="target",
        target_latn="target_latn",
        languages=("source_lang", "target_lang"),
    )
    row = views(batch | {"target_lang": ["hin_Deva"]})
    assert row["target_latn_input_ids"] == [tokenizer("b b")["input_ids"]]
    assert (row["source_lang"], row["target_lang"]) == (["eng_Latn"], ["hin_Deva"])
    assert row["length"] == [max(len(row[f"{view}_input_ids"][0]) for view in ("source", "target", "target_latn"))]
