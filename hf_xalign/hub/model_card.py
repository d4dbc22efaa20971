"""`README.md` of a run: what the model is, how it is used, how good it is, and how it was made.

All that is told comes from files in the run's folder. Whatever comes from data, recipes or names of files is escaped.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path

from huggingface_hub import ModelCard
from safetensors import safe_open

from hf_xalign.files import write_text
from hf_xalign.hub.card_data import card_data, languages_of
from hf_xalign.hub.card_results import percent, result_tables, weakest_and_best
from hf_xalign.hub.card_sections import (
    NOT_STATED,
    citations,
    duration,
    language_rows,
    licences,
    log_rows,
    objective_rows,
    peak_memory_gb,
    romanised,
    seconds_of,
    setting_rows,
    source_rows,
)
from hf_xalign.hub.eval_results import write_eval_results
from hf_xalign.hub.export_record import read_export
from hf_xalign.hub.run_folder import RunFolder, read_run
from hf_xalign.hub.run_results import RunResults, read_scores
from hf_xalign.hub.usage import pooling_of, sentence_transformers_usage, transformers_usage
from hf_xalign.markdown import OUR_CARD, code, inline, one_line


CARD_NAME = "README.md"
MARKER = f"{OUR_CARD}from the files of this run; without this line it will not be written anew. -->"

logger = logging.getLogger("hf_xalign")


def write_card(folder: str | Path, *, repo_id: str | None = None, results: Sequence[str | Path] = ()) -> Path:
    """Write the card of a run, and its scores in `.eval_results/*.yaml`, from what lies in its folder.

    A `README.md` that hf_xalign did not write, or whose first comment was taken out, stays as it is.

    Args:
        folder: of a finished run, a checkpoint or an export.
        repo_id: what the model is called on the Hub; by default its snippets name the run.
        results: further folders of `xalign evaluate --output`; the run's own and those in it are always read.

    Returns:
        `README.md`.

    Raises:
        XAlignError: no checkpoint of hf_xalign, or a file that cannot be read or written.
    """
    folder = Path(folder)
    run = read_run(folder)
    found = _scores(run, results)
    for line in found.left_out:
        logger.warning("the card of %s leaves out %s", folder, line)
    write_eval_results(folder, found.scores, run)
    path = folder / CARD_NAME
    if path.is_file() and MARKER not in path.read_text(encoding="utf-8", errors="replace"):
        logger.warning("%s was not written by hf_xalign: left as it is", path)
        return path
    return write_text(path, str(_render(run, found, repo_id)))


def render_card(folder: str | Path, *, repo_id: str | None = None, results: Sequence[str | Path] = ()) -> ModelCard:
    """The card that [`write_card`] writes; nothing is written.

    Args:
        folder, repo_id, results: as for [`write_card`].

    Raises:
        XAlignError: as for [`write_card`].
    """
    run = read_run(folder)
    return _render(run, _scores(run, results), repo_id)


def refresh_cards(models: Sequence[str | Path], output: str | Path) -> list[Path]:
    """Write the cards of those runs anew in whose folders an evaluation was just put.

    Args:
        models: what was evaluated; ids on the Hub, and folders that have no card of hf_xalign, are passed over.
        output: where the results went.

    Returns:
        The cards.
    """
    written = []
    place = Path(output).resolve()
    for folder in map(Path, models):
        path = folder / CARD_NAME
        if not folder.is_dir() or not place.is_relative_to(folder.resolve()) or not path.is_file():
            continue
        if MARKER in path.read_text(encoding="utf-8", errors="replace"):
            written.append(write_card(folder))
    return written


def _scores(run: RunFolder, results: Sequence[str | Path]) -> RunResults:
    return read_scores(run.path, names=[run.name], since=run.trained_until, also=results)


def _render(run: RunFolder, found: RunResults, repo_id: str | None) -> ModelCard:
    name = repo_id or run.name
    languages = languages_of(run)
    template = files("hf_xalign.hub") / "templates" / "model_card.md.jinja"
    return ModelCard.from_template(
        card_data(run, found.scores, name),
        template_str=template.read_text(encoding="utf-8"),
        marker=MARKER,
        title=inline(name.rpartition("/")[2]),
        introduction=_introduction(run),
        base=_base(run),
        encoder=_encoder(run),
        embeddings=_embeddings(run),
        languages=", ".join(f"`{language}`" for language in languages) or NOT_STATED,
        objectives=", ".join(inline(name) for name in run.settings.heads) or "none",
        licence=inline(run.recipe.get("license") or NOT_STATED),
        usage_transformers=transformers_usage(run, name),
        usage_sentence_transformers=sentence_transformers_usage(run, name),
        tables=result_tables(found.scores),
        data=_data(run),
        language_table=language_rows(run),
        source_table=source_rows(run),
        not_stated=f'"{NOT_STATED}"',
        objective_table=objective_rows(run),
        total="The loss is their weighted sum." if len(run.settings.heads) > 1 else "",
        setting_table=setting_rows(run),
        log_table=log_rows(run),
        selection=_use_of_selection(run),
        machine=_machine(run),
        time=_time(run),
        versions=_versions(run),
        limits=_limits(run, found),
        citations=citations(run),
    )


def _introduction(run: RunFolder) -> str:
    export = read_export(run.path)
    if export is not None:
        aligned = ", an encoder that was aligned across languages and scripts with hf_xalign, for use without it"
        return (
            f"The first {export.layers} of {export.layers_of_source} layers of "
            f"{inline(export.source)}{aligned if run.settings.heads else ''}."
        )
    how = "trained from scratch" if run.recipe.get("model_config") else "trained further"
    kind = "An adapter (LoRA) of an encoder, trained" if run.is_adapter else f"An encoder, {how}"
    return (
        f"{kind} with hf_xalign, which aligns languages and scripts. It opens with plain "
        f"{'peft' if run.is_adapter else 'transformers'}, which does not read the files that only training needs."
    )


def _base(run: RunFolder) -> str:
    base = run.provenance.get("base_model")
    if base is None:
        if run.recipe.get("model_config"):
            return "none: trained from scratch"
        name = str(run.recipe.get("model_name_or_path") or NOT_STATED)
        # An id has one slash at most; anything else is a path of some machine.
        return inline(name if name.count("/") < 2 and not name.startswith(("/", ".", "~")) else Path(name).name)
    if base["local"]:
        return f"{inline(base['name'])} (a folder, not on the Hub)"
    revision = f", revision {inline(base['revision'])}" if base.get("revision") else ""
    return inline(base["name"]) + revision


def _encoder(run: RunFolder) -> str:
    told = run.provenance.get("architecture", {})
    parts = [
        inline(run.config.get("model_type") or told.get("model_type") or NOT_STATED),
        f"{run.num_layers} layers" if run.num_layers else "",
        f"{told['hidden_size']} dimensions" if told.get("hidden_size") else "",
        f"{count:,} parameters" if (count := _parameters(run)) else "",
    ]
    return ", ".join(filter(None, parts))


def _parameters(run: RunFolder) -> int | None:
    """How many the model has; those of an export are counted, for it has fewer than what it was made of."""
    if read_export(run.path) is None:
        return run.provenance.get("architecture", {}).get("parameters")
    count = 0
    for path in run.path.glob("model*.safetensors"):
        with safe_open(path, framework="numpy") as weights:
            count += sum(math.prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
    return count


def _embeddings(run: RunFolder) -> str:
    of = f" of {run.num_layers}" if run.num_layers else ""
    how = {
        "mean": "the mean of the tokens' states, special tokens left out,",
        "cls": "the state of the first token",
    }[pooling_of(run.settings)]
    return f"{how} at layer {run.alignment_layer}{of} (0 is the embedding layer), compared by cosine"


def _data(run: RunFolder) -> str:
    data = run.provenance.get("data")
    if not data:
        return "This run does not tell what it was trained on."
    rows = data["rows"]
    told = [f"{rows['train']:,} rows after cleaning, fingerprint {code(data['fingerprint'] or 'not recorded')}."]
    if rows.get("selection"):
        told.append(f"{rows['selection']:,} other rows {_use_of_selection(run)}.")
    told.append("No training sentence equals one of selection, test or excluded data in letters, marks and digits.")
    if data.get("aligner"):
        told.append(f"Words were linked by {inline(data['aligner'])}.")
    if romanised(run):
        told.append(f"Text was romanised by {inline(data.get('romaniser') or NOT_STATED)}.")
    if data.get("synthetic"):
        told.append("**The data are synthetic, or partly so: made up by a grammar, not written by people.**")
    return " ".join(told)


def _use_of_selection(run: RunFolder) -> str:
    return "chose the checkpoint" if run.recipe.get("load_best_model_at_end") else "told how the training went"


def _machine(run: RunFolder) -> str:
    told = run.provenance.get("hardware")
    if not told:
        return "not recorded"
    many = told["processes"] > 1
    processes = f"{told['processes']} process{'es' * many}"
    threads = f" of {told['threads']} thread{'s' * (told['threads'] > 1)}" if told["device"] == "cpu" else ""
    memory = peak_memory_gb(run)
    peak = f"; peak memory {memory:.1f} GB a process" if memory is not None else ""
    return f"{inline(told['name'])} ({inline(told['device'])}), {processes}{threads}{' each' * many}{peak}"


def _time(run: RunFolder) -> str:
    seconds = seconds_of(run)
    if seconds is None:
        return "not recorded"
    first, last = run.provenance.get("first_step", 0), run.provenance.get("last_step", run.state.get("global_step"))
    steps = f"{last:,} steps" if not first else f"steps {first + 1:,} to {last:,}, after a restart"
    return f"{duration(seconds)} ({steps})"


def _versions(run: RunFolder) -> str:
    told = run.provenance.get("versions", {})
    return ", ".join(f"{inline(name)} {inline(number)}" for name, number in told.items()) or "not recorded"


def _limits(run: RunFolder, found: RunResults) -> list[str]:
    limits = []
    languages = languages_of(run)
    measured = {code.split("_")[0] for score in found.scores for code in score.languages}
    silent = [language for language in languages if language.iso639_3 not in measured]
    if found.scores and silent:
        limits.append(f"Nothing was measured in {', '.join(f'`{language}`' for language in silent)}.")
    if languages:
        limits.append("Other languages and scripts than those above were not looked at.")
    ends = weakest_and_best(found.scores)
    if ends is not None:
        low, best = ends
        limits.append(
            f"Weakest of the pairs measured: `{one_line(low.row)}`, {percent(low)} per cent top-1 "
            f"({inline(low.dataset)}, {low.n:,} sentences to choose from)."
        )
        if best.value < 0.5:
            limits.append(
                "Even in the best of these pairs most sentences are not found: a model to study, not to rely on."
            )
    if run.recipe.get("model_config"):
        limits.append("Trained from scratch, on this run's data alone: it knows far less than a large encoder.")
    if any(score.synthetic for score in found.scores):
        limits.append("Some test data are synthetic: their figures say nothing of real text.")
    cut = run.recipe.get("max_length")
    if cut:
        limits.append(f"Trained on sentences of up to {cut} tokens; of longer ones the rest was cut off.")
    for name, count in found.truncated.items():
        if count:
            limits.append(f"{count:,} sentences of {inline(name)} were cut at the model's limit when it was measured.")
    limits.append("One run with one seed; figures of another seed may differ by more than their intervals.")
    unknown = licences(run).get(NOT_STATED, 0)
    if unknown:
        limits.append(f"The licence of {unknown} of the training sources is not stated here.")
    return limits
