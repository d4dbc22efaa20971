"""A batch in chunks gives the loss and the gradient of the whole batch."""

from __future__ import annotations

import pytest
import torch
from datasets import Dataset
from transformers import AutoModel

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.errors import XAlignError
from hf_xalign.gradient_cache import CollectRows, cached_step, split_batch
from tests.aligned_rows import aligned_rows
from tests.tiny import BACKBONES, tiny_config, word_tokenizer


HEADS = {
    "tr": {"tr": {}},
    "tr-margin": {"tr": {"margin": 0.2, "learnable_temperature": True, "projection": "tanh"}},
    "tcm": {"tcm": {}},
    "wtr": {"wtr": {"learnable_temperature": True, "projection": "linear"}},
    "awp": {"awp": {}},
    "mlm": {"mlm": {}},
    "wacse": {"tr": {"weight": 0.8}, "awp": {"weight": 0.1}, "wtr": {"weight": 0.1}},
    "everything": {
        "mlm": {"weight": 0.5},
        "tlm": {},
        "tr": {"weight": 0.8},
        "awp": {"variant": "cross"},
        "wtr": {"weight": 0.1},
        "tcm": {"of": "target"},
    },
}


def make_model(heads, *, dropout=0.0, backbone="xlm-roberta", **settings):
    torch.manual_seed(0)
    return XAlignModel.from_encoder(tiny_config(backbone, dropout=dropout), heads, **settings)


def make_batch(model, rows):
    heads = model.xalign_heads.values()
    return XAlignDataCollator(
        word_tokenizer(),
        views={view for head in heads for view in head.views},
        masked_views={view for head in heads for view in head.masked_views},
        languages=model.xalign_config.languages,
    )(rows)


def make_rows(count=11):
    rows = aligned_rows(count, empty=(2, 3))
    return [{**row, "target_latn_input_ids": row["source_input_ids"]} for row in rows]


def gradients(model):
    return {name: p.grad for name, p in model.named_parameters() if p.grad is not None}


@pytest.mark.parametrize("name", HEADS)
@pytest.mark.parametrize("chunk_size", [1, 4, 100])
def test_equals_the_whole_batch(name, chunk_size):
    model = make_model(HEADS[name])
    batch = make_batch(model, make_rows())
    out = model(**batch)
    out.loss.backward()
    expected = gradients(model)
    model.zero_grad()
    loss, losses = cached_step(model, batch, chunk_size=chunk_size)
    torch.testing.assert_close(loss, out.loss.detach(), rtol=1e-5, atol=1e-6)
    torch.testing.assert_close(losses, out.losses, rtol=1e-5, atol=1e-6)
    largest = max(float(gradient.abs().max()) for gradient in expected.values())
    # Relative to the gradient as a whole: float32 leaves no more of entries that are almost 0.
    torch.testing.assert_close(gradients(model), expected, rtol=1e-5, atol=1e-5 * largest)


@pytest.mark.parametrize("backbone", BACKBONES)
def test_equals_the_whole_batch_to_the_last_digits_of_float64(backbone):
    model = make_model(HEADS["everything"], backbone=backbone).double()
    batch = make_batch(model, make_rows())
    model(**batch).loss.backward()
    expected = gradients(model)
    model.zero_grad()
    cached_step(model, batch, chunk_size=3)
    torch.testing.assert_close(gradients(model), expected, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["tr", "wacse", "everything"])
def test_dropout_is_that_of_the_first_pass(name):
    """Against the chunks encoded one after the other with their graphs kept, from the same state of the generator."""
    model = make_model(HEADS[name], dropout=0.2)
    batch = make_batch(model, make_rows())
    contrastive = {key: head for key, head in model.xalign_heads.items() if head.contrastive}
    # Only sentence views are compared here: token losses are drawn in the second pass alone, after the others.
    heads = dict(model.xalign_heads)
    for key in set(heads) - set(contrastive):
        del model.xalign_heads[key]
    torch.manual_seed(7)
    collected = []
    for chunk in split_batch({**batch, "label_counts": {}}, 4):
        collected.append(model(**chunk, step=CollectRows()))
    loss = 0
    for key, head in contrastive.items():
        rows, groups = (torch.cat(parts) for parts in zip(*(chunk[key] for chunk in collected), strict=True))
        loss = loss + head.weight * head.loss(rows, groups)
    loss.backward()
    expected = gradients(model)
    model.zero_grad()
    torch.manual_seed(7)
    cached, _ = cached_step(model, batch, chunk_size=4)
    torch.testing.assert_close(cached, loss.detach())
    torch.testing.assert_close(gradients(model), expected, rtol=1e-5, atol=1e-7)
    drawn = torch.rand(1)
    torch.manual_seed(7)
    for chunk in split_batch({**batch, "label_counts": {}}, 4):
        model(**chunk, step=CollectRows())
    assert torch.equal(drawn, torch.rand(1)), "the second pass moved the generator on"


def test_token_losses_with_dropout_replay_the_sentences_they_share_a_chunk_with():
    """The same dropout in both passes, whatever other views the second one encodes beside."""
    model = make_model(HEADS["everything"], dropout=0.2)
    batch = make_batch(model, make_rows())
    seen: list[torch.Tensor] = []
    head = model.xalign_heads["tr"]
    rows = head.rows
    head.rows = lambda inputs: seen.append(rows(inputs)[0].detach()) or rows(inputs)
    cached_step(model, batch, chunk_size=4)
    first, second = seen[: len(seen) // 2], seen[len(seen) // 2 :]
    assert len(first) == len(second) > 1
    torch.testing.assert_close(first, second)


def test_chunks_hold_every_row_and_link_once_and_no_needless_padding():
    model = make_model(HEADS["wacse"])
    batch = make_batch(model, make_rows()) | {"label_counts": {}}
    links, row_ids, tokens = [], [], []
    for chunk in split_batch(batch, 4):
        row_ids += chunk["row_ids"].tolist()
        for name in ("source", "target", "aligned_pair"):
            assert chunk[name]["attention_mask"].sum(1).max() == chunk[name]["input_ids"].shape[1]
        links += [(int(chunk["row_ids"][row]), source, target) for row, source, target in chunk["links"].tolist()]
        lengths = sum(chunk[name]["attention_mask"].sum(1) for name in ("source", "target", "aligned_pair"))
        tokens.append(len(lengths) * int(lengths.max()))
    assert sorted(row_ids) == list(range(11))
    assert sorted(links) == sorted(map(tuple, batch["links"].tolist()))
    real = sum(int(batch[name]["attention_mask"].sum()) for name in ("source", "target", "aligned_pair"))
    assert len(tokens) >= 3 and max(tokens) <= 4 * real / 11 + 1


def _trainer(tmp_path, heads, **settings):
    defaults = {
        "max_steps": 3,
        "per_device_train_batch_size": 16,
        "learning_rate": 1e-3,
        "use_cpu": True,
        "disable_tqdm": True,
        "logging_steps": 1,
        "save_strategy": "no",
        "report_to": "none",
    }
    model = make_model(heads)
    views = {view for head in model.xalign_heads.values() for view in head.views}
    masked = {view for head in model.xalign_heads.values() for view in head.masked_views}
    return XAlignTrainer(
        model,
        XAlignTrainingArguments(str(tmp_path), **(defaults | settings)),
        train_dataset=Dataset.from_list([{k: v for k, v in row.items() if k != "draw"} for row in aligned_rows(64)]),
        data_collator=XAlignDataCollator(word_tokenizer(), views=views, masked_views=masked),
        processing_class=word_tokenizer(),
    )


@pytest.mark.parametrize("accumulation", [1, 2])
def test_a_run_with_a_cache_is_a_run_without(accumulation, tmp_path):
    runs = {}
    for name, chunk_size in (("whole", None), ("chunks", 3)):
        trainer = _trainer(
            tmp_path / name,
            HEADS["wacse"],
            gradient_accumulation_steps=accumulation,
            gradient_cache_chunk_size=chunk_size,
        )
        trainer.train()
        runs[name] = [entry for entry in trainer.state.log_history if "loss" in entry], trainer.model.state_dict()
    for whole, chunks in zip(runs["whole"][0], runs["chunks"][0], strict=True):
        for key in ("loss", "grad_norm", "loss_tr", "loss_awp", "loss_wtr"):
            assert chunks[key] == pytest.approx(whole[key], rel=1e-4)
    torch.testing.assert_close(runs["chunks"][1], runs["whole"][1], rtol=1e-3, atol=2e-5)


def test_settings_that_cannot_be_are_named(tmp_path):
    with pytest.raises(XAlignError, match="gradient_cache_chunk_size is 0"):
        XAlignTrainingArguments(str(tmp_path), use_cpu=True, gradient_cache_chunk_size=0)


def test_language_embeddings_enter_the_encoder(tmp_path):
    heads = {"mlm": {}, "tlm": {}}
    rows = make_rows(6)
    plain = make_model(heads)
    model = make_model(heads, languages=["eng_Latn", "hin_Deva", "urd_Arab"])
    batch = make_batch(model, rows)
    assert "language_ids" not in make_batch(plain, rows)["source"]
    # They start at 0, so the model starts as it is without them.
    torch.testing.assert_close(model(**batch).loss, plain(**make_batch(plain, rows)).loss)
    model(**batch).loss.backward()
    assert (model.xalign_languages.weight.grad.abs().sum(1) > 0).all()

    torch.nn.init.normal_(model.xalign_languages.weight)
    seen = []
    model.base_model.register_forward_pre_hook(
        lambda module, args, kwargs: seen.append(kwargs["inputs_embeds"].detach()), with_kwargs=True
    )
    model(source=batch["source"], target=batch["target"], pair=batch["pair"])
    words = torch.cat([embeds.flatten(0, 1) for embeds in seen])
    table = model.get_input_embeddings().weight
    source = batch["source"]
    expected = table[source["input_ids"][0, 1]] + model.xalign_languages.weight[0]
    assert (words - expected).abs().sum(1).min() < 1e-5
    # In a pair, each half has the language of its own sentence.
    pair = batch["pair"]
    for row in range(6):
        ids = pair["language_ids"][row, : int(pair["attention_mask"][row].sum())].tolist()
        assert set(ids) == {0, 1 + row % 2}
    model.save_pretrained(tmp_path)
    again = XAlignModel.from_pretrained(tmp_path)
    assert torch.equal(again.xalign_languages.weight, model.xalign_languages.weight)
    assert "xalign" not in " ".join(AutoModel.from_pretrained(tmp_path).state_dict())


def test_a_language_without_an_embedding_is_named():
    model = make_model({"mlm": {}}, languages=["eng_Latn", "hin_Deva"])
    with pytest.raises(XAlignError, match="'urd_Arab', but the model has embeddings for eng_Latn, hin_Deva"):
        make_batch(model, make_rows(2))
