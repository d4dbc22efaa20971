from __future__ import annotations

import torch
from transformers import AutoModel

from hf_xalign import XAlignModel
from hf_xalign.cli import main
from tests.tiny import tiny_config, word_tokenizer


def test_export_tells_what_it_wrote(tmp_path, capsys):
    checkpoint, output = tmp_path / "model", tmp_path / "out"
    XAlignModel.from_encoder(tiny_config(), {"mlm": {}, "tcm": {}}).save_pretrained(checkpoint)
    word_tokenizer().save_pretrained(checkpoint)
    assert main(["export", str(checkpoint), "--output", str(output), "--layer", "1"]) == 0
    shown = capsys.readouterr()
    assert shown.out == (
        f"wrote {output}: layer 1 of 3 is its last_hidden_state\n"
        "  opened again with transformers: largest difference 0.0e+00\n"
    )
    ids = torch.tensor([[0, 7, 8, 2]])
    whole = AutoModel.from_pretrained(checkpoint).eval()(ids, output_hidden_states=True).hidden_states[1]
    assert torch.equal(AutoModel.from_pretrained(output).eval()(ids).last_hidden_state, whole)

    capsys.readouterr()
    assert main(["export", str(checkpoint), "--output", str(output)]) == 2
    shown = capsys.readouterr()
    assert shown.err == f"xalign export: error: {output} exists and is not empty; choose another place\n"
    assert main(["export", str(tmp_path / "nowhere"), "--output", str(tmp_path / "new")]) == 2
    assert capsys.readouterr().err == f"xalign export: error: no such checkpoint folder: {tmp_path / 'nowhere'}\n"
    assert {entry.name for entry in tmp_path.iterdir()} == {"model", "out"}
