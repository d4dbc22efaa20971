"""How fast a run is, and how much of its work is padding."""

from __future__ import annotations

import resource
import time
from collections.abc import Iterator
from contextlib import contextmanager

import torch


class Throughput:
    """Counts rows, tokens and padding between two logs; sums over processes."""

    def __init__(self):
        self._reset()

    def _reset(self) -> None:
        self._start = time.perf_counter()
        self._rows = 0
        self._cells = 0
        self._tokens: torch.Tensor | int = 0

    def add(self, inputs: dict) -> None:
        """Count the views of a batch. The token count stays on the device: no synchronisation in the step."""
        views = [view for view in inputs.values() if isinstance(view, dict) and "attention_mask" in view]
        self._rows += len(views[0]["attention_mask"]) if views else 0
        self._cells += sum(view["attention_mask"].numel() for view in views)
        self._tokens = self._tokens + sum(view["attention_mask"].sum() for view in views)

    @contextmanager
    def paused(self) -> Iterator[None]:
        """The time inside is none of the training's (an evaluation)."""
        began = time.perf_counter()
        try:
            yield
        finally:
            self._start += time.perf_counter() - began

    def state(self) -> dict[str, float]:
        """What a checkpoint keeps, so that a run that goes on from it logs the figures of one that was not stopped."""
        seconds = time.perf_counter() - self._start
        return {"rows": self._rows, "cells": self._cells, "tokens": float(self._tokens), "seconds": seconds}

    def load(self, state: dict[str, float]) -> None:
        """Go on from a `state`."""
        self._rows, self._cells, self._tokens = state["rows"], state["cells"], state["tokens"]
        self._start = time.perf_counter() - state["seconds"]

    def flush(self, accelerator) -> dict[str, float]:
        """Figures since the last call, over all processes: pairs and real tokens a second, the share of tokens that
        are no padding, and the peak memory of this process in GB."""
        counts = torch.tensor([self._rows, self._cells, float(self._tokens)], device=accelerator.device)
        rows, cells, tokens = accelerator.reduce(counts, "sum").tolist()
        seconds = time.perf_counter() - self._start
        self._reset()
        return {
            "pairs_per_second": rows / seconds,
            "tokens_per_second": tokens / seconds,
            "padding_efficiency": tokens / max(cells, 1),
            "peak_memory_gb": _peak_memory(accelerator.device) / 2**30,
        }


def _peak_memory(device: torch.device) -> float:
    if device.type == "cuda":
        return torch.cuda.max_memory_allocated(device)
    # Linux counts in KiB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
