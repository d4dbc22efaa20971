from __future__ import annotations

import os


# Before anything of Hugging Face is imported: no test may wait for a network.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
os.environ.setdefault("HF_DATASETS_DISABLE_PROGRESS_BARS", "1")
# pytest-xdist runs a process a core.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")

import pytest

from tests.tiny import word_tokenizer


@pytest.fixture(scope="session")
def tokenizer():
    return word_tokenizer()
