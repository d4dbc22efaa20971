"""A checkpoint as sentence-transformers has it: its own modules, saved by its own `save_pretrained`.

Its `Pooling` takes the mean of every token of the attention mask, special ones included; training left those out. Its
`WordWeights` does too, where their weight is 0, so the mean is that of training. A state before the last layer is read
by name (`hidden_states`, 8).
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np


if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerBase

    from hf_xalign.hub.export_reference import Reference


def save_sentence_transformer(reference: Reference, output: Path) -> None:
    """Write a folder that `SentenceTransformer(output)` opens, without hf_xalign and without remote code.

    It is the folder of the reference's encoder, as it is now, and its tokenizer, too.
    """
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Normalize, Pooling, Transformer, WordWeights

    mean = reference.pooling == "mean"
    # sentence-transformers opens encoders from folders only; not from the one that it writes to.
    with tempfile.TemporaryDirectory(dir=output.parent, prefix=f".{output.name}.") as plain:
        reference.encoder.save_pretrained(plain)
        reference.tokenizer.save_pretrained(plain)
        # WordWeights reads the padded ids, which flash attention would do without.
        transformer = Transformer(plain, unpad_inputs=False if mean else None)
        config = transformer.model.config
        if reference.layer < config.num_hidden_layers:
            state = {"method": "forward", "method_output_name": ("hidden_states", reference.layer)}
            transformer.modality_config = {"text": state}
        modules = [transformer]
        if mean:
            modules.append(WordWeights(*_weights(reference.tokenizer, config.vocab_size, reference.special_ids)))
        modules.append(Pooling(config.hidden_size, pooling_mode=reference.pooling))
        if reference.normalize:
            modules.append(Normalize())
        model = SentenceTransformer(modules=modules, device="cpu", similarity_fn_name="cosine")
        model.save_pretrained(str(output), create_model_card=False)


def sentence_transformer_embeddings(folder: Path, sentences: Sequence[str]) -> np.ndarray:
    """Embeddings `(N, D)` by `SentenceTransformer(folder)`."""
    from sentence_transformers import SentenceTransformer

    model = SentenceTransformer(str(folder), device="cpu", local_files_only=True)
    return model.encode(list(sentences), show_progress_bar=False)


def _weights(
    tokenizer: PreTrainedTokenizerBase, size: int, special_ids: Sequence[int]
) -> tuple[list[str], dict[str, float]]:
    """The vocabulary by id, and the weight of each of its tokens that needs to be told."""
    known = len(tokenizer)
    size = max(size, known)
    # An embedding matrix may have rows to spare.
    vocabulary = [token or "" for token in tokenizer.convert_ids_to_tokens(range(known))] + [""] * (size - known)
    weights = {vocabulary[id_]: 0.0 for id_ in special_ids}
    # WordWeights looks a token up in lower case, too: "</S>", where it is another token, is text.
    special = set(weights)
    weights |= {token: 1.0 for token in vocabulary if token not in special and token.lower() in special}
    return vocabulary, weights
