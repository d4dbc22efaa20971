from __future__ import annotations

import numpy as np
import pytest
import torch

from hf_xalign import XAlignDataCollator
from hf_xalign.data.collator import boundary_tokens, cut_evenly
from hf_xalign.errors import XAlignError
from tests.tiny import random_rows, word_tokenizer


ALL = ("source", "target", "pair")


def _rows(count=5, **kwargs):
    return [{**row, "draw": 100 + i, "row_id": i} for i, row in enumerate(random_rows(count, **kwargs))]


def _unmasked(view):
    return torch.where(view["labels"] == -100, view["input_ids"], view["labels"])


def test_views_hold_the_sentences_padded_and_marked(tokenizer):
    rows = _rows()
    batch = XAlignDataCollator(tokenizer, views=ALL)(rows)
    for name in ("source", "target"):
        view, ids = batch[name], _unmasked(batch[name])
        for i, row in enumerate(rows):
            sentence = row[f"{name}_input_ids"]
            assert ids[i, : len(sentence)].tolist() == sentence
            assert view["attention_mask"][i].sum() == len(sentence)
            assert (ids[i, len(sentence) :] == tokenizer.pad_token_id).all()
            text = [1] + [0] * (len(sentence) - 2) + [1]
            assert view["special_tokens_mask"][i, : len(sentence)].tolist() == text
            assert (view["special_tokens_mask"][i, len(sentence) :] == 1).all()
    assert batch["row_ids"].tolist() == [0, 1, 2, 3, 4]


def test_pair_is_both_sentences_in_either_order_with_one_separator_between(tokenizer):
    rows = _rows(40)
    batch = XAlignDataCollator(tokenizer, views=("pair",))(rows)
    assert set(batch) == {"pair", "row_groups", "row_ids"}
    orders = set()
    for i, (row, ids) in enumerate(zip(rows, _unmasked(batch["pair"]).tolist(), strict=True)):
        source, target = row["source_input_ids"][1:-1], row["target_input_ids"][1:-1]
        expected = {"source first": [0, *source, 2, *target, 2], "target first": [0, *target, 2, *source, 2]}
        length = len(source) + len(target) + 3
        orders |= {order for order, pair in expected.items() if ids[:length] == pair}
        special = batch["pair"]["special_tokens_mask"][i, :length]
        assert [ids[j] for j in special.nonzero().flatten().tolist()] == [0, 2, 2]
    assert orders == {"source first", "target first"}


def test_token_types_tell_the_halves_apart_where_the_tokenizer_has_them():
    batch = XAlignDataCollator(word_tokenizer(token_types=True), views=ALL)(_rows())
    assert "token_type_ids" not in batch["source"]
    types, ids = batch["pair"]["token_type_ids"], _unmasked(batch["pair"])
    for row, row_types in zip(ids.tolist(), types.tolist(), strict=True):
        middle = row.index(2)
        end = row.index(2, middle + 1)
        assert row_types[: middle + 1] == [0] * (middle + 1)
        assert row_types[middle + 1 : end + 1] == [1] * (end - middle)


def test_long_pairs_are_cut_evenly_and_keep_their_final_separator(tokenizer):
    rows = [{"source_input_ids": [0, *[5] * 20, 2], "target_input_ids": [0, *[6] * 40, 2], "draw": 0}]
    pair = _unmasked(XAlignDataCollator(tokenizer, views=("pair",), pair_max_length=33)(rows)["pair"])[0].tolist()
    assert len(pair) == 33 and pair[0] == 0 and pair[-1] == 2 and pair.count(2) == 2
    assert (pair.count(5), pair.count(6)) == (10, 20)


@pytest.mark.parametrize(
    ("first", "second", "length", "kept"),
    [(10, 10, 30, (10, 10)), (30, 10, 20, (15, 5)), (100, 1, 10, (9, 1)), (1, 100, 10, (1, 9))],
)
def test_cut_evenly(first, second, length, kept):
    assert tuple(map(len, cut_evenly(np.zeros(first), np.zeros(second), length))) == kept


def test_masks_follow_berts_shares(tokenizer):
    rows = [{"source_input_ids": [0, *[7] * 60, 2], "target_input_ids": [0, 7, 2], "draw": i} for i in range(400)]
    view = XAlignDataCollator(tokenizer, views=("source",))(rows)["source"]
    predicted = view["labels"] != -100
    text = view["special_tokens_mask"] == 0
    assert not (predicted & ~text).any()
    assert (view["labels"][predicted] == 7).all()
    assert predicted.sum() / text.sum() == pytest.approx(0.15, abs=0.01)
    ids = view["input_ids"][predicted]
    assert (ids == tokenizer.mask_token_id).float().mean() == pytest.approx(0.8, abs=0.03)
    random = ids[(ids != tokenizer.mask_token_id) & (ids != 7)]
    assert len(random) / len(ids) == pytest.approx(0.1, abs=0.02)
    assert not set(random.tolist()) & set(tokenizer.all_special_ids)
    assert (view["input_ids"][~predicted & text] == 7).all()


def test_a_rows_masks_depend_on_seed_and_draw_alone(tokenizer):
    rows = _rows(6)
    collate = XAlignDataCollator(tokenizer, views=ALL, seed=3)
    whole = collate(rows)
    alone = collate([rows[4]])
    # Fewer views, another batch, another padding: the same masks.
    fewer = XAlignDataCollator(tokenizer, views=("pair",), seed=3, pad_to_multiple_of=32)([rows[2], rows[4]])
    width = alone["pair"]["input_ids"].shape[1]
    for name in ("input_ids", "labels"):
        assert torch.equal(whole["pair"][name][4, :width], alone["pair"][name][0])
        assert torch.equal(fewer["pair"][name][1, :width], alone["pair"][name][0])
    other_seed = XAlignDataCollator(tokenizer, views=ALL, seed=4)(rows)
    other_epoch = collate([{**row, "draw": row["draw"] + 1000} for row in rows])
    for other in (other_seed, other_epoch):
        assert not torch.equal(other["target"]["labels"], whole["target"]["labels"])


def test_views_are_masked_independently(tokenizer):
    rows = [{**row, "target_input_ids": row["source_input_ids"], "draw": i} for i, row in enumerate(random_rows(20))]
    batch = XAlignDataCollator(tokenizer)(rows)
    assert torch.equal(_unmasked(batch["source"]), _unmasked(batch["target"]))
    assert not torch.equal(batch["source"]["labels"], batch["target"]["labels"])


def test_rows_without_draws_are_masked_anew_each_time(tokenizer):
    rows = random_rows(6)
    first, second = (XAlignDataCollator(tokenizer, seed=1) for _ in range(2))
    once, twice = first(rows), first(rows)
    assert not torch.equal(once["target"]["labels"], twice["target"]["labels"])
    again = second(rows)
    assert torch.equal(once["target"]["labels"], again["target"]["labels"])


def test_groups_are_equal_for_equal_sentences_only(tokenizer):
    rows = _rows(4)
    rows[3] = {
        **rows[3],
        "source_input_ids": rows[0]["source_input_ids"],
        "target_input_ids": rows[1]["source_input_ids"],
    }
    groups = XAlignDataCollator(tokenizer)(rows)["row_groups"]
    assert groups.shape == (4, 2)
    assert groups[3, 0] == groups[0, 0] and groups[3, 1] == groups[1, 0]
    assert len(groups.unique()) == 6


def test_boundary_tokens(tokenizer):
    assert [tokens.tolist() for tokens in boundary_tokens(tokenizer)] == [[0], [2]]


def test_refuses_a_tokenizer_without_mask_token():
    tokenizer = word_tokenizer()
    tokenizer.mask_token = None
    with pytest.raises(XAlignError, match="no mask token"):
        XAlignDataCollator(tokenizer)
