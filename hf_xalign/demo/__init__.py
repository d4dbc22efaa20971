"""A page to try a model: two sentences, how their words are linked, how alike they are, and what is near to them."""

from __future__ import annotations

from hf_xalign.lazy import lazy_names


_WHERE = {
    "Comparison": "hf_xalign.demo.comparison",
    "SentenceComparer": "hf_xalign.demo.comparison",
    "build_page": "hf_xalign.demo.page",
    "launch": "hf_xalign.demo.serving",
    "write_space": "hf_xalign.demo.space",
}

__all__ = list(_WHERE)

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
