"""What of a folder is published: an allow-list, for a run's folder also holds checkpoints, optimisers and pickles."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path

from safetensors import SafetensorError, safe_open

from hf_xalign.errors import XAlignError
from hf_xalign.names import (
    ADAPTER_CONFIG_NAME,
    ADAPTER_WEIGHTS_NAME,
    XALIGN_CONFIG_NAME,
    XALIGN_EXPORT_NAME,
    XALIGN_HEADS_NAME,
)


# What a model is made of. A push takes away such files that a former push brought and the folder no longer has:
# weights of before (other shards), heads or results must not stand beside those of today.
_MODEL = (
    r"config\.json",
    r"generation_config\.json",
    r"model(-\d+-of-\d+)?\.safetensors",
    r"model\.safetensors\.index\.json",
    re.escape(ADAPTER_CONFIG_NAME),
    re.escape(ADAPTER_WEIGHTS_NAME),
    re.escape(XALIGN_CONFIG_NAME),
    re.escape(XALIGN_HEADS_NAME),
    re.escape(XALIGN_EXPORT_NAME),
    r"\.eval_results/[^/]+\.yaml",
)
_RESULTS = (r"((train_|eval_|test_|all_)?results|languages|mining|sts|audit|downstream)\.json",)
# sentence-transformers, ONNX.
_EXPORTED = (
    r"(modules|config_sentence_transformers|sentence_bert_config|sentence_transformers_config)\.json",
    r"\d+_[A-Za-z]+/(config\.json|model\.safetensors)",
    r"(onnx/)?[^/]+\.onnx(_data|\.data)?|onnx/[^/]+\.json",
)
_BESIDE = (
    # The tokenizer.
    r"(tokenizer|tokenizer_config|special_tokens_map|added_tokens|vocab|unigram)\.json",
    r"vocab\.txt|merges\.txt|(sentencepiece\.bpe|spiece|spm|tokenizer|unigram)\.model",
    # How it was made.
    r"README\.md|(LICENSE|NOTICE)(\.\w+)?|CITATION\.cff",
    r"recipe\.yaml|(provenance|trainer_state)\.json",
    # Figures, and what tensorboard shows. No pages: reports and audits quote sentences of the test data.
    r"((figures|images|assets)/)?[^/]+\.(png|svg|jpe?g)",
    r"runs/([^/]+/)*events\.out\.tfevents\.[^/]+",
)
# How the names of figures begin that show words of sentence pairs (`hf_xalign.tracking`).
WORD_FIGURES = "figures/alignment_"
# Parts of result files that quote sentences of the data that was measured on. Test sets ask not to be put on the web,
# where the next model would be trained on them.
_QUOTING = {"results.json": "errors", "audit.json": "examples"}
_PREPARED = (
    r"README\.md|(LICENSE|NOTICE)(\.\w+)?|preparation\.json",
    r"(train|selection|test)\.parquet",
    r"tokenizer/(tokenizer|tokenizer_config|special_tokens_map|added_tokens)\.json",
    r"tokenizer/[^/]+\.model",
)


def is_part_of_model(name: str, beside: Collection[str] = ()) -> bool:
    """Whether a file of a repository is one that a model is made of (its config, weights, heads or results).

    Args:
        name: of the file, with `/`.
        beside: all files of the repository. Where they are an export, its modules and graphs are parts of the model;
            elsewhere somebody has put them there.
    """
    return _matches(name, _MODEL + _RESULTS) or (XALIGN_EXPORT_NAME in beside and _matches(name, _EXPORTED))


def is_part_of_prepared_data(name: str, beside: Collection[str] = ()) -> bool:
    """Whether a file of a repository is one that prepared data are made of, whatever lies `beside`."""
    return _matches(name, _PREPARED[1:])


def model_files(folder: str | Path) -> dict[str, Path]:
    """The files of a model's folder that are published, by their names in the repository (with `/`).

    Pickles (`training_args.bin`, `optimizer.pt`, ...), checkpoints and data are none of them.
    """
    return _files(Path(folder), _MODEL + _RESULTS + _EXPORTED + _BESIDE)


def weight_files(folder: str | Path) -> dict[str, Path]:
    """The config, weights and heads alone: what `XAlignModel.save_pretrained` writes."""
    return {name: path for name, path in _files(Path(folder), _MODEL).items() if "/" not in name}


def prepared_files(folder: str | Path) -> dict[str, Path]:
    """The files of a folder of prepared data that are published, by their names in the repository."""
    return _files(Path(folder), _PREPARED)


def holds_prepared_data(folder: str | Path) -> bool:
    """Whether a folder is one that `xalign prepare` made."""
    return (Path(folder) / "preparation.json").is_file()


def without_quotations(name: str, path: Path) -> Path | bytes:
    """A file as it is published: itself, or its content where a result file quotes sentences of the test data."""
    part = _QUOTING.get(name.split("/")[-1])
    if part is None:
        return path
    try:
        results = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise XAlignError(f"{path} is no JSON file ({error}): measure the model again, or remove the file") from None
    if not isinstance(results, dict) or not results.get(part):
        return path
    return json.dumps(results | {part: []}, ensure_ascii=False, indent=1).encode()


def with_drawn_words(files: Mapping[str, Path]) -> list[str]:
    """Names of those of the files that are TensorBoard's and show words of the selection data in their figures."""
    events = ((name, path) for name, path in files.items() if ".tfevents." in name)
    return [name for name, path in events if WORD_FIGURES.encode() in path.read_bytes()]


def left_out(folder: str | Path, files: Iterable[str]) -> list[str]:
    """What lies at the top of `folder` and has no part in `files`; folders end in `/`."""
    tops = {name.split("/")[0] for name in files}
    entries = sorted(Path(folder).iterdir())
    return [f"{entry.name}/" if entry.is_dir() else entry.name for entry in entries if entry.name not in tops]


def check_model(folder: str | Path) -> None:
    """Make sure that a folder holds a whole model: config and weights, or an adapter of PEFT.

    Raises:
        XAlignError: no folder, no model, a shard that is missing, weights that are cut off, or an adapter that only
            this machine can open.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise XAlignError(f"no such folder: {folder}")
    files = model_files(folder)
    adapter = ADAPTER_CONFIG_NAME in files
    if not adapter and "config.json" not in files:
        checkpoints = sorted(folder.glob("checkpoint-*"), key=lambda path: path.stat().st_mtime)
        hint = f"; the run was not finished: resume it, or push {checkpoints[-1]}" if checkpoints else ""
        raise XAlignError(f"{folder} holds no model: it has no config.json{hint}")
    index = "model.safetensors.index.json"
    if adapter:
        weights = [ADAPTER_WEIGHTS_NAME]
        base = json.loads(files[ADAPTER_CONFIG_NAME].read_text(encoding="utf-8")).get("base_model_name_or_path")
        check_base_of_adapter(base, str(folder))
    elif "model.safetensors" in files or index not in files:
        weights = ["model.safetensors"]
    else:
        weights = sorted(set(json.loads(files[index].read_text(encoding="utf-8"))["weight_map"].values()))
    # An export has settings and no heads: it is not for training.
    if XALIGN_CONFIG_NAME in files and XALIGN_EXPORT_NAME not in files and not adapter:
        weights.append(XALIGN_HEADS_NAME)
    for name in weights:
        if name not in files:
            raise XAlignError(f"{folder} holds no complete model: {name} is missing")
        try:
            with safe_open(files[name], framework="numpy"):
                pass
        except SafetensorError as error:
            raise XAlignError(f"{files[name]} is not whole: {error}; save the model again") from None


def check_base_of_adapter(base: str | None, where: str) -> None:
    """Refuse to publish an adapter that stands on a folder of this machine: nobody else could open it.

    Raises:
        XAlignError: as said, with `where` before it.
    """
    if base is not None and Path(base).is_dir():
        raise XAlignError(
            f"{where}: the adapter stands on {base}, a folder of this machine, which nobody else could open: push "
            "that model first and train from its id, or push the merged model (xalign export --merge)"
        )


def _files(folder: Path, patterns: tuple[str, ...]) -> dict[str, Path]:
    found = {}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if _matches(name, patterns) and path.is_file():
            found[name] = path
    return found


def _matches(name: str, patterns: tuple[str, ...]) -> bool:
    return any(re.fullmatch(pattern, name) for pattern in patterns)
