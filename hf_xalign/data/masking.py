"""Dynamic masking from counter-based random numbers: a mask is a function of seed, row, epoch and view."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from transformers import PreTrainedTokenizerBase

from hf_xalign.errors import XAlignError


# Philox counters: one for the coins, `view + 1` for the masks of a view.
_COIN_STREAM = 0


class TokenMasking:
    """BERT's masking (Devlin et al., 2019, section 3.1): predict some tokens, hide most of those.

    Args:
        tokenizer: for the mask token, and for the ordinary tokens that random replacements are drawn from.
        mlm_probability (`float`): share of the text tokens to predict.
        mask_replace_prob (`float`): share of those that become the mask token.
        random_replace_prob (`float`): share of those that become a random ordinary token; the others stay.
        seed (`int`): of everything random here.

    Raises:
        XAlignError: no mask or padding token, or shares outside 0..1.
    """

    def __init__(
        self,
        tokenizer: PreTrainedTokenizerBase,
        mlm_probability: float = 0.15,
        mask_replace_prob: float = 0.8,
        random_replace_prob: float = 0.1,
        seed: int = 0,
    ):
        for name, token in (("mask", tokenizer.mask_token_id), ("padding", tokenizer.pad_token_id)):
            if token is None:
                raise XAlignError(f"the tokenizer {tokenizer.name_or_path!r} has no {name} token: masking needs one")
        shares = (mlm_probability, mask_replace_prob, random_replace_prob)
        if not all(0 <= share <= 1 for share in shares) or mask_replace_prob + random_replace_prob > 1:
            raise XAlignError(
                f"mlm_probability, mask_replace_prob, random_replace_prob are {shares}: they must lie in 0..1, "
                "the last two together too"
            )
        self.mask_token_id = tokenizer.mask_token_id
        self.ordinary = np.setdiff1d(np.arange(len(tokenizer)), tokenizer.all_special_ids)
        self.mlm_probability = mlm_probability
        self.mask_replace_prob = mask_replace_prob
        self.random_replace_prob = random_replace_prob
        self.seed = seed

    def __call__(
        self, ids: np.ndarray, text: np.ndarray, draws: Sequence[int], *, stream: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Mask a padded batch.

        Args:
            ids: `(B, L)` token ids, left as they are.
            text: `(B, L)` booleans, True where a token may be predicted.
            draws: `(B,)`, what the randomness of each row is derived from.
            stream: number of the view; views of one row are masked independently.

        Returns:
            masked ids and labels, both `(B, L)`; labels are -100 where nothing is predicted.
        """
        # Three uniform numbers a token; each row has its own, however the batch is padded.
        chosen, action, replacement = np.ones((3, *ids.shape))
        for i, draw in enumerate(draws):
            last = np.flatnonzero(text[i])
            width = last[-1] + 1 if len(last) else 0
            uniform = self.generator(draw, stream).random((width, 3))
            chosen[i, :width], action[i, :width], replacement[i, :width] = uniform.T
        predicted = text & (chosen < self.mlm_probability)
        hidden = predicted & (action < self.mask_replace_prob)
        random = predicted & ~hidden & (action < self.mask_replace_prob + self.random_replace_prob)
        masked = np.where(hidden, self.mask_token_id, ids)
        masked[random] = self.ordinary[(replacement[random] * len(self.ordinary)).astype(np.int64)]
        return masked, np.where(predicted, ids, -100)

    def coin(self, draw: int) -> bool:
        """A fair coin for a row (which half of a pair comes first)."""
        return bool(self.generator(draw, _COIN_STREAM - 1).random() < 0.5)

    def generator(self, draw: int, stream: int) -> np.random.Generator:
        """The random numbers of a row's view (`stream`)."""
        key = np.array([self.seed, draw], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, stream + 1]))
