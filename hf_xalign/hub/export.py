"""Checkpoints for those who have never heard of hf_xalign: cut at the alignment layer, pooled as trained.

What is written is opened again from the folder, with the library that it is for, and compared with the source.
"""

from __future__ import annotations

import importlib.util
import json
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from hf_xalign.configuration import XAlignConfig
from hf_xalign.errors import XAlignError
from hf_xalign.files import whole_folder
from hf_xalign.hub.export_record import ExportRecord
from hf_xalign.hub.run_records import copy_records
from hf_xalign.hub.trained_pooling import trained_pooling
from hf_xalign.names import ADAPTER_CONFIG_NAME, XALIGN_CONFIG_NAME


if TYPE_CHECKING:
    from hf_xalign.hub.export_reference import Reference


# Figures of sentence embeddings: true of the same layer and pooling only.
_RESULTS = ("results.json", "languages.json", "mining.json", "sts.json")


# What is asked for -> the option, the extra and the modules that it needs.
_EXTRAS = {
    "sentence_transformers": ("--sentence-transformers", "sentence-transformers", ("sentence_transformers",)),
    "onnx": ("--onnx", "onnx", ("onnx", "onnxruntime", "onnxscript")),
    "merge": ("--merge", "peft", ("peft",)),
}


@dataclass(frozen=True)
class ExportOptions:
    """What is to be exported.

    Attributes:
        layer: 1 to the number of layers; None: the checkpoint's alignment layer.
        pooling: `"mean"` over the tokens that are no special tokens, or `"cls"`; None: as trained.
        sentence_transformers: `SentenceTransformer(output)` is to give the sentence embeddings that were trained.
        onnx: write `onnx/model.onnx` too, see [`save_onnx`].
        normalize: sentence embeddings of length 1, for both of these.
        merge: merge an adapter into its backbone first. With nothing else asked for, the export is the whole merged
            checkpoint, and not cut.
    """

    layer: int | None = None
    pooling: str | None = None
    sentence_transformers: bool = False
    onnx: bool = False
    normalize: bool = False
    merge: bool = False

    @property
    def cut(self) -> bool:
        """Whether the export ends at a layer."""
        return replace(self, merge=False) != ExportOptions() or not self.merge


def export_model(folder: str | Path, output: str | Path, options: ExportOptions) -> ExportRecord | None:
    """Export a checkpoint for use without hf_xalign.

    The export is a plain float32 encoder of the first `layer` layers with its tokenizer, so that
    `AutoModel.from_pretrained(output)(...).last_hidden_state` is `hidden_states[layer]` of the source, bit for bit.
    ModernBERT ends with a norm that the states of its inner layers have not gone through: cut earlier than its last
    layer, it is exported with one layer more, and only for sentence-transformers or ONNX, which read
    `hidden_states[layer]`.

    Args:
        folder: a checkpoint of hf_xalign; an adapter of it (then `options.merge` must be given); or the folder of any
            supported encoder (then `options.layer` must be, and there will be no card).
        output: a folder that does not exist or is empty.

    Returns:
        What was written, as in `xalign_export.json`; None for a merged checkpoint that was not cut.

    Raises:
        XAlignError: no such checkpoint or layer, an output that holds something, a missing package, or an export that
            does not give what the source gives. Nothing is left behind.
    """
    folder, output = Path(folder), Path(output)
    if options.normalize and not (options.sentence_transformers or options.onnx):
        raise XAlignError("--normalize goes with --sentence-transformers or --onnx")
    _check_folder(folder, options.merge)
    _check_packages(options)
    with whole_folder(output) as target:
        record = _export(folder, target, options)
        if (target / XALIGN_CONFIG_NAME).exists():
            from hf_xalign.hub.model_card import write_card

            write_card(target, repo_id=output.resolve().name)
    return record


def _check_folder(folder: Path, merge: bool) -> None:
    """Refuse what is no checkpoint before anything heavy is imported."""
    if folder.is_file():
        raise XAlignError(f"{folder} is a file: give a checkpoint's folder")
    if not folder.is_dir():
        raise XAlignError(f"no such checkpoint folder: {folder}")
    adapter = (folder / ADAPTER_CONFIG_NAME).exists()
    if adapter and not merge:
        raise XAlignError(f"{folder} holds an adapter: add --merge to merge it into its backbone")
    if merge and not adapter:
        raise XAlignError(f"{folder} holds no adapter (it has no {ADAPTER_CONFIG_NAME}): leave out --merge")
    if not adapter and not (folder / "config.json").exists():
        raise XAlignError(f"{folder} is not a model folder: it has no config.json")


def _check_packages(options: ExportOptions) -> None:
    for name, (option, extra, modules) in _EXTRAS.items():
        missing = [module for module in modules if importlib.util.find_spec(module) is None]
        if getattr(options, name) and missing:
            raise XAlignError(f"{option} needs {missing[0]}: pip install 'hf_xalign[{extra}]'")


def _export(folder: Path, target: Path, options: ExportOptions) -> ExportRecord | None:
    name = folder.resolve().name
    if not options.merge:
        return _export_cut(folder, target, options, name)
    from hf_xalign.hub.merging import merge_adapter

    if not options.cut:
        merge_adapter(folder, target)
        return None
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as work:
        merged = merge_adapter(folder, Path(work) / name)
        return _export_cut(merged, target, options, name)


def _export_cut(source: Path, target: Path, options: ExportOptions, name: str) -> ExportRecord:
    from hf_xalign.backbones import normalizes_its_output
    from hf_xalign.hub.export_reference import open_reference
    from hf_xalign.loading import load_config, quiet

    settings = XAlignConfig.load_beside(source) if (source / XALIGN_CONFIG_NAME).exists() else None
    config = load_config(str(source))
    ends_with_norm = normalizes_its_output(config)
    depth = config.num_hidden_layers
    layer = _layer(options.layer, settings, depth, source)
    layers = layer
    if ends_with_norm and layer < depth:
        if not (options.sentence_transformers or options.onnx):
            raise XAlignError(
                f"{config.model_type} puts a norm after its last layer, which layer {layer} of {depth} has not "
                "gone through: no plain encoder ends with it. Add --sentence-transformers or --onnx, or take --layer "
                f"{depth}"
            )
        layers += 1
    pooling = options.pooling or trained_pooling(settings or XAlignConfig())
    reference = open_reference(source, layer=layer, pooling=pooling, normalize=options.normalize)
    with quiet():
        differences = _write_parts(reference, target, layers, options)
    record = ExportRecord(
        source=name,
        layer=layer,
        layers=layers,
        layers_of_source=depth,
        pooling=pooling,
        normalized=options.normalize,
        differences=differences,
        special_token_ids=reference.special_ids,
    )
    record.write(target)
    if settings is not None:
        # `xalign evaluate` reads the layer there, and a card the objectives.
        own = XAlignConfig(heads=settings.heads, alignment_layer=layer, pooling=pooling, languages=settings.languages)
        own.save_beside(target)
    copy_records(source, target)
    _copy_results(source, target, record)
    return record


def _layer(asked: int | None, settings: XAlignConfig | None, depth: int, source: Path) -> int:
    if asked is None and settings is None:
        raise XAlignError(f"{source} has no {XALIGN_CONFIG_NAME} that tells its alignment layer: give --layer")
    layer = settings.resolve_alignment_layer(depth) if asked is None else asked
    if not 1 <= layer <= depth:
        raise XAlignError(f"layer {layer} is out of range: {source} has layers 1 to {depth}")
    return layer


def _write_parts(reference: Reference, target: Path, layers: int, options: ExportOptions) -> dict[str, float]:
    """Write what is asked for, open it again, and return the largest difference of each."""
    from hf_xalign.backbones import keep_layers
    from hf_xalign.hub.export_reference import layer_states
    from hf_xalign.loading import load_encoder

    differences: dict[str, float] = {}
    if options.onnx:
        # Of the whole encoder, while it is there: the graph ends where it is told to, norm or not.
        from hf_xalign.hub.export_onnx import ONNX_PATH, onnx_outputs, save_onnx

        save_onnx(reference, target / ONNX_PATH)
        states, vectors = onnx_outputs(target / ONNX_PATH, reference.batch)
        differences["onnx"] = max(
            reference.difference_of_states(states, "ONNX"), reference.difference_of_vectors(vectors, "ONNX")
        )
    keep_layers(reference.encoder, layers)
    if options.sentence_transformers:
        from hf_xalign.hub.export_sentences import save_sentence_transformer, sentence_transformer_embeddings

        save_sentence_transformer(reference, target)
        differences["sentence-transformers"] = reference.difference_of_vectors(
            sentence_transformer_embeddings(target, reference.sentences), "sentence-transformers"
        )
    else:
        save_encoder(reference, target)
    states = layer_states(load_encoder(str(target)).cpu(), reference.batch, reference.layer)
    return {"transformers": reference.difference_of_states(states, "transformers", padding=True), **differences}


def save_encoder(reference: Reference, folder: Path) -> None:
    """Write the encoder, as it is now, and its tokenizer."""
    reference.encoder.save_pretrained(folder)
    reference.tokenizer.save_pretrained(folder)


def _copy_results(source: Path, target: Path, record: ExportRecord) -> None:
    for path in (source / name for name in _RESULTS):
        if path.exists() and _measured_there(path, record):
            shutil.copy(path, target)


def _measured_there(path: Path, record: ExportRecord) -> bool:
    """Whether a result file is of the exported layer and pooling; one that cannot be read is of none."""
    try:
        read = json.loads(path.read_text(encoding="utf-8"))
        measured = {(model["layer"], model["pooling"]) for model in read.get("models", [read])}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return False
    return measured == {(record.layer, record.pooling)}
