"""The snippets of a card run as they stand there, and give the sentence embeddings that were trained."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import torch
from transformers import AutoModel, AutoTokenizer

from hf_xalign import XAlignModel
from hf_xalign.evaluation import sentence_embeddings
from hf_xalign.hub import render_card
from tests.hub.card_factory import PROVENANCE, make_run
from tests.tiny import word_tokenizer


SENTENCES = ["w1 w2 w3", "w4", "w5 w6 w7 w8 w9 w10 w11"]


def snippets(folder) -> dict[str, str]:
    """The Python of a card by the heading that it stands below."""
    found = re.findall(r"^### (.+?)\n+```python\n(.*?)^```", render_card(folder).text, flags=re.DOTALL | re.MULTILINE)
    return dict(found)


def run(code: str) -> np.ndarray:
    """What the code leaves as `embeddings`."""
    names: dict = {}
    exec(compile(code, "card", "exec"), names)
    return np.asarray(names["embeddings"])


def expected(folder, layer: int, pooling: str, sentences: list[str]) -> np.ndarray:
    model, tokenizer = AutoModel.from_pretrained(folder).eval(), AutoTokenizer.from_pretrained(folder)
    return sentence_embeddings(model, tokenizer, sentences, layers=[layer], pooling=pooling)[layer]


@pytest.mark.parametrize(
    ("backbone", "pooling"),
    [("xlm-roberta", "mean"), ("xlm-roberta", "cls"), ("bert", "mean"), ("modernbert", "mean")],
)
@pytest.mark.parametrize("library", ["transformers", "sentence-transformers"])
def test_snippets_give_the_trained_embeddings(tmp_path, monkeypatch, backbone, pooling, library):
    if library == "sentence-transformers":
        pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    folder = make_run(tmp_path, backbone=backbone, pooling=pooling)
    monkeypatch.chdir(tmp_path)  # the snippet calls the model "my-run"
    code = snippets(folder)[library]
    as_it_stands = run(code)
    assert as_it_stands.shape == (2, 16)
    np.testing.assert_allclose(
        as_it_stands, expected(folder, 2, pooling, ["A sentence.", "Its translation."]), atol=1e-5
    )
    written = '["A sentence.", "Its translation."]'
    assert written in code
    found = run(code.replace(written, repr(SENTENCES)))
    np.testing.assert_allclose(found, expected(folder, 2, pooling, SENTENCES), atol=1e-5)
    # The last layer, which a plain mean would take, is another.
    assert np.abs(found - expected(folder, 3, pooling, SENTENCES)).max() > 1e-3


def test_pooling_is_that_of_the_objective(tmp_path, monkeypatch):
    folder = make_run(tmp_path, heads={"tr": {"pooling": "cls"}})
    monkeypatch.chdir(tmp_path)
    code = snippets(folder)
    assert "the state of the first token at layer 2 of 3" in render_card(folder).text
    found = run(code["transformers"])
    assert torch.allclose(
        torch.as_tensor(found), torch.as_tensor(expected(folder, 2, "cls", ["A sentence.", "Its translation."]))
    )


def test_an_export_is_opened_in_one_line(tmp_path):
    folder = make_run(tmp_path)
    (folder / "modules.json").write_text("[]")
    card = render_card(folder, repo_id="me/aligned")
    assert 'model = SentenceTransformer("me/aligned")\nembeddings = model.encode(' in card.text
    assert card.data.library_name == "sentence-transformers" and card.data.pipeline_tag == "sentence-similarity"


def test_an_adapter_names_its_base(tmp_path):
    folder = make_run(tmp_path)
    (folder / "adapter_config.json").write_text("{}")
    (folder / "config.json").unlink()
    card = render_card(folder, repo_id="me/adapter")
    assert 'AutoModelForMaskedLM.from_pretrained("FacebookAI/xlm-roberta-base")' in card.text
    assert 'PeftModel.from_pretrained(base, "me/adapter")' in card.text and ".hidden_states[2]" in card.text
    assert card.data.base_model_relation == "adapter" and card.data.library_name == "peft"


def test_snippets_of_an_adapter(tmp_path, monkeypatch):
    pytest.importorskip("peft", reason="needs peft")
    pytest.importorskip("sentence_transformers", reason="needs sentence-transformers")
    from hf_xalign.adapter_files import save_adapter
    from hf_xalign.peft_adapters import add_lora

    monkeypatch.chdir(tmp_path)
    make_run(tmp_path, name="base")
    model = add_lora(XAlignModel.from_encoder("base", {"tr": {}}), {"r": 2, "init_lora_weights": False}).eval()
    save_adapter(model, "my-run")
    word_tokenizer().save_pretrained("my-run")
    told = PROVENANCE | {"base_model": {"name": "base", "local": True, "revision": None}}
    (tmp_path / "my-run" / "provenance.json").write_text(json.dumps(told), encoding="utf-8")
    code = snippets(tmp_path / "my-run")
    encoder = model.get_base_model().base_model
    wanted = sentence_embeddings(encoder, word_tokenizer(), ["A sentence.", "Its translation."], layers=[2])[2]
    assert np.abs(wanted - expected("base", 2, "mean", ["A sentence.", "Its translation."])).max() > 1e-3
    for library in ("transformers", "sentence-transformers"):
        np.testing.assert_allclose(run(code[library]), wanted, atol=1e-5)
