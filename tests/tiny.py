"""Tiny models and tokenizers that tests build for themselves."""

from __future__ import annotations

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    DebertaV2Config,
    DistilBertConfig,
    ModernBertConfig,
    PreTrainedConfig,
    PreTrainedTokenizerFast,
    XLMRobertaConfig,
)


VOCABULARY = 60
BACKBONES = ("bert", "deberta-v2", "distilbert", "modernbert", "xlm-roberta")


def tiny_config(
    model_type: str = "xlm-roberta", *, layers: int = 3, dropout: float = 0.0, **fields
) -> PreTrainedConfig:
    """A config of 16 dimensions for any supported backbone; dropout is off unless asked for."""
    common = {"vocab_size": VOCABULARY, **fields}
    if model_type == "distilbert":
        return DistilBertConfig(
            dim=16, n_layers=layers, n_heads=2, hidden_dim=32, dropout=dropout, attention_dropout=dropout, **common
        )
    sizes = {"hidden_size": 16, "num_hidden_layers": layers, "num_attention_heads": 2, "intermediate_size": 32}
    if model_type == "modernbert":
        special = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "cls_token_id": 0, "sep_token_id": 2}
        drops = {"mlp_dropout": dropout, "attention_dropout": dropout, "embedding_dropout": dropout}
        return ModernBertConfig(**sizes, **special, **drops, **common)
    drops = {"hidden_dropout_prob": dropout, "attention_probs_dropout_prob": dropout}
    if model_type == "xlm-roberta":
        special = {"pad_token_id": 1, "bos_token_id": 0, "eos_token_id": 2, "type_vocab_size": 1}
        return XLMRobertaConfig(**sizes, **special, **drops, **({"max_position_embeddings": 130} | common))
    return {"bert": BertConfig, "deberta-v2": DebertaV2Config}[model_type](**sizes, **drops, **common)


def word_tokenizer(*, token_types: bool = False) -> PreTrainedTokenizerFast:
    """A tokenizer of the words `w0` … `w54` that frames a sentence as `<s> … </s>`."""
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    words = special + [f"w{i}" for i in range(VOCABULARY - len(special))]
    backend = Tokenizer(models.WordLevel({word: i for i, word in enumerate(words)}, unk_token="<unk>"))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = processors.TemplateProcessing(
        single="<s> $A </s>", pair="<s> $A </s> $B:1 </s>:1", special_tokens=[("<s>", 0), ("</s>", 2)]
    )
    names = ["input_ids", "attention_mask"] + ["token_type_ids"] * token_types
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        bos_token="<s>",
        cls_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        sep_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_input_names=names,
        model_max_length=64,
    )


def random_rows(count: int, *, seed: int = 0, shortest: int = 3, longest: int = 12) -> list[dict]:
    """Rows as `TokenizeViews` gives them, of random ordinary tokens; the target is longer than the source."""
    generator = torch.Generator().manual_seed(seed)

    def sentence(extra: int) -> list[int]:
        length = int(torch.randint(shortest, longest + 1, (), generator=generator)) + extra
        return [0, *torch.randint(5, VOCABULARY, (length,), generator=generator).tolist(), 2]

    rows = [{"source_input_ids": sentence(0), "target_input_ids": sentence(3)} for _ in range(count)]
    return [{**row, "length": max(map(len, row.values()))} for row in rows]
