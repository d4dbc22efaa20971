"""The page of a metric's Space: two boxes, one line a sentence, and the scores."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from gradio import Blocks


def metric_page(folder: str | Path, example: tuple[str, str]) -> Blocks:
    """The page of a metric; `.launch()` opens it.

    Args:
        folder: holds the module and its `README.md`, which stands below the boxes. Its own name does not matter: that
            of a Space is `app`.
        example: what the boxes for predictions and references hold at first.

    Raises:
        XAlignError: the folder holds no metric, or gradio is not installed.
    """
    import evaluate
    from evaluate.utils import parse_readme

    try:
        import gradio
    except ImportError:
        raise XAlignError("the page of a metric needs gradio: pip install 'hf_xalign[demo]'") from None
    scripts = [path for path in Path(folder).glob("*.py") if path.stem != "app"]
    if len(scripts) != 1:
        raise XAlignError(f"{folder} holds {len(scripts)} modules besides app.py; it needs one, that of the metric")
    metric = evaluate.load(str(scripts[0]))

    def compute(predictions: str, references: str) -> dict[str, Any]:
        try:
            return metric.compute(predictions=parse_lines(predictions), references=parse_lines(references))
        except XAlignError as error:
            raise gradio.Error(str(error), print_exception=False) from None

    with gradio.Blocks(title=metric.name) as page:
        gradio.Markdown(f"# {metric.name}")
        with gradio.Row():
            boxes = [
                gradio.Textbox(text, lines=6, label=f"{label}, one a line")
                for label, text in zip(("Predictions", "References"), example, strict=True)
            ]
        button = gradio.Button("Compute", variant="primary")
        scores = gradio.JSON(label="Scores")
        button.click(compute, boxes, scores)
        gradio.Markdown(parse_readme(Path(folder) / "README.md"))
    return page


def parse_lines(text: str) -> list[Any]:
    """One value a line: JSON where it begins like a list, text otherwise; blank lines at the end do not count.

    Args:
        text: of a box.

    Raises:
        XAlignError: a list that is not closed, or no JSON for another reason; the line is named.
    """
    values: list[Any] = []
    for number, line in enumerate(text.rstrip().splitlines(), 1):
        try:
            values.append(json.loads(line) if line.lstrip().startswith("[") else line)
        except ValueError:
            raise XAlignError(f"line {number}: {line[:40]!r} is no list of numbers, such as [0.1, 0.2]") from None
    return values
