"""Weights that are no numbers: of a run that diverged, or a spoiled file; else noticed much later, or never."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    import torch


def check_finite(weights: Iterable[tuple[str, torch.Tensor]], name_or_path: object) -> None:
    """Refuse weights of a checkpoint that hold NaN or infinite values; one pass over each, and no copy.

    Args:
        weights: `(name, tensor)`, of any shape and type.
        name_or_path: the checkpoint.

    Raises:
        XAlignError: as said, for the first of them.
    """
    for name, tensor in weights:
        if not tensor.is_floating_point() or not tensor.numel():
            continue
        if tensor.element_size() == 1:  # 8-bit floats can be stored, and little else
            tensor = tensor.float()
        # A NaN is both the least and the greatest value.
        least, greatest = tensor.detach().aminmax()
        if not (least.isfinite() and greatest.isfinite()):
            raise XAlignError(
                f"{name_or_path}: {name} holds values that are not finite (NaN or infinite): the run diverged, or the "
                "file is spoiled. Take an earlier checkpoint"
            )
