"""Word alignments against a gold standard, as a module of evaluate."""

import datasets
import evaluate

from hf_xalign.evaluation import alignment_scores
from hf_xalign.metrics import direct
from hf_xalign.metrics import links as as_links


_DESCRIPTION = """\
How well word alignments agree with those that people made: alignment error rate (AER), precision, recall and F1 over \
all links of a corpus, with 95 % bootstrap intervals over its sentence pairs.
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions: for each sentence pair its links, words counted from 0: "0-0 1-2", or [[0, 0], [1, 2]].
    references: for each sentence pair its gold links: "0-0 1p2", i-j being a sure and ipj a possible link, or a list
        of sure links [[0, 0], [1, 2]].
    seed: of the bootstrap (default: 0).
Returns:
    "aer" (the lower, the better), "precision", "recall", "f1"; "..._low" and "..._high": ends of the interval; "n".
Examples:
    >>> import evaluate
    >>> from hf_xalign.metrics import metric_path
    >>> metric = evaluate.load(metric_path("alignment_error_rate"))
    >>> scores = metric.compute(predictions=["0-0 1-1", "0-1"], references=["0-0 1p1", "0-1 1-0"])
    >>> round(scores["aer"], 3)
    0.167
"""

_CITATION = """\
@article{och-ney-2003-systematic,
    title = "A Systematic Comparison of Various Statistical Alignment Models",
    author = "Och, Franz Josef and Ney, Hermann",
    journal = "Computational Linguistics",
    volume = "29",
    number = "1",
    year = "2003",
    pages = "19--51",
}
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class AlignmentErrorRate(direct.DirectMetric):
    def _info(self):
        text = datasets.Value("string")
        links = datasets.Sequence(datasets.Sequence(datasets.Value("int64")))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=_CITATION,
            inputs_description=_KWARGS_DESCRIPTION,
            features=[datasets.Features({"predictions": kind, "references": kind}) for kind in (text, links)],
        )

    def _compute(self, predictions, references, seed=0):
        return direct.with_intervals(
            alignment_scores(
                [as_links.predicted_links(links, f"predictions, row {row}") for row, links in enumerate(predictions)],
                [as_links.gold_links(links, f"references, row {row}") for row, links in enumerate(references)],
                seed=seed,
            )
        )
