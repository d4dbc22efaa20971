"""A checkpoint as one ONNX graph, by torch's own exporter.

Optimum's exporter asks for transformers below 4.58 (optimum-onnx 0.1.0), so it cannot be used beside transformers 5.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from torch import nn

from hf_xalign.backbones import first_layers, has_token_types
from hf_xalign.hub.export_reference import Reference


ONNX_PATH = "onnx/model.onnx"

# A protobuf message may have 2 GB; the weights of larger models lie in a file beside.
_LARGEST_GRAPH = 1_800_000_000


class _SentenceEncoder(nn.Module):
    """Token ids in; token states and sentence embeddings out."""

    def __init__(self, reference: Reference):
        super().__init__()
        self.encoder = reference.encoder
        self.pooling = reference.pooling
        self.normalize = reference.normalize
        self.register_buffer("special_ids", torch.tensor(reference.special_ids, dtype=torch.long), persistent=False)

    def forward(self, input_ids, attention_mask, token_type_ids=None):
        types = {} if token_type_ids is None else {"token_type_ids": token_type_ids}
        states = self.encoder(input_ids=input_ids, attention_mask=attention_mask, **types).last_hidden_state
        if self.pooling == "cls":
            # The first token, also where a tokenizer pads on the left.
            first = attention_mask.to(torch.int32).argmax(1)[:, None, None]
            # Of the ways to pick a row, the one whose sizes the exporter leaves free.
            vectors = states.gather(1, first.expand(-1, 1, states.shape[-1])).squeeze(1)
        else:
            text = (input_ids[..., None] != self.special_ids).all(-1) & (attention_mask != 0)
            summed = states.masked_fill(~text[..., None], 0.0).sum(1)
            vectors = summed / text.sum(1, keepdim=True).clamp(min=1).to(states.dtype)
        if self.normalize:
            vectors = nn.functional.normalize(vectors, dim=-1)
        return states, vectors


def save_onnx(reference: Reference, path: Path) -> None:
    """Write the graph of the reference's encoder up to its layer, and of its pooling.

    Inputs are `input_ids`, `attention_mask` and, where tokenizer and encoder both have them, `token_type_ids`, int64
    `(batch, length)`, both free. Outputs are `last_hidden_state` `(batch, length, D)`, the states of that layer, and
    `sentence_embedding` `(batch, D)`.
    """
    encoder, tokenizer = reference.encoder, reference.tokenizer
    names = ["input_ids", "attention_mask"]
    if "token_type_ids" in tokenizer.model_input_names and has_token_types(encoder.config):
        names.append("token_type_ids")
    # Two rows and one of them padded: torch takes a dimension of 1 for one that is always 1.
    ids = torch.full((2, 6), tokenizer.unk_token_id or 0)
    inputs = {"input_ids": ids, "attention_mask": torch.ones_like(ids), "token_type_ids": torch.zeros_like(ids)}
    inputs["attention_mask"][1, 4:] = 0
    free = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length", max=tokenizer.model_max_length)}
    size = sum(weights.numel() * weights.element_size() for weights in encoder.parameters())
    path.parent.mkdir(parents=True, exist_ok=True)
    with first_layers(encoder, reference.layer), _quiet(), torch.no_grad():
        torch.onnx.export(
            _SentenceEncoder(reference).eval(),
            (),
            str(path),
            kwargs={name: inputs[name] for name in names},
            input_names=names,
            output_names=["last_hidden_state", "sentence_embedding"],
            dynamic_shapes=dict.fromkeys(names, free),
            dynamo=True,
            external_data=size > _LARGEST_GRAPH,
            verbose=False,
        )


def onnx_outputs(path: Path, batch: Mapping[str, torch.Tensor]) -> tuple[np.ndarray, np.ndarray]:
    """States `(N, L, D)` and sentence embeddings `(N, D)` of a tokenised batch, by onnxruntime on the CPU."""
    import onnxruntime

    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    inputs = {entry.name: batch[entry.name].numpy() for entry in session.get_inputs()}
    states, vectors = session.run(["last_hidden_state", "sentence_embedding"], inputs)
    return states, vectors


@contextmanager
def _quiet() -> Iterator[None]:
    """Without the exporter's notices of operators that are not ours."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
