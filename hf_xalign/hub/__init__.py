"""Models for others: cards, pushes to the Hub, exports for those who do not have hf_xalign.

Everything public is imported on first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from hf_xalign.lazy import lazy_names


_WHERE = {
    "render_card": "hf_xalign.hub.model_card",
    "write_card": "hf_xalign.hub.model_card",
}

__all__ = list(_WHERE)
__getattr__, __dir__ = lazy_names(__name__, _WHERE)
