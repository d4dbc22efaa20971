"""Opens checkpoints in a process that cannot import hf_xalign; run by `test_downstream.py`, not by pytest.

    python without_hf_xalign.py FOLDER

FOLDER holds a folder for each case: `whole`, `export`, `adapter` and `case.pt`. What was found is printed as
JSON: case -> check -> "" or what went wrong.
"""

from __future__ import annotations

import sys


sys.modules["hf_xalign"] = None  # makes `import hf_xalign` fail

import json  # noqa: E402
import os  # noqa: E402
import re  # noqa: E402
import traceback  # noqa: E402
from pathlib import Path  # noqa: E402

import onnxruntime  # noqa: E402
import torch  # noqa: E402
from peft import AutoPeftModel, PeftModel  # noqa: E402
from sentence_transformers import SentenceTransformer  # noqa: E402
from transformers import (  # noqa: E402
    AutoModel,
    AutoModelForMaskedLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    pipeline,
)


def encode(folder, sentences):
    return AutoTokenizer.from_pretrained(folder)(sentences, padding=True, return_tensors="pt")


def of_transformers(folder, case):
    """The encoder has the states that it had, and of ours there is nothing."""
    encoder, info = AutoModel.from_pretrained(folder / "whole", output_loading_info=True)
    assert all("pooler" in key for key in info["missing_keys"]), info
    # As with every masked-LM checkpoint, the bare encoder has no use for the LM head.
    assert not any("xalign" in key for key in info["unexpected_keys"]), info
    with torch.no_grad():
        states = encoder.eval()(**case["batch"], output_hidden_states=True).hidden_states
    for found, expected in zip(states, case["states"], strict=True):
        assert torch.equal(found, expected)


def of_masked_lm(folder, case):
    model, info = AutoModelForMaskedLM.from_pretrained(folder / "whole", output_loading_info=True)
    assert not any(info[key] for key in ("missing_keys", "unexpected_keys", "mismatched_keys")), info
    assert type(model).__name__ == json.loads((folder / "whole/config.json").read_text())["architectures"][0]
    with torch.no_grad():
        assert torch.equal(model.eval()(**case["batch"]).logits, case["logits"])


def of_classification(folder, case, kind, shape):
    model, info = kind.from_pretrained(folder / "whole", num_labels=3, output_loading_info=True)
    encoder = model.base_model_prefix + "."
    assert not [key for key in info["missing_keys"] if key.startswith(encoder) and "pooler" not in key], info
    assert not any("xalign" in key for key in info["unexpected_keys"]), info
    with torch.no_grad():
        output = model.eval()(**case["batch"], output_hidden_states=True)
    assert torch.equal(output.hidden_states[-1], case["states"][-1])
    assert output.logits.shape == (*shape, 3)


def of_sequence_classification(folder, case):
    of_classification(folder, case, AutoModelForSequenceClassification, case["batch"]["input_ids"].shape[:1])


def of_token_classification(folder, case):
    of_classification(folder, case, AutoModelForTokenClassification, case["batch"]["input_ids"].shape)


def of_the_adapter(folder, case):
    """By peft on whatever stands on the backbone, by peft alone, and by transformers alone."""
    base, adapter = folder / "whole", folder / "adapter"
    opened = [
        *(
            PeftModel.from_pretrained(kind.from_pretrained(base), adapter).get_base_model()
            for kind in (AutoModelForMaskedLM, AutoModel, AutoModelForTokenClassification)
        ),
        AutoPeftModel.from_pretrained(adapter).get_base_model(),
        AutoModel.from_pretrained(adapter),
        AutoModelForSequenceClassification.from_pretrained(adapter),
    ]
    assert not torch.equal(case["adapted"], case["states"][-1])
    for model in opened:
        with torch.no_grad():
            output = model.eval()(**case["batch"], output_hidden_states=True)
        assert torch.equal(output.hidden_states[-1], case["adapted"]), type(model)


def of_feature_extraction(folder, case):
    (found,) = pipeline("feature-extraction", model=str(folder / "whole"), device="cpu")(case["sentences"][0])
    length = int(case["batch"]["attention_mask"][0].sum())
    torch.testing.assert_close(torch.tensor(found), case["states"][-1][0, :length])


def of_fill_mask(folder, case):
    fill = pipeline("fill-mask", model=str(folder / "whole"), device="cpu", top_k=3)
    found = fill("w7 <mask> w9")
    model = AutoModelForMaskedLM.from_pretrained(folder / "whole").eval()
    batch = encode(folder / "whole", ["w7 <mask> w9"])
    with torch.no_grad():
        best = model(**batch).logits[0, 2].softmax(-1).topk(3)
    assert [entry["token"] for entry in found] == best.indices.tolist()
    torch.testing.assert_close(torch.tensor([entry["score"] for entry in found]), best.values)


def of_sentence_transformer_of_the_checkpoint(folder, case):
    """Without an export, sentence-transformers takes the mean of every token, special ones included, of the last
    layer: it opens, and it is not the pooling that was trained."""
    found = torch.tensor(SentenceTransformer(str(folder / "whole"), device="cpu").encode(case["sentences"]))
    mask = case["batch"]["attention_mask"][..., None]
    torch.testing.assert_close(found, (case["states"][-1] * mask).sum(1) / mask.sum(1))
    assert (found - case["vectors"]).abs().max() > 0.05


def of_the_cut_encoder(folder, case):
    """The state of the alignment layer, bit for bit."""
    encoder, info = AutoModel.from_pretrained(folder / "export", output_loading_info=True)
    assert all("pooler" in key for key in info["missing_keys"]) and not info["unexpected_keys"], info
    with torch.no_grad():
        output = encoder.eval()(**case["batch"], output_hidden_states=True)
    assert torch.equal(output.hidden_states[case["layer"]], case["states"][case["layer"]])
    # ModernBERT's inner layers have not gone through the norm that it ends with.
    last = torch.equal(output.last_hidden_state, case["states"][case["layer"]])
    assert last == (encoder.config.model_type != "modernbert")


def of_the_exported_sentence_transformer(folder, case):
    """The embeddings that were trained, also of sentences without a token and of those that are too long."""
    model = SentenceTransformer(str(folder / "export"), device="cpu")
    found = torch.tensor(model.encode(case["sentences"]))
    torch.testing.assert_close(found, case["vectors"], rtol=0, atol=1e-6)
    alone = torch.tensor(model.encode(case["sentences"], batch_size=1))
    torch.testing.assert_close(alone, case["vectors"], rtol=1e-5, atol=1e-5)
    long = " ".join(f"w{i % 50}" for i in range(300))
    assert model.preprocess([long])["input_ids"].shape == (1, case["limit"])


def of_the_card(folder, case):
    """What the export's card says runs as it stands, and its two ways give the same embeddings."""
    os.chdir(folder)
    blocks = re.findall(r"```python\n(.*?)```", (folder / "export/README.md").read_text(), flags=re.DOTALL)
    assert len(blocks) == 2
    found = []
    for block in blocks:
        names = {}
        exec(compile(block, "README.md", "exec"), names)
        found.append(torch.as_tensor(names["embeddings"]))
    torch.testing.assert_close(*found)


def of_onnx(folder, case):
    path = folder / "export/onnx/model.onnx"
    if not path.exists():
        return
    session = onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for start, stop in [(0, 1), (1, 3), (0, len(case["sentences"]))]:
        batch = encode(folder / "export", case["sentences"][start:stop])
        states, vectors = session.run(
            ["last_hidden_state", "sentence_embedding"], {key: value.numpy() for key, value in batch.items()}
        )
        torch.testing.assert_close(torch.tensor(vectors), case["vectors"][start:stop], rtol=0, atol=1e-4)
        real = batch["attention_mask"].bool()
        expected = case["states"][case["layer"]][start:stop, : states.shape[1]]
        torch.testing.assert_close(torch.tensor(states)[real], expected[real], rtol=0, atol=1e-4)


CHECKS = [value for name, value in list(globals().items()) if name.startswith("of_") and name != "of_classification"]


def main(root: Path) -> None:
    found = {}
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        case = torch.load(folder / "case.pt", weights_only=True)
        found[folder.name] = {}
        for check in CHECKS:
            try:
                check(folder, case)
                found[folder.name][check.__name__] = ""
            except Exception:
                found[folder.name][check.__name__] = traceback.format_exc()
    assert not [name for name, module in sys.modules.items() if name.startswith("hf_xalign") and module is not None]
    print(json.dumps(found))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
