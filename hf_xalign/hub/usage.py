"""How a model is used, as Python that runs as it stands in a card: the alignment layer, pooled as it was trained."""

from __future__ import annotations

import json

from hf_xalign.configuration import XAlignConfig
from hf_xalign.errors import XAlignError
from hf_xalign.hub.run_folder import RunFolder
from hf_xalign.hub.trained_pooling import trained_pooling
from hf_xalign.markdown import one_line


_SENTENCES = '["A sentence.", "Its translation."]'


def pooling_of(settings: XAlignConfig) -> str:
    """How sentence embeddings were trained: `"mean"` or `"cls"`; the model's own where two objectives differ."""
    try:
        return trained_pooling(settings)
    except XAlignError:
        return settings.pooling


def transformers_usage(run: RunFolder, model_id: str) -> str:
    """Sentence embeddings by plain transformers (and peft, for an adapter), and masked tokens, as a block of code."""
    name = _literal(model_id)
    if run.is_adapter:
        told = run.provenance.get("base_model") or {}
        base = _literal(told.get("name") or run.recipe.get("model_name_or_path"))
        if told.get("revision"):
            base += f", revision={_literal(told['revision'])}"
        imports = ["from peft import PeftModel", "from transformers import AutoModelForMaskedLM, AutoTokenizer"]
        model = [
            f"base = AutoModelForMaskedLM.from_pretrained({base})",
            f"model = PeftModel.from_pretrained(base, {name}).eval()",
        ]
    else:
        imports = ["from transformers import AutoModel, AutoTokenizer"]
        model = [f"model = AutoModel.from_pretrained({name}).eval()"]
    # Of a batch that is asked for its special tokens, padding is one of them.
    if pooling_of(run.settings) == "cls":
        call = ['batch = tokenizer(sentences, padding=True, truncation=True, return_tensors="pt")']
        pooled = ["embeddings = states[:, 0]"]
    else:
        call = [
            'options = {"padding": True, "truncation": True, "return_special_tokens_mask": True}',
            'batch = tokenizer(sentences, **options, return_tensors="pt")',
            'text = 1 - batch.pop("special_tokens_mask")  # neither special tokens nor padding',
        ]
        pooled = ["embeddings = (states * text[..., None]).sum(1) / text.sum(1, keepdim=True)"]
    lines = [
        "import torch",
        *imports,
        "",
        f"tokenizer = AutoTokenizer.from_pretrained({name})",
        *model,
        "",
        f"sentences = {_SENTENCES}",
        *call,
        "with torch.no_grad():",
        f"    states = model(**batch, output_hidden_states=True).hidden_states[{run.alignment_layer}]",
        *pooled,
        "similarity = torch.cosine_similarity(embeddings[0], embeddings[1], dim=0)",
    ]
    return _block(lines)


def sentence_transformers_usage(run: RunFolder, model_id: str) -> str:
    """The same embeddings by sentence-transformers, as a block of code; an export is opened in one line.

    Plain `SentenceTransformer(folder)` would take the mean of the last layer, special tokens included.
    """
    name = _literal(model_id)
    if (run.path / "modules.json").is_file():
        lines = [
            "from sentence_transformers import SentenceTransformer",
            "",
            f"model = SentenceTransformer({name})",
        ]
    else:
        lines = _built_by_hand(run, name)
    return _block([*lines, f"embeddings = model.encode({_SENTENCES})"])


def _built_by_hand(run: RunFolder, name: str) -> list[str]:
    cls = pooling_of(run.settings) == "cls"
    lines = [
        "from sentence_transformers import SentenceTransformer",
        "from sentence_transformers.sentence_transformer.modules import Pooling, Transformer"
        + ("" if cls else ", WordWeights"),
        "",
        f"encoder = Transformer({name}{'' if cls else ', unpad_inputs=False'})",
        f'layer = ("hidden_states", {run.alignment_layer})',
        'encoder.modality_config = {"text": {"method": "forward", "method_output_name": layer}}',
    ]
    if not cls:
        lines += [
            "# The mean leaves out the special tokens around a sentence.",
            "vocabulary = encoder.tokenizer.convert_ids_to_tokens(range(len(encoder.tokenizer)))",
            'special = encoder.tokenizer.convert_ids_to_tokens(encoder.tokenizer("")["input_ids"])',
            "weights = WordWeights(vocabulary, dict.fromkeys(special, 0.0))",
        ]
    return [
        *lines,
        f'pooling = Pooling(encoder.get_embedding_dimension(), "{"cls" if cls else "mean"}")',
        f"model = SentenceTransformer(modules=[encoder, {'' if cls else 'weights, '}pooling])",
    ]


def _literal(text: object) -> str:
    """A string of Python that cannot end early, whatever it holds."""
    return json.dumps(one_line(text), ensure_ascii=False)


def _block(lines: list[str]) -> str:
    return "\n".join(["```python", *lines, "```"])
