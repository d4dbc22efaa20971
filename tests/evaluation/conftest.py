from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoModelForMaskedLM

from tests.tiny import BACKBONES, tiny_config, word_tokenizer


@pytest.fixture(scope="module", params=BACKBONES)
def encoder_and_tokenizer(request):
    """A tiny encoder with dropout and random weights; XLM-R's within its masked LM, BERT's with token types."""
    torch.manual_seed(0)
    config = tiny_config(request.param, dropout=0.3, max_position_embeddings=28)
    build = AutoModelForMaskedLM if request.param == "xlm-roberta" else AutoModel
    return build.from_config(config).eval(), word_tokenizer(token_types=request.param == "bert")


@pytest.fixture
def sentences() -> list[str]:
    rng = np.random.default_rng(0)
    return [" ".join(f"w{word}" for word in rng.integers(0, 55, size=rng.integers(1, 15))) for _ in range(40)]
