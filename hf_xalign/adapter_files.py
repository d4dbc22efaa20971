"""The folder of an adapter: what PEFT and plain transformers open, and beside it what only training needs.

`adapter_config.json` and `adapter_model.safetensors` hold what changes the vanilla backbone (LoRA, and of
`modules_to_save` what is the backbone's), `xalign_config.json` and `xalign_heads.safetensors` the rest, as in a
checkpoint without adapter. There is no `config.json`: transformers would look for the base model beside it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import safetensors.torch
from transformers.utils import cached_file, find_adapter_config_file

from hf_xalign.backbones import masked_lm_class
from hf_xalign.errors import XAlignError
from hf_xalign.files import whole_file, write_text
from hf_xalign.finite import check_finite
from hf_xalign.foreign import named_errors
from hf_xalign.names import ADAPTER_CONFIG_NAME, ADAPTER_WEIGHTS_NAME, OWN_PREFIX, XALIGN_HEADS_NAME
from hf_xalign.peft_adapters import import_peft, without_deprecations


if TYPE_CHECKING:
    import torch
    from peft import PeftModel
    from transformers import PreTrainedModel

    from hf_xalign.modeling import XAlignModel

    AnyModel = TypeVar("AnyModel", bound=PreTrainedModel)

_IN_FILE = "base_model.model."


@dataclass(frozen=True)
class BaseModel:
    """What an adapter stands on.

    Attributes:
        name: Hub id or folder, as `adapter_config.json` has it.
        revision: branch, tag or commit on the Hub; None is the main one.
    """

    name: str
    revision: str | None = None

    @property
    def is_local(self) -> bool:
        """Whether it is a folder of this machine: nobody else can open the adapter."""
        return Path(self.name).is_dir()


def base_of_adapter(name_or_path: str | os.PathLike, **hub_kwargs: Any) -> BaseModel | None:
    """The base model of an adapter; None for what is no adapter, or is not there at all.

    Args:
        name_or_path: a folder, or the id of a Hub repository.
        hub_kwargs: settings of the download (`revision`, `token`, `cache_dir`, ...).

    Raises:
        XAlignError: its `adapter_config.json` is no JSON, or names no base model.
    """
    try:
        path = find_adapter_config_file(str(name_or_path), **hub_kwargs)
    except OSError:
        # No folder, and no id either: whoever opens the model says so.
        return None
    if path is None:
        return None
    try:
        config = json.loads(Path(path).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        raise XAlignError(f"{name_or_path}: {ADAPTER_CONFIG_NAME} is no JSON: {error}") from None
    name = config.get("base_model_name_or_path") if isinstance(config, dict) else None
    if not name or not isinstance(name, str) or "\0" in name:
        raise XAlignError(
            f"{name_or_path} is an adapter whose {ADAPTER_CONFIG_NAME} names no base model (base_model_name_or_path)"
        )
    revision = config.get("revision")
    return BaseModel(name, revision if isinstance(revision, str) else None)


def open_base(name_or_path: str | os.PathLike, **hub_kwargs: Any) -> BaseModel | None:
    """As [`base_of_adapter`], of an adapter that is about to be opened.

    Raises:
        XAlignError: also where peft is not installed, or the base model is a folder that is not there.
    """
    base = base_of_adapter(name_or_path, **hub_kwargs)
    if base is None:
        return None
    import_peft(f"{name_or_path} is an adapter, and")
    looks_local = base.name.startswith((".", "~")) or os.path.isabs(base.name) or base.name.count("/") > 1
    if looks_local and not base.is_local:
        raise XAlignError(
            f"{name_or_path} is an adapter of the base model {base.name}, a folder that is not there: put it back, or "
            f"name its new place, or its id on the Hub, in {ADAPTER_CONFIG_NAME}"
        )
    return base


def merged(model: AnyModel, name_or_path: str | os.PathLike, **hub_kwargs: Any) -> AnyModel:
    """A base model with the weights of an adapter added to its own; all its parameters can be trained again.

    Args:
        model: the base model, with or without heads; it is changed.
        name_or_path: the adapter's folder or Hub id.
        hub_kwargs: settings of the download.

    Raises:
        XAlignError: the adapter's weights are missing, cannot be read, or do not fit the model.
    """
    peft = import_peft()
    training = model.training
    with named_errors(f"cannot put the adapter {name_or_path} on its base model"):
        saved = _read_weights(name_or_path, hub_kwargs)
        config = peft.PeftConfig.from_pretrained(name_or_path, **hub_kwargs)
        # It would be compared with the name of the model at hand.
        config.base_model_name_or_path = None
        with without_deprecations():
            adapted = peft.get_peft_model(model, config)
        _set_weights(adapted, saved, name_or_path)
        whole = adapted.merge_and_unload(safe_merge=True)
    return whole.requires_grad_(True).train(training)


def load_adapter(model: PeftModel, name_or_path: str | os.PathLike, **hub_kwargs: Any) -> None:
    """Load the weights of a saved adapter and its heads into a model that has the same adapter, to go on training.

    Args:
        model: an [`XAlignModel`] that `peft.get_peft_model` has wrapped.
        name_or_path: of [`save_adapter`], or the id of a Hub repository.
        hub_kwargs: settings of the download.

    Raises:
        XAlignError: weights are missing, cannot be read, or do not fit.
    """
    with named_errors(f"cannot put the adapter {name_or_path} on its base model"):
        saved = _read_weights(name_or_path, hub_kwargs)
        heads = safetensors.torch.load_file(cached_file(name_or_path, XALIGN_HEADS_NAME, **hub_kwargs))
        # PEFT wants all of `modules_to_save` at once.
        _set_weights(
            model, saved | {f"{_IN_FILE}{OWN_PREFIX}{key}": value for key, value in heads.items()}, name_or_path
        )
    # With what is no part of the adapter, where somebody left it out.
    model.get_base_model().load_heads(name_or_path, **hub_kwargs)


def _read_weights(name_or_path, hub_kwargs) -> dict[str, torch.Tensor]:
    # PEFT itself would read a pickle where there are no safetensors.
    weights = safetensors.torch.load_file(cached_file(name_or_path, ADAPTER_WEIGHTS_NAME, **hub_kwargs))
    check_finite(weights.items(), name_or_path)
    return weights


def _set_weights(model: PeftModel, saved: dict[str, torch.Tensor], name_or_path) -> None:
    peft = import_peft()
    adapter = model.active_adapters[0]
    wanted = peft.get_peft_model_state_dict(model, adapter_name=adapter, save_embedding_layers=False)
    absent = sorted(wanted.keys() - saved.keys())
    if absent:
        raise XAlignError(f"{name_or_path} lacks weights of the adapter, the first is {absent[0]}")
    fitting = {key: value for key, value in saved.items() if key in wanted}
    peft.set_peft_model_state_dict(model, fitting, adapter_name=adapter)


def save_adapter(model: PeftModel, folder: str | os.PathLike) -> Path:
    """Save an adapter so that it opens with and without hf_xalign; the tokenizer is saved apart, as ever.

    `PeftModel.from_pretrained(base, folder)` opens it on `AutoModelForMaskedLM`, on `AutoModel` and on the backbone's
    classifiers, `AutoModel….from_pretrained(folder)` by itself, and `XAlignModel.from_pretrained(folder)` with heads.

    Args:
        model: an [`XAlignModel`] that `peft.get_peft_model` has wrapped.
        folder: made if need be; a README in it is left as it is.

    Returns:
        The folder.
    """
    with completing_adapter(model, folder):
        model.save_pretrained(folder)
    return Path(folder)


@contextmanager
def completing_adapter(model: PeftModel, folder: str | os.PathLike) -> Iterator[None]:
    """Inside, PEFT is called to save into `folder`; afterwards the folder is what [`save_adapter`] says."""
    folder = Path(folder)
    card = folder / "README.md"
    old = card.read_bytes() if card.exists() else None
    with without_deprecations():
        yield
    # PEFT's card tells where on this machine the base model lies.
    if old is None:
        card.unlink(missing_ok=True)
    else:
        card.write_bytes(old)
    aligned = model.get_base_model()
    _make_vanilla(aligned, folder)
    aligned.save_heads(folder)


def _make_vanilla(model: XAlignModel, folder: Path) -> None:
    """Take out of the two files of PEFT what plain transformers does not know."""
    weights = safetensors.torch.load_file(folder / ADAPTER_WEIGHTS_NAME)
    weights = {key: value for key, value in weights.items() if not key.startswith(f"{_IN_FILE}{OWN_PREFIX}")}
    # PEFT knows weights by their whole names, and `AutoModel` is the encoder alone: its LoRA is told under both names.
    prefix = f"{_IN_FILE}{model.base_model_prefix}."
    of_encoder = {
        _IN_FILE + key.removeprefix(prefix): value.clone() for key, value in weights.items() if key.startswith(prefix)
    }
    with whole_file(folder / ADAPTER_WEIGHTS_NAME) as target:
        target.write(safetensors.torch.save(weights | of_encoder, metadata={"format": "pt"}))

    config = json.loads((folder / ADAPTER_CONFIG_NAME).read_text(encoding="utf-8"))
    kept = [name for name in config["modules_to_save"] or [] if not name.startswith(OWN_PREFIX)]
    plain = masked_lm_class(model.config)
    config |= {
        "modules_to_save": kept or None,
        "auto_mapping": {"base_model_class": plain.__name__, "parent_library": plain.__module__},
    }
    if isinstance(config["target_modules"], list):
        # A set in PEFT: in another order in each process.
        config["target_modules"].sort()
    write_text(folder / ADAPTER_CONFIG_NAME, json.dumps(config, indent=2, sort_keys=True, ensure_ascii=False) + "\n")
