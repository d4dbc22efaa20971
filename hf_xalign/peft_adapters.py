"""LoRA on the backbone, with the heads trained beside it (PEFT; LoRA: Hu et al., ICLR 2022).

Adapters sit in the layers of the vanilla backbone, so that their names are those of any adapter of that backbone. What
only training needs (projections, temperatures, language embeddings) goes by PEFT's `modules_to_save`. How all this is
saved: `hf_xalign.adapter_files`.
"""

from __future__ import annotations

import dataclasses
import logging
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from hf_xalign.backbones import layer_linears
from hf_xalign.errors import XAlignError
from hf_xalign.foreign import named_errors
from hf_xalign.messages import did_you_mean
from hf_xalign.names import OWN_PREFIX


if TYPE_CHECKING:
    from peft import LoraConfig, PeftModel
    from torch import nn

    from hf_xalign.modeling import XAlignModel


logger = logging.getLogger(__name__)

# What of a LoraConfig the run itself knows.
_OF_THE_RUN = frozenset(
    {"auto_mapping", "base_model_name_or_path", "inference_mode", "peft_type", "peft_version", "revision", "task_type"}
)
# The other ways to start change the weights of the base model, which an adapter must find as they were.
_STARTS = (True, False, "gaussian", "orthogonal")


def import_peft(what: str = "an adapter") -> ModuleType:
    """The package peft.

    Raises:
        XAlignError: it is not installed; `what` needs it.
    """
    try:
        import peft
    except ImportError:
        raise XAlignError(f"{what} needs peft: pip install 'hf_xalign[peft]'") from None
    return peft


def check_lora_settings(options: Mapping[str, Any], needed_by: str = "the recipe's peft section") -> None:
    """Refuse what is no setting of `peft.LoraConfig`, before anything has been read.

    Raises:
        XAlignError: peft is not installed, an unknown key (the nearest is named), or a value that it refuses.
    """
    peft = import_peft(needed_by)
    known = {field.name for field in dataclasses.fields(peft.LoraConfig) if field.init} - _OF_THE_RUN
    for key in options:
        if key not in known:
            raise XAlignError(f"unknown option peft.{key}{did_you_mean(key, known)}")
    with named_errors("peft"):
        peft.LoraConfig(**options)


def check_lora_options(options: Mapping[str, Any]) -> None:
    """As `check_lora_settings`, of an adapter that is to be kept.

    Raises:
        XAlignError: as there, or a start that would change the base model.
    """
    start = options.get("init_lora_weights", True)
    if start not in _STARTS:
        raise XAlignError(
            f"peft.init_lora_weights is {start!r}, which changes the weights of the base model, so that the adapter "
            "would fit no other copy of it; choose true, 'gaussian' or 'orthogonal'"
        )
    check_lora_settings(options)


def lora_config(model: XAlignModel, **options: Any) -> LoraConfig:
    """The LoRA of a model, for `peft.get_peft_model(model, lora_config(model, r=16))`.

    Args:
        model: the model that is to be trained; it must stand on pretrained weights.
        options: of `peft.LoraConfig`. Two have defaults of their own: `target_modules`, all linear layers of the
            encoder's layers (`"all-linear"` means the same), and `modules_to_save`, to which all parts of the heads
            that have parameters are added, and the LM head (but for its vocabulary matrix) where an objective uses it
            and the base model came without one.

    Raises:
        XAlignError: peft is not installed, the model is trained from scratch, an unknown option, a module that the
            model does not have, or one that cannot be saved beside it.
    """
    check_lora_options(options)
    if not model.name_or_path:
        raise XAlignError(
            "peft trains an adapter for a pretrained encoder, but this one starts from scratch: name one in "
            "model_name_or_path, or leave peft out"
        )
    named = options.get("target_modules") or "all-linear"
    targets = layer_linears(model.base_model) if named == "all-linear" else named
    if isinstance(targets, str):
        _check_pattern(targets, model)
    else:
        _check_names("target_modules", targets, [name for name, _ in model.base_model.named_modules()])
    wanted = list(options.get("modules_to_save") or [])
    _check_names("modules_to_save", wanted, [name for name, _ in model.named_modules()])
    _refuse_tied(model, wanted)
    saved = [*wanted, *own_modules(model), *_fresh_lm_head(model)]
    settings = options | {"target_modules": targets, "modules_to_save": list(dict.fromkeys(saved)) or None}
    with named_errors("peft"):
        return import_peft().LoraConfig(**settings)


def add_lora(model: XAlignModel, options: Mapping[str, Any], *, revision: str | None = None) -> PeftModel:
    """A model with the LoRA of a recipe in it, all else frozen but the heads.

    Args:
        model: it is changed, and lies in what is returned.
        options: as for [`lora_config`].
        revision: of the base model on the Hub; `adapter_config.json` tells it.

    Raises:
        XAlignError: as [`lora_config`], or there are no modules of the names given in `target_modules`.
    """
    peft = import_peft()
    config = lora_config(model, **options)
    with named_errors("peft"), without_deprecations():
        adapted = peft.get_peft_model(model, config, revision=revision)
    if (folder := Path(model.name_or_path)).is_dir():
        logger.warning(
            "the base model is the local folder %s, and adapter_config.json will say so: the adapter opens where that "
            "folder is, and nowhere else. To share it, train on a base model of the Hub, or merge it (xalign export)",
            folder,
        )
    return adapted


def describe_trained(model: nn.Module) -> str:
    """How many parameters are trained, of how many: `"36,864 of 1,250,000 parameters are trained (2.95 %)"`."""
    counts = [(parameter.numel(), parameter.requires_grad) for parameter in model.parameters()]
    total, trained = sum(count for count, _ in counts), sum(count for count, trains in counts if trains)
    return f"{trained:,} of {total:,} parameters are trained ({100 * trained / max(total, 1):.2f} %)"


def own_modules(model: XAlignModel) -> list[str]:
    """The names of the modules that only training needs and that have parameters, for `modules_to_save`.

    PEFT freezes parameters and trains modules: each name is that of the smallest module that a parameter belongs to.
    """
    found: list[str] = []
    for name, module in model.named_modules():
        inside = any(name.startswith(f"{outer}.") for outer in found)
        if name.startswith(OWN_PREFIX) and not inside and any(True for _ in module.parameters(recurse=False)):
            found.append(name)
    return found


def frozen_own_parameters(model: nn.Module) -> list[str]:
    """What of the heads is not trained: a projection that nobody named in `modules_to_save` stays as it was made."""
    names = ((plain_name(name), parameter) for name, parameter in model.named_parameters())
    return [name for name, parameter in names if name and name.startswith(OWN_PREFIX) and not parameter.requires_grad]


def plain_name(key: str) -> str | None:
    """The name of a parameter in the model as it was before PEFT wrapped it; None for the frozen copy that PEFT keeps.

    >>> plain_name("base_model.model.xalign_heads.tr.projection.modules_to_save.default.weight")
    'xalign_heads.tr.projection.weight'
    """
    parts = key.removeprefix("base_model.model.").split(".")
    if "original_module" in parts:
        return None
    if "modules_to_save" in parts:
        place = parts.index("modules_to_save")
        del parts[place : place + 2]
    return ".".join(parts)


@contextmanager
def without_deprecations() -> Iterator[None]:
    """Inside, peft does not warn of names of transformers that it uses itself."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=".*is_gradient_checkpointing", category=FutureWarning)
        yield


def _fresh_lm_head(model: XAlignModel) -> list[str]:
    """The layers of an LM head that is to be learnt from nothing, without the matrix that the embeddings give."""
    used = any(head.uses_lm_head for head in model.xalign_heads.values())
    elsewhere = (f"{model.base_model_prefix}.", OWN_PREFIX)
    if not used or all(name.startswith(elsewhere) for name in model.made_anew):
        return []
    layers = {
        name: [f"{name}.{key}" for key, _ in module.named_parameters()]
        for name, module in model.named_modules()
        if not name.startswith(elsewhere) and not any(True for _ in module.children())
    }
    return [name for name, own in layers.items() if own and not set(own) & set(model.all_tied_weights_keys)]


def _check_names(key: str, names: Sequence[str], modules: list[str]) -> None:
    for name in names:
        if not any(module == name or module.endswith(f".{name}") for module in modules):
            ends = {module.rpartition(".")[2] for module in modules} - {""}
            near = did_you_mean(name, {end for end in ends if not end.isdecimal()})
            raise XAlignError(f"peft.{key}: the model has no module {name!r}{near}")


def _check_pattern(pattern: str, model: XAlignModel) -> None:
    try:
        found = any(re.fullmatch(pattern, name) for name, _ in model.named_modules())
    except re.error as error:
        raise XAlignError(f"peft.target_modules: {pattern!r} is no regular expression: {error}") from None
    if not found:
        raise XAlignError(
            f"peft.target_modules: {pattern!r}, read as a regular expression, is no whole name of a module; each "
            f"layer of the encoder has {', '.join(layer_linears(model.base_model))} (a list takes the ends of names)"
        )


def _refuse_tied(model: XAlignModel, names: list[str]) -> None:
    tied = {*model.all_tied_weights_keys, *model.all_tied_weights_keys.values()}
    for name in names:
        for module in (module for module, _ in model.named_modules() if f".{module}".endswith(f".{name}")):
            shared = sorted(key for key in tied if key.startswith(f"{module}."))
            if shared:
                raise XAlignError(
                    f"peft.modules_to_save: {name!r} holds {shared[0]}, which embeddings and LM head share; an "
                    "adapter cannot keep them one. Name smaller modules"
                )
