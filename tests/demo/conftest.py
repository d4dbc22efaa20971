from __future__ import annotations

import pytest

from tests.evaluation.checkpoints import save_checkpoint


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    """A tiny checkpoint that knows the words w0 … w54, with an alignment layer of its own."""
    folder = save_checkpoint(tmp_path_factory.mktemp("demo") / "tiny", seed=1, initializer_range=0.5)
    (folder / "xalign_config.json").write_text('{"heads": {"wtr": {"layer": 1}}, "alignment_layer": 2}')
    return folder


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    file = tmp_path_factory.mktemp("corpus") / "corpus.txt"
    lines = ["w1 w2 w3", "", "w4  w5", "یہ w6 ہے", "w1 w2 w3", "<b>w7</b>", *(f"w{i} w8 w9" for i in range(10, 20))]
    file.write_text("\n".join(lines), encoding="utf-8")
    return file
