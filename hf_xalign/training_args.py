"""Training arguments: transformers' own, with defaults that alignment wants."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import torch
import torch.distributed as dist
from transformers import TrainingArguments

from hf_xalign.errors import XAlignError


@dataclass
class XAlignTrainingArguments(TrainingArguments):
    """`TrainingArguments` of an alignment run. Everything that transformers documents works unchanged.

    Defaults that differ from transformers: `remove_unused_columns=False` (columns are views),
    `dataloader_drop_last=True` (a short batch has fewer negatives), `logging_nan_inf_filter=False` (a loss that is not
    finite stops the run).

    Args:
        length_bucket_steps (`int`): steps whose rows are sorted by length together, to save padding; 1 sorts nothing.
        gradient_cache_chunk_size (`int`, *optional*): rows of mean length encoded at a time (fewer of long ones, more
            of short ones); `per_device_train_batch_size` can then be as large as the loss wants it, whatever the
            memory. Without it, a batch is encoded at once.
        dry_run (`bool`): build everything, run one step, write no checkpoint.
        log_figures (`bool`, *optional*): send figures of each evaluation to TensorBoard, Weights & Biases or Trackio,
            whichever `report_to` names: histograms of similarities and heat-maps of word alignments. By default where
            such a tracker is named and matplotlib is installed.
        log_figure_pairs (`int`): sentence pairs of the selection data whose words are drawn. Trackers get no other
            words of the data; with 0 they get none. Files of TensorBoard lie in the output folder, and are published
            where that is pushed.

    Raises:
        XAlignError: a number out of range, a gradient cache under DeepSpeed, or `remove_unused_columns=True`.
    """

    remove_unused_columns: bool | None = field(
        default=False, metadata={"help": "Kept False: the columns of the data set are the views' token ids."}
    )
    dataloader_drop_last: bool = field(
        default=True, metadata={"help": "Drop the last incomplete batch, which would have fewer negatives."}
    )
    logging_nan_inf_filter: bool = field(
        default=False, metadata={"help": "Kept False: a loss that is not finite stops the run."}
    )
    length_bucket_steps: int = field(
        default=20,
        metadata={"help": "Steps whose rows are sorted by length together, to save padding; 1 sorts nothing."},
    )
    gradient_cache_chunk_size: int | None = field(
        default=None,
        metadata={
            "help": "Rows of mean length encoded at a time (gradient cache); a batch is encoded at once without it."
        },
    )
    dry_run: bool = field(
        default=False, metadata={"help": "Build everything, run one step on real data, write no checkpoint."}
    )
    log_figures: bool | None = field(
        default=None,
        metadata={
            "help": "Send figures of each evaluation to the trackers of report_to; by default if there are any and "
            "matplotlib is installed."
        },
    )
    log_figure_pairs: int = field(
        default=3,
        metadata={"help": "Pairs of the selection data whose words are drawn; with 0, trackers get no words at all."},
    )

    def __post_init__(self):
        if self.log_figure_pairs < 0:
            raise XAlignError(f"log_figure_pairs is {self.log_figure_pairs}; it must be 0 or more")
        if self.length_bucket_steps < 1:
            raise XAlignError(f"length_bucket_steps is {self.length_bucket_steps}; it must be at least 1")
        if self.gradient_cache_chunk_size is not None and self.gradient_cache_chunk_size < 1:
            raise XAlignError(f"gradient_cache_chunk_size is {self.gradient_cache_chunk_size}; it must be at least 1")
        if self.remove_unused_columns:
            raise XAlignError("remove_unused_columns must be false: the columns of the data set are the views")
        if self.dry_run:
            self.max_steps = 1
            self.eval_strategy = self.save_strategy = "no"
            self.load_best_model_at_end = self.push_to_hub = False
            self.logging_steps = 1
        several = dist.is_torchelastic_launched() and int(os.environ["WORLD_SIZE"]) > 1
        if several and not torch.accelerator.is_available():
            # accelerate would let each of them run by itself, and all write to one folder.
            self.use_cpu = True
        if self.use_cpu and several and not dist.is_initialized():
            # transformers heeds ddp_timeout on GPUs alone: one process that stands still would hold the others for
            # half an hour.
            dist.init_process_group(self.ddp_backend or "gloo", timeout=self.ddp_timeout_delta)
        super().__post_init__()
        # Of accelerate's config, too, which leaves `deepspeed` empty.
        if self.gradient_cache_chunk_size is not None and self.deepspeed_plugin is not None:
            raise XAlignError(
                "gradient_cache_chunk_size and DeepSpeed do not go together: a gradient cache needs several backward "
                "passes a step, which DeepSpeed's engine does not allow. Use DDP, or leave the cache out"
            )
        # torch warns about pinned memory wherever there is no accelerator to pin it for.
        self.dataloader_pin_memory = self.dataloader_pin_memory and self.device.type != "cpu"

    def __getstate__(self) -> dict:
        # Trainer pickles its arguments into every checkpoint, which may be published.
        return {**self.__dict__, "hub_token": None}
