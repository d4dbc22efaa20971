"""The front matter of a model card: what the Hub filters and links by."""

from __future__ import annotations

from huggingface_hub import ModelCardData

from hf_xalign.data.languages import Language, parse_language
from hf_xalign.errors import XAlignError
from hf_xalign.hub.eval_results import model_index
from hf_xalign.hub.run_folder import RunFolder
from hf_xalign.hub.run_results import Score
from hf_xalign.markdown import one_line


def card_data(run: RunFolder, scores: list[Score], model_name: str) -> ModelCardData:
    """The metadata of a run.

    `base_model` and `datasets` name what is on the Hub; files and folders of a machine stand in the body alone.

    Args:
        scores: become the legacy `model-index`.
        model_name: the name that they stand under.
    """
    base = run.provenance.get("base_model") or {}
    tags = ["hf_xalign", "crosslingual-alignment", *run.settings.heads, "generated_from_trainer"]
    if run.provenance.get("data", {}).get("synthetic"):
        tags.append("synthetic")
    license = run.recipe.get("license")
    return ModelCardData(
        language=sorted({language.iso639_3 for language in languages_of(run)}) or None,
        license=None if license is None else one_line(license),
        library_name=_library(run),
        pipeline_tag="sentence-similarity" if _library(run) == "sentence-transformers" else "feature-extraction",
        base_model=one_line(base["name"]) if base and not base["local"] else None,
        base_model_relation=_relation(run) if base and not base["local"] else None,
        datasets=hub_datasets(run) or None,
        metrics=_metrics(scores) or None,
        tags=[one_line(tag) for tag in tags],
        model_name=one_line(model_name),
        eval_results=model_index(scores, run) or None,
    )


def languages_of(run: RunFolder) -> list[Language]:
    """The languages of the training data, by code; what is no code is left out."""
    found = set()
    for key in run.provenance.get("data", {}).get("languages", {}):
        for code in str(key).split("-"):
            try:
                found.add(parse_language(code))
            except XAlignError:
                continue
    return sorted(found, key=str)


def hub_datasets(run: RunFolder) -> list[str]:
    """Data sets of the Hub that the run was trained on."""
    sources = run.provenance.get("data", {}).get("sources", {}).get("train_data", [])
    return list(dict.fromkeys(one_line(source["hub_id"]) for source in sources if source.get("hub_id")))


def _library(run: RunFolder) -> str:
    """What the Hub says a model is opened with."""
    if (run.path / "modules.json").is_file():
        return "sentence-transformers"
    return "peft" if run.is_adapter else "transformers"


def _relation(run: RunFolder) -> str:
    return "adapter" if run.is_adapter else "finetune"


# Names that the Hub's list of metrics has.
_METRICS = {
    "retrieval": "accuracy",
    "mining": "f1",
    "sts": "spearmanr",
    "sib200": "accuracy",
    "ner": "f1",
    "pos": "accuracy",
    "nli": "accuracy",
}


def _metrics(scores: list[Score]) -> list[str]:
    return list(dict.fromkeys(_METRICS[score.task] for score in scores if score.task in _METRICS))
