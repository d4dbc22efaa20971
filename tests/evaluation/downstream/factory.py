"""Files of labelled sentences that a tiny model can learn: the label of a word is told by the word."""

from __future__ import annotations

import json
import random
from pathlib import Path

from hf_xalign.evaluation import TaskSettings, task_settings


TAGS = ("NOUN", "VERB", "ADP")
TOPICS = ("sports", "health", "travel")


def quick_settings(task: str, **changes) -> TaskSettings:
    """Settings of a few steps with a learning rate for tiny models."""
    quick = {
        "training.learning_rate": 0.01,
        "training.num_train_epochs": 3,
        "training.gradient_accumulation_steps": 1,
        "training.per_device_train_batch_size": 8,
    }
    return task_settings(task, quick | {key.replace("__", "."): value for key, value in changes.items()})


def word_rows(languages=("hin", "urd"), splits=("train", "dev", "test"), count: int = 24) -> list[dict]:
    """Rows of Universal Dependencies' columns; the tag of `wN` is the rest of N by three."""
    draw = random.Random(0)
    rows = []
    for language in languages:
        for split in splits:
            for _ in range(count):
                words = [draw.randrange(50) for _ in range(draw.randint(2, 7))]
                tags = [TAGS[word % 3] for word in words]
                rows.append({"lang": language, "split": split, "tokens": [f"w{w}" for w in words], "upos": tags})
    return rows


def topic_rows(columns=("hin_Deva", "urd_Arab"), splits=("train", "dev", "test"), count: int = 24) -> list[dict]:
    """Rows of SIB-200's columns; a topic has words of its own."""
    draw = random.Random(0)
    rows = []
    for split in splits:
        for _ in range(count):
            topic = draw.randrange(3)
            texts = {
                column: " ".join(f"w{3 * draw.randrange(16) + topic}" for _ in range(draw.randint(3, 6)))
                for column in columns
            }
            rows.append({"split": split, "category": TOPICS[topic], **texts})
    return rows


def write_rows(path: Path, rows: list[dict]) -> str:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")
    return str(path)
