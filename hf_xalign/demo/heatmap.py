"""Two sentences as a grid: how alike every two words are as shade, the links as outlines."""

from __future__ import annotations

import numpy as np
from markupsafe import Markup

from hf_xalign.demo.comparison import Comparison
from hf_xalign.evaluation.report.script import direction, script_class
from hf_xalign.evaluation.report.svg import element, figure_svg, num, signed
from hf_xalign.evaluation.word_grid import WordGrid, readable


# Pixels of a cell, and of a letter of the labels.
_CELL, _LETTER = 28, 8.3


def word_heatmap(identifier: str, comparison: Comparison) -> Markup:
    """The drawing, in a box that scrolls where it is too wide.

    The least similar cell is the palest, the most similar one the darkest. Columns run from right to left where the
    second sentence does; a word of which the tokenizer makes nothing is left blank.

    Args:
        identifier: unique on the page.
        comparison: one whose `words` are there to be drawn.
    """
    first, second, cosines = comparison.first, comparison.second, comparison.words
    source, target = ([readable(word) for word in side.words] for side in (first, second))
    grid = WordGrid(
        source,
        target,
        cell=_CELL,
        letter=_LETTER,
        mirrored=direction(second.language) == "rtl",
        source_class=script_class(first.language),
        target_class=script_class(second.language),
    )
    scores = {(i, j): score for i, j, score in comparison.links}
    low, high = cosine_range(cosines)
    parts = [grid.axes()]
    for (i, j), cosine in np.ndenumerate(cosines):
        told = f"{source[i]} – {target[j]}: {_cosine(cosine)}"
        if (i, j) in scores:
            told += f", linked (score {scores[i, j]:.2f})"
        shade = 0.0 if np.isnan(cosine) else 0.03 + 0.87 * float(cosine - low) / (high - low)
        parts.append(
            element(
                "rect", element("title", told), **grid.box(i, j, inset=0.5), class_="shade", fill_opacity=num(shade)
            )
        )
    for i, j in sorted(scores):
        parts.append(element("rect", **grid.box(i, j, inset=1.5), rx=2, class_="linked"))
    plot = figure_svg(
        identifier,
        "Word alignment",
        f"{len(source)} words of the first sentence down, {len(target)} words of the second across; "
        f"{len(scores)} links, listed below",
        grid.height,
        *parts,
    )
    width = f"{num(grid.width)}px"
    return element(
        "div",
        element("div", plot, class_="heat", style=f"width:{width}"),
        class_="xa-scroll",
        style=f"--xa-wide:{width}",
        # A grid that is read from the right is scrolled from there.
        dir="rtl" if grid.mirrored else "ltr",
        # A region that scrolls must be within a keyboard's reach, and named.
        tabindex=0,
        role="region",
        aria_label="Word alignment, wide grids scroll",
    )


def cosine_range(cosines: np.ndarray) -> tuple[float, float]:
    """The smallest and the largest cosine, a little apart where they are equal or there are none."""
    known = cosines[~np.isnan(cosines)]
    low, high = (float(known.min()), float(known.max())) if known.size else (0.0, 1.0)
    return (low, high) if high - low > 1e-6 else (low - 0.5, high + 0.5)


def _cosine(value: float) -> str:
    return "the tokenizer makes nothing of a word" if np.isnan(value) else f"cosine {signed(float(value), 2)}"
