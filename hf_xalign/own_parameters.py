"""Modules that are no part of the backbone, and say how their parameters start."""

from __future__ import annotations

from torch import nn


class OwnParameters(nn.Module):
    """A module with parameters (`nn.Parameter`) of its own, beside those of modules that it is made of."""

    def reset_parameters(self) -> None:
        """Give the parameters of this module, not of those in it, their first values.

        The constructor is no place for it: `from_pretrained` builds models without storage and fills what the
        checkpoint lacks afterwards. Modules in it (`nn.Linear`, ...) start as the backbone's do.
        """
