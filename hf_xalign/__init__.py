"""hf_xalign: post-align multilingual encoders across languages and scripts.

Everything public is imported on first use, so that `import hf_xalign` and every `--help` stay light.
"""

from __future__ import annotations

import importlib

from hf_xalign.version import __version__


_WHERE = {
    "XAlignConfig": "hf_xalign.configuration",
    "XAlignModel": "hf_xalign.modeling",
    "XAlignOutput": "hf_xalign.modeling",
    "XAlignTrainingArguments": "hf_xalign.training_args",
    "XAlignTrainer": "hf_xalign.trainer",
    "XAlignDataCollator": "hf_xalign.data.collator",
    "Transliterate": "hf_xalign.data.transliteration",
    "TokenizeViews": "hf_xalign.data.tokenization",
}

__all__ = ["__version__", *_WHERE]


def __getattr__(name: str):
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
