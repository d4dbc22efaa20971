"""What the modes of `xalign evaluate` that take several models share."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any


def evaluate_models(
    options: argparse.Namespace,
    evaluate: Callable[..., dict[str, Any]],
    data: Any,
    write: Callable[[dict[str, Any], str], Path],
    table: Callable[[dict[str, Any]], str],
    markdown: Callable[[dict[str, Any]], str],
    **settings: Any,
) -> None:
    """Evaluate every MODEL on the data, write the results into --output and print their table.

    Args:
        evaluate: called with the models, the data, what the command line says of all modes, and `settings`.
        table, markdown: the results as text; Markdown goes to the file that --markdown names.
    """
    from hf_xalign.files import write_text

    results = evaluate(
        options.model,
        data,
        layer=options.layer,
        pooling=options.pooling,
        labels=options.label,
        name=options.name,
        synthetic=options.synthetic,
        seed=options.seed,
        max_length=options.max_length,
        batch_tokens=options.batch_tokens,
        progress=sys.stderr.isatty(),
        **settings,
    )
    path = write(results, options.output)
    print(table(results))
    print(f"\nwrote {path}")
    if options.markdown:
        print(f"wrote {write_text(options.markdown, markdown(results))}")
    tell_cards(options)


def tell_cards(options: argparse.Namespace) -> None:
    """Results that went into the folder of a run get into its card."""
    from hf_xalign.hub.model_card import refresh_cards

    for path in refresh_cards(options.model, options.output):
        print(f"wrote {path}")
