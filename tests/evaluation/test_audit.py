"""The figures of an audit against ones counted by hand."""

from __future__ import annotations

import copy
import json

import numpy as np
import pytest

from hf_xalign.aligners.gold import GoldAlignment, GoldStandard
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import audit_alignments, format_audit, read_audit, validate_audit, write_audit
from hf_xalign.evaluation.audit.table import describe_choice
from hf_xalign.evaluation.audit.thresholds import threshold_curve


def standard(pairs, alignments, labels=None) -> GoldStandard:
    n = len(pairs)
    return GoldStandard(
        pairs, alignments, labels, [f"gold, line {i}" for i in range(1, n + 1)], [*range(n)], n, "table", "gold.jsonl"
    )


def words(count: int) -> list[str]:
    return [f"w{i}" for i in range(count)]


# Two German pairs, one Dutch.
GOLD = standard(
    [(words(4), words(3)), (words(2), words(2)), (words(5), words(5))],
    [
        GoldAlignment([(0, 0), (1, 1)], [(2, 1)]),
        GoldAlignment([(0, 0), (1, 1)]),
        GoldAlignment([(i, i) for i in range(5)]),
    ],
    ["eng-deu", "eng-deu", "eng-nld"],
)
LINKS = [
    [(0, 0, 0.9), (1, 1, 0.8), (2, 1, 0.4), (3, 1, 0.3)],
    [(0, 0, 0.7), (0, 1, 0.6)],
    [(0, 0, 0.95), (1, 1, 0.5)],
]


@pytest.fixture
def audit():
    return audit_alignments(GOLD, LINKS, aligner="hand(x=1)", wanted_precision=0.8)


def test_groups(audit):
    assert [(group["pair"], group["n"]) for group in audit["groups"]] == [("all", 3), ("eng-deu", 2), ("eng-nld", 1)]
    every, german, dutch = audit["groups"]
    assert every["links"] == {"predicted": 8, "sure": 9, "possible": 10}
    values = {name: estimate["value"] for name, estimate in german["scores"].items()}
    assert values == pytest.approx({"precision": 4 / 6, "recall": 3 / 4, "f1": 12 / 17, "aer": 1 - 7 / 10})
    assert dutch["scores"]["precision"]["value"] == 1 and dutch["scores"]["recall"]["value"] == 0.4


def test_coverage_null_rate_and_fertility(audit):
    german = audit["groups"][1]
    # Source: all 4 words, then 1 of 2; target: 2 of 3, then 2 of 2.
    assert german["coverage"]["source"]["predicted"]["value"] == pytest.approx(5 / 6)
    assert german["coverage"]["target"]["predicted"]["value"] == pytest.approx(4 / 5)
    assert german["null_rate"]["predicted"]["value"] == pytest.approx(2 / 11)
    # Gold, possible links among them: 3 of 4 and 2 of 2; 2 of 3 and 2 of 2.
    assert german["coverage"]["source"]["gold"] == pytest.approx(5 / 6)
    assert german["coverage"]["target"]["gold"] == pytest.approx(4 / 5)
    assert german["null_rate"]["gold"] == pytest.approx(2 / 11)
    source, target = german["fertility"]["source"], german["fertility"]["target"]
    assert (source["predicted"]["value"], source["gold"]) == pytest.approx((6 / 5, 5 / 5))
    assert (target["predicted"]["value"], target["gold"]) == pytest.approx((6 / 4, 5 / 4))
    assert (source["words"], source["gold_words"]) == ([1, 4, 1, 0, 0], [1, 5, 0, 0, 0])
    assert (target["words"], target["gold_words"]) == ([1, 3, 0, 1, 0], [1, 3, 1, 0, 0])


def test_thresholds(audit):
    points = [(point["threshold"], point["links"], point["precision"]["value"]) for point in audit["thresholds"]]
    # By falling score, right (1) or wrong: .95 1, .9 1, .8 1, .7 1, .6 0, .5 1, .4 1, .3 0.
    expected = [(0.3, 8, 6 / 8), (0.4, 7, 6 / 7), (0.5, 6, 5 / 6), (0.6, 5, 4 / 5)]
    expected += [(0.7, 4, 1), (0.8, 3, 1), (0.9, 2, 1), (0.95, 1, 1)]
    assert points == [pytest.approx(point) for point in expected]
    # Sure links found: the one at 0.4 is only possible.
    assert [round(9 * point["recall"]["value"]) for point in audit["thresholds"]] == [5, 5, 5, 4, 4, 3, 2, 1]
    assert audit["choice"] == {"reached": True, **audit["thresholds"][1]}
    # One sentence behind one link: no certainty.
    assert audit["thresholds"][-1]["precision"]["low"] == pytest.approx(0.025)


def test_the_threshold_is_the_lowest_that_gives_the_precision():
    truth = [GoldAlignment([(i, i) for i in range(10)])]
    links = [[(0, 0, 0.9), (1, 5, 0.8), (2, 2, 0.7), (3, 3, 0.6), (4, 5, 0.5)]]
    # 1/1, 1/2, 2/3, 3/4, 3/5: precision falls, rises and falls again.
    for wanted, threshold, count in ((0.75, 0.6, 4), (0.6, 0.5, 5), (0.76, 0.9, 1)):
        _, choice = threshold_curve(links, truth, wanted)
        assert (choice["reached"], choice["threshold"], choice["links"]) == (True, threshold, count)
    _, choice = threshold_curve([links[0][1:]], truth, 0.9)
    assert (choice["reached"], choice["threshold"], choice["precision"]["value"]) == (False, 0.6, pytest.approx(2 / 3))
    assert threshold_curve([[]], truth, 0.9) == ([], {})


def test_a_printed_threshold_keeps_the_links_that_it_was_counted_with():
    generator = np.random.default_rng(0)
    truth = [GoldAlignment([(i, i) for i in range(20)]) for _ in range(30)]
    links = [
        sorted((int(i), int(i + generator.integers(2)), float(generator.random())) for i in generator.permutation(19))
        for _ in truth
    ]
    curve, choice = threshold_curve(links, truth, 0.6)
    assert len(curve) <= 61 and choice["threshold"] in [point["threshold"] for point in curve]
    for point in curve:
        assert point["links"] == sum(score >= point["threshold"] for row in links for *_, score in row)


def test_histogram_and_examples(audit):
    histogram = audit["histogram"]
    assert sum(histogram["right"]) == 6 and sum(histogram["wrong"]) == 2
    assert len(histogram["edges"]) == len(histogram["right"]) + 1
    assert [(example["pair"], example["kind"]) for example in audit["examples"]] == [
        ("eng-deu", "worst"),
        ("eng-deu", "best"),
        ("eng-nld", "worst"),
    ]
    worst, best, _ = audit["examples"]
    assert (worst["place"], best["place"]) == ("line 2", "line 1")
    assert best["aer"] == pytest.approx(1 - (2 + 3) / (4 + 2))
    assert best["links"][0] == [0, 0, 0.9] and best["possible"] == [[2, 1]]


def test_three_examples_of_readable_size():
    sizes = [3, 6, 6, 6, 6, 6, 50]
    gold = standard(
        [(words(size), words(size)) for size in sizes],
        [GoldAlignment([(i, i) for i in range(size)]) for size in sizes],
    )
    links = [[(i, i, 1.0) for i in range(found)] for found in (0, 5, 1, 3, 6, 4, 0)]
    examples = audit_alignments(gold, links, aligner="x")["examples"]
    assert [(example["kind"], example["place"]) for example in examples] == [
        ("worst", "line 3"),
        ("median", "line 6"),
        ("best", "line 5"),
    ]


def test_tables(audit):
    text = format_audit(audit)
    assert "hand(x=1) against gold.jsonl (n = 3 pairs)" in text
    assert "eng-deu  2  6      66.7 [" in text
    assert "Links with a score of 0.4 or more reach a precision of 80 % (precision 85.7 [" in text
    assert "n = 7 links of 8" in text
    never = audit_alignments(GOLD, [[(0, 1, 0.5)], [], []], aligner="x")
    assert "No threshold reaches a precision of 90 %: the highest is at score 0.5 (precision 0.0" in describe_choice(
        never
    )
    every = audit_alignments(GOLD, [[(0, 0, 0.5)], [], []], aligner="x")
    assert "All links together reach a precision of 90 %" in describe_choice(every)
    nothing = audit_alignments(GOLD, [[], [], []], aligner="x")
    assert describe_choice(nothing) == "There is no link, so there is no threshold to choose."


def test_file(audit, tmp_path):
    path = write_audit(audit, tmp_path / "new")
    again = read_audit(tmp_path / "new")
    assert path.name == "audit.json" and again["groups"][0]["links"] == audit["groups"][0]["links"]
    assert read_audit(path) == json.loads(path.read_text(encoding="utf-8"))
    for break_it, message in (
        (lambda a: a.pop("groups"), "lacks groups"),
        (lambda a: a["groups"][0]["scores"].pop("aer"), r"lacks groups\[0\].scores.aer"),
        (lambda a: a["choice"].pop("reached"), "lacks choice.reached"),
        (lambda a: a.update(format="other"), "is not in the format hf_xalign/audit-1"),
        (lambda a: a.update(seed="0"), "seed should be int, is str"),
    ):
        broken = copy.deepcopy(audit)
        break_it(broken)
        with pytest.raises(XAlignError, match=message):
            validate_audit(broken)


def test_a_second_audit_is_the_same(audit):
    again = audit_alignments(GOLD, LINKS, aligner="hand(x=1)", wanted_precision=0.8)
    assert again | {"date": ""} == audit | {"date": ""}


@pytest.mark.parametrize(
    ("links", "wanted", "message"),
    [
        (LINKS[:2], 0.9, "2 predicted alignments, but 3 gold ones"),
        (LINKS, 1.5, "wanted precision is 1.5"),
        ([[(4, 0, 1.0)], [], []], 0.9, "pair 1: a link touches word 4, there are 4"),
    ],
)
def test_refusals(links, wanted, message):
    with pytest.raises(XAlignError, match=message):
        audit_alignments(GOLD, links, aligner="x", wanted_precision=wanted)


def test_a_language_without_sure_links_is_named():
    gold = standard([(["a"], ["b"])] * 2, [GoldAlignment([(0, 0)]), GoldAlignment([], [(0, 0)])], ["a-b", "c-d"])
    with pytest.raises(XAlignError, match="the gold alignments of c-d have no sure link"):
        audit_alignments(gold, [[], []], aligner="x")
