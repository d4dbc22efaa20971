"""What CONTRIBUTING.md tells a newcomer to write works: an objective trains, an aligner aligns."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch

from hf_xalign import XAlignDataCollator, XAlignModel, load_aligner
from hf_xalign.aligners import ALIGNERS
from hf_xalign.gradient_cache import cached_step
from hf_xalign.heads import HEADS
from tests.tiny import random_rows, tiny_config, word_tokenizer


ROOT = Path(__file__).parent.parent
TEXT = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")


@pytest.fixture
def names():
    """What the page's Python defines."""
    defined = {"HEADS": HEADS.copy()}
    blocks = re.findall(r"```python\n(.*?)```", TEXT, flags=re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, "CONTRIBUTING.md", "exec"), defined)
    return defined


def test_the_objective_trains_with_and_without_a_gradient_cache(names, monkeypatch):
    monkeypatch.setattr("hf_xalign.heads.HEADS", names["HEADS"])
    torch.manual_seed(0)
    model = XAlignModel.from_encoder(tiny_config(), {"close": {"weight": 0.5}}).double()
    batch = XAlignDataCollator(word_tokenizer(), views=model.views, masked_views=model.masked_views)(random_rows(6))
    out = model(**batch)
    out.loss.backward()
    whole = [parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None]
    assert 0 < out.losses["close"] < 2 and out.loss == out.losses["close"] / 2 and len(whole) > 10

    model.zero_grad()
    loss, _ = cached_step(model, batch, chunk_size=2)
    torch.testing.assert_close(loss, out.loss.detach())
    chunked = [parameter.grad for parameter in model.parameters() if parameter.grad is not None]
    torch.testing.assert_close(chunked, whole)


def test_the_aligner_is_loaded_by_name_and_aligns(names, monkeypatch):
    monkeypatch.setitem(ALIGNERS, "diagonal", ("hf_xalign.aligners.base", "Diagonal"))
    monkeypatch.setattr("hf_xalign.aligners.base.Diagonal", names["Diagonal"], raising=False)
    aligner = load_aligner("diagonal")
    assert aligner.align([(["a", "b"], ["c", "d", "e"])]) == [[(0, 0, 1.0), (1, 1, 1.0)]]
    assert aligner.id == "diagonal(threshold=0.0)"


def test_files_and_targets_that_the_page_names_exist():
    made_up = {"hf_xalign/heads/close.py", "hf_xalign/aligners/diagonal.py"}
    paths = set(re.findall(r"`?((?:hf_xalign|tests|recipes|benchmarks)/[\w./-]*\w)", TEXT)) - made_up
    assert len(paths) > 12
    assert not [path for path in sorted(paths) if not (ROOT / path).exists()]
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), flags=re.MULTILINE)
    assert set(re.findall(r"(?:^|`)make (\w+)", TEXT, flags=re.MULTILINE)) <= set(targets)
