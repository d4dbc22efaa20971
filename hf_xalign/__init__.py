"""hf_xalign: post-align multilingual encoders across languages and scripts.

Everything public is imported on first use, so that `import hf_xalign` and every `--help` stay light.
"""

from __future__ import annotations

from hf_xalign.lazy import lazy_names
from hf_xalign.version import __version__


_WHERE = {
    "XAlignConfig": "hf_xalign.configuration",
    "XAlignModel": "hf_xalign.modeling",
    "XAlignOutput": "hf_xalign.modeling",
    "XAlignTrainingArguments": "hf_xalign.training_args",
    "XAlignTrainer": "hf_xalign.trainer",
    "XAlignDataCollator": "hf_xalign.data.collator",
    "Transliterate": "hf_xalign.data.transliteration",
    "load_transliterator": "hf_xalign.data.transliterators",
    "AlignWords": "hf_xalign.data.word_alignment",
    "TokenizeViews": "hf_xalign.data.tokenization",
    "load_aligner": "hf_xalign.aligners",
}

__all__ = ["__version__", *_WHERE]

__getattr__, __dir__ = lazy_names(__name__, _WHERE)
