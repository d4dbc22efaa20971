from __future__ import annotations

import os
import tempfile


# Before anything of Hugging Face is imported: no test may wait for a network.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
# pytest-xdist runs a process a core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# What tests read as a data set must not fill the user's cache.
_CACHE = tempfile.TemporaryDirectory(prefix="hf_xalign-tests-", ignore_cleanup_errors=True)
os.environ["HF_DATASETS_CACHE"] = _CACHE.name

import pytest  # noqa: E402

from tests.tiny import word_tokenizer  # noqa: E402


@pytest.fixture(scope="session")
def tokenizer():
    return word_tokenizer()
