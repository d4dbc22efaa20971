"""The transformers Trainer, without the padding: a step's examples are seen in parts of like length."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch
from transformers import Trainer

from hf_xalign.evaluation.downstream.encoding import IGNORED


# Examples of one part. Of 32 examples drawn at random, half of the tokens and more are padding; of the 8 that are most
# alike in length hardly any.
PART = 8


class DownstreamTrainer(Trainer):
    """Takes the same steps as `Trainer` does, in less time.

    The loss of a step is the sum of those of its parts, over the number of labels in all micro-batches that the step
    accumulates: the gradient is that of one large batch, whatever its parts. (Token classifiers that swallow any
    keyword are else taken to have divided by that number themselves, and their gradients are too large by the number
    of micro-batches.)
    """

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, compute_loss_func=summed_loss, **kwargs)

    def compute_loss(
        self,
        model: torch.nn.Module,
        inputs: dict[str, torch.Tensor],
        return_outputs: bool = False,
        num_items_in_batch: torch.Tensor | int | None = None,
    ) -> Any:
        # Evaluation wants the outputs of the whole batch, and DataParallel its own scale.
        if return_outputs or self.args.n_gpu > 1:
            return super().compute_loss(model, inputs, return_outputs, num_items_in_batch)
        losses = [
            self.compute_loss_func(model(**part), labels, num_items_in_batch)
            for part, labels in parts_of_like_length(inputs)
        ]
        return torch.stack(losses).sum()


def summed_loss(
    outputs: Any, labels: torch.Tensor, num_items_in_batch: torch.Tensor | int | None = None
) -> torch.Tensor:
    """Cross-entropy of `outputs.logits`, `(N, C)` or `(N, L, C)`, summed over labels and over their number.

    Args:
        labels: `(N,)` or `(N, L)`; -100 are left out.
        num_items_in_batch: labels that count, in all parts; None: those given here.
    """
    logits = outputs["logits"] if isinstance(outputs, dict) else outputs[0]
    summed = torch.nn.functional.cross_entropy(
        logits.reshape(-1, logits.shape[-1]).float(), labels.reshape(-1), ignore_index=IGNORED, reduction="sum"
    )
    return summed / (labels.ne(IGNORED).sum() if num_items_in_batch is None else num_items_in_batch)


def parts_of_like_length(inputs: dict[str, torch.Tensor]) -> Iterator[tuple[dict[str, torch.Tensor], torch.Tensor]]:
    """The inputs and labels of each part of a padded batch, cut to the longest of that part.

    Args:
        inputs: tensors of `(N, L)`, `attention_mask` and `labels` among them; labels may be `(N,)`.
    """
    mask = inputs["attention_mask"].bool()
    for rows in mask.sum(dim=1).argsort(stable=True).split(PART):
        columns = mask[rows].any(dim=0)
        part = {key: value[rows][:, columns] if value.dim() > 1 else value[rows] for key, value in inputs.items()}
        yield part, part.pop("labels")
