"""How much nearer translations are than other sentences, as a module of evaluate."""

import datasets
import evaluate

from hf_xalign import citations
from hf_xalign.evaluation import derangement, matched_and_random, sentence_similarities, similarity_estimates
from hf_xalign.metrics import direct


_DESCRIPTION = """\
Cosines of sentences with their translations, against pairs put together at random: both means, the gap between them, \
and the AUROC, with 95 % bootstrap intervals. With embeddings of transliterations, the other similarities of Liu et \
al. (2025), too.
"""

_KWARGS_DESCRIPTION = """
Args:
    predictions: N embeddings of D numbers: the sentences of one language.
    references: N embeddings of D numbers: row i translates row i of the predictions.
    predictions_latn, references_latn: embeddings of their transliterations, both or none.
    groups: N integers; rows of one group are never each other's random partner.
    seed: of the random pairs and of the bootstrap (default: 0).
Returns:
    "translation_matched", "translation_random", "translation_gap", "translation_auroc"; "..._low" and "..._high": ends
    of the interval; "n". With transliterations the same for "transliteration" (of the predictions with their own),
    "transliteration_translation", "transliteration_transliteration", "transliteration_reversed" and
    "transliteration_translation_reversed".
Examples:
    >>> import evaluate
    >>> from hf_xalign.metrics import metric_path
    >>> metric = evaluate.load(metric_path("sentence_similarity"))
    >>> scores = metric.compute(predictions=[[1, 0], [0, 1]], references=[[1, 0], [0, 2]])
    >>> scores["translation_gap"]
    1.0
"""


@evaluate.utils.file_utils.add_start_docstrings(_DESCRIPTION, _KWARGS_DESCRIPTION)
class SentenceSimilarity(direct.DirectMetric):
    def _info(self):
        vectors = datasets.Sequence(datasets.Value("float32"))
        return evaluate.MetricInfo(
            description=_DESCRIPTION,
            citation=citations.TRANSLITERATIONS,
            inputs_description=_KWARGS_DESCRIPTION,
            features=datasets.Features({"predictions": vectors, "references": vectors}),
        )

    def _compute(self, predictions, references, predictions_latn=None, references_latn=None, groups=None, seed=0):
        source, target = direct.embeddings(predictions, "predictions"), direct.embeddings(references, "references")
        if predictions_latn is None and references_latn is None:
            random = derangement(len(source), seed, groups)
            similarities = {"translation": matched_and_random(source, target, random)}
        else:
            latn = [
                direct.embeddings(rows, name)
                for name, rows in (("predictions_latn", predictions_latn), ("references_latn", references_latn))
            ]
            similarities = sentence_similarities(source, latn[0], target, latn[1], seed=seed, groups=groups)
        return direct.with_intervals(
            {
                f"{pair}_{name}": estimate
                for pair, similarity in similarities.items()
                for name, estimate in similarity_estimates(similarity, seed=seed).items()
            }
        )
