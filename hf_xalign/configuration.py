"""What only alignment training needs to know of a model; everything else is in the backbone's own config."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

from transformers import PreTrainedConfig

from hf_xalign.errors import XAlignError
from hf_xalign.foreign import named_errors
from hf_xalign.names import XALIGN_CONFIG_NAME
from hf_xalign.version import __version__


# Only what is ours: the rest of a PreTrainedConfig would contradict config.json sooner or later.
_SAVED = ("model_type", "heads", "alignment_layer", "pooling", "languages")


def default_alignment_layer(num_layers: int) -> int:
    """The layer whose states the sentence objectives use unless one is set: 8 of 12, in proportion for other depths.

    Layer 8 is what TransliCo, PPA and Liu et al. (COLING 2025, section 3) train and evaluate.

    >>> [default_alignment_layer(depth) for depth in (2, 4, 6, 12, 24)]
    [1, 3, 4, 8, 16]
    """
    return max(1, round(num_layers * 8 / 12))


class XAlignConfig(PreTrainedConfig):
    """The alignment settings of a model, saved as `xalign_config.json` beside the backbone's vanilla `config.json`.

    Args:
        heads (`dict[str, dict]`): objectives by name, each with its options and its `weight` (1.0 when left out).
        alignment_layer (`int`, *optional*): layer whose hidden states make sentence embeddings (0 is the embedding
            layer); by default 8 of 12, in proportion for other depths.
        pooling (`str`): `"mean"` over the non-special tokens, or `"cls"`.
        languages (`list[str]`): languages with an embedding of their own, added to the word embeddings of their
            sentences while training (WACSE's language embeddings; XLM's, Conneau and Lample, 2019). None by default.
            The checkpoint that plain transformers opens has none.

    Raises:
        XAlignError: an unknown pooling.
    """

    model_type = "xalign"

    heads: dict[str, Any] | None = None
    alignment_layer: int | None = None
    pooling: str = "mean"
    languages: list[str] | None = None

    def __post_init__(self, **kwargs):
        super().__post_init__(**kwargs)
        self.heads = {name: copy.copy(options or {}) for name, options in (self.heads or {}).items()}
        if self.pooling not in ("mean", "cls"):
            raise XAlignError(f"pooling is {self.pooling!r}; choose 'mean' or 'cls'")

    def resolve_alignment_layer(self, num_layers: int) -> int:
        """The alignment layer of an encoder of `num_layers` layers.

        Raises:
            XAlignError: the layer set here does not exist in that encoder.
        """
        if self.alignment_layer is None:
            return default_alignment_layer(num_layers)
        if not 0 <= self.alignment_layer <= num_layers:
            raise XAlignError(
                f"alignment_layer is {self.alignment_layer}, but the encoder has {num_layers} layers: "
                f"choose 0 (embeddings) to {num_layers}"
            )
        return self.alignment_layer

    def save_beside(self, directory: str | os.PathLike) -> None:
        """Write `xalign_config.json` into `directory`."""
        settings = {name: getattr(self, name) for name in _SAVED}
        text = json.dumps(settings | {"hf_xalign_version": __version__}, indent=2, ensure_ascii=False)
        (Path(directory) / XALIGN_CONFIG_NAME).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load_beside(cls, name_or_path: str | os.PathLike, **hub_kwargs) -> XAlignConfig:
        """Read `xalign_config.json` of a folder or a Hub repository.

        Args:
            name_or_path: the folder, or the repository's id.
            hub_kwargs: settings of the download (`revision`, `token`, `cache_dir`, ...).

        Raises:
            XAlignError: there is none (the checkpoint was not made by hf_xalign), or it cannot be read.
        """
        try:
            settings, _ = cls.get_config_dict(name_or_path, _configuration_file=XALIGN_CONFIG_NAME, **hub_kwargs)
        except OSError as error:
            raise XAlignError(
                f"{name_or_path} holds no readable {XALIGN_CONFIG_NAME}: it is not an hf_xalign checkpoint. "
                "Open a plain encoder with XAlignModel.from_encoder"
            ) from error
        except (TypeError, AttributeError, RecursionError):  # no mapping
            raise XAlignError(f"{name_or_path}: {XALIGN_CONFIG_NAME} holds no settings") from None
        if not isinstance(settings, dict):
            raise XAlignError(f"{name_or_path}: {XALIGN_CONFIG_NAME} holds no settings")
        settings.pop("hf_xalign_version", None)
        _check_settings(settings, f"{name_or_path}: {XALIGN_CONFIG_NAME}")
        with named_errors(f"{name_or_path}: cannot read {XALIGN_CONFIG_NAME}"):
            return cls.from_dict({key: value for key, value in settings.items() if key in _SAVED})


def _check_settings(settings: dict[str, Any], where: str) -> None:
    heads, layer, languages = (settings.get(key) for key in ("heads", "alignment_layer", "languages"))
    if not isinstance(heads, dict | None) or not all(isinstance(of, dict | None) for of in (heads or {}).values()):
        raise XAlignError(f"{where}: heads must be a mapping of names to options")
    if layer is not None and type(layer) is not int:
        raise XAlignError(f"{where}: alignment_layer must be a whole number")
    if not isinstance(languages, list | None) or not all(isinstance(code, str) for code in languages or []):
        raise XAlignError(f"{where}: languages must be a list of codes")
