"""TR, WTR and AWP on a batch, against the same thing done slowly: one word and one sentence at a time."""

from __future__ import annotations

import math

import pytest
import torch
import torch.nn.functional as F

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import pool_words
from hf_xalign.heads.temperature import COLDEST
from hf_xalign.losses import same_group
from tests.aligned_rows import aligned_rows
from tests.golden.test_ranking_losses import obvious_loss
from tests.tiny import tiny_config, word_tokenizer


def _model(heads, **settings):
    torch.manual_seed(0)
    return XAlignModel.from_encoder(tiny_config(), heads, **settings).double()


def _batch(rows, heads, **settings):
    model = _model(heads)
    views = {view for head in model.xalign_heads.values() for view in head.views}
    masked = {view for head in model.xalign_heads.values() for view in head.masked_views}
    return XAlignDataCollator(word_tokenizer(), views=views, masked_views=masked, **settings)(rows)


def _states(model, ids):
    """Hidden states by layer of one sentence on its own, without padding."""
    return model.base_model(input_ids=torch.tensor([ids]), output_hidden_states=True).hidden_states


def _gradients(loss, model):
    return torch.autograd.grad(loss, list(model.base_model.parameters()), allow_unused=True)


def _rows():
    rows = aligned_rows(6, empty=(2,))
    # A duplicate sentence, and with it the same words.
    copied = ("source_input_ids", "source_word_ids", "alignment")
    rows[4] = {**rows[4], **{key: rows[1][key] for key in copied}}
    rows[4]["target_input_ids"], rows[4]["target_word_ids"] = (
        rows[1]["target_input_ids"][::-1],
        rows[1]["target_word_ids"],
    )
    rows[4]["target_input_ids"][0], rows[4]["target_input_ids"][-1] = 0, 2
    return rows


def test_tr_is_the_loss_of_sentences_encoded_alone():
    rows, heads = _rows(), {"tr": {"margin": 0.1, "temperature": 0.1}}
    model = _model(heads)
    out = model(**_batch(rows, heads))
    sides = [
        torch.stack([_states(model, row[f"{side}_input_ids"])[2][0, 1:-1].mean(0) for row in rows])
        for side in ("source", "target")
    ]
    groups = [[hash(tuple(row["source_input_ids"])), hash(tuple(row["target_input_ids"]))] for row in rows]
    expected = obvious_loss(*sides, temperature=0.1, margin=0.1, groups=groups)
    torch.testing.assert_close(out.loss, expected)
    torch.testing.assert_close(_gradients(out.loss, model), _gradients(expected, model))


def test_tr_takes_the_first_token_where_it_is_asked_to():
    rows, heads = _rows(), {"tr": {"pooling": "cls"}}
    model = _model(heads)
    sides = [
        torch.stack([_states(model, row[f"{side}_input_ids"])[2][0, 0] for row in rows])
        for side in ("source", "target")
    ]
    groups = [[hash(tuple(row["source_input_ids"])), hash(tuple(row["target_input_ids"]))] for row in rows]
    expected = obvious_loss(*sides, temperature=0.05, groups=groups)
    torch.testing.assert_close(model(**_batch(rows, heads)).loss, expected)


@pytest.mark.parametrize("layer", [-1, 1])
def test_wtr_is_the_loss_of_words_of_sentences_encoded_alone(layer):
    rows, heads = _rows(), {"wtr": {"layer": layer, "temperature": 0.1}}
    model = _model(heads)
    out = model(**_batch(rows, heads))
    vectors, types = ([], []), []
    for row in rows:
        states = [_states(model, row[f"{side}_input_ids"])[layer][0] for side in ("source", "target")]
        for link in row["alignment"]:
            spelling = []
            for side, (name, word) in enumerate(zip(("source", "target"), link, strict=True)):
                places = [place for place, of in enumerate(row[f"{name}_word_ids"]) if of == word]
                vectors[side].append(sum(states[side][place] for place in places) / len(places))
                spelling.append(hash((name, *(row[f"{name}_input_ids"][place] for place in places))))
            types.append(spelling)
    expected = obvious_loss(torch.stack(vectors[0]), torch.stack(vectors[1]), temperature=0.1, groups=types)
    torch.testing.assert_close(out.loss, expected)
    torch.testing.assert_close(_gradients(out.loss, model), _gradients(expected, model))


def test_words_of_one_type_and_words_aligned_to_one_word_are_no_negatives():
    batch = _batch(_rows(), {"wtr": {}})
    rows, source, target = batch["links"].unbind(1)
    together = same_group(batch["link_groups"], batch["link_groups"])
    same_row = rows[:, None] == rows[None]
    for words in (source, target):
        assert together[same_row & (words[:, None] == words[None])].all()
    assert (rows == 1).any() and not together.all()
    assert together[rows == 1][:, rows == 4].diagonal().all()  # the duplicate sentence


def test_awp_pair_predicts_masked_words_and_shows_their_counterparts():
    rows, heads = aligned_rows(200, empty=(3,)), {"awp": {}}
    batch = _batch(rows, heads)
    view = batch["aligned_pair"]
    assert set(batch) == {"aligned_pair", "row_groups", "row_ids", "links", "link_groups"}
    sides = {"source": 0, "target": 0}
    for number, row in enumerate(rows):
        length = int(view["attention_mask"][number].sum())
        ids, labels = view["input_ids"][number, :length].tolist(), view["labels"][number, :length].tolist()
        plain = [label if label != -100 else token for token, label in zip(ids, labels, strict=True)]
        texts = {side: row[f"{side}_input_ids"][1:-1] for side in sides}
        orders = {(a, b): [0, *texts[a], 2, *texts[b], 2] for a, b in (("source", "target"), ("target", "source"))}
        (order,) = [order for order, expected in orders.items() if plain == expected]
        words = [f"{side} {word}" for side in order for word in (*row[f"{side}_word_ids"][1:-1], "end")]
        masked = {word for word, label in zip(["start", *words], labels, strict=True) if label != -100}
        if number == 3:
            assert not masked
            continue
        assert masked, "an aligned word at least"
        (side,) = {word.split()[0] for word in masked}
        sides[side] += 1
        aligned = {f"{side} {link[side == 'target']}" for link in row["alignment"]}
        assert masked <= aligned
        for word, token, label in zip(["start", *words], ids, labels, strict=True):
            # Whole words: all sub-words of a chosen one, none of any other; so its counterpart is visible.
            assert (label != -100) == (word in masked) == (token == 4)
    assert min(sides.values()) > 60
    torch.testing.assert_close(
        _gradient_of_loss(heads, batch), _gradient_of_transformers(heads, batch, "aligned_pair")
    )


def _gradient_of_loss(heads, batch):
    model = _model(heads)
    return _gradients(model(**batch).loss, model)


def _gradient_of_transformers(heads, batch, view):
    model = _model(heads)
    view = batch[view]
    loss = model(input_ids=view["input_ids"], attention_mask=view["attention_mask"], labels=view["labels"]).loss
    return _gradients(loss, model)


def test_awp_does_not_choose_words_that_the_pair_cut():
    rows = aligned_rows(50, shortest=10, longest=12)
    view = _batch(rows, {"awp": {}}, pair_max_length=16)["aligned_pair"]
    assert view["input_ids"].shape[1] == 16
    found = 0
    for number, row in enumerate(rows):
        labels = [label for label in view["labels"][number].tolist() if label != -100]
        words = [
            [token for token, of in zip(row[f"{side}_input_ids"], row[f"{side}_word_ids"], strict=True) if of == word]
            for side in ("source", "target")
            for word in {link[side == "target"] for link in row["alignment"]}
        ]
        found += bool(labels)
        assert _made_of(labels, words)
    assert 10 < found < 50  # all the aligned words of some pairs are gone


def _made_of(labels, words):
    """Whether the labels are whole words, one after the other."""
    return not labels or any(
        labels[: len(word)] == word and _made_of(labels[len(word) :], words) for word in words if word
    )


def test_awp_cross_predicts_the_other_language_where_the_word_stood():
    rows, heads = aligned_rows(60, empty=(3,)), {"awp": {"variant": "cross"}}
    batch = _batch(rows, heads, awp_probability=0.01)
    for side, other, view in (("source", "target", "crossed_source"), ("target", "source", "crossed_target")):
        for number, row in enumerate(rows):
            length = int(batch[view]["attention_mask"][number].sum())
            ids, labels = (batch[view][key][number, :length].tolist() for key in ("input_ids", "labels"))
            if not row["alignment"]:
                assert ids == row[f"{side}_input_ids"] and set(labels) == {-100}
                continue
            # The share is so small that one word is chosen: find the link that was.
            spelt = {
                (kind, word): [
                    token
                    for token, of in zip(row[f"{kind}_input_ids"], row[f"{kind}_word_ids"], strict=True)
                    if of == word
                ]
                for kind in (side, other)
                for word in row[f"{kind}_word_ids"]
            }
            explained = []
            for link in row["alignment"]:
                word, answer = link if side == "source" else link[::-1]
                before = row[f"{side}_word_ids"].index(word)
                after = before + len(spelt[side, word])
                tokens = row[f"{side}_input_ids"]
                masks = spelt[other, answer]
                explained.append(
                    ids == tokens[:before] + [4] * len(masks) + tokens[after:]
                    and labels == [-100] * before + masks + [-100] * (len(tokens) - after)
                )
            assert any(explained)
    model = _model(heads)
    expected = 0
    for view in ("crossed_source", "crossed_target"):
        scores = model(input_ids=batch[view]["input_ids"], attention_mask=batch[view]["attention_mask"]).logits
        expected = expected + F.cross_entropy(scores.flatten(0, 1), batch[view]["labels"].flatten())
    torch.testing.assert_close(model(**batch).loss, expected)


def test_crossed_sentences_keep_to_the_longest_length():
    rows = aligned_rows(60)
    width = max(len(row["target_input_ids"]) for row in rows)
    views = _batch(rows, {"awp": {"variant": "cross"}}, awp_probability=0.99, pair_max_length=width)
    assert views["crossed_source"]["input_ids"].shape[1] <= width
    assert views["crossed_target"]["input_ids"].shape[1] <= width


@pytest.mark.parametrize(
    "heads", [{"wtr": {}}, {"awp": {}}, {"awp": {"variant": "cross"}}, {"tr": {}, "awp": {}, "wtr": {}}]
)
def test_a_batch_without_a_link_trains(heads):
    model = _model(heads)
    out = model(**_batch(aligned_rows(4, empty=(0, 1, 2, 3)), heads))
    out.loss.backward()
    assert torch.isfinite(out.loss)
    assert all(out.losses[name] == 0 for name in heads if name != "tr")
    gradients = [p.grad for p in model.base_model.parameters() if p.grad is not None]
    assert gradients and all(torch.isfinite(gradient).all() for gradient in gradients)


def test_a_single_link_has_nothing_to_be_told_from():
    heads = {"wtr": {}}
    rows = aligned_rows(3, empty=(0, 1))
    rows[2]["alignment"] = rows[2]["alignment"][:1]
    assert _model(heads)(**_batch(rows, heads)).loss == 0


def test_words_without_tokens_are_zero_and_padding_counts_for_nothing():
    states = torch.randn(2, 4, 3)
    words = pool_words(states, torch.tensor([[-1, 0, 0, 2], [0, -1, -1, -1]]))
    assert words.shape == (2, 3, 3)
    torch.testing.assert_close(words[0, 0], (states[0, 1] + states[0, 2]) / 2)
    torch.testing.assert_close(words[0, 2], states[0, 3])
    assert not words[0, 1].any() and not words[1, 1:].any()
    assert pool_words(states, torch.full((2, 4), -1)).shape == (2, 0, 3)


def test_temperatures_are_learnt_and_projections_stay_out_of_the_encoder(tmp_path):
    options = {"learnable_temperature": True, "temperature": 0.2, "projection": "tanh"}
    heads = {"tr": options, "wtr": {**options, "projection": "linear"}}
    model = _model(heads)
    assert model.xalign_heads["tr"].temperature().item() == pytest.approx(0.2)
    model(**_batch(_rows(), heads)).loss.backward()
    for head in model.xalign_heads.values():
        assert all(parameter.grad is not None for parameter in head.parameters())
        assert head.temperature.logarithm.grad != 0
    torch.nn.init.constant_(model.xalign_heads["tr"].temperature.logarithm, -1.0)
    model.save_pretrained(tmp_path)
    again = XAlignModel.from_pretrained(tmp_path, dtype=torch.float64)
    torch.testing.assert_close(again(**_batch(_rows(), heads)).loss, model(**_batch(_rows(), heads)).loss)


def test_a_temperature_that_became_too_cold_can_warm_again():
    heads = {"tr": {"learnable_temperature": True}}
    model = _model(heads)
    temperature = model.xalign_heads["tr"].temperature
    torch.nn.init.constant_(temperature.logarithm, math.log(COLDEST / 3))
    out = model(**_batch(_rows(), heads))
    torch.testing.assert_close(temperature().item(), COLDEST, rtol=1e-3, atol=0)
    out.loss.backward()
    assert temperature.logarithm.grad != 0
    with torch.no_grad():
        temperature.logarithm += 0.1
    assert temperature().item() == pytest.approx(COLDEST * math.exp(0.1), rel=1e-3)


@pytest.mark.parametrize(
    ("heads", "message"),
    [
        ({"tr": {"temperature": 0.005, "learnable_temperature": True}}, "temperature is 0.005; a learnable one"),
        ({"tr": {"temperature": 0}}, "heads.tr.temperature is 0"),
        ({"tr": {"pooling": "max"}}, "heads.tr.pooling is 'max'"),
        ({"tr": {"projection": "mlp"}}, "heads.tr.projection is 'mlp'"),
        ({"wtr": {"layer": 9}}, "heads.wtr.layer is 9, but the encoder has layers 0"),
        ({"awp": {"variant": "both"}}, "heads.awp.variant is 'both'"),
        ({"tr": {"hidden_size": 3}}, "unknown option heads.tr.hidden_size"),
        ({"tcm": {"of": "source"}}, "heads.tcm.of is 'source'"),
    ],
)
def test_options_that_cannot_be_are_named(heads, message):
    with pytest.raises(XAlignError, match=message):
        _model(heads)


def test_rows_without_alignments_are_refused():
    rows = [{key: row[key] for key in ("source_input_ids", "target_input_ids")} for row in aligned_rows(3)]
    with pytest.raises(XAlignError, match="no word alignments, which 'wtr' needs"):
        _model({"wtr": {}})(**_batch(rows, {"wtr": {}}))
    with pytest.raises(XAlignError, match="without word alignments"):
        _batch(rows, {"awp": {}})


def test_tcm_contrasts_the_target_of_a_translation_with_its_romanised_copy():
    rows = [{**row, "target_latn_input_ids": row["source_input_ids"]} for row in aligned_rows(5)]
    heads = {"tr": {}, "tcm": {"of": "target"}}
    batch = _batch(rows, heads)
    assert not any("labels" in batch[view] for view in ("source", "target", "target_latn"))
    out = _model(heads)(**batch)
    assert out.losses["tcm"] > 0 and torch.isfinite(out.loss)
