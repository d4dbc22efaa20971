"""Plain transformers classes for a task, on top of a checkpoint's encoder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoModelForSequenceClassification, AutoModelForTokenClassification

from hf_xalign.adapter_files import merged, open_base
from hf_xalign.backbones import check_encoder, max_tokens
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.downstream.settings import OF_WORDS, TaskSettings
from hf_xalign.finite import check_finite
from hf_xalign.loading import load_config, load_tokenizer, quiet
from hf_xalign.peft_adapters import import_peft


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


def check_model(name_or_path: str, settings: TaskSettings) -> PreTrainedTokenizerBase:
    """The tokenizer of a checkpoint that the task can be learnt with; its weights are not read yet.

    Raises:
        XAlignError: there is no model there, it is no encoder, or its tokenizer cannot tell which tokens are a
            word's.
    """
    check_encoder(load_config(name_or_path))
    tokenizer = load_tokenizer(name_or_path)
    if not tokenizer.is_fast:
        raise XAlignError(f"the tokenizer of {name_or_path} cannot tell which tokens are a word's (it is a slow one)")
    return tokenizer


def length_of(name_or_path: str, tokenizer: PreTrainedTokenizerBase, settings: TaskSettings) -> int:
    """Tokens at which sentences are cut: the task's, or what tokenizer and encoder can take where that is less."""
    return min(settings.max_length, tokenizer.model_max_length, max_tokens(load_config(name_or_path)))


def open_model(name_or_path: str, settings: TaskSettings) -> PreTrainedModel:
    """The checkpoint's encoder under a new head (of random weights), within LoRA where the settings have `peft`.

    LoRA goes to all linear layers, as in recipes, unless the settings have `target_modules`. Modules that the
    checkpoint lacks (the head, and a pooler before it) are trained whole, unless they have `modules_to_save`.

    An adapter is added to the weights of its base model first: what is fine-tuned is the model that it makes of it.

    Raises:
        XAlignError: weights of the encoder are missing or cannot be read, or LoRA does not take the settings.
    """
    words = settings.task in OF_WORDS
    family = AutoModelForTokenClassification if words else AutoModelForSequenceClassification
    names = dict(enumerate(settings.labels))
    base = open_base(name_or_path)
    try:
        with quiet():
            model, info = family.from_pretrained(
                base.name if base else name_or_path,
                revision=base.revision if base else None,
                id2label=names,
                label2id={label: index for index, label in names.items()},
                dtype=torch.float32,
                use_safetensors=True,
                trust_remote_code=False,
                output_loading_info=True,
            )
    except (OSError, ValueError) as error:
        raise XAlignError(f"cannot open the model of {name_or_path}: {' '.join(str(error).split())[:300]}") from error
    encoder = f"{model.base_model_prefix}."
    missing = sorted(key for key in info["missing_keys"] if key.startswith(encoder) and "pooler" not in key)
    if missing:
        raise XAlignError(f"{name_or_path} lacks {len(missing)} weights of its encoder, the first is {missing[0]}")
    check_finite(model.named_parameters(), name_or_path)
    if base:
        # In place: the modules of the encoder get the sums.
        merged(model.base_model, name_or_path)
    if not settings.peft:
        return model
    new = {key.removeprefix(encoder).partition(".")[0] for key in info["missing_keys"]}
    options = {"target_modules": "all-linear", "modules_to_save": sorted(new)} | settings.peft
    return _with_lora(model, options, "TOKEN_CLS" if words else "SEQ_CLS")


def _with_lora(model: PreTrainedModel, options: dict[str, Any], kind: str) -> PreTrainedModel:
    peft = import_peft("--set peft.r=...")
    try:
        return peft.get_peft_model(model, peft.LoraConfig(task_type=kind, **options))
    except (TypeError, ValueError) as error:
        raise XAlignError(f"--set peft: {' '.join(str(error).split())[:300]}") from error
