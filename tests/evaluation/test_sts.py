"""There are no graded pairs at hand whose licence lets them be shipped: scores are made up here."""

from __future__ import annotations

import gzip
import json

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from scipy import stats

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.sts import sts_correlation
from hf_xalign.evaluation.sts_data import read_sts
from hf_xalign.evaluation.sts_evaluation import evaluate_sts
from hf_xalign.evaluation.sts_results import format_sts, read_sts_results, sts_markdown, validate_sts, write_sts
from hf_xalign.evaluation.text_vectors import embed_texts
from tests.evaluation.checkpoints import parallel_rows, save_checkpoint


@pytest.fixture
def graded():
    """Pairs that are as similar as their scores say, more or less; scores in steps, so that some tie."""
    rng = np.random.default_rng(0)
    first = rng.normal(size=(120, 16))
    scores = rng.integers(0, 11, size=120) / 2
    noise = rng.normal(size=first.shape)
    return first, scores[:, None] * first + 4 * noise, scores


def cosines(first, second):
    return (first * second).sum(1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)


def test_correlations_are_those_of_scipy(graded):
    first, second, scores = graded
    found = sts_correlation(first, second, scores)
    x = cosines(first, second)
    assert found.spearman.value == pytest.approx(stats.spearmanr(x, scores).statistic, abs=1e-6)
    assert found.pearson.value == pytest.approx(stats.pearsonr(x, scores).statistic, abs=1e-6)
    for estimate in (found.spearman, found.pearson):
        assert estimate.low < estimate.value < estimate.high
        assert estimate.n == 120


def test_each_draw_is_a_correlation_of_resampled_pairs(graded):
    first, second, scores = graded
    x = cosines(first, second)
    found = sts_correlation(first, second, scores, n_resamples=20, seed=7)
    indices = np.random.default_rng(7).integers(0, 120, size=(20, 120))
    expected = [
        (stats.spearmanr(x[draw], scores[draw]).statistic, stats.pearsonr(x[draw], scores[draw]).statistic)
        for draw in indices
    ]
    np.testing.assert_allclose(found.draws, expected, atol=1e-6)


def test_only_order_matters_to_spearman(graded):
    first, second, scores = graded
    plain, bent = (sts_correlation(first, 3 * second, s) for s in (scores, np.exp(scores)))
    assert plain.spearman == bent.spearman
    assert plain.pearson != bent.pearson
    turned = sts_correlation(first, second, -scores)
    assert turned.spearman.value == pytest.approx(-plain.spearman.value)


def test_few_pairs_may_draw_one_score_only():
    first = np.eye(3)
    second = np.array([[1.0, 0, 0], [1, 1, 0], [1, 0, 0.1]])
    found = sts_correlation(first, second, [3.0, 2.0, 1.0])
    assert np.isnan(found.draws).any()
    assert np.isfinite([found.spearman.low, found.spearman.high]).all()


@pytest.mark.parametrize(
    ("first", "second", "scores", "message"),
    [
        (np.eye(3), np.eye(4), [1, 2, 3], "do not agree"),
        (np.eye(3), np.eye(3), [1, 2], "do not agree"),
        (np.eye(2), np.eye(2), [1, 2], "at least 3 pairs"),
        (np.eye(3), np.eye(3), [1, 2, np.nan], "not finite"),
        (np.eye(3), np.ones((3, 3)), [1, 1, 1], "all gold scores are 1"),
        (np.eye(3), np.eye(3), [1, 2, 3], "all cosines are 1"),
    ],
)
def test_wrong_input(first, second, scores, message):
    with pytest.raises(XAlignError, match=message):
        sts_correlation(first, second, scores)


ROWS = [
    {"sentence1": "w1 w2", "sentence2": "w3", "score": 4.5, "genre": "a"},
    {"sentence1": "w4", "sentence2": " ", "score": 1.0, "genre": "b"},
    {"sentence1": "w5 w6", "sentence2": "w6 w7", "score": None, "genre": "b"},
    {"sentence1": "w8", "sentence2": "w9 w1", "score": 0.0, "genre": "b"},
    {"sentence1": "w2", "sentence2": "w3", "score": 2.0, "genre": "c"},
    {"sentence1": "w3", "sentence2": "w3", "score": 5.0, "genre": "c"},
]


def write(path, rows=ROWS):
    if path.suffix == ".parquet":
        pq.write_table(pa.Table.from_pylist(rows), path)
    elif path.suffix == ".jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    else:
        mark = "\t" if path.suffix == ".tsv" else ","
        lines = [list(rows[0]), *([("" if cell is None else str(cell)) for cell in row.values()] for row in rows)]
        path.write_text("".join(mark.join(line) + "\n" for line in lines), encoding="utf-8")
    return str(path)


@pytest.mark.parametrize("format", ["parquet", "jsonl", "tsv", "csv"])
def test_every_format_gives_the_same_pairs(tmp_path, format):
    data = read_sts(write(tmp_path / f"sts.{format}"))
    assert (data.first, data.scores) == (["w1 w2", "w8", "w2", "w3"], [4.5, 0.0, 2.0, 5.0])
    assert (len(data), data.dropped, data.file, data.name) == (4, 2, f"sts.{format}", "sts")
    assert data.fingerprint() == read_sts(write(tmp_path / "other.jsonl")).fingerprint()
    assert len(read_sts(write(tmp_path / f"sts.{format}"), limit=3)) == 3


def test_gzip(tmp_path):
    path = tmp_path / "sts.tsv"
    write(path)
    (tmp_path / "sts.tsv.gz").write_bytes(gzip.compress(path.read_bytes()))
    assert read_sts(str(tmp_path / "sts.tsv.gz")).fingerprint() == read_sts(str(path)).fingerprint()


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([{**row, "score": "high"} for row in ROWS], "row 1 of score holds 'high', not a number"),
        ([{**row, "score": True} for row in ROWS], "row 1 of score holds True, not a number"),
        ([{**row, "score": "nan"} for row in ROWS], "row 1 of score holds 'nan', not a number"),
        ([{**row, "sentence1": 3} for row in ROWS], "row 1 of sentence1 and sentence2 holds 3, not text"),
        ([{"sentence1": "a", "sentence2": "b"}], "no column 'score'; it has sentence1, sentence2"),
        (ROWS[4:], "holds 2 complete rows: at least 3 are needed"),
    ],
)
def test_broken_files(tmp_path, rows, message):
    with pytest.raises(XAlignError) as caught:
        read_sts(write(tmp_path / "sts.jsonl", rows))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_models(tmp_path):
    models = [str(save_checkpoint(tmp_path / name, seed)) for seed, name in enumerate(("a", "b"))]
    rng = np.random.default_rng(1)
    rows = [
        {"sentence1": row["x"], "sentence2": row["y"], "score": float(rng.integers(0, 6))}
        for row in parallel_rows(40, ("x", "y"))
    ]
    data = read_sts(write(tmp_path / "sts.jsonl", rows))
    results = evaluate_sts(models, data, seed=3)
    for model, score in zip(models, results["scores"], strict=True):
        vectors = embed_texts(model, [*data.first, *data.second])
        expected = sts_correlation(vectors(data.first), vectors(data.second), data.scores, seed=3)
        assert score["spearman"] == expected.spearman.to_dict()
        assert score["pearson"] == expected.pearson.to_dict()
    first, second = results["scores"]
    assert "difference" not in first
    gain = second["difference"]["spearman"]
    assert gain["value"] == pytest.approx(second["spearman"]["value"] - first["spearman"]["value"])
    assert gain["low"] <= gain["value"] <= gain["high"]
    path = write_sts(results, tmp_path / "out")
    assert read_sts_results(tmp_path / "out")["dataset"]["n"] == 40
    assert "sts (n = 40), correlation of cosines with gold scores" in format_sts(results)
    assert {line.count("|") for line in sts_markdown(results).splitlines() if line.startswith("|")} == {5}
    broken = json.loads(path.read_text(encoding="utf-8"))
    broken["scores"].pop()
    with pytest.raises(XAlignError, match="1 scores for 2 models"):
        validate_sts(broken)
    same = [{**row, "sentence2": row["sentence1"]} for row in rows]
    with pytest.raises(XAlignError, match=r"a on same\.jsonl: all cosines are"):
        evaluate_sts(models[:1], read_sts(write(tmp_path / "same.jsonl", same)))
