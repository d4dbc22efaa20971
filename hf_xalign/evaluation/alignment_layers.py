"""How well the words of a model align, layer by layer, against a gold alignment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.blank_words import with_places, without_blanks
from hf_xalign.data.languages import parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.bootstrap import Estimate
from hf_xalign.evaluation.word_alignment import alignment_scores


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from hf_xalign.aligners.gold import GoldStandard

METHOD = "itermax"


def alignment_by_layer(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerBase,
    gold: GoldStandard,
    method: str = METHOD,
    *,
    seed: int = 0,
) -> list[dict[str, Estimate]]:
    """Link the words of each gold pair by their hidden states, and score the links.

    The look at every layer is that of SimAlign (Jalili Sabet et al., Findings of EMNLP 2020).

    Args:
        model: an encoder, or a model whose `.base_model` is one.
        tokenizer: the model's.
        gold: sentence pairs with their links, from `hf_xalign.aligners.gold.read_gold`.
        method: of the aligner `simalign`: "itermax", "inter", "match", "fwd" or "rev".
        seed: of the resamples.

    Returns:
        for each layer, from the embeddings (0) on, `precision`, `recall`, `f1` and `aer` with 95 % intervals. All
        layers come from one forward pass.

    Raises:
        XAlignError: an encoder or a method that is not known, or a gold standard without sure links.
    """
    aligner = load_aligner("simalign", model=model, tokenizer=tokenizer, method=method)
    kept, places = without_blanks(gold.pairs)
    return [
        alignment_scores(with_places(links, places), gold.alignments, seed=seed)
        for links in aligner.align_layers(kept)
    ]


def alignment_layers(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, gold: GoldStandard, *, seed: int = 0
) -> dict[str, Any]:
    """The part `alignment_layers` of a `results.json`."""
    layers = alignment_by_layer(model, tokenizer, gold, seed=seed)
    return {
        "gold": {"file": gold.file, "fingerprint": gold.fingerprint(), "n": len(gold)},
        "method": METHOD,
        "layers": [
            {"layer": layer, **{name: estimate.to_dict() for name, estimate in scores.items()}}
            for layer, scores in enumerate(layers)
        ],
    }


def of_languages(gold: GoldStandard, pair: tuple[str, str]) -> GoldStandard:
    """The pairs of two languages, either of them being the source; all where the file does not tell languages.

    Raises:
        XAlignError: the file has other languages only, and which.
    """
    if gold.labels is None:
        return gold
    wanted = {parse_language(code).iso639_3 for code in pair}
    found = gold.where(lambda label: _languages(label) == wanted)
    if not len(found):
        labels = ", ".join(dict.fromkeys(gold.labels))
        raise XAlignError(f"{gold.file} has no gold alignment of {' and '.join(pair)}; it has {labels}")
    return found


def _languages(label: str) -> set[str]:
    """The languages of a label such as `eng-ita`; none of one that names no languages."""
    try:
        return {parse_language(code).iso639_3 for code in label.split("-")}
    except XAlignError:
        return set()
