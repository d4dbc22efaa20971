"""How alike every two words of a sentence pair are: what the aligners choose their links from, to be looked at."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import TYPE_CHECKING

import numpy as np
from torch.nn.functional import normalize

from hf_xalign.aligners.base import WordPair, check_pairs
from hf_xalign.aligners.encoder_source import encoder_source
from hf_xalign.aligners.states import subword_states
from hf_xalign.aligners.subwords import WordTokenizer
from hf_xalign.aligners.units import word_units


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_BATCH_TOKENS = 1024


def word_similarities(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, pairs: Sequence[WordPair], *, layer: int
) -> list[np.ndarray]:
    """Cosines of the words of each pair, a word being the mean of its sub-words' states.

    Args:
        model: an encoder, or a model whose `.base_model` is one; it runs where it is, without dropout or gradient.
        pairs: N pairs of lists of words.
        layer: 0 is the embedding layer, k the output of layer k.

    Returns:
        for each pair float32 `(m, n)`, source words down, target words across; NaN for a word of which the tokenizer
        makes nothing.

    Raises:
        XAlignError: a side or a word is empty, or the encoder is not supported.
    """
    check_pairs(pairs)
    if not pairs:
        return []
    source = encoder_source(model, tokenizer)
    encoder, _ = source.open()
    split = WordTokenizer(tokenizer)
    pieces = split([words for pair in pairs for words in pair])
    states = subword_states(
        encoder,
        [list(chain.from_iterable(words)) for words in pieces],
        layer=layer,
        prefix=split.prefix,
        suffix=split.suffix,
        limit=source.limit() - len(split.prefix) - len(split.suffix),
        batch_tokens=_BATCH_TOKENS,
    )
    units = word_units(states, pieces)
    vectors = normalize(units.vectors, dim=1).cpu().numpy()
    rows = [slice(start, start + size) for start, size in zip(units.starts, units.sizes, strict=True)]
    found = []
    for number, (left, right) in enumerate(pairs):
        first, second = rows[2 * number], rows[2 * number + 1]
        cosines = np.full((len(left), len(right)), np.nan, dtype=np.float32)
        cosines[np.ix_(units.words[first], units.words[second])] = vectors[first] @ vectors[second].T
        found.append(cosines)
    return found
