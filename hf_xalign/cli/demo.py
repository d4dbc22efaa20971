"""Open a page to try a model: two sentences, how their words are linked, how alike they are, what is near to them.

MODEL is a checkpoint folder or an id on the Hub, of hf_xalign or any other supported encoder. The page is served to
this machine alone, asks no other machine for anything, and works offline.

  xalign demo runs/my-model
  xalign demo xlm-roberta-base --corpus sentences.txt --port 8000

With --share-as-space nothing is served: FOLDER becomes a Space that shows the same page, once it is pushed.

  xalign demo me/my-model --share-as-space my-space
"""

from __future__ import annotations

import argparse
import sys


TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("model", metavar="MODEL", help="a checkpoint folder or an id on the Hub")
    parser.add_argument("--port", type=int, metavar="P", help="default: the first free one from 7860 on")
    parser.add_argument(
        "--corpus", metavar="FILE", help="UTF-8 lines to look for near sentences in (default: synthetic sentences)"
    )
    parser.add_argument("--share-as-space", metavar="FOLDER", help="write the folder of a Space, and serve nothing")


def run(options: argparse.Namespace) -> None:
    if options.share_as_space is not None:
        from hf_xalign.demo import write_space

        folder = write_space(options.model, options.share_as_space, corpus=options.corpus)
        print(f"wrote {folder}: push it with `hf upload ME/NAME {folder} --repo-type space`")
        return
    from hf_xalign.demo import build_page, launch
    from hf_xalign.demo.serving import free_port, require_gradio

    # What is cheap to find out comes before the model is loaded.
    port = free_port(options.port)
    require_gradio()
    launch(build_page(options.model, options.corpus, progress=sys.stderr.isatty()), port=port)
