"""An embedding a language, added to the word embeddings while training."""

from __future__ import annotations

import torch
from torch import nn
from transformers import initialization as init

from hf_xalign.own_parameters import OwnParameters


class LanguageEmbeddings(OwnParameters):
    """Language ids `(B, L)` → `(B, L, E)`, to be added to word embeddings of E dimensions.

    They start at zero, so that a pretrained encoder starts as it is. They are no part of the vanilla checkpoint.
    """

    def __init__(self, languages: int, size: int):
        super().__init__()
        self.weight = nn.Parameter(torch.empty(languages, size))

    def reset_parameters(self) -> None:
        init.zeros_(self.weight)

    def forward(self, language_ids: torch.Tensor) -> torch.Tensor:
        return nn.functional.embedding(language_ids, self.weight)
