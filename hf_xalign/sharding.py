"""Parameters that are spread over the processes (FSDP2): what can be trained so, and what it asks of a step.

A process gathers a layer's parameters when it runs the layer, and all processes must come to that exchange: a pass
that one makes and another does not would be waited for for ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import torch
from accelerate import Accelerator
from torch import nn
from torch.distributed.fsdp import FSDPModule
from transformers import PreTrainedModel
from transformers.integrations import is_deepspeed_zero3_enabled

from hf_xalign.backbones import encoder_layers
from hf_xalign.errors import XAlignError
from hf_xalign.names import OWN_PREFIX
from hf_xalign.training_args import XAlignTrainingArguments


def is_sharded(model: nn.Module) -> bool:
    """Whether the parameters of a model are spread over the processes by FSDP2."""
    return isinstance(model, FSDPModule)


@contextmanager
def sharded_by_layer(accelerator: Accelerator, model: nn.Module) -> Iterator[None]:
    """Inside, what accelerate prepares for FSDP2 has a group per layer of the encoder, and one for the rest.

    Left to itself, accelerate (1.15) groups the embeddings with the LM head's last layer. BERT and XLM-R tie the bias
    of that to a parameter beside it, which would be in another group then: torch (2.13) refuses that. And in mixed
    precision it would round whatever goes into the model and comes out of it, counts of labels and losses among them,
    and add the gradients of the processes up in 16 bits. A model that is not to be sharded is left as it is.
    """
    plugin = getattr(accelerator.state, "fsdp_plugin", None)
    if plugin is None:
        yield
        return
    if plugin.mixed_precision_policy is not None:
        plugin.mixed_precision_policy = replace(
            plugin.mixed_precision_policy, reduce_dtype=torch.float32, output_dtype=None, cast_forward_inputs=False
        )
    plugin.transformer_cls_names_to_wrap = sorted({type(layer).__name__ for layer in encoder_layers(model.base_model)})
    model.get_input_embeddings = model.get_output_embeddings = lambda: None
    try:
        yield
    finally:
        del model.get_input_embeddings, model.get_output_embeddings


@contextmanager
def gathered_root(model: nn.Module) -> Iterator[None]:
    """Inside, the encoder of a sharded model can be called by itself, by all processes alike.

    Its layers gather their own parameters; what belongs to no layer is gathered by the model's own forward pass, which
    is not called then. Any other model is left as it is.
    """
    if not is_sharded(model):
        yield
        return
    model.unshard()
    try:
        yield
    finally:
        model.reshard()


def check_sharding(accelerator: Accelerator, args: XAlignTrainingArguments, model: nn.Module) -> None:
    """Refuse what cannot be trained with sharded parameters.

    Args:
        accelerator: of the run.
        args: of the run.
        model: to be trained.

    Raises:
        XAlignError: what does not go, why, and what does.
    """
    if is_deepspeed_zero3_enabled():
        raise XAlignError(
            "DeepSpeed ZeRO-3 is not supported: layers gather their parameters in every pass, and nobody has shown "
            "that all processes make the same ones. Shard with FSDP2 (recipes/accelerate/fsdp2.yaml), or use ZeRO-2"
        )
    plugin = getattr(accelerator.state, "fsdp_plugin", None)
    if plugin is None:
        return
    if plugin.fsdp_version != 2:
        raise XAlignError(
            "FSDP 1 is not supported: its flat parameters have no names to save a checkpoint by. Set fsdp_version: 2"
        )
    if args.gradient_cache_chunk_size is not None:
        raise XAlignError(
            "gradient_cache_chunk_size and FSDP do not go together: processes have different numbers of chunks, and a "
            "pass that one makes and another does not would be waited for for ever. Use DDP, or leave the cache out"
        )
    if "FULL_STATE_DICT" not in str(plugin.state_dict_type):
        raise XAlignError(
            f"fsdp_state_dict_type is {plugin.state_dict_type.name}, of which Trainer saves no checkpoint that plain "
            "transformers opens: set it to FULL_STATE_DICT"
        )
    if plugin.cpu_ram_efficient_loading:
        raise XAlignError(
            "fsdp_cpu_ram_efficient_loading leaves the weights to the first process, but each process opens the "
            "encoder itself here: set it to false"
        )
    scalars = [name for name, parameter in model.named_parameters() if parameter.requires_grad and not parameter.ndim]
    if scalars:
        raise XAlignError(
            f"{scalars[0]} is a single number, which FSDP cannot shard: leave learnable_temperature out, or use DDP"
        )
    layers = [name for name, _ in model.named_parameters() if name.startswith(f"{OWN_PREFIX}heads.")]
    if layers and plugin.mixed_precision_policy is not None:
        raise XAlignError(
            f"{layers[0]} is computed in float32, but FSDP in mixed precision has all parameters in 16 bits: leave "
            "the projection out, train in float32, or use DDP"
        )
    if not isinstance(model, PreTrainedModel):
        raise XAlignError("peft and FSDP together have not been tried: an adapter is small, train it with DDP")
