"""The losses of the steps since the last entry of the log."""

from __future__ import annotations

import torch


class LossSums:
    """Sums of the losses of each objective over micro-batches, and what a checkpoint keeps of them: a run that goes on
    between two entries of the log must log the same as one that was never stopped.
    """

    def __init__(self):
        self.sums: dict[str, torch.Tensor] = {}
        self.micro_batches = 0

    def add(self, losses: dict[str, torch.Tensor]) -> None:
        """Count the losses (scalars) of a micro-batch."""
        self.micro_batches += 1
        for name, loss in losses.items():
            self.sums[name] = self.sums.get(name, 0) + loss

    def flush(self, accelerator) -> dict[str, float]:
        """The mean of each loss over micro-batches and processes, and begin anew."""
        sums = torch.stack([loss.float() for loss in self.sums.values()])
        means = accelerator.reduce(sums / self.micro_batches, "mean").tolist()
        logged = {f"loss_{name}": mean for name, mean in zip(self.sums, means, strict=True)}
        self.sums, self.micro_batches = {}, 0
        return logged

    def state(self) -> dict:
        """As JSON can hold it; a float32 comes back as it was."""
        return {"micro_batches": self.micro_batches, "sums": {name: loss.item() for name, loss in self.sums.items()}}

    def load(self, state: dict, device: torch.device) -> None:
        """Go on from a `state`."""
        self.micro_batches = state["micro_batches"]
        self.sums = {name: torch.tensor(loss, device=device) for name, loss in state["sums"].items()}
