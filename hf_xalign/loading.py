"""Open a checkpoint the way anyone would, with plain transformers, and say what is wrong where it cannot be."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging

from hf_xalign.adapter_files import BaseModel, open_base
from hf_xalign.errors import XAlignError
from hf_xalign.finite import check_finite
from hf_xalign.foreign import named_errors
from hf_xalign.names import ADAPTER_CONFIG_NAME
from hf_xalign.peft_adapters import without_deprecations


if TYPE_CHECKING:
    from collections.abc import Iterator

    from transformers import PreTrainedConfig, PreTrainedModel, PreTrainedTokenizerBase


def load_config(name_or_path: str) -> PreTrainedConfig:
    """The config of a model, by which it can be refused before its weights are read.

    Raises:
        XAlignError: there is no model there.
    """
    opened = _what_to_open(name_or_path)
    with quiet(), named_errors(f"cannot open the model of {opened.name}"):
        return AutoConfig.from_pretrained(opened.name, revision=opened.revision, trust_remote_code=False)


def load_encoder(name_or_path: str) -> PreTrainedModel:
    """A plain float32 encoder in eval mode, on the GPU if there is one; safetensors only, no remote code.

    An adapter is opened on its base model, and not merged into it: its states are those that it was trained with.

    Raises:
        XAlignError: there is no model there, it is no encoder, or its weights are not all there.
    """
    opened = _what_to_open(name_or_path)
    with quiet(), named_errors(f"cannot open the model of {opened.name}"):
        model, info = AutoModel.from_pretrained(
            opened.name,
            revision=opened.revision,
            dtype=torch.float32,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
        )
    if opened.name != name_or_path:
        with quiet(), without_deprecations(), named_errors(f"cannot open the adapter of {name_or_path}"):
            # transformers reads its weights only; missing ones would be random numbers.
            found = model.load_adapter(name_or_path, use_safetensors=True)
        info["missing_keys"] = {*info["missing_keys"], *found.missing_keys}
    if model.config.is_encoder_decoder:
        raise XAlignError(f"{name_or_path} is an encoder-decoder ({model.config.model_type}); an encoder is needed")
    # An LM checkpoint has no pooler, and nothing here reads it; any other gap would be filled with random numbers.
    missing = sorted(key for key in info["missing_keys"] if "pooler" not in key)
    if missing:
        raise XAlignError(f"{name_or_path} lacks {len(missing)} weights of its encoder, the first is {missing[0]}")
    check_finite(model.named_parameters(), name_or_path)
    return model.to("cuda" if torch.cuda.is_available() else "cpu").eval()


def load_tokenizer(name_or_path: str) -> PreTrainedTokenizerBase:
    with quiet(), named_errors(f"cannot open the tokenizer of {name_or_path}"):
        tokenizer = AutoTokenizer.from_pretrained(name_or_path, trust_remote_code=False)
        # What its config says of the longest input is compared with numbers later.
        tokenizer.model_max_length = int(tokenizer.model_max_length)
        return tokenizer


def _what_to_open(name_or_path: str) -> BaseModel:
    """A model by its own name, or the base model of an adapter."""
    _check_folder(name_or_path)
    return open_base(name_or_path) or BaseModel(name_or_path)


def _check_folder(name_or_path: str) -> None:
    path = Path(name_or_path)
    if path.is_dir() and not any((path / name).exists() for name in ("config.json", ADAPTER_CONFIG_NAME)):
        raise XAlignError(f"{name_or_path} is not a model folder: it has no config.json")
    if path.is_file():
        raise XAlignError(f"{name_or_path} is a file: give the model's folder or its id on the Hub")
    if not path.exists() and (path.is_absolute() or name_or_path.startswith(".") or name_or_path.count("/") > 1):
        raise XAlignError(f"no such model folder: {name_or_path}")


@contextmanager
def quiet() -> Iterator[None]:
    """No loading bars and no report of weights that are known to be absent (LM head, pooler)."""
    level, bars = logging.get_verbosity(), logging.is_progress_bar_enabled()
    logging.set_verbosity_error()
    logging.disable_progress_bar()
    try:
        yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
