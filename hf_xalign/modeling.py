"""The model: a backbone's own `…ForMaskedLM` class with alignment heads mixed in.

A class is made per backbone (`XLMRobertaForMaskedLM` → `XAlignXLMRobertaForMaskedLM`), so that the keys of the state
dict are the vanilla ones. What Trainer and PEFT do with a transformers model they do with this one, and the checkpoint
opens in plain transformers.
"""

from __future__ import annotations

import copy
import functools
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import safetensors.torch
import torch
from torch import nn
from transformers import PreTrainedConfig, PreTrainedModel
from transformers.utils import ModelOutput, cached_file

from hf_xalign.adapter_files import BaseModel, base_of_adapter, merged, open_base
from hf_xalign.backbone_loading import copy_backbone, download_settings, load_backbone, load_backbone_config
from hf_xalign.backbones import lm_scores, masked_lm_class
from hf_xalign.configuration import XAlignConfig
from hf_xalign.errors import XAlignError
from hf_xalign.finite import check_finite
from hf_xalign.gradient_cache import CachedStep, contrastive_heads
from hf_xalign.heads import EncodedView, Head, HeadInputs, build_head
from hf_xalign.language_embeddings import LanguageEmbeddings
from hf_xalign.names import OWN_PREFIX, XALIGN_HEADS_NAME
from hf_xalign.own_parameters import OwnParameters
from hf_xalign.peft_adapters import plain_name
from hf_xalign.published_files import is_part_of_model, weight_files
from hf_xalign.repository import open_repository
from hf_xalign.sharding import is_sharded
from hf_xalign.views import encode_views


@dataclass
class XAlignOutput(ModelOutput):
    """Output of an aligned model on a batch of views.

    Args:
        loss (`torch.Tensor`): the weighted sum of the objectives, a scalar.
        losses (`dict[str, torch.Tensor]`): each objective by name, unweighted, detached.
    """

    loss: torch.Tensor | None = None
    losses: dict[str, torch.Tensor] | None = None


class XAlignModel(PreTrainedModel):
    """An encoder with its LM head and the alignment objectives.

    Make one with [`~XAlignModel.from_encoder`] (to start from any encoder, or from nothing) or
    [`~XAlignModel.from_pretrained`] (to go on with a checkpoint of hf_xalign). Both return a subclass of the
    backbone's `…ForMaskedLM`; `model(input_ids=...)` is that class's own forward pass.

    Args:
        config (`PreTrainedConfig`): the backbone's own.
        xalign_config ([`XAlignConfig`]): the objectives and what they read.
    """

    # A per-batch mean is returned: Trainer must divide by the accumulation steps and must not scale by processes.
    accepts_loss_kwargs = False

    def __init__(self, config: PreTrainedConfig, xalign_config: XAlignConfig):
        super().__init__(config)
        self.xalign_config = xalign_config
        # Weights of the backbone that the checkpoint it came from did not have (an LM head, for instance).
        self.made_anew: tuple[str, ...] = ()
        # Checked now rather than in the first step.
        self.alignment_layer = xalign_config.resolve_alignment_layer(config.num_hidden_layers)
        self.xalign_heads = nn.ModuleDict(
            {
                name: build_head(name, options, hidden_size=config.hidden_size, num_layers=config.num_hidden_layers)
                for name, options in xalign_config.heads.items()
            }
        )
        self.xalign_languages = None
        if xalign_config.languages:
            # DeBERTa's word embeddings may be narrower than its states.
            size = self.get_input_embeddings().embedding_dim
            self.xalign_languages = LanguageEmbeddings(len(xalign_config.languages), size)
        self.post_init()

    @classmethod
    def from_encoder(
        cls,
        encoder: str | os.PathLike | PreTrainedConfig | PreTrainedModel,
        heads: dict[str, dict[str, Any]] | None = None,
        *,
        alignment_layer: int | None = None,
        pooling: str = "mean",
        languages: list[str] | None = None,
        **kwargs,
    ) -> XAlignModel:
        """Put alignment heads on an encoder.

        Args:
            encoder: a Hub id or a folder; a config, for an encoder to be trained from scratch; or a model, whose
                weights are copied. An LM head that the encoder lacks is made anew, with a notice.
            heads (`dict[str, dict]`): objectives by name with their options, `{"mlm": {}, "tcm": {"weight": 0.5}}`.
            alignment_layer (`int`, *optional*), pooling (`str`), languages (`list[str]`, *optional*): see
                [`XAlignConfig`].
            kwargs: passed on to `from_pretrained` of the backbone (`revision`, `attn_implementation`, ...).

        Raises:
            XAlignError: unsupported backbone, unknown head or option, or a layer that the encoder does not have.
        """
        xalign_config = XAlignConfig(
            heads=heads or {}, alignment_layer=alignment_layer, pooling=pooling, languages=languages
        )
        if isinstance(encoder, PreTrainedModel):
            return _from_model(encoder, xalign_config)
        if isinstance(encoder, PreTrainedConfig):
            return _class_for(type(encoder), masked_lm_class(encoder))(copy.deepcopy(encoder), xalign_config)
        if base_of_adapter(encoder, **download_settings(kwargs)) is not None:
            raise XAlignError(
                f"{encoder} is an adapter, not an encoder: merge it first (xalign export {encoder} --merge), or open "
                "it with its heads by XAlignModel.from_pretrained"
            )
        config = load_backbone_config(encoder, kwargs)
        model_class = _class_for(type(config), masked_lm_class(config))
        return load_backbone(model_class, encoder, config, xalign_config, kwargs)

    @classmethod
    def from_pretrained(cls, pretrained_model_name_or_path, *args, **kwargs) -> XAlignModel:
        """Open a checkpoint of hf_xalign, its heads included: a folder or a Hub id.

        An adapter is opened on its base model and merged into it; [`load_adapter`] goes on training one.

        Raises:
            XAlignError: it was not made by hf_xalign (`from_encoder` opens any encoder).
        """
        if cls is not XAlignModel:
            return super().from_pretrained(pretrained_model_name_or_path, *args, **kwargs)
        hub_kwargs = download_settings(kwargs)
        xalign_config = XAlignConfig.load_beside(pretrained_model_name_or_path, **hub_kwargs)
        base = open_base(pretrained_model_name_or_path, **hub_kwargs)
        if base is not None:
            return _from_adapter(pretrained_model_name_or_path, base, xalign_config, kwargs)
        config = load_backbone_config(pretrained_model_name_or_path, kwargs)
        model_class = _class_for(type(config), masked_lm_class(config))
        model = load_backbone(model_class, pretrained_model_name_or_path, config, xalign_config, kwargs)
        model.load_heads(pretrained_model_name_or_path, **hub_kwargs)
        return model

    def forward(
        self,
        input_ids: torch.Tensor | None = None,
        *,
        row_groups: torch.Tensor | None = None,
        row_ids: torch.Tensor | None = None,
        links: torch.Tensor | None = None,
        link_groups: torch.Tensor | None = None,
        label_counts: dict[str, torch.Tensor] | None = None,
        step: CachedStep | None = None,
        **kwargs,
    ):
        """Encode each view once and sum the weighted objectives.

        Args:
            input_ids: when given, this is the backbone's own masked-LM forward pass with `kwargs`.
            kwargs: views by name (`source`, `target`, `pair`, ...), each as [`XAlignDataCollator`] makes it:
                `input_ids`, `attention_mask`, `special_tokens_mask` of shape `(B, L)`, `labels` where the view is
                masked, `word_ids` where words are known, `language_ids` where languages are.
            row_groups: integers `(B, K)`; rows that share one are no negatives of each other.
            links, link_groups: word links `(P, 3)` and integers `(P, K)`; see [`HeadInputs`].
            row_ids: the rows' numbers in the data set; not used here (the trainer names them in its errors).
            label_counts: labels per view, and rows, averaged over micro-batches and processes; see [`HeadInputs`].
            step: what of a step with a gradient cache this chunk is to do; None for a whole step.

        Returns:
            [`XAlignOutput`], or the backbone's own output.

        Raises:
            XAlignError: the batch lacks a view, or the word alignments, that an objective needs.
        """
        if input_ids is not None:
            return super().forward(input_ids, **kwargs)
        heads = self.xalign_heads if step is None else step.heads(self.xalign_heads)
        needed = {view: None for head in heads.values() for view in head.views}
        for name, head in heads.items():
            missing = [view for view in head.views if view not in kwargs]
            if missing:
                raise XAlignError(f"the batch lacks the view {missing[0]!r}, which {name!r} needs")
            if head.needs_alignments and links is None:
                raise XAlignError(f"the batch has no word alignments, which {name!r} needs")
        encoded: dict[str, EncodedView] = {}
        # The contrastive views first where there is a gradient cache: its two passes must draw the same numbers.
        parts = [needed] if step is None else _contrastive_first(heads)
        for part in parts:
            encoded |= encode_views(
                self.base_model,
                {view: kwargs[view] for view in part},
                self.config.pad_token_id or 0,
                languages=self.xalign_languages,
                layers=self._layers_read(part),
                pass_per_view=is_sharded(self),
            )
        inputs = HeadInputs(
            views=encoded,
            lm_head=functools.partial(lm_scores, self),
            alignment_layer=self.alignment_layer,
            pooling=self.xalign_config.pooling,
            row_groups=row_groups,
            links=links,
            link_groups=link_groups,
            label_counts=label_counts,
        )
        if step is not None:
            return step(heads, inputs)
        losses = {name: head(inputs) for name, head in heads.items()}
        total = sum(self.xalign_heads[name].weight * loss for name, loss in losses.items())
        return XAlignOutput(loss=total, losses={name: loss.detach() for name, loss in losses.items()})

    def _layers_read(self, views: Iterable[str]) -> dict[str, set[int]]:
        """The layers of each view that are read by any head: both passes of a gradient cache must draw the same random
        numbers, whichever heads take part in them."""
        depth = self.config.num_hidden_layers
        read = [(head.views, head.layers_read(self.alignment_layer, depth)) for head in self.xalign_heads.values()]
        return {view: {layer for names, layers in read if view in names for layer in layers} for view in views}

    @property
    def views(self) -> tuple[str, ...]:
        """The views that the objectives read: what [`XAlignDataCollator`] must make."""
        return tuple(dict.fromkeys(view for head in self.xalign_heads.values() for view in head.views))

    @property
    def masked_views(self) -> tuple[str, ...]:
        """Those of the views whose tokens the collator must mask at random."""
        return tuple(dict.fromkeys(view for head in self.xalign_heads.values() for view in head.masked_views))

    def _init_weights(self, module: nn.Module) -> None:
        if isinstance(module, OwnParameters):
            module.reset_parameters()
        else:
            super()._init_weights(module)

    def save_pretrained(
        self,
        save_directory: str | os.PathLike,
        *,
        state_dict=None,
        is_main_process=True,
        push_to_hub: bool = False,
        repo_id: str | None = None,
        private: bool | None = None,
        revision: str | None = None,
        token: str | None = None,
        commit_message: str = "Upload model",
        create_pr: bool = False,
        **kwargs,
    ):
        """Save a vanilla checkpoint of the backbone and its LM head; what only training needs goes to files beside.

        Writes `config.json` and `model.safetensors` as the backbone's own class would, `xalign_config.json` and
        `xalign_heads.safetensors`.

        Args:
            save_directory, state_dict, is_main_process, kwargs: as for `PreTrainedModel.save_pretrained`.
            push_to_hub: push these files then, all in one commit.
            repo_id: where to; by default the folder's name.
            private, revision, token, commit_message, create_pr: as for `PreTrainedModel.push_to_hub`.

        Raises:
            XAlignError: the files are written, but could not be pushed.
        """
        state_dict = self.state_dict() if state_dict is None else state_dict
        heads = {key: value for key, value in state_dict.items() if key.startswith(OWN_PREFIX)}
        # Tied weights are there once; transformers tells them by their memory, which those of shards do not share.
        tied = {key for key, source in self.all_tied_weights_keys.items() if source in state_dict}
        backbone = {key: value for key, value in state_dict.items() if key not in heads and key not in tied}
        super().save_pretrained(save_directory, state_dict=backbone, is_main_process=is_main_process, **kwargs)
        if not is_main_process:
            return
        # transformers has just written the name of our class; plain transformers must find its own.
        self.config.architectures = [masked_lm_class(self.config).__name__]
        self.config.save_pretrained(save_directory)
        self.save_heads(save_directory, state_dict=heads)
        if push_to_hub:
            # Not left to transformers, which would push before the files beside are written.
            name = repo_id or Path(save_directory).absolute().name
            repository = open_repository(name, private=private, revision=revision, token=token)
            files = weight_files(save_directory)
            repository.upload(files, commit_message, replaces=is_part_of_model, create_pr=create_pr)

    def save_heads(self, directory: str | os.PathLike, *, state_dict: dict[str, torch.Tensor] | None = None) -> None:
        """Write `xalign_config.json` and `xalign_heads.safetensors` into `directory`.

        Args:
            state_dict: the model's, or the part of it that belongs to the heads; by default what the model has now.
        """
        self.xalign_config.save_beside(directory)
        state_dict = self.state_dict() if state_dict is None else state_dict
        heads = {plain_name(key): value for key, value in state_dict.items() if key.startswith(OWN_PREFIX)}
        heads = {key.removeprefix(OWN_PREFIX): value.contiguous().cpu() for key, value in heads.items() if key}
        safetensors.torch.save_file(heads, Path(directory) / XALIGN_HEADS_NAME, metadata={"format": "pt"})

    def load_heads(self, name_or_path: str | os.PathLike, **hub_kwargs) -> None:
        """Load what only training needs from a checkpoint of hf_xalign.

        Args:
            name_or_path: the folder, or the id of a Hub repository.
            hub_kwargs: settings of the download (`revision`, `token`, `cache_dir`, ...).

        Raises:
            XAlignError: the file is missing, does not fit these heads, or holds values that are not finite.
        """
        try:
            path = cached_file(name_or_path, XALIGN_HEADS_NAME, **hub_kwargs)
            loaded = {f"{OWN_PREFIX}{key}": value for key, value in safetensors.torch.load_file(path).items()}
            check_finite(loaded.items(), name_or_path)
            # PEFT renames what it trains.
            names = {plain_name(key): key for key in self.state_dict() if key.startswith(OWN_PREFIX)}
            names.pop(None, None)
            missing, unexpected = sorted(names.keys() - loaded.keys()), sorted(loaded.keys() - names.keys())
            if missing or unexpected:
                raise RuntimeError(f"missing keys {missing}, unexpected keys {unexpected}")
            self.load_state_dict({names[key]: value for key, value in loaded.items()}, strict=False)
        except (OSError, RuntimeError, safetensors.SafetensorError) as error:
            reason = " ".join(str(error).split())
            raise XAlignError(f"{name_or_path}: cannot load {XALIGN_HEADS_NAME}: {reason}") from error


def _from_adapter(name_or_path, base: BaseModel, xalign_config: XAlignConfig, kwargs) -> XAlignModel:
    # The download's settings are the adapter's; of its base model, the adapter tells the revision.
    of_base = {key: value for key, value in kwargs.items() if key not in ("revision", "subfolder")}
    if base.revision is not None:
        of_base["revision"] = base.revision
    config = load_backbone_config(base.name, of_base)
    model_class = _class_for(type(config), masked_lm_class(config))
    model = load_backbone(model_class, base.name, config, xalign_config, of_base)
    hub_kwargs = download_settings(kwargs)
    model = merged(model, name_or_path, **hub_kwargs)
    model.load_heads(name_or_path, **hub_kwargs)
    return model


def _contrastive_first(heads: dict[str, Head]) -> list[dict[str, None]]:
    first = {view: None for head in contrastive_heads(heads).values() for view in head.views}
    rest = {view: None for head in heads.values() for view in head.views if view not in first}
    return [first, rest]


def _from_model(encoder: PreTrainedModel, xalign_config: XAlignConfig) -> XAlignModel:
    model_class = _class_for(type(encoder.config), masked_lm_class(encoder.config))
    model = model_class(copy.deepcopy(encoder.config), xalign_config)
    model.made_anew = copy_backbone(encoder, model)
    return model.to(encoder.dtype).to(encoder.device)


@functools.cache
def _class_for(config_class: type[PreTrainedConfig], backbone: type[PreTrainedModel]) -> type[XAlignModel]:
    return type(
        f"XAlign{backbone.__name__}",
        (XAlignModel, backbone),
        {
            "__doc__": f"`{backbone.__name__}` with alignment heads; see [`XAlignModel`].",
            "__module__": __name__,
            "config_class": config_class,
            "_keys_to_ignore_on_load_missing": [rf"^{OWN_PREFIX}"],
        },
    )
