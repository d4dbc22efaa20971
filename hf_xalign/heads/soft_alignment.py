"""What AWESOME-align's objectives share: how far the tokens of two sentences point to each other."""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from typing import ClassVar, NamedTuple

import torch

from hf_xalign.aligners.matching import entmax15_both_ways, softmax_both_ways
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import Head, HeadInputs
from hf_xalign.precision import at_least_float32


EXTRACTIONS = {"softmax": softmax_both_ways, "entmax15": entmax15_both_ways}


class SoftAlignment(NamedTuple):
    """Two directions of attention between the text tokens of both sentences; B rows, L and K tokens wide.

    Attributes:
        forward: `(B, L, K)`, p(target token | source token), 0 where a token is no text.
        reverse: `(B, L, K)`, p(source token | target token), the same.
        cells: `(B, L, K)` bool, whether both tokens are text.
        source_sizes, target_sizes: `(B,)`, text tokens of each side, 1 at least.
    """

    forward: torch.Tensor
    reverse: torch.Tensor
    cells: torch.Tensor
    source_sizes: torch.Tensor
    target_sizes: torch.Tensor


class SoftAlignmentHead(Head):
    """An objective on the soft alignment of the two sentences of a row (Dou and Neubig, EACL 2021, section 2).

    Subclasses say what each row loses (`row_losses`); the loss is the mean over the rows of the step, on however many
    processes and micro-batches they lie.
    """

    views = ("source", "target")
    name: ClassVar[str]

    def __init__(self, *, layer: int | None, extraction: str, weight: float, num_layers: int | None):
        super().__init__(weight=weight)
        if layer is not None and num_layers is not None and not -num_layers - 1 <= layer <= num_layers:
            raise XAlignError(
                f"heads.{self.name}.layer is {layer}, but the encoder has layers 0 (embeddings) to {num_layers}"
            )
        if extraction not in EXTRACTIONS:
            raise XAlignError(
                f"heads.{self.name}.extraction is {extraction!r}; choose one of {', '.join(EXTRACTIONS)}"
            )
        if extraction == "entmax15" and importlib.util.find_spec("entmax") is None:
            raise XAlignError(
                f"heads.{self.name}.extraction is 'entmax15', which needs the package entmax: "
                "pip install 'hf_xalign[awesome]'"
            )
        self.layer = None if layer is None else int(layer)
        self.extraction = extraction

    def layers_read(self, alignment_layer: int, num_layers: int) -> Collection[int]:
        return (alignment_layer if self.layer is None else self.layer % (num_layers + 1),)

    def forward(self, inputs: HeadInputs) -> torch.Tensor:
        return inputs.mean_over_rows(self.row_losses(inputs, self.soft_alignment(inputs)))

    def row_losses(self, inputs: HeadInputs, soft: SoftAlignment) -> torch.Tensor:
        """The loss of each row, `(B,)`, of its soft alignment `soft`; `inputs` are what that was made of."""
        raise NotImplementedError

    def soft_alignment(self, inputs: HeadInputs) -> SoftAlignment:
        """The soft alignment of the views in `inputs`, by raw dot products; float32 at least, whatever the states and
        the autocast state."""
        layer = inputs.alignment_layer if self.layer is None else self.layer
        states, text = [], []
        for view in self.views:
            encoded = inputs.views[view]
            states.append(encoded.hidden_states[layer])
            text.append(encoded.special_tokens_mask == 0)
        cells = text[0][:, :, None] & text[1][:, None, :]
        # Dot products of several hundred, of which a softmax reads the differences: half precision would blur them.
        with torch.autocast(cells.device.type, enabled=False):
            source, target = (at_least_float32(side) for side in states)
            products = torch.bmm(source, target.transpose(1, 2))
            forward, reverse = EXTRACTIONS[self.extraction](products, cells)
        return SoftAlignment(forward, reverse, cells, *(side.sum(1).clamp(min=1) for side in text))
