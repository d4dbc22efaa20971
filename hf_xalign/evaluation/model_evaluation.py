"""Everything `results.json` holds, for one model and one set of translation pairs."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.alignment_layers import alignment_layers
from hf_xalign.evaluation.bootstrap import bootstrap_interval, share_interval
from hf_xalign.evaluation.embeddings import (
    embed_tokenized,
    length_limit,
    resolve_layers,
    tokenize_sentences,
)
from hf_xalign.evaluation.layer_measures import held_out, layer_measures
from hf_xalign.evaluation.loading import alignment_settings, checkpoints_of
from hf_xalign.evaluation.overlap import LexicalOverlap, lexical_overlap, token_ids
from hf_xalign.evaluation.parallel_text import ParallelText
from hf_xalign.evaluation.results import FORMAT
from hf_xalign.evaluation.retrieval import METRICS, RetrievalResult, retrieval_accuracy, text_groups
from hf_xalign.evaluation.similarity import Similarity, sentence_similarities, similarity_estimates
from hf_xalign.loading import load_encoder, load_tokenizer
from hf_xalign.version import __version__


if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from hf_xalign.aligners.gold import GoldStandard

# The order in which `sentence_similarities` takes them.
SIDES = ("source", "source_latn", "target", "target_latn")
MAX_ERRORS = 20


def evaluate_model(
    name_or_path: str,
    data: ParallelText,
    *,
    layer: int | None = None,
    pooling: str | None = None,
    metrics: Sequence[str] = ("cosine",),
    label: str | None = None,
    name: str | None = None,
    synthetic: bool = False,
    seed: int = 0,
    max_length: int | None = None,
    batch_tokens: int = 4096,
    checkpoints: bool = False,
    alignment: GoldStandard | None = None,
    measures: bool = False,
    progress: bool = False,
) -> dict[str, Any]:
    """Evaluate a checkpoint folder or Hub id; the result is what `write_results` writes.

    Args:
        name_or_path: the checkpoint.
        data: pairs of translations.
        layer, pooling: None: those of the checkpoint's `xalign_config.json`, else 8 of 12 layers and "mean".
        metrics: retrieval metrics; cosine is always among them, and the one that layers and errors are given for.
        label: the model's name in tables and figures; None: its folder's.
        name: the name of the data; None: their file's.
        synthetic: mark the data as not written by people.
        seed: of the random pairs, the resamples and the choice of errors.
        max_length, batch_tokens: in tokens; see [`sentence_embeddings`].
        checkpoints: evaluate the folder's checkpoint-STEP folders too, for `dynamics`.
        alignment: a gold standard to measure every layer's word alignment on, for `alignment_layers`.
        measures: add CKA, ANC, isotropy, and retrieval after mean-centring and linear maps, by layer; see
            [`layer_measures`].
        progress: whether to show bars.

    Raises:
        XAlignError: a model that cannot be opened, an unknown metric, a layer or a length out of range, too few pairs
            for `measures`.
    """
    unknown = sorted(set(metrics) - set(METRICS))
    if unknown:
        raise XAlignError(f"unknown retrieval metric {unknown[0]!r}: use {', '.join(METRICS)}")
    groups = text_groups(data.source, data.target)
    if measures:
        # Too few pairs should not cost the run of a model.
        held_out(groups, seed)
    steps = checkpoints_of(name_or_path) if checkpoints else []
    model, tokenizer = load_encoder(name_or_path), load_tokenizer(name_or_path)
    settings = alignment_settings(name_or_path)
    num_layers = model.config.num_hidden_layers
    (layer,) = resolve_layers([settings.resolve_alignment_layer(num_layers) if layer is None else layer], num_layers)
    pooling = pooling or settings.pooling

    texts = romanised(data)
    limit = length_limit(model, tokenizer, max_length)
    tokenized = {side: tokenize_sentences(tokenizer, texts[side], max_length=limit) for side in SIDES}

    def embed(encoder: PreTrainedModel, side: str, layers: list[int] | None, what: str = "") -> dict[int, np.ndarray]:
        bar = progress and f"{what}{side}"
        return embed_tokenized(
            encoder, tokenized[side], layers=layers, pooling=pooling, batch_tokens=batch_tokens, progress=bar
        )

    # Every layer of both languages is measured; the transliterations are looked at in one.
    by_layer = {side: embed(model, side, [layer] if side.endswith("_latn") else None) for side in SIDES}
    vectors = {side: by_layer[side][layer] for side in SIDES}

    pair = vectors["source"], vectors["target"]
    retrieval = {
        metric: retrieval_accuracy(*pair, metric=metric, groups=groups)
        for metric in METRICS
        if metric == "cosine" or metric in metrics
    }
    similarities = sentence_similarities(*(vectors[side] for side in SIDES), seed=seed, groups=groups)
    tokens = {side: token_ids(tokenizer, texts[side]) for side in SIDES}
    results = {
        "format": FORMAT,
        "model": name_or_path,
        "label": label or Path(name_or_path).resolve().name,
        "dataset": {
            "name": name or data.name,
            "file": data.file,
            "fingerprint": data.fingerprint(),
            "n": len(data),
            "synthetic": data.synthetic or synthetic,
        },
        "pair": list(data.pair),
        "layer": layer,
        "num_layers": num_layers,
        "pooling": pooling,
        "seed": seed,
        "max_length": limit,
        "versions": {
            "hf_xalign": __version__,
            **{name: version(name) for name in ("transformers", "torch", "uroman")},
        },
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "truncated": {side: tokenized[side].truncated for side in SIDES},
        "retrieval": {metric: _retrieval(result, seed) for metric, result in retrieval.items()},
        "layers": [
            {
                "layer": index,
                **_retrieval(
                    retrieval_accuracy(by_layer["source"][index], by_layer["target"][index], groups=groups, k=(1,)),
                    seed,
                ),
            }
            for index in sorted(by_layer["source"])
        ],
        "similarities": {name: _similarity(similarity, seed) for name, similarity in similarities.items()},
        "overlap": {
            "original": _overlap(lexical_overlap(tokens["source"], tokens["target"], seed=seed)),
            "transliterated": _overlap(lexical_overlap(tokens["source_latn"], tokens["target_latn"], seed=seed)),
        },
        "errors": retrieval_errors(retrieval["cosine"], texts, seed),
    }
    if measures:
        results["measures"] = layer_measures(by_layer["source"], by_layer["target"], groups, seed=seed)
    if alignment is not None:
        results["alignment_layers"] = alignment_layers(model, tokenizer, alignment, seed=seed)
    if checkpoints:
        results["dynamics"] = []
        for step, path in steps:
            encoder = load_encoder(str(path))
            vectors = {side: embed(encoder, side, [layer], f"step {step} ")[layer] for side in SIDES}
            results["dynamics"].append({"step": step, **_dynamics(vectors, groups, seed)})
    return results


def romanised(data: ParallelText) -> dict[str, list[str]]:
    """The four texts, by `SIDES`."""
    from hf_xalign.data.transliteration import transliterate

    return {
        "source": data.source,
        "source_latn": transliterate(data.source, lang=data.pair[0]),
        "target": data.target,
        "target_latn": transliterate(data.target, lang=data.pair[1]),
    }


def retrieval_errors(result: RetrievalResult, texts: dict[str, list[str]], seed: int = 0) -> list[dict[str, Any]]:
    """Up to 20 queries whose answer was not the nearest, drawn at random from both directions."""
    wrong = [
        (direction, int(row))
        for direction in ("forward", "backward")
        for row in np.flatnonzero(~getattr(result, direction).hits(1))
    ]
    chosen = np.random.default_rng(seed).permutation(len(wrong))[:MAX_ERRORS]
    errors = []
    for direction, row in (wrong[index] for index in sorted(chosen)):
        found = getattr(result, direction)
        query, answer = ("source", "target") if direction == "forward" else ("target", "source")
        nearest = int(found.nearest[row])
        errors.append(
            {
                "direction": direction,
                "query": texts[query][row],
                "query_latn": texts[f"{query}_latn"][row],
                "answer": texts[answer][row],
                "answer_latn": texts[f"{answer}_latn"][row],
                "nearest": texts[answer][nearest],
                "nearest_latn": texts[f"{answer}_latn"][nearest],
                "rank": int(found.ranks[row]),
                "score_answer": float(found.answer_scores[row]),
                "score_nearest": float(found.nearest_scores[row]),
            }
        )
    return errors


def _dynamics(vectors: dict[str, np.ndarray], groups: np.ndarray, seed: int) -> dict[str, Any]:
    retrieval = retrieval_accuracy(vectors["source"], vectors["target"], groups=groups, k=(1,))
    similarities = sentence_similarities(*(vectors[side] for side in SIDES), seed=seed, groups=groups)
    return {
        "mean_top1": _mean(retrieval.mean_hits(1), seed),
        "similarities": {
            name: {
                "matched": float(similarity.matched.mean()),
                "random": float(similarity.random.mean()),
                "gap": similarity.gap,
            }
            for name, similarity in similarities.items()
        },
    }


def _mean(values: np.ndarray, seed: int) -> dict[str, float | int]:
    return bootstrap_interval(values, seed=seed).to_dict()


def _share(hits: np.ndarray, seed: int) -> dict[str, float | int]:
    return share_interval(hits, seed=seed).to_dict()


def _retrieval(result: RetrievalResult, seed: int) -> dict[str, Any]:
    return {
        "forward": {f"top{k}": _share(result.forward.hits(k), seed) for k in result.k},
        "backward": {f"top{k}": _share(result.backward.hits(k), seed) for k in result.k},
        "mean_top1": _share(result.mean_hits(1), seed),
    }


def _similarity(similarity: Similarity, seed: int) -> dict[str, Any]:
    estimates = similarity_estimates(similarity, seed=seed)
    return {name: estimate.to_dict() for name, estimate in estimates.items()} | {"histogram": similarity.histogram()}


def _overlap(overlap: LexicalOverlap) -> dict[str, Any]:
    return {"shared": overlap.shared, "total": overlap.total, "ratio": overlap.ratio.to_dict()}
