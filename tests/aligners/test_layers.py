from __future__ import annotations

import pytest
import torch
from transformers import AutoModel

from hf_xalign.aligners import load_aligner
from tests.tiny import tiny_config, word_tokenizer


@pytest.mark.parametrize("model_type", ["xlm-roberta", "bert", "modernbert", "deberta-v2"])
@pytest.mark.parametrize("settings", [{"method": "itermax"}, {"method": "inter", "token_type": "word"}])
def test_all_layers_at_once_are_each_layer_alone(model_type, settings):
    torch.manual_seed(0)
    model = AutoModel.from_config(tiny_config(model_type)).eval()
    draw = torch.Generator().manual_seed(1)

    def sentence() -> list[str]:
        length = int(torch.randint(1, 9, (), generator=draw))
        return [f"w{i}" for i in torch.randint(55, (length,), generator=draw).tolist()]

    pairs = [(sentence(), sentence()) for _ in range(20)]
    every = load_aligner("simalign", model=model, tokenizer=word_tokenizer(), **settings).align_layers(pairs)
    assert len(every) == model.config.num_hidden_layers + 1
    for layer, found in enumerate(every):
        alone = load_aligner("simalign", model=model, tokenizer=word_tokenizer(), layer=layer, **settings).align(pairs)
        for links, expected in zip(found, alone, strict=True):
            assert [link[:2] for link in links] == [link[:2] for link in expected]
            assert [link[2] for link in links] == pytest.approx([link[2] for link in expected], abs=1e-5)
