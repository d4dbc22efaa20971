"""What the contrastive objectives share: negatives of all processes, and a loss of rows that can be cached."""

from __future__ import annotations

import torch

from hf_xalign.distributed import gather_rows, rank, row_counts, world_size
from hf_xalign.heads.base import Head, HeadInputs


class ContrastiveHead(Head):
    """An objective that compares pairs of vectors with those of the whole (global) batch.

    Subclasses say how the vectors are made (`rows`, a part of the batch at a time if need be) and what the loss of the
    whole batch is (`contrast`). In between, the vectors of all processes are gathered, or a gradient cache collects
    them (Gao et al., RepL4NLP 2021).
    """

    contrastive = True

    def rows(self, inputs: HeadInputs) -> tuple[torch.Tensor, torch.Tensor | None]:
        """The positives `(N, 2, D)` in `inputs`, and their groups, integers `(N, K)`: rows that share one are no
        negatives of each other.

        The positives are float32 at least: a gradient cache keeps their gradients before a loss is scaled for fp16.
        """
        raise NotImplementedError

    def contrast(self, first: torch.Tensor, second: torch.Tensor, **batch) -> torch.Tensor:
        """The mean loss of the rows `first` and `second`, each `(N, D)`, among all candidates.

        `batch` holds `groups`, `candidates`, `candidate_groups` and `offset` of [`hf_xalign.losses`].
        """
        raise NotImplementedError

    def forward(self, inputs: HeadInputs) -> torch.Tensor:
        return self.loss(*self.rows(inputs))

    def loss(self, rows: torch.Tensor, groups: torch.Tensor | None) -> torch.Tensor:
        """The loss of this process's rows among those of all processes; 0 where there is nothing to be told apart.

        Its mean over the processes is the mean over all rows, however they are spread.

        Args:
            rows: the positives `(N, 2, D)`; N may differ between processes, and be 0.
            groups: integers `(N, K)`; rows that share one are no negatives of each other.
        """
        counts = row_counts(rows)
        total = sum(counts)
        # One exchange for both sides. A process without rows takes part, or the others would wait for it for ever, and
        # keeps the gathered rows and its own parameters (a temperature) in its graph for the same reason.
        everybody = gather_rows(rows, counts)
        all_groups = None if groups is None else gather_rows(groups, counts)
        if total < 2 or not len(rows):
            return sum((parameter.sum() for parameter in self.parameters()), start=everybody.sum()) * 0
        loss = self.contrast(
            rows[:, 0],
            rows[:, 1],
            groups=groups,
            candidates=(everybody[:, 0], everybody[:, 1]),
            candidate_groups=all_groups,
            offset=sum(counts[: rank()]),
        )
        # DDP averages over processes, not over rows: a process with fewer rows must count for less.
        return loss * (len(rows) * world_size() / total)
