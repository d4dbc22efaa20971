"""What a visitor of the Hub does in Python; runs in the process of `worker.py`."""

from __future__ import annotations

from pathlib import Path


def differences(repo_id: str, folder: str, revision: str = "main") -> list[str]:
    """What a model loaded by its id has otherwise than the folder it was pushed from: weights, heads, settings."""
    import torch
    from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer

    from hf_xalign import XAlignModel

    found = []
    for opener in (AutoModel, AutoModelForMaskedLM, XAlignModel):
        here, there = opener.from_pretrained(folder), opener.from_pretrained(repo_id, revision=revision)
        ours, theirs = here.state_dict(), there.state_dict()
        # A pooler is in no checkpoint of ours: each load makes another.
        names = {name for name in ours.keys() | theirs.keys() if "pooler" not in name}
        for name in sorted(names):
            if name not in ours or name not in theirs or not torch.equal(ours[name], theirs[name]):
                found.append(f"{opener.__name__} {name}")
    if here.xalign_config.to_dict() != there.xalign_config.to_dict():
        found.append("xalign_config.json")
    text = "w3 w1 w4"
    if AutoTokenizer.from_pretrained(folder)(text) != AutoTokenizer.from_pretrained(repo_id, revision=revision)(text):
        found.append("tokenizer")
    return found


def heads(repo_id: str) -> list[str]:
    """The names of what only training needs, of a model loaded by its id."""
    from hf_xalign import XAlignModel

    model = XAlignModel.from_pretrained(repo_id)
    return sorted(name for name in model.state_dict() if name.startswith("xalign_"))


def save_and_push(folder: str, target: str, repo_id: str) -> None:
    """`save_pretrained(push_to_hub=True)` of a model in `folder`."""
    from hf_xalign import XAlignModel

    XAlignModel.from_pretrained(folder).save_pretrained(target, push_to_hub=True, repo_id=repo_id, private=True)


def push_model(folder: str, repo_id: str) -> None:
    """transformers' own `model.push_to_hub`."""
    from hf_xalign import XAlignModel

    XAlignModel.from_pretrained(folder).push_to_hub(repo_id)


def read_dataset(repo_id: str) -> dict[str, list]:
    """Rows of a data set loaded by its id, and the names of its other parts."""
    from datasets import load_dataset

    train = load_dataset(repo_id, split="train")
    parallel = load_dataset(repo_id, "parallel")
    return {"train": train.to_list(), **{name: part.to_list() for name, part in parallel.items()}}


def holds_token(folder: str, token: str) -> bool:
    """Whether any file below `folder` holds the token."""
    files = (path for path in Path(folder).rglob("*") if path.is_file())
    return any(token.encode() in path.read_bytes() for path in files)


def publish_metric(folder: str, repo_id: str) -> dict[str, float]:
    """Push a metric as a Space, and compute with what `evaluate.load` opens by its id."""
    import evaluate
    from huggingface_hub import HfApi

    api = HfApi()
    api.create_repo(repo_id, repo_type="space", space_sdk="gradio")
    api.upload_folder(repo_id=repo_id, folder_path=folder, repo_type="space", ignore_patterns="__pycache__/*")
    return evaluate.load(repo_id).compute(predictions=["0-0 1-1", "0-1"], references=["0-0 1p1", "0-1 1-0"])


def train_by_hand(folder: str) -> str:
    """A trainer without a recipe, whose user pushes; the last push goes to another branch, in the background."""
    from datasets import Dataset

    from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
    from tests.tiny import random_rows, tiny_config, word_tokenizer

    args = XAlignTrainingArguments(
        folder,
        max_steps=2,
        save_strategy="no",
        push_to_hub=True,
        hub_private_repo=True,
        use_cpu=True,
        disable_tqdm=True,
    )
    tokenizer = word_tokenizer()
    trainer = XAlignTrainer(
        XAlignModel.from_encoder(tiny_config(), {"mlm": {}}),
        args,
        train_dataset=Dataset.from_list(random_rows(16)),
        data_collator=XAlignDataCollator(tokenizer, views=["source", "target"]),
        processing_class=tokenizer,
    )
    trainer.train()
    trainer.save_model()
    return trainer.push_to_hub("By hand", blocking=False, revision="other", language="en").result()
