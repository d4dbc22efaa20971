"""Token ids that a model has no embedding for are refused before anything is trained or embedded."""

from __future__ import annotations

import pytest
from datasets import Dataset

from hf_xalign import XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.backbones import fresh_config
from hf_xalign.errors import XAlignError
from hf_xalign.vocabulary import embeddings_needed
from tests.tiny import VOCABULARY, random_rows, tiny_config, word_tokenizer


def _trainer(tmp_path, train, validation=None) -> XAlignTrainer:
    model = XAlignModel.from_encoder(tiny_config(layers=1), heads={"mlm": {}})
    arguments = XAlignTrainingArguments(str(tmp_path), use_cpu=True, report_to="none")
    return XAlignTrainer(model, arguments, train_dataset=train, eval_dataset=validation)


def _rows_with(number: int) -> Dataset:
    rows = random_rows(20)
    rows[7]["target_input_ids"][2] = number
    return Dataset.from_list(rows)


def test_rows_of_another_tokenizer_are_refused(tmp_path):
    good, bad = _rows_with(VOCABULARY - 1), _rows_with(VOCABULARY)
    _trainer(tmp_path, good, good)
    for name, data in (("train_dataset", (bad, good)), ("eval_dataset", (good, bad))):
        said = f"^target_input_ids of {name} has token id {VOCABULARY}, the encoder has {VOCABULARY} embeddings"
        with pytest.raises(XAlignError, match=said):
            _trainer(tmp_path, *data)


def test_rows_that_are_left_out_do_not_count(tmp_path):
    bad = _rows_with(VOCABULARY)
    _trainer(tmp_path, bad.select([row for row in range(20) if row != 7]))
    with pytest.raises(XAlignError, match="token id"):
        _trainer(tmp_path, bad.select([1, 7, 3]))


def test_no_rows_are_no_other_tokenizers(tmp_path):
    empty = Dataset.from_dict({"source_input_ids": [], "target_input_ids": [], "length": []})
    _trainer(tmp_path, _rows_with(VOCABULARY - 1), empty)


def test_a_vocabulary_with_a_gap_needs_more_embeddings_than_it_has_tokens():
    tokenizer = word_tokenizer()
    assert embeddings_needed(tokenizer) == VOCABULARY
    vocabulary = tokenizer.get_vocab() | {"late": 99}
    tokenizer.get_vocab = lambda: vocabulary
    assert embeddings_needed(tokenizer) == 100
    assert fresh_config("bert", tokenizer, min_tokens=8).vocab_size == 100
