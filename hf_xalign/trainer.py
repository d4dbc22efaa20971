"""The trainer: transformers' own, told how to average, what to log and when to stop. It knows no objective by name."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Mapping
from contextlib import nullcontext
from typing import Any

import torch
from accelerate.utils import broadcast_object_list
from transformers import TrainerCallback

from hf_xalign.adapter_files import completing_adapter, load_adapter
from hf_xalign.data.sampling import DrawnRows, LengthBucketSampler
from hf_xalign.errors import XAlignError
from hf_xalign.files import whole_files
from hf_xalign.finite import check_finite
from hf_xalign.gradient_cache import cached_step
from hf_xalign.heads import Head
from hf_xalign.modeling import XAlignModel
from hf_xalign.peft_adapters import frozen_own_parameters
from hf_xalign.resumable_trainer import ResumableTrainer
from hf_xalign.sharding import check_sharding, gathered_root, sharded_by_layer
from hf_xalign.training_args import XAlignTrainingArguments
from hf_xalign.vocabulary import check_rows


logger = logging.getLogger(__name__)


class XAlignTrainer(ResumableTrainer):
    """Train an [`XAlignModel`] on rows of [`TokenizeViews`] batched by [`XAlignDataCollator`].

    The loss does not depend on the machine: token losses are means over all tokens of a step, losses of single rows
    over all its rows, on however many processes and accumulation steps they lie; contrastive losses see the negatives
    of all processes (but of one micro-batch: accumulation adds none).

    Args:
        model (`XAlignModel`), args (`XAlignTrainingArguments`): what to train, and how; also a model that
            `peft.get_peft_model` has wrapped (see [`lora_config`]).
        train_dataset, eval_dataset: rows of [`TokenizeViews`], with a `length` column.
        evaluator (`Callable`, *optional*): called with the model at each evaluation; returns metrics by name, which
            are logged as `eval_<name>` and can select the best checkpoint. It runs on every process, and all take
            what the first one found.
        kwargs: as for `transformers.Trainer` (`data_collator`, `processing_class`, `callbacks`, ...).

    Raises:
        XAlignError: no objective, a contrastive one with a single row per step, several GPUs in one process, or rows
            with token ids that the model has no embedding for.
    """

    def __init__(
        self,
        model: XAlignModel,
        args: XAlignTrainingArguments,
        *,
        train_dataset=None,
        eval_dataset=None,
        evaluator: Callable[[torch.nn.Module], dict[str, float]] | None = None,
        **kwargs: Any,
    ):
        check_step(model.xalign_heads, args)
        for name, rows in (("train_dataset", train_dataset), ("eval_dataset", eval_dataset)):
            check_rows(rows, model, name)
        if not isinstance(model, XAlignModel) and (frozen := frozen_own_parameters(model)):
            logger.warning(
                "%s is not trained and stays as it was made: name its module in modules_to_save of the adapter "
                "(hf_xalign.peft_adapters.lora_config does)",
                ", ".join(frozen),
            )
        if args.ddp_find_unused_parameters is None:
            # Where tokens are predicted, every parameter is used in every step and DDP need not look.
            args.ddp_find_unused_parameters = not any(head.uses_lm_head for head in model.xalign_heads.values())
        super().__init__(
            model,
            args,
            train_dataset=None if train_dataset is None else DrawnRows(train_dataset),
            eval_dataset=None if eval_dataset is None else DrawnRows(eval_dataset),
            **kwargs,
        )
        check_sharding(self.accelerator, args, model)
        self.evaluator = evaluator
        # Of the step in progress: the loss of each, and its rows.
        self._micro_batches: list[tuple[torch.Tensor, torch.Tensor]] = []

    @property
    def aligned_model(self) -> XAlignModel:
        """The model, whatever wraps it: for several processes, or to train an adapter."""
        adapted = self._adapted_model()
        return self.accelerator.unwrap_model(self.model) if adapted is None else adapted.get_base_model()

    def _get_train_sampler(self, train_dataset=None):
        rows = (train_dataset or self.train_dataset).rows
        sampler = LengthBucketSampler(
            rows["length"][:],  # read at once: a column of a data set on disk is slow row by row
            step_rows=self.args.train_batch_size * self.args.world_size * self.args.gradient_accumulation_steps,
            bucket_steps=self.args.length_bucket_steps,
            seed=self.args.seed if self.args.data_seed is None else self.args.data_seed,
            drop_last=self.args.dataloader_drop_last,
        )
        # accelerate does not reach a sampler behind its shards when it skips batches after a restart.
        self.add_callback(_SetSamplerEpoch(sampler))
        return sampler

    def get_eval_dataloader(self, eval_dataset=None):
        # Only training drops an incomplete batch; transformers would leave out the end of the validation set too.
        dropped, self.args.dataloader_drop_last = self.args.dataloader_drop_last, False
        try:
            return super().get_eval_dataloader(eval_dataset)
        finally:
            self.args.dataloader_drop_last = dropped

    def _prepare_for_training(self, *args, **kwargs):
        with sharded_by_layer(self.accelerator, self.model):
            return super()._prepare_for_training(*args, **kwargs)

    def get_batch_samples(self, epoch_iterator, num_batches, device):
        """The micro-batches of one step, and their rows and labels, counted as a mean over them and all processes."""
        batches, _ = super().get_batch_samples(epoch_iterator, num_batches, device)
        self._micro_batches.clear()
        return batches, self._mean_label_counts(batches, device)

    def _mean_label_counts(self, batches, device) -> dict[str, torch.Tensor]:
        if not batches:
            return {}
        views = [name for name, view in batches[0].items() if _has_labels(view)]
        counts = [sum((batch[view]["labels"] != -100).sum() for batch in batches) for view in views]
        counts.append(sum(torch.tensor(len(batch["row_ids"])) for batch in batches))
        counts = torch.stack([count.to(device) for count in counts]).float()
        # DDP divides by the processes and Trainer by the micro-batches: so must the count.
        means = self.accelerator.reduce(counts, "mean") / len(batches)
        return dict(zip([*views, "rows"], means.unbind(), strict=True))

    def compute_loss(self, model, inputs, return_outputs=False, num_items_in_batch=None):
        outputs = model(**inputs, label_counts=num_items_in_batch or None)
        if model.training:
            self._count(inputs, outputs.losses)
        return (outputs.loss, outputs) if return_outputs else outputs.loss

    def _count(self, inputs, losses: dict[str, torch.Tensor]) -> None:
        self.throughput.add(inputs)
        self.loss_sums.add(losses)

    def training_step(self, model, inputs, num_items_in_batch=None):
        chunk_size = self.args.gradient_cache_chunk_size
        if chunk_size is not None and chunk_size < len(inputs["row_ids"]):
            loss = self._cached_training_step(model, inputs, num_items_in_batch)
        else:
            loss = super().training_step(model, inputs, num_items_in_batch)
        self._micro_batches.append((loss, inputs["row_ids"]))
        # All processes stop together: the gradients are everybody's, so none may step on, and save the weights then.
        # The optimiser takes the gradients after the last micro-batch; asked once, then, nobody waits at the others.
        if self.accelerator.sync_gradients and not self.agree(self._finite().all()):
            raise XAlignError(self._not_finite())
        return loss

    def _finite(self) -> torch.Tensor:
        """Whether the loss of each micro-batch of this step is finite, on this process."""
        return torch.isfinite(torch.stack([loss for loss, _ in self._micro_batches]))

    def _cached_training_step(self, model, inputs, label_counts) -> torch.Tensor:
        model.train()
        inputs = self._prepare_inputs(inputs)
        scale = 1 / self.current_gradient_accumulation_steps
        loss, losses = cached_step(
            model,
            {**inputs, "label_counts": label_counts or None},
            chunk_size=self.args.gradient_cache_chunk_size,
            backward=self.accelerator.backward,
            scale=scale,
            unwrapped=self.accelerator.unwrap_model(model),
            no_sync=lambda: self.accelerator.no_sync(model),
            autocast=self.compute_loss_context_manager,
        )
        self._count(inputs, losses)
        return loss * scale

    def _not_finite(self) -> str:
        # The weights have not been touched by this step yet, and the last checkpoint is from before it.
        step, kept = self.state.global_step + 1, f"the last good checkpoint in {self.args.output_dir} is kept"
        finite = self._finite().tolist()
        if all(finite):
            return f"the loss of another process is not finite in step {step}; {kept}"
        loss, row_ids = self._micro_batches[finite.index(False)]
        rows = row_ids.tolist()
        shown = ", ".join(map(str, rows[:16])) + (", ..." if len(rows) > 16 else "")
        return (
            f"the loss is {loss.item()} in step {step} (rows {shown} of the training data); {kept}. "
            "Lower the learning rate, or look at these rows"
        )

    def prediction_step(self, model, inputs, prediction_loss_only, ignore_keys=None):
        with torch.no_grad(), self.compute_loss_context_manager():
            loss = self.compute_loss(model, self._prepare_inputs(inputs))
        return loss.detach(), None, None

    def evaluation_loop(self, *args, metric_key_prefix: str = "eval", **kwargs):
        with self.throughput.paused():
            output = super().evaluation_loop(*args, metric_key_prefix=metric_key_prefix, **kwargs)
            if self.evaluator is not None:
                # One verdict for all: processes that rounded differently would keep different checkpoints.
                with gathered_root(self.model):
                    metrics = broadcast_object_list([self.evaluator(self.aligned_model)])[0]
                output.metrics.update({f"{metric_key_prefix}_{name}": value for name, value in metrics.items()})
        return output

    def log(self, logs: dict[str, float], start_time: float | None = None) -> None:
        if "loss" in logs and self.loss_sums.micro_batches:
            logs |= self.loss_sums.flush(self.accelerator)
            logs |= self.throughput.flush(self.accelerator)
        super().log(logs, start_time)

    def floating_point_ops(self, inputs) -> float:
        """6 × tokens × parameters, tokens counted over all views (the usual estimate for a training step)."""
        tokens = sum(view["input_ids"].numel() for view in inputs.values() if isinstance(view, dict))
        return 6.0 * tokens * self.model.num_parameters(exclude_embeddings=True)

    def _get_grad_norm(self, model, grad_norm=None):
        norm = super()._get_grad_norm(model, grad_norm)
        # Before the optimiser takes them: a finite loss can have gradients that are not. (A scaler for fp16 meets such
        # gradients in the normal course of things, and skips the step.)
        if self.accelerator.scaler is None and not torch.isfinite(torch.as_tensor(norm)):
            raise XAlignError(
                f"the gradient is not finite in step {self.state.global_step + 1}; the last good checkpoint in "
                f"{self.args.output_dir} is kept. Lower the learning rate"
            )
        return norm

    def _issue_warnings_after_load(self, load_result):
        # A tied weight is in the file under its other name alone.
        missing = [key for key in load_result.missing_keys if key not in self.model.all_tied_weights_keys]
        super()._issue_warnings_after_load(load_result._replace(missing_keys=missing))

    # What only training needs lies in files of its own, which transformers does not know of.

    def _load_from_checkpoint(self, resume_from_checkpoint, model=None):
        if adapted := self._adapted_model():
            load_adapter(adapted, resume_from_checkpoint)
        else:
            super()._load_from_checkpoint(resume_from_checkpoint, model)
            check_finite(self.aligned_model.named_parameters(), resume_from_checkpoint)
            if not self.is_fsdp_enabled:  # whose own file holds the heads, too
                self.aligned_model.load_heads(resume_from_checkpoint)

    def _load_best_model(self):
        if adapted := self._adapted_model():
            load_adapter(adapted, self.state.best_model_checkpoint)
        else:
            super()._load_best_model()
            if not self.is_fsdp_enabled:
                self.aligned_model.load_heads(self.state.best_model_checkpoint)

    def load_weights(self, checkpoint: str | os.PathLike) -> None:
        """Take the weights of a checkpoint of this run: model or adapter, and heads.

        Raises:
            XAlignError: it cannot be read, or is of another model.
        """
        if adapted := self._adapted_model():
            load_adapter(adapted, checkpoint)
        else:
            self.aligned_model.load_state_dict(XAlignModel.from_pretrained(checkpoint).state_dict())

    def _save(self, output_dir: str | None = None, state_dict: dict | None = None) -> None:
        if not self.args.should_save:
            super()._save(output_dir, state_dict)
            return
        adapted = self._adapted_model()
        with (
            whole_files(output_dir or self.args.output_dir) as partial,
            nullcontext() if adapted is None else completing_adapter(adapted, partial),
        ):
            super()._save(str(partial), state_dict)

    def _adapted_model(self):
        """The model that PEFT has wrapped; None where no adapter is trained."""
        model = self.accelerator.unwrap_model(self.model)
        return None if isinstance(model, XAlignModel) else model


class _SetSamplerEpoch(TrainerCallback):
    def __init__(self, sampler: LengthBucketSampler):
        self.sampler = sampler

    def on_epoch_begin(self, args, state, control, **kwargs):
        self.sampler.set_epoch(int(state.epoch))


def _has_labels(view) -> bool:
    return isinstance(view, dict) and "labels" in view


def check_step(heads: Mapping[str, Head], args: XAlignTrainingArguments) -> None:
    """Refuse what no step can be made of: no objective, a contrastive one with a single row, GPUs in one process.

    Raises:
        XAlignError: as said.
    """
    if args.n_gpu > 1:
        raise XAlignError(
            f"one process sees {args.n_gpu} GPUs: start one process a GPU (xalign train RECIPE --num_processes "
            f"{args.n_gpu}), or show it a single one with CUDA_VISIBLE_DEVICES"
        )
    if not heads:
        raise XAlignError("there are no heads: name at least one objective")
    contrastive = [name for name, head in heads.items() if head.contrastive]
    if contrastive and args.train_batch_size * args.world_size < 2:
        raise XAlignError(
            f"per_device_train_batch_size is 1 on one process, but {contrastive[0]!r} needs other sentences in its "
            "batch as negatives: raise it to 2 or more (accumulation does not add negatives)"
        )
