"""Export a checkpoint for use without hf_xalign: cut at the alignment layer, pooled as trained.

  xalign export DIR --output OUT                            a plain encoder that ends at the alignment layer
  xalign export DIR --output OUT --sentence-transformers    SentenceTransformer(OUT): the embeddings that were trained
  xalign export DIR --output OUT --onnx                     OUT/onnx/model.onnx too
  xalign export DIR --output OUT --merge                    an adapter and its backbone as one plain checkpoint

OUT opens without hf_xalign and without remote code. What is written is opened again and compared with DIR. DIR itself
is a plain checkpoint, too, with all its layers and its LM head.
"""

from __future__ import annotations

import argparse


TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", metavar="DIR", help="a checkpoint folder (with --merge, one of an adapter)")
    parser.add_argument("--output", required=True, metavar="OUT", help="a folder that is not there yet, or empty")
    parser.add_argument("--layer", type=int, metavar="L", help="the last layer (default: the checkpoint's own)")
    parser.add_argument("--sentence-transformers", action="store_true", help="make it a SentenceTransformer's folder")
    parser.add_argument("--pooling", choices=("mean", "cls"), help="of sentence embeddings (default: as trained)")
    parser.add_argument("--normalize", action="store_true", help="give sentence embeddings length 1")
    parser.add_argument("--onnx", action="store_true", help="an ONNX graph too: token states and sentence embeddings")
    parser.add_argument("--merge", action="store_true", help="merge an adapter into its backbone first")


def run(options: argparse.Namespace) -> None:
    """Export the checkpoint, and say what was written."""
    from hf_xalign.hub.export import ExportOptions, export_model

    record = export_model(
        options.folder,
        options.output,
        ExportOptions(
            layer=options.layer,
            pooling=options.pooling,
            sentence_transformers=options.sentence_transformers,
            onnx=options.onnx,
            normalize=options.normalize,
            merge=options.merge,
        ),
    )
    if record is None:
        print(f"wrote {options.output}: the adapter and its backbone as one checkpoint")
        return
    state = "last_hidden_state" if record.layer == record.layers else f"hidden_states[{record.layer}]"
    print(f"wrote {options.output}: layer {record.layer} of {record.layers_of_source} is its {state}")
    for part, difference in record.differences.items():
        print(f"  opened again with {part}: largest difference {difference:.1e}")
