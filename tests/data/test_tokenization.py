from __future__ import annotations

import logging
import os
import pickle

import numpy as np
import pytest
from datasets import Dataset
from datasets.fingerprint import Hasher
from transformers import AutoTokenizer

from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.corpora import load_corpus
from hf_xalign.data.tokenization import TokenizeViews
from hf_xalign.data.tokenized_rows import tokenize_dataset, tokenize_rows
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.errors import XAlignError


REAL = os.environ.get("HF_XALIGN_DATA")

CONSONANTS, VOWELS, LATIN = "कखगघचछजझटठडढतथदधनपफबभमयरलवसह", "ािीुूेैोौ", "kgcjtdnpbmyrlvsh"


def sentences(count: int = 600, seed: int = 0) -> list[str]:
    """Text of an invented language in Devanagari."""
    random = np.random.default_rng(seed)
    words = [
        "".join(random.choice(list(CONSONANTS)) + random.choice(list(VOWELS)) for _ in range(n % 4 + 1))
        for n in range(300)
    ]
    return [" ".join(random.choice(words, random.integers(3, 12))) + "।" for _ in range(count)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(train_sentencepiece_tokenizer(sentences(), tmp_path_factory.mktemp("made") / "tokenizer", 400))


@pytest.fixture(scope="module")
def tokenizer(folder):
    return AutoTokenizer.from_pretrained(folder)


def test_the_trained_tokenizer_is_one_of_xlm_r(tokenizer, folder):
    assert type(tokenizer).__name__ == "XLMRobertaTokenizer" and tokenizer.is_fast
    assert tokenizer.convert_ids_to_tokens([0, 1, 2, 3]) == ["<s>", "<pad>", "</s>", "<unk>"]
    assert tokenizer.mask_token_id == len(tokenizer) - 1 and len(tokenizer) == 402
    assert tokenizer.model_max_length == 512
    ids = tokenizer(sentences()[0])["input_ids"]
    assert ids[0] == 0 and ids[-1] == 2 and tokenizer.unk_token_id not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == sentences()[0]


def test_transliterations_have_no_unknown_tokens_although_no_latin_text_was_seen(tokenizer):
    ids = tokenizer("Yah kitaab 123 kaa hai; (kyaa?) 'x-y' \"Z\"!")["input_ids"]
    assert tokenizer.unk_token_id not in ids


def test_it_segments_as_sentencepiece_does(tokenizer, folder):
    from sentencepiece import SentencePieceProcessor

    reference = SentencePieceProcessor(model_file=f"{folder}/sentencepiece.bpe.model")
    for sentence in sentences(100, seed=5):
        assert tokenizer.tokenize(sentence) == reference.encode(sentence, out_type=str)


def test_training_is_deterministic(folder, tmp_path):
    again = train_sentencepiece_tokenizer(sentences(), tmp_path / "again", 400)
    with open(f"{folder}/tokenizer.json", "rb") as first, open(again / "tokenizer.json", "rb") as second:
        assert first.read() == second.read()
    assert [item.name for item in tmp_path.iterdir()] == ["again"]


@pytest.mark.parametrize(
    ("count", "size", "message"),
    [
        (600, 100_000, r"at most \d+ pieces; set vocab_size to \d+ or less"),
        (600, 40, r"has \d+ characters, each of which needs a piece"),
        (0, 500, r"no sentence to train a tokenizer on"),
    ],
)
def test_a_vocabulary_that_does_not_fit_is_explained(tmp_path, count, size, message):
    with pytest.raises(XAlignError, match=message) as caught:
        train_sentencepiece_tokenizer(sentences(count), tmp_path / "t", size)
    assert not list(tmp_path.iterdir())
    if "at most" in message:
        largest = int(str(caught.value).split("at most ")[1].split()[0])
        train_sentencepiece_tokenizer(sentences(count), tmp_path / "t", largest)


def test_rows_are_what_the_tokenizer_gives_for_single_sentences(tokenizer):
    texts, latin = sentences(20, seed=1), [f"kaa {n} khaa" for n in range(20)]
    rows = TokenizeViews(tokenizer)({"text": texts, "text_latn": latin})
    assert rows["source_input_ids"] == tokenizer(texts)["input_ids"]
    assert rows["target_input_ids"] == tokenizer(latin)["input_ids"]
    pairs = zip(rows["source_input_ids"], rows["target_input_ids"], strict=True)
    assert rows["length"] == [max(len(source), len(target)) for source, target in pairs]
    assert not any(rows["source_truncated"]) and not any(rows["target_truncated"]) and sum(rows["words_lost"]) == 0


def test_truncation_keeps_the_last_special_token_and_counts_words(tokenizer):
    text = max(sentences(20), key=len)
    words = len(text.split())
    views = TokenizeViews(tokenizer, target="text", max_length=9)
    rows = views({"text": [text]})
    (ids,) = rows["source_input_ids"]
    assert len(ids) == 9 and ids[0] == tokenizer.bos_token_id and ids[-1] == tokenizer.eos_token_id
    assert ids[1:-1] == tokenizer(text)["input_ids"][1:8]
    kept = tokenizer.decode(ids, skip_special_tokens=True)
    whole = sum(1 for a, b in zip(kept.split(), text.split(), strict=False) if a == b)
    assert rows["source_truncated"] == [True] and rows["words_lost"] == [2 * (words - whole)] != [0]


def test_the_same_column_twice_and_no_target(tokenizer):
    texts = sentences(3)
    rows = TokenizeViews(tokenizer, target="text")({"text": texts})
    assert rows["source_input_ids"] == rows["target_input_ids"] == tokenizer(texts)["input_ids"]
    rows = TokenizeViews(tokenizer, source="source", target=None)({"source": texts})
    assert "target_input_ids" not in rows and rows["length"] == [len(ids) for ids in rows["source_input_ids"]]


def test_rows_without_text_have_length_zero_and_are_left_out(tokenizer, caplog):
    data = Dataset.from_dict({"text": ["क", "", "का", None, "कि"], "text_latn": ["ka", "x", " ", "x", "ki"]})
    assert TokenizeViews(tokenizer)(data[:])["length"][1:4] == [0, 0, 0]
    with caplog.at_level(logging.WARNING, "hf_xalign"):
        rows = tokenize_dataset(data, TokenizeViews(tokenizer))
    assert rows.num_rows == 2 and all(rows["length"])
    assert "3 of 5 rows have no text in a view and were left out" in caplog.text
    with pytest.raises(XAlignError, match="none of 2 rows has text"):
        tokenize_dataset(data.select([1, 2]), TokenizeViews(tokenizer))


def test_truncation_is_said_once_with_counts(tokenizer, caplog):
    data = Dataset.from_dict({"text": sentences(50)})
    with caplog.at_level(logging.WARNING, "hf_xalign"):
        rows = tokenize_dataset(data, TokenizeViews(tokenizer, target="text", max_length=8))
    assert max(rows["length"]) == 8
    assert set(rows.column_names) == {"source_input_ids", "target_input_ids", "length"}
    assert len(caplog.records) == 1 and "of 50 rows are longer than 8 tokens" in caplog.text


def test_special_tokens_spelt_out_are_text(tokenizer):
    rows = TokenizeViews(tokenizer, target=None)({"text": ["का </s> <mask> <s>का<pad>"]})
    (ids,) = rows["source_input_ids"]
    assert (ids[0], ids[-1]) == (tokenizer.bos_token_id, tokenizer.eos_token_id)
    assert not {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.mask_token_id, tokenizer.pad_token_id} & set(
        ids[1:-1]
    )
    assert tokenizer.decode(ids[1:-1]) == "का < /s> < mask> < s>का< pad>"


def test_the_fingerprint_is_stable(tokenizer, folder):
    views = TokenizeViews(tokenizer)
    before = Hasher.hash(views)
    tokenizer(["का", "का का का"], padding=True, truncation=True, max_length=8)
    views({"text": ["का"], "text_latn": ["ka"]})
    assert Hasher.hash(views) == before == Hasher.hash(TokenizeViews(tokenizer)) == Hasher.hash(TokenizeViews(folder))
    assert Hasher.hash(TokenizeViews(tokenizer, max_length=64)) != before
    copy = pickle.loads(pickle.dumps(views))
    batch = {"text": ["का </s> का"], "text_latn": ["ka"]}
    assert copy(batch) == views(batch)
    tokenizer._tokenizer.no_padding()
    tokenizer._tokenizer.no_truncation()


def test_a_second_map_reads_the_cache(folder, tmp_path, monkeypatch):
    path = tmp_path / "data"
    Dataset.from_dict({"text": sentences(20)}).save_to_disk(path)
    first = tokenize_dataset(Dataset.load_from_disk(path), TokenizeViews(folder, target=None))
    monkeypatch.setattr(TokenizeViews, "_encode", None)
    second = tokenize_dataset(Dataset.load_from_disk(path), TokenizeViews(folder, target=None))
    assert first.to_dict() == second.to_dict()


def test_two_processes_give_the_same_rows(folder):
    data = Dataset.from_dict({"text": sentences(40)})
    views = TokenizeViews(folder, target="text")
    assert tokenize_dataset(data, views, num_proc=2).to_dict() == tokenize_dataset(data, views).to_dict()


def test_rows_of_a_recipe(tokenizer):
    mono = {"text": "काका", "lang": "hin_Deva", "text_latn": "kaakaa"}
    pair = {"source": "किकि", "target": "कुकुकु", "source_lang": "hin", "target_lang": "hin"}

    def ids(rows, **options):
        data = Dataset.from_list(rows)
        tokenised = tokenize_rows(data, tokenizer, DataArguments(**options))
        return [(row["source_input_ids"], row["target_input_ids"]) for row in tokenised]

    def of(*texts):
        return tuple(tokenizer(list(texts))["input_ids"])

    assert ids([mono]) == [of("काका", "kaakaa")]
    assert ids([mono], second_view="original") == [of("काका", "काका")]
    assert ids([pair]) == [of("किकि", "कुकुकु")]
    both = [{**mono, **dict.fromkeys(pair)}, {**pair, **dict.fromkeys(mono)}, {**mono, **dict.fromkeys(pair)}]
    assert ids(both) == [of("काका", "kaakaa"), of("काका", "kaakaa"), of("किकि", "कुकुकु")]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_length": 513}, "max_length is 513, but .* takes at most 512 tokens"),
        ({"max_length": 2}, "2 of these are special tokens"),
    ],
)
def test_a_length_that_cannot_be(tokenizer, options, message):
    with pytest.raises(XAlignError, match=message):
        TokenizeViews(tokenizer, **options)


def test_other_errors(tokenizer, tmp_path):
    with pytest.raises(XAlignError, match="no tokenizer can be loaded"):
        TokenizeViews(str(tmp_path))
    with pytest.raises(XAlignError, match="no column 'text_latn' to tokenise; the columns are text"):
        TokenizeViews(tokenizer)({"text": ["का"]})


@pytest.mark.skipif(REAL is None, reason="HF_XALIGN_DATA is not set")
def test_real_data(tmp_path):
    data = load_corpus([{"path": f"{REAL}/mono_sentences.parquet", "where": {"lang": "urd"}, "limit": 3000}])
    folder = train_sentencepiece_tokenizer(data["text"], tmp_path / "tokenizer", 2000)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    rows = tokenize_dataset(data, TokenizeViews(tokenizer, target="text", max_length=32))
    assert rows.num_rows == 3000
    assert rows["source_input_ids"][:] == tokenizer(data["text"][:], truncation=True, max_length=32)["input_ids"]
