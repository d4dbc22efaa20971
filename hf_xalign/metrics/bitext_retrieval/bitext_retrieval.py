"""Sentence retrieval between two languages, as a module of evaluate."""

import datasets
import evaluate

from hf_xalign.evaluation import retrieval_accuracy, share_interval
from hf_xalign.metrics import direct


_DESCRIPTION = """\
Is the translation of a sentence its nearest neighbour among all sentences of the other language? The share of \
sentences for which it is, in both directions, with 95 % bootstrap intervals.
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions: N embeddings of D numbers: the sentences of one language.
    references: N embeddings of D numbers: row i translates row i of the predictions.
    k: numbers of nearest neighbours among which the translation counts as found (default: 1, 5 and 10).
    metric: "cosine" (default), "csls" or "margin".
    neighbours: how many neighbours "csls" and "margin" look at (default: 10 and 4).
    groups: N integers; rows of one group are translations of each other, too, and never count as wrong answers.
    seed: of the bootstrap (default: 0).
Returns:
    "top1": mean of both directions; "top1_forward": predictions look for references; "top1_backward": the reverse; the
    same for every other k; "..._low" and "..._high": ends of the interval; "n".
Examples:
    >>> import evaluate
    >>> from hf_xalign.metrics import metric_path
    >>> metric = evaluate.load(metric_path("bitext_retrieval"))
    >>> scores = metric.compute(predictions=[[1, 0], [0, 1], [1, 1]], references=[[2, 0], [0, 3], [1, 0.1]], k=[1])
    >>> round(scores["top1"], 3), scores["top1_forward"]
    (0.833, 1.0)
"""

_CITATION = """\
@inproceedings{hammerl-etal-2024-understanding,
    title = "Understanding Cross-Lingual {A}lignment---{A} Survey",
    author = {H{\\"a}mmerl, Katharina and Libovick{\\'y}, Jind{\\v{r}}ich and Fraser, Alexander},
    booktitle = "Findings of the Association for Computational Linguistics: ACL 2024",
    year = "2024",
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class BitextRetrieval(direct.DirectMetric):
    def _info(self):
        vectors = datasets.Sequence(datasets.Value("float32"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features({"predictions": vectors, "references": vectors}),
        )

    def _compute(self, predictions, references, k=(1, 5, 10), metric="cosine", neighbours=None, groups=None, seed=0):
        result = retrieval_accuracy(
            direct.embeddings(predictions, "predictions"),
            direct.embeddings(references, "references"),
            k=k,
            metric=metric,
            neighbours=neighbours,
            groups=groups,
        )
        hits = {}
        for rank in result.k:
            hits[f"top{rank}"] = result.mean_hits(rank)
            hits[f"top{rank}_forward"] = result.forward.hits(rank)
            hits[f"top{rank}_backward"] = result.backward.hits(rank)
        return direct.with_intervals({name: share_interval(found, seed=seed) for name, found in hits.items()})
