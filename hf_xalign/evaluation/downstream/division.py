"""What is trained on, what chooses the epoch, what is tested: never the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.downstream.examples import Example, Examples, LabelledFile
from hf_xalign.evaluation.downstream.file_columns import names_language


# Of a split that serves for several of these.
SHARES = {"train": 0.8, "validation": 0.1, "test": 0.1}


@dataclass(frozen=True)
class TaskData:
    """`train` and `validation` in one language, a test set in each of several."""

    train: Examples
    validation: Examples
    tests: list[Examples]


def read_task(
    file: LabelledFile, train_language: str, test_languages: Sequence[str], *, limit: int | None = None
) -> TaskData:
    """Read and, where one split serves twice, divide it.

    The division is by the first text (the hypotheses of one premise of XNLI stay together) and always the same,
    whatever the seed. Rows that are trained on or chosen by are tested on in no language: in files with a column per
    language the rows of a language are those of all.

    Args:
        file: the labelled sentences.
        train_language: the language of training and of the validation set, such as `hin_Deva`.
        test_languages: those of the tests; the training language may be among them.
        limit: keep the first so many of each set.

    Raises:
        XAlignError: as `LabelledFile.read`, or a part has no rows.
    """
    names = {role: getattr(file.settings, f"{role}_split") for role in SHARES}
    # Where the training language is not tested, and no other shares its rows, its splits need no part for a test.
    tested = file.parallel or any(names_language(code, train_language) for code in test_languages)
    roles = [role for role in SHARES if tested or role != "test"]
    pools = file.read(train_language, [names["train"], names["validation"]])
    parts = {}
    for role in ("train", "validation"):
        pool = pools[names[role]]
        sharing = [other for other in roles if names[other] == names[role]]
        items = _divided(pool.items, sharing)[role] if len(sharing) > 1 else pool.items
        parts[role] = replace(pool, items=items)
    seen = {item.row for part in parts.values() for item in part.items}
    tests = []
    for language in test_languages:
        test = file.read(language, [names["test"]])[names["test"]]
        tests.append(replace(test, items=[item for item in test.items if item.row not in seen]))
    found = [replace(part, items=part.items[:limit]) for part in (*parts.values(), *tests)]
    for part in found:
        if not part.items:
            raise XAlignError(
                f"{file.file} has too few rows of {part.language} in the split {part.split!r} for all that it serves"
            )
    return TaskData(found[0], found[1], found[2:])


def _divided(items: Sequence[Example], roles: Sequence[str]) -> dict[str, list[Example]]:
    """The examples of each role, in the order of the file."""
    groups = list(dict.fromkeys(item.parts[0] if len(item.parts) == 2 else item.row for item in items))
    order = np.random.default_rng(0).permutation(len(groups))
    ends = np.cumsum([SHARES[role] for role in roles]) / sum(SHARES[role] for role in roles) * len(groups)
    place = {groups[index]: position for position, index in enumerate(order)}
    found: dict[str, list[Example]] = {role: [] for role in roles}
    for item in items:
        position = place[item.parts[0] if len(item.parts) == 2 else item.row]
        found[roles[int(np.searchsorted(ends, position, side="right"))]].append(item)
    return found
