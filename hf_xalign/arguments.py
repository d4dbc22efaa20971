"""The model section of a recipe."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass
class ModelArguments:
    """Which encoder, which objectives.

    Args:
        model_name_or_path (`str`, *optional*): Hub id or folder of an encoder to post-align.
        model_config (`dict`): for an encoder trained from scratch: `model_type` and any of its config's fields.
            `vocab_size` and the special tokens' ids come from the tokenizer.
        heads (`dict[str, dict]`): objectives by name with their options and `weight`.
        alignment_layer (`int`, *optional*): layer of the sentence objectives; 8 of 12 in proportion by default.
        pooling (`str`): `"mean"` or `"cls"`.
        languages (`list[str]`, *optional*): languages with an embedding of their own; see [`XAlignConfig`].
        peft (`dict`, *optional*): train a LoRA adapter instead of the encoder: settings of `peft.LoraConfig` (`r`,
            `lora_alpha`, `lora_dropout`, ...); see [`lora_config`] for those with defaults of their own.
        model_revision (`str`, *optional*): branch, tag or commit on the Hub.
        attn_implementation (`str`, *optional*): as in transformers (`sdpa`, `eager`, `flash_attention_2`).
        license (`str`, *optional*): what the trained model may be used under, for its card: an id that the Hub knows
            (`apache-2.0`, `cc-by-nc-4.0`, `other`).
    """

    model_name_or_path: str | None = field(
        default=None, metadata={"help": "Hub id or folder of an encoder to post-align; none to train from scratch."}
    )
    model_config: dict[str, Any] = field(
        default_factory=dict,
        metadata={"help": "Encoder trained from scratch: model_type and any of its config's fields."},
    )
    heads: dict[str, Any] = field(
        default_factory=lambda: {"mlm": {}},
        metadata={"help": "Objectives by name, each with its options and its weight."},
    )
    alignment_layer: int | None = field(
        default=None, metadata={"help": "Layer of the sentence objectives; by default 8 of 12, in proportion."}
    )
    pooling: str = field(default="mean", metadata={"help": "Sentence pooling.", "choices": ["mean", "cls"]})
    languages: list[str] | None = field(
        default=None, metadata={"help": "Languages with an embedding of their own, for training only."}
    )
    peft: dict[str, Any] | None = field(
        default=None, metadata={"help": "Train a LoRA adapter: settings of peft.LoraConfig (r, lora_alpha, ...)."}
    )
    model_revision: str | None = field(default=None, metadata={"help": "Branch, tag or commit on the Hub."})
    attn_implementation: str | None = field(default=None, metadata={"help": "Attention kernel, as in transformers."})
    license: str | None = field(default=None, metadata={"help": "Licence of the trained model, told by its card."})
