"""The one place that knows how each backbone's LM head is called on hidden states of its own choosing.

transformers gives every `…ForMaskedLM` its own attribute names and no public method for "scores of these states", so
the calls are written down here; a test compares each with the backbone's own forward pass.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from transformers import MODEL_FOR_MASKED_LM_MAPPING, PreTrainedConfig, PreTrainedModel

from hf_xalign.errors import XAlignError


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


def lm_scores(model: PreTrainedModel, states: torch.Tensor) -> torch.Tensor:
    """Vocabulary scores `(M, V)` of hidden states `(M, D)` by the model's own LM head."""
    return _LM_HEADS[model.config.model_type](model, states)
