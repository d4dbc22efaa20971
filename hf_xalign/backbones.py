"""The one place that knows one backbone from another: LM heads, layers, positions, fresh configs.

transformers gives every `…ForMaskedLM` its own attribute names and no public method for "scores of these states" or
"run the first layers only", so these are written down here; tests compare each with the backbone's own forward pass.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import torch
from torch import nn
from transformers import (
    CONFIG_MAPPING,
    MODEL_FOR_MASKED_LM_MAPPING,
    PreTrainedConfig,
    PreTrainedModel,
    PreTrainedTokenizerBase,
)
from transformers.utils.output_capturing import maybe_install_capturing_hooks

from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean
from hf_xalign.vocabulary import embeddings_needed


def _roberta(model, states):
    return model.lm_head(states)


def _bert(model, states):
    return model.cls(states)


def _distilbert(model, states):
    states = model.vocab_layer_norm(model.activation(model.vocab_transform(states)))
    return model.vocab_projector(states)


def _modernbert(model, states):
    return model.decoder(model.head(states))


def _deberta(model, states):
    if model.legacy:
        return model.cls(states)
    return model.lm_predictions(states, model.deberta.embeddings.word_embeddings)


_LM_HEADS: dict[str, Callable[[PreTrainedModel, torch.Tensor], torch.Tensor]] = {
    "bert": _bert,
    "camembert": _roberta,
    "deberta-v2": _deberta,
    "distilbert": _distilbert,
    "modernbert": _modernbert,
    "roberta": _roberta,
    "xlm-roberta": _roberta,
}

# Where the encoder keeps its layers (a ModuleList), and what it runs after the last of them.
_LAYERS: dict[str, tuple[str, str | None]] = {
    "bert": ("encoder.layer", "pooler"),
    "camembert": ("encoder.layer", "pooler"),
    "deberta-v2": ("encoder.layer", None),
    "distilbert": ("transformer.layer", None),
    "modernbert": ("layers", "final_norm"),
    "roberta": ("encoder.layer", "pooler"),
    "xlm-roberta": ("encoder.layer", "pooler"),
}

# These count positions from the padding token's id + 1.
_POSITIONS_AFTER_PADDING = ("camembert", "roberta", "xlm-roberta")


def masked_lm_class(config: PreTrainedConfig) -> type[PreTrainedModel]:
    """The `…ForMaskedLM` class of a backbone.

    Raises:
        XAlignError: the backbone is not one of those whose LM head is known here.
    """
    if config.model_type not in _LM_HEADS:
        raise XAlignError(
            f"backbone {config.model_type!r} is not supported; supported model types: {', '.join(_LM_HEADS)}"
        )
    return MODEL_FOR_MASKED_LM_MAPPING[type(config)]


def check_encoder(config: PreTrainedConfig) -> None:
    """Refuse a backbone whose layers are not known here.

    Raises:
        XAlignError: it is not one of the supported ones.
    """
    if config.model_type not in _LAYERS:
        raise XAlignError(
            f"encoder {config.model_type!r} is not supported; supported model types: {', '.join(_LAYERS)}"
        )


def _layers(encoder: PreTrainedModel) -> tuple[nn.Module, str, nn.ModuleList, str | None]:
    """The module that holds an encoder's layers, under which name, the layers, and what comes after them."""
    check_encoder(encoder.config)
    path, last = _LAYERS[encoder.config.model_type]
    parent_path, _, name = path.rpartition(".")
    parent = encoder.get_submodule(parent_path)
    return parent, name, getattr(parent, name), last


def encoder_layers(encoder: PreTrainedModel) -> nn.ModuleList:
    """The layers of a bare encoder, `model.base_model`.

    Raises:
        XAlignError: the backbone is not supported.
    """
    return _layers(encoder)[2]


@contextmanager
def first_layers(encoder: PreTrainedModel, count: int) -> Iterator[PreTrainedModel]:
    """Inside, the encoder ends after its first `count` layers.

    `encoder(**inputs).last_hidden_state` is then, bit for bit, `hidden_states[count]` of the whole encoder (0 is the
    embedding layer), the later layers and the pooler cost nothing, and the encoder has no state dict worth saving.
    Afterwards it is whole again, whatever happened. Not for two threads at once on one encoder.

    Args:
        encoder: a bare encoder, `model.base_model`.
        count: 0 to the encoder's number of layers.

    Raises:
        XAlignError: the backbone is not supported, or it has no such layer.
    """
    parent, name, layers, last = _layers(encoder)
    if not 0 <= count <= len(layers):
        raise XAlignError(f"layer {count} is out of range: the encoder has layers 0 (embeddings) to {len(layers)}")
    # transformers hooks the layers that it finds when hidden states are first asked for: it must find them all.
    maybe_install_capturing_hooks(encoder)
    changed = [(parent, name, layers[:count])]
    if last == "pooler":
        changed.append((encoder, last, None))
    elif last is not None and count < len(layers):
        # The whole encoder's last hidden state has gone through the final norm, the ones before it have not.
        changed.append((encoder, last, nn.Identity()))
    if encoder.config.model_type == "deberta-v2" and count == 0:
        # Its loop must run once, and the first turn ends with a convolution in some checkpoints.
        changed[0] = (parent, name, nn.ModuleList([_NoLayer()]))
        changed.append((parent, "conv", None))
    kept = [(module, attribute, getattr(module, attribute)) for module, attribute, _ in changed]
    try:
        for module, attribute, part in changed:
            setattr(module, attribute, part)
        yield encoder
    finally:
        for module, attribute, part in kept:
            setattr(module, attribute, part)


def layer_linears(encoder: PreTrainedModel) -> list[str]:
    """The linear layers of the encoder's layers (attention and feed-forward), by their names inside a layer.

    Every layer has them, and nothing else of the backbone's models is called so.

    Args:
        encoder: a bare encoder, `model.base_model`.

    Raises:
        XAlignError: the backbone is not supported.
    """
    _, _, layers, _ = _layers(encoder)
    names = {name for layer in layers for name, module in layer.named_modules() if isinstance(module, nn.Linear)}
    return sorted(names)


class _NoLayer(nn.Module):
    """A layer of DeBERTa's signature that changes nothing."""

    def forward(self, states: torch.Tensor, *args, **kwargs) -> tuple[torch.Tensor, None]:
        return states, None


def keep_layers(encoder: PreTrainedModel, count: int) -> None:
    """Cut an encoder after its first `count` layers, for good and in place; it loses its pooler too.

    Its `last_hidden_state` is then `hidden_states[count]` of the whole encoder, bit for bit, unless
    [`normalizes_its_output`] says otherwise. It can be saved, and opens in plain transformers.

    Args:
        encoder: a bare encoder, `model.base_model`.
        count: 1 to the encoder's number of layers.

    Raises:
        XAlignError: the backbone is not supported, or it has no such layer.
    """
    parent, name, layers, last = _layers(encoder)
    if not 1 <= count <= len(layers):
        raise XAlignError(f"layer {count} is out of range: the encoder has layers 1 to {len(layers)}")
    setattr(parent, name, layers[:count])
    if last == "pooler":
        encoder.pooler = None
    encoder.config.num_hidden_layers = count
    if getattr(encoder.config, "layer_types", None) is not None:  # ModernBERT's local and global attention
        encoder.config.layer_types = encoder.config.layer_types[:count]


def normalizes_its_output(config: PreTrainedConfig) -> bool:
    """Whether a norm follows the last layer, so that an encoder cut earlier ends with another state than its layer's.

    Raises:
        XAlignError: the backbone is not supported.
    """
    check_encoder(config)
    return _LAYERS[config.model_type][1] == "final_norm"


def lm_scores(model: PreTrainedModel, states: torch.Tensor) -> torch.Tensor:
    """Vocabulary scores `(M, V)` of hidden states `(M, D)` by the model's own LM head."""
    return _LM_HEADS[model.config.model_type](model, states)


def max_tokens(config: PreTrainedConfig) -> int:
    """Tokens, special ones included, of the longest input that the backbone's positions allow."""
    if config.model_type in _POSITIONS_AFTER_PADDING:
        return config.max_position_embeddings - config.pad_token_id - 1
    return config.max_position_embeddings


def has_token_types(config: PreTrainedConfig) -> bool:
    """Whether the backbone embeds the types of tokens (first or second half of a pair)."""
    return getattr(config, "type_vocab_size", 1) > 1  # DistilBERT and ModernBERT have no such field


def fresh_config(
    model_type: str,
    tokenizer: PreTrainedTokenizerBase,
    *,
    min_tokens: int,
    attn_implementation: str | None = None,
    **fields,
) -> PreTrainedConfig:
    """The config of an encoder to be trained from scratch with a tokenizer's vocabulary and special tokens.

    Args:
        model_type: a supported backbone, such as `"xlm-roberta"`.
        min_tokens: the longest input it must take; positions are made for it unless `fields` sets them.
        attn_implementation: attention kernel, as in transformers.
        fields: fields of the backbone's config.

    Raises:
        XAlignError: unsupported backbone, unknown field (the nearest is named), or a value that it refuses.
    """
    if model_type not in _LM_HEADS:
        raise XAlignError(f"model_config.model_type is {model_type!r}; choose one of {', '.join(_LM_HEADS)}")
    config_class = CONFIG_MAPPING[model_type]
    # The attribute map holds the names that all backbones share (`hidden_size` for DistilBERT's `dim`).
    known = set(config_class().to_dict()) | set(config_class.attribute_map)
    for name in fields:
        if name not in known:
            raise XAlignError(f"unknown field model_config.{name}{did_you_mean(name, known)}")
    special = {
        f"{name}_token_id": getattr(tokenizer, f"{name}_token_id") for name in ("pad", "bos", "eos", "cls", "sep")
    }
    special = {name: value for name, value in special.items() if name in known and value is not None}
    positions = {} if "max_position_embeddings" in fields else {"max_position_embeddings": min_tokens}
    if positions and model_type in _POSITIONS_AFTER_PADDING:
        positions["max_position_embeddings"] += tokenizer.pad_token_id + 1
    try:
        return config_class(
            vocab_size=embeddings_needed(tokenizer),
            attn_implementation=attn_implementation,
            **special,
            **positions,
            **fields,
        )
    except (TypeError, ValueError) as error:
        raise XAlignError(f"model_config: {' '.join(str(error).split())}") from error
