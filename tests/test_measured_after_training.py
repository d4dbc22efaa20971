"""What `xalign train` measures at its end: the test data, in each of their pairs of languages."""

from __future__ import annotations

import json

from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.preparation import prepare
from hf_xalign.data.prepared import load_prepared
from hf_xalign.train import _measure
from tests.evaluation.checkpoints import save_checkpoint


def test_each_pair_of_languages(tmp_path, capsys):
    pairs = [("hin_Deva", "urd_Arab"), ("pol_Latn", "ukr_Cyrl")]
    data_args = DataArguments(
        train_data=[{"path": "minicorpus:train", "langs": ["hin_Deva"], "limit": 20}],
        test_data=[
            {"path": "minicorpus:test", "kind": "pairs", "langs": list(pair), "limit": 12 + 2 * index}
            for index, pair in enumerate(pairs)
        ],
        tokenizer_name="any",
    )
    prepared = load_prepared(prepare(data_args, default_dir=tmp_path / "prepared"))
    model = save_checkpoint(tmp_path / "model", layers=1)
    _measure(str(model), prepared, seed=0)
    one = json.loads((model / "results.json").read_text(encoding="utf-8"))
    assert one["pair"] == list(pairs[0]) and one["dataset"]["n"] == 12
    every = json.loads((model / "languages.json").read_text(encoding="utf-8"))
    assert [(tuple(entry["pair"]), entry["n"]) for entry in every["languages"]] == [(pairs[0], 12), (pairs[1], 14)]
    assert every["dataset"]["synthetic"] and one["dataset"]["synthetic"]
    assert "languages.json" in capsys.readouterr().out
