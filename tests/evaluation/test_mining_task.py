from __future__ import annotations

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.mining_task import mining_tasks
from hf_xalign.evaluation.parallel_text import ParallelText


def text(n: int, *, twice: int = 0) -> ParallelText:
    """Row i is `s<i>` and `t<i>`, its number in the file 2i; the first `twice` rows come again with another target."""
    numbers = [*range(n), *range(twice)]
    source = [f"s{number}" for number in numbers]
    target = [f"t{number}" for number in range(n)] + [f"u{number}" for number in range(twice)]
    return ParallelText(source, target, ("eng", "swh"), "set.tsv", False, 0, [2 * row for row in range(n + twice)])


def test_gold_pairs_are_hidden_among_sentences_without_translation():
    tuning, test = mining_tasks(text(103), gold_share=0.2)
    for task in (tuning, test):
        assert task.describe() == {"source": 31, "target": 30, "gold": 10}
        gold = set(task.gold)
        assert len(gold) == 10
        for i, source in enumerate(task.source):
            assert task.source_rows[i] == 2 * int(source[1:])
            for j, target in enumerate(task.target):
                # Exactly the gold pairs are translations.
                assert ((i, j) in gold) == (source[1:] == target[1:])
    rows = [{sentence[1:] for sentence in (*task.source, *task.target)} for task in (tuning, test)]
    assert rows[0].isdisjoint(rows[1])
    assert len(rows[0]) == len(rows[1]) == 51


def test_order_tells_nothing():
    tuning, _ = mining_tasks(text(200))
    assert [pair[0] for pair in tuning.gold] != [pair[1] for pair in tuning.gold]
    assert max(source for source, _ in tuning.gold) > len(tuning.gold)


def test_rows_that_share_a_sentence_are_left_out():
    tuning, test = mining_tasks(text(60, twice=30))
    everything = [*tuning.source, *test.source, *tuning.target, *test.target]
    assert len(everything) == len(set(everything))
    assert not any(sentence.startswith("u") for sentence in everything)
    assert len(tuning.source) + len(tuning.target) - len(tuning.gold) == 30


def test_the_seed_decides():
    assert mining_tasks(text(50), seed=3) == mining_tasks(text(50), seed=3)
    assert mining_tasks(text(50), seed=3) != mining_tasks(text(50), seed=4)


@pytest.mark.parametrize(
    ("n", "share", "message"),
    [
        (50, 0.0, "must lie between 0 and 1"),
        (50, 1.0, "must lie between 0 and 1"),
        (4, 0.2, "4 different pairs of eng-swh are too few"),
        (20, 0.95, "too few to hide 0.95"),
        (6, 0.5, None),
    ],
)
def test_too_few_rows(n, share, message):
    if message is None:
        assert mining_tasks(text(n), gold_share=0.34)[0].describe() == {"source": 2, "target": 2, "gold": 1}
        return
    with pytest.raises(XAlignError, match=message):
        mining_tasks(text(n), gold_share=share)
