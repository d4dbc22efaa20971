"""Losses and pooling against loops in float64, on whatever shapes, masks, duplicates and spans there may be."""

from __future__ import annotations

import os

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from hf_xalign.heads import EncodedView, HeadInputs, build_head, pool
from hf_xalign.heads.base import pool_words
from hf_xalign.heads.masked_lm import masked_lm_loss
from hf_xalign.losses import softmax_losses
from tests.golden.test_awesome_objectives import obvious_co, obvious_so


SIZE = 4
# More of them in tests/stress/losses.py.
some = settings(max_examples=int(os.environ.get("HF_XALIGN_EXAMPLES", "25")), deadline=None)
seeds = st.integers(0, 2**32 - 1)


def _normal(seed: int, *shape: int, scale: float = 1.0) -> torch.Tensor:
    return scale * torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def _unit(vector: torch.Tensor) -> torch.Tensor:
    return vector / vector.norm() if vector.norm() > 0 else vector


# Contrastive.


@st.composite
def comparisons(draw):
    """Queries and keys, some of them copies or zero, and which keys a query should pick and does not see."""
    count, more = draw(st.integers(1, 6)), draw(st.integers(0, 4))
    distinct = _normal(draw(seeds), 5, SIZE)
    distinct[4] = 0
    which = st.integers(0, 4)
    queries = distinct[draw(st.lists(which, min_size=count, max_size=count))]
    keys = distinct[draw(st.lists(which, min_size=count + more, max_size=count + more))]
    places = draw(st.permutations(range(count + more)))[:count]
    columns = draw(st.integers(0, 2))
    ids = st.lists(st.integers(0, 3), min_size=columns, max_size=columns)
    groups, key_groups = (
        torch.tensor(draw(st.lists(ids, min_size=len(rows), max_size=len(rows)))) if columns else None
        for rows in (queries, keys)
    )
    own = None
    if draw(st.booleans()) and count + more > 1:
        own = torch.tensor([(place + 1) % (count + more) for place in places])
    return {
        "queries": queries.requires_grad_(),
        "keys": keys.clone().requires_grad_(),
        "positives": torch.tensor(places),
        "own": own,
        "groups": groups,
        "key_groups": key_groups,
        "temperature": draw(st.sampled_from([1e-4, 0.05, 1.0, 1e4])),
        "margin": draw(st.sampled_from([0.0, 0.3])),
        "similarity": draw(st.sampled_from(["cosine", "dot"])),
        "max_scores": draw(st.sampled_from([1, 7, 1000])),
    }


def slow_losses(queries, keys, positives, own, groups, key_groups, temperature, margin, similarity, max_scores):
    losses = []
    for i, query in enumerate(queries):
        scores = []
        for j, key in enumerate(keys):
            pair = (query, key) if similarity == "dot" else (_unit(query), _unit(key))
            score = torch.dot(*pair)
            if j == positives[i]:
                scores.append((score - margin) / temperature)
                positive = scores[-1]
            elif own is not None and j == own[i]:
                continue
            elif groups is None or not set(groups[i].tolist()) & set(key_groups[j].tolist()):
                scores.append(score / temperature)
        largest = max(score.item() for score in scores)
        losses.append(sum(torch.exp(score - largest) for score in scores).log() + largest - positive)
    return torch.stack(losses)


@some
@given(comparisons())
def test_contrastive_losses(case):
    inputs = [case["queries"], case["keys"]]
    losses, expected = softmax_losses(**case), slow_losses(**case)
    torch.testing.assert_close(losses, expected, rtol=1e-9, atol=1e-9)
    found, wanted = (torch.autograd.grad(value.sum(), inputs) for value in (losses, expected))
    # At length 0 the cosine has no gradient: what is taken for it is 0.
    for gradient, reference, vectors in zip(found, wanted, inputs, strict=True):
        zero = vectors.norm(dim=1) == 0
        assert torch.isfinite(gradient).all()
        if case["similarity"] == "cosine":
            assert not gradient[zero].any()
            gradient, reference = gradient[~zero], reference[~zero]
        torch.testing.assert_close(gradient, reference, rtol=1e-7, atol=1e-7 / case["temperature"])
    in_float32 = softmax_losses(**{**case, "queries": inputs[0].detach().float(), "keys": inputs[1].detach().float()})
    scale = 1 / case["temperature"]
    torch.testing.assert_close(in_float32.double(), expected.detach(), rtol=1e-5, atol=1e-5 * max(1.0, scale))


# Pooling.

tables = st.tuples(st.integers(1, 4), st.integers(1, 7)).flatmap(
    lambda shape: st.lists(
        st.lists(st.integers(-1, 3), min_size=shape[1], max_size=shape[1]), min_size=shape[0], max_size=shape[0]
    )
)


def _mean(states, chosen):
    total = torch.zeros(SIZE, dtype=torch.float64)
    for state, wanted in zip(states, chosen, strict=True):
        total = total + state * wanted
    return total / max(sum(chosen), 1)


@some
@given(tables, seeds)
def test_words_and_sentences_are_means_of_their_tokens(words, seed):
    words = torch.tensor(words)
    states = _normal(seed, *words.shape, SIZE)
    pooled, special = pool_words(states, words), (words < 0).long()
    assert pooled.shape == (len(words), int(words.max()) + 1, SIZE)
    for row, ids in enumerate(words.tolist()):
        for word in range(pooled.shape[1]):
            tokens = [states[row, place] for place, of in enumerate(ids) if of == word]
            torch.testing.assert_close(
                pooled[row, word], sum(tokens, torch.zeros(SIZE).double()) / max(len(tokens), 1)
            )
        text = [states[row, place] for place, of in enumerate(ids) if of >= 0]
        mean = sum(text, torch.zeros(SIZE).double()) / max(len(text), 1)
        torch.testing.assert_close(pool(states, special, "mean")[row], mean)
        torch.testing.assert_close(pool(states.float(), special, "mean")[row].double(), mean, rtol=1e-5, atol=1e-6)


# Masked cross-entropy.


@some
@given(tables, seeds, st.sampled_from([1, 3, 1000]), st.sampled_from([None, 0.5, 7.0]), st.sampled_from([1.0, 300.0]))
def test_masked_cross_entropy(labels, seed, max_rows, count, scale):
    labels = torch.tensor(labels)
    labels[labels < 0] = -100
    states = _normal(seed, *labels.shape, SIZE, scale=scale).requires_grad_()
    decoder = torch.nn.Linear(SIZE, 4).double()
    decoder.weight.data = _normal(seed, 4, SIZE)

    def loss(states, decoder):
        view = EncodedView((states,), labels, labels, labels)
        counts = None if count is None else {"pair": torch.tensor(count)}
        return masked_lm_loss(
            HeadInputs({"pair": view}, decoder, alignment_layer=0, label_counts=counts), "pair", max_rows=max_rows
        )

    expected, number = 0 * states.sum(), 0
    for row, place in (labels >= 0).nonzero().tolist():
        scores = decoder(states[row, place])
        largest = scores.max().detach()
        expected = expected + (scores - largest).exp().sum().log() + largest - scores[labels[row, place]]
        number += 1
    expected = expected / (count or max(number, 1))
    found = loss(states, decoder)
    torch.testing.assert_close(found, expected, rtol=1e-10, atol=1e-10)
    gradients = (torch.autograd.grad(value, states)[0] for value in (found, expected))
    torch.testing.assert_close(*gradients, rtol=1e-8, atol=1e-10)
    in_float32 = loss(states.detach().float(), decoder.float())
    torch.testing.assert_close(in_float32.double(), expected.detach(), rtol=1e-4, atol=1e-4)


# Soft alignments: a token is special (`None`), text without a word (-1), or of a word.

tokens = st.lists(st.sampled_from([None, -1, 0, 1, 2]), min_size=1, max_size=5)
pairs = st.lists(st.tuples(tokens, tokens), min_size=1, max_size=3)


def _view(sentences, states) -> EncodedView:
    width = states.shape[1]
    rows = [[*sentence, *[None] * (width - len(sentence))] for sentence in sentences]
    special = torch.tensor([[int(token is None) for token in row] for row in rows])
    words = torch.tensor([[-1 if token is None else token for token in row] for row in rows])
    there = torch.tensor([[int(place < len(sentence)) for place in range(width)] for sentence in sentences])
    return EncodedView((states,), there, special, word_ids=words)


@pytest.mark.parametrize("extraction", ["softmax", "entmax15"])
@some
@given(pairs=pairs, seed=seeds, scale=st.sampled_from([0.0, 1.0, 4.0]), data=st.data())
def test_alignment_objectives(extraction, pairs, seed, scale, data):
    # A side without text is the matter of `test_a_row_without_text_loses_nothing_and_breaks_nothing`.
    pairs = [tuple(side if set(side) != {None} else [0] for side in pair) for pair in pairs]
    views = {}
    for number, name in enumerate(("source", "target")):
        sentences = [pair[number] for pair in pairs]
        states = _normal(seed + number, len(pairs), max(map(len, sentences)), SIZE, scale=scale)
        views[name] = _view(sentences, states.requires_grad_())
    link = st.tuples(st.integers(0, len(pairs) - 1), st.integers(0, 3), st.integers(0, 3))
    links = torch.tensor(data.draw(st.lists(link, max_size=4)), dtype=torch.int64).view(-1, 3)
    inputs = HeadInputs(views, None, alignment_layer=0, links=links)
    states = [view.hidden_states[0] for view in views.values()]
    threshold = 0.1 if extraction == "softmax" else 0.0
    # Links alone: what is linked by itself turns on whether a probability is above a threshold, and ties are common.
    for name, options, expected in (
        ("so", {"guide": "links"}, obvious_so(inputs, guide="links", extraction=extraction, threshold=threshold)),
        ("co", {}, obvious_co(inputs, extraction=extraction)),
    ):
        loss = build_head(name, {"extraction": extraction, **options})(inputs)
        torch.testing.assert_close(loss, expected, rtol=1e-8, atol=1e-9)
        gradients = torch.autograd.grad(loss, states)
        assert all(torch.isfinite(gradient).all() for gradient in gradients)
        if scale and expected.requires_grad:
            wanted = torch.autograd.grad(expected, states, allow_unused=True)
            for gradient, reference in zip(gradients, wanted, strict=True):
                reference = torch.zeros_like(gradient) if reference is None else reference
                torch.testing.assert_close(gradient, reference, rtol=1e-6, atol=1e-8)
