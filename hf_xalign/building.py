"""The tokenizer and the model that a recipe asks for."""

from __future__ import annotations

from typing import Any

from transformers import PreTrainedTokenizerBase

from hf_xalign.arguments import ModelArguments
from hf_xalign.backbones import fresh_config, max_tokens
from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.prepared import PreparedData
from hf_xalign.data.tokenization import load_tokenizer
from hf_xalign.errors import XAlignError
from hf_xalign.modeling import XAlignModel
from hf_xalign.vocabulary import embeddings_needed


def build_model(
    model_args: ModelArguments, data_args: DataArguments, tokenizer: PreTrainedTokenizerBase
) -> XAlignModel:
    """The model of a recipe: a pretrained encoder, or a fresh one that fits the tokenizer.

    Raises:
        XAlignError: an encoder that cannot be opened or built, that does not belong to the tokenizer, or that takes
            shorter sentences than `max_length`.
    """
    settings: dict[str, Any] = {
        "heads": model_args.heads,
        "alignment_layer": model_args.alignment_layer,
        "pooling": model_args.pooling,
        "languages": model_args.languages,
    }
    if model_args.model_name_or_path:
        hub = {"revision": model_args.model_revision, "attn_implementation": model_args.attn_implementation}
        hub = {key: value for key, value in hub.items() if value is not None}
        model = XAlignModel.from_encoder(model_args.model_name_or_path, **settings, **hub)
        needed, known = embeddings_needed(tokenizer), model.get_input_embeddings().num_embeddings
        if needed > known:
            raise XAlignError(
                f"the tokenizer has {needed} tokens, but {model_args.model_name_or_path} embeds only {known}: they do "
                "not belong together"
            )
    else:
        config = fresh_config(
            **model_args.model_config,
            tokenizer=tokenizer,
            min_tokens=2 * data_args.max_length,
            attn_implementation=model_args.attn_implementation,
        )
        model = XAlignModel.from_encoder(config, **settings)
    if data_args.max_length > max_tokens(model.config):
        raise XAlignError(
            f"max_length is {data_args.max_length}, but the encoder takes at most {max_tokens(model.config)} tokens: "
            "lower max_length"
        )
    return model


def build_tokenizer(
    data_args: DataArguments, model_args: ModelArguments, prepared: PreparedData
) -> PreTrainedTokenizerBase:
    """The tokenizer of a recipe: the one it names, the one that was trained on its data, or the encoder's own.

    Raises:
        XAlignError: it cannot be opened.
    """
    name = data_args.tokenizer_name or prepared.tokenizer_dir or model_args.model_name_or_path
    revision = model_args.model_revision if name == model_args.model_name_or_path else None
    return load_tokenizer(name, revision)
