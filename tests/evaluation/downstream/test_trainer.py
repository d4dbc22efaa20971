"""Steps without padding, against the steps of the plain Trainer."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from transformers import (
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    DataCollatorForTokenClassification,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
)

from hf_xalign.evaluation.downstream.trainer import PART, DownstreamTrainer, parts_of_like_length
from tests.tiny import BACKBONES, tiny_config, word_tokenizer


COUNT = 2 * PART + 3


def features(tokenizer, words: bool) -> list[dict]:
    """Sentences of 1 to 20 words; of words, every third has no label."""
    rng = np.random.default_rng(0)
    found = []
    for length in rng.integers(1, 20, size=COUNT):
        encoded = dict(tokenizer(" ".join(f"w{word}" for word in rng.integers(0, 50, size=length))))
        size = len(encoded["input_ids"])
        of_words = [-100 if place % 3 == 0 else int(rng.integers(0, 4)) for place in range(size)]
        found.append(encoded | {"labels": of_words if words else int(rng.integers(0, 4))})
    return found


def after_a_step(kind, backbone, words, tmp_path, *, micro_batches: int = 1) -> dict[str, torch.Tensor]:
    """Weights after one step of gradient descent on all examples, in so many micro-batches."""
    torch.manual_seed(0)
    tokenizer = word_tokenizer(token_types=backbone == "bert")
    family = AutoModelForTokenClassification if words else AutoModelForSequenceClassification
    config = tiny_config(backbone, layers=1, dropout=0.0, max_position_embeddings=40)
    config.num_labels = 4
    config.seq_classif_dropout = 0.0  # DistilBERT's own
    model = family.from_config(config)
    arguments = TrainingArguments(
        output_dir=str(tmp_path),
        per_device_train_batch_size=-(-COUNT // micro_batches),
        gradient_accumulation_steps=micro_batches,
        max_steps=1,
        learning_rate=1.0,
        lr_scheduler_type="constant",
        optim="sgd",
        max_grad_norm=0.0,
        save_strategy="no",
        logging_strategy="no",
        report_to="none",
        disable_tqdm=True,
        use_cpu=True,
    )
    collator = (DataCollatorForTokenClassification if words else DataCollatorWithPadding)(tokenizer)
    kind(model=model, args=arguments, data_collator=collator, train_dataset=features(tokenizer, words)).train()
    return {name: weight.detach().clone() for name, weight in model.named_parameters()}


@pytest.mark.parametrize(("backbone", "words"), [(name, bool(place % 2)) for place, name in enumerate(BACKBONES)])
def test_a_step_is_that_of_the_plain_trainer(backbone, words, tmp_path):
    plain = after_a_step(Trainer, backbone, words, tmp_path)
    ours = after_a_step(DownstreamTrainer, backbone, words, tmp_path)
    for name, weight in plain.items():
        torch.testing.assert_close(ours[name], weight, rtol=1e-4, atol=1e-5, msg=name)


@pytest.mark.parametrize("words", [False, True])
def test_micro_batches_make_the_step_of_the_whole_batch(words, tmp_path):
    whole = after_a_step(DownstreamTrainer, "xlm-roberta", words, tmp_path)
    accumulated = after_a_step(DownstreamTrainer, "xlm-roberta", words, tmp_path, micro_batches=3)
    for name, weight in whole.items():
        torch.testing.assert_close(accumulated[name], weight, rtol=1e-4, atol=1e-5, msg=name)


@pytest.mark.parametrize("side", ["right", "left"])
def test_parts_hold_every_example_once_and_little_padding(side):
    tokenizer = word_tokenizer()
    tokenizer.padding_side = side
    batch = dict(DataCollatorForTokenClassification(tokenizer)(features(tokenizer, words=True)))
    parts = list(parts_of_like_length(batch))
    assert [len(labels) for _, labels in parts] == [PART, PART, 3]
    whole = sorted(
        tuple(ids[mask.bool()].tolist()) for ids, mask in zip(batch["input_ids"], batch["attention_mask"], strict=True)
    )
    found = []
    for part, labels in parts:
        assert part["input_ids"].shape == labels.shape == part["attention_mask"].shape
        assert part["attention_mask"].any(dim=0).all()
        found += [
            tuple(ids[mask.bool()].tolist())
            for ids, mask in zip(part["input_ids"], part["attention_mask"], strict=True)
        ]
    assert sorted(found) == whole
    assert sum(labels.numel() for _, labels in parts) < 0.8 * batch["labels"].numel()
