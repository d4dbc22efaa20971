"""Training, alignment and evaluation mix no devices and wait for none without need, tried without a GPU."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
import torch
from transformers import AutoModel

from hf_xalign import views
from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.states import layer_states
from hf_xalign.evaluation import sentence_embeddings
from hf_xalign.gradient_cache import cached_step
from hf_xalign.losses import translation_ranking_loss
from tests.other_device import OtherDevice, moved
from tests.test_gradient_cache import HEADS, gradients, make_batch, make_model, make_rows
from tests.tiny import BACKBONES, tiny_config, word_tokenizer


OBJECTIVES = {
    **HEADS,
    "so": {"so": {}},
    "so-links": {"so": {"guide": "links", "extraction": "entmax15"}},
    "co": {"co": {}},
}
CASES = [(name, "xlm-roberta") for name in OBJECTIVES] + [("everything", name) for name in BACKBONES]
ALIGNERS = [
    *[("simalign", {"method": method}) for method in ("inter", "itermax", "match")],
    ("simalign", {"token_type": "word", "distortion": 0.3, "null_align": 0.8}),
    ("awesome", {}),
    ("awesome", {"extraction": "entmax15"}),
    ("ot", {"masses": "norm"}),
]
PAIRS = [
    (["w1", "w2", "w3", "w4"], ["w5", "w6", "w7"]),
    (["w9", "w2"], ["w5", "w6", "w7", "w8"]),
    (["w9"] * 3, ["w5", "w11"] * 15),
]


def make_encoder():
    torch.manual_seed(0)
    return AutoModel.from_config(tiny_config()).eval()


@pytest.mark.parametrize("whole", [True, False], ids=["whole", "cached"])
@pytest.mark.parametrize(("name", "backbone"), CASES)
def test_a_step_is_that_of_the_cpu(name, backbone, whole, monkeypatch):
    for constant in ("CPU_PASS_TOKENS", "GPU_PASS_TOKENS"):
        monkeypatch.setattr(views, constant, 60)  # several passes
    if "entmax15" in str(OBJECTIVES[name]):
        pytest.importorskip("entmax")
    here, there = (make_model(OBJECTIVES[name], backbone=backbone, dropout=0.2).train() for _ in range(2))
    batch = make_batch(here, make_rows())

    def step(model, batch):
        torch.manual_seed(1)
        if not whole:
            return cached_step(model, batch, chunk_size=4)[0]
        loss = model(**batch).loss
        loss.backward()
        return loss.detach()

    expected = step(here, batch)
    with OtherDevice():
        loss = step(moved(there), moved(batch))
        found = {key: gradient.cpu() for key, gradient in gradients(there).items()}
        loss = loss.cpu()
    torch.testing.assert_close(loss, expected, rtol=1e-5, atol=1e-6)
    largest = max(float(gradient.abs().max()) for gradient in gradients(here).values())
    torch.testing.assert_close(found, gradients(here), rtol=1e-5, atol=1e-5 * largest)


@pytest.mark.parametrize(("name", "settings"), ALIGNERS)
def test_aligners_link_as_on_the_cpu(name, settings):
    pytest.importorskip({"ot": "ot"}.get(name, "torch"))
    if "entmax15" in settings.values():
        pytest.importorskip("entmax")
    encoder = make_encoder()
    settings = {"model": encoder, "tokenizer": word_tokenizer(), "layer": 2, **settings}
    expected = load_aligner(name, **settings).align(PAIRS)
    with OtherDevice():
        moved(encoder)
        found = load_aligner(name, **settings).align(PAIRS)
    assert [[link[:2] for link in links] for links in found] == [[link[:2] for link in links] for links in expected]


def test_sentences_are_embedded_as_on_the_cpu():
    encoder, sentences = make_encoder(), ["w1 w2", "w3 w4 w5 w6", "w7"]
    expected = sentence_embeddings(encoder, word_tokenizer(), sentences)
    with OtherDevice():
        found = sentence_embeddings(moved(encoder), word_tokenizer(), sentences)
    for layer, vectors in expected.items():
        np.testing.assert_allclose(found[layer], vectors, atol=1e-6)


def test_states_of_words_are_picked_without_waiting_for_them():
    encoder = make_encoder()
    reading = {"layers": [1, 2], "prefix": [0], "suffix": [2], "limit": 10, "batch_tokens": 20}
    with OtherDevice() as device:
        layer_states(moved(encoder), [[5, 6, 7], [8], list(range(5, 30))], **reading)
    # transformers looks at each batch's mask; nobody else at anything.
    assert set(device.waits) <= {"_local_scalar_dense"}


def test_groups_are_compared_once_for_both_directions():
    source, target = torch.randn(2, 6, 4)
    groups = torch.tensor([[1, 2], [3, 4], [1, 5], [6, 7], [8, 9], [10, 4]])
    with OtherDevice() as device:
        translation_ranking_loss(*moved((source, target)), groups=moved(groups))
    assert Counter(device.waits)["_unique2"] == 1
    assert len(device.waits) == 2  # which ids there are, and which columns share some


def test_the_device_refuses_what_a_gpu_refuses():
    with OtherDevice() as device:
        values = moved(torch.arange(6.0))
        assert values.device.type == "meta" and (values + 1).sum().item() == 21
        assert device.waits == ["_local_scalar_dense"]
        with pytest.raises(RuntimeError, match="among those of a GPU"):
            values + torch.ones(6)
        with pytest.raises(RuntimeError, match="among those of a GPU"):
            values[torch.tensor([1, 2])]
        with pytest.raises((RuntimeError, TypeError)):
            values.numpy()
        assert (values * torch.tensor(2.0)).tolist() == [0, 2, 4, 6, 8, 10]
        assert values[moved(torch.arange(6) > 3)].tolist() == [4, 5]
    assert "index" in device.waits
