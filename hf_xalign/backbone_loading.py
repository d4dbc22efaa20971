"""The backbone's part of a model, from a checkpoint or from a model at hand."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import torch
from transformers import AutoConfig

from hf_xalign.backbones import masked_lm_class
from hf_xalign.finite import check_finite
from hf_xalign.foreign import named_errors
from hf_xalign.names import OWN_PREFIX


if TYPE_CHECKING:
    import os

    from transformers import PreTrainedConfig, PreTrainedModel

    from hf_xalign.configuration import XAlignConfig
    from hf_xalign.modeling import XAlignModel


logger = logging.getLogger(__name__)

# Settings of the download that config, weights and heads must share.
_OF_THE_DOWNLOAD = ("revision", "token", "cache_dir", "local_files_only", "force_download", "subfolder")


def download_settings(kwargs: dict[str, Any]) -> dict[str, Any]:
    """Those of the arguments of a `from_pretrained` that say where files come from."""
    return {key: kwargs[key] for key in _OF_THE_DOWNLOAD if key in kwargs}


def load_backbone_config(name_or_path: str | os.PathLike, kwargs: dict[str, Any]) -> PreTrainedConfig:
    """The config of an encoder; `kwargs` as for `from_pretrained`.

    Raises:
        XAlignError: there is none, or it comes with code of its own and nobody asked for that.
    """
    with named_errors(f"cannot open the encoder {str(name_or_path)!r}"):
        # transformers would ask on the terminal whether to run code that comes with the config.
        return AutoConfig.from_pretrained(name_or_path, **{"trust_remote_code": False} | download_settings(kwargs))


def load_backbone(
    model_class: type[XAlignModel],
    name_or_path: str | os.PathLike,
    config: PreTrainedConfig,
    xalign_config: XAlignConfig,
    kwargs: dict[str, Any],
) -> XAlignModel:
    """A model with the weights of a checkpoint in its backbone and its heads as they begin; `made_anew` says what of
    the backbone the checkpoint did not have.

    Raises:
        XAlignError: the weights cannot be read, do not fit the config, or are not finite.
    """
    # Training wants float32 weights whatever the checkpoint's dtype; bf16 comes from autocast.
    # No pickle is read unless it is asked for.
    kwargs = {"dtype": torch.float32, "use_safetensors": True} | kwargs
    with named_errors(f"cannot open the weights of {str(name_or_path)!r}"):
        model, info = model_class.from_pretrained(
            name_or_path, config=config, xalign_config=xalign_config, output_loading_info=True, **kwargs
        )
    check_finite(model.named_parameters(), name_or_path)
    missing = sorted(key for key in info["missing_keys"] if not key.startswith(OWN_PREFIX))
    if missing:
        logger.warning("%s has no weights for %s: made anew", name_or_path, ", ".join(missing))
    model.made_anew = tuple(missing)
    return model


def copy_backbone(encoder: PreTrainedModel, model: XAlignModel) -> tuple[str, ...]:
    """Copy the weights of an encoder at hand into a model of the same backbone.

    Returns:
        The names of those weights of the backbone that the encoder did not have, and that are as they were made.
    """
    # Of a model without an LM head (`AutoModel`, a classifier) only the encoder fits, without a pooler it may have.
    complete = isinstance(encoder, masked_lm_class(encoder.config))
    target, state = (model, encoder.state_dict()) if complete else (model.base_model, encoder.base_model.state_dict())
    known = target.state_dict().keys()
    result = target.load_state_dict({key: value for key, value in state.items() if key in known}, strict=False)
    missing = [key for key in result.missing_keys if not key.startswith(OWN_PREFIX)]
    if not complete:
        of_encoder_or_own = (f"{model.base_model_prefix}.", OWN_PREFIX)
        missing += [name for name, _ in model.named_parameters() if not name.startswith(of_encoder_or_own)]
    if not complete or missing:
        logger.warning("the encoder given has no LM head, or not all weights: what it lacks was made anew")
    model.tie_weights()
    return tuple(sorted(missing))
