"""The figures of an evaluation, as images: similarity histograms, and word alignments as heat-maps.

Drawn with matplotlib's object interface: `pyplot`, which keeps state of a whole program, is never touched.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.similarity import Similarity
from hf_xalign.tracking.fonts import DEFAULT, words_font


# Blue and orange of Okabe and Ito's palette, which colour-blind people can tell apart; the shades of the heat-map.
_MATCHED, _RANDOM, _SHADES = "#0072b2", "#d55e00", "Blues"
# Inches: a cell of the heat-map, and a letter of its labels at most.
_CELL, _LETTER = 0.34, 0.11
# Letters of a word that are shown.
_MOST = 18
_DPI = 100


def similarity_figure(similarity: Similarity, *, title: str = "") -> np.ndarray:
    """Histograms of the cosines of matched and of random pairs, on common bins, with their means.

    Args:
        similarity: the cosines.
        title: stands above the gap and the AUROC.

    Returns:
        `(height, width, 3)` uint8.
    """
    counts = similarity.histogram()
    edges = np.array(counts["edges"])
    figure = Figure(figsize=(6.4, 3.6), dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    for kind, colour, values in (
        ("matched", _MATCHED, similarity.matched),
        ("random", _RANDOM, similarity.random),
    ):
        label = f"{kind} pairs, mean {values.mean():.3f}"
        axes.stairs(counts[kind], edges, color=colour, fill=True, alpha=0.35)
        axes.stairs(counts[kind], edges, color=colour, linewidth=1.4, label=label)
        axes.axvline(values.mean(), color=colour, linewidth=1, linestyle="--")
    axes.set_xlabel("cosine")
    axes.set_ylabel(f"pairs of {len(similarity.matched)}")
    axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, frameon=False)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_title(f"{title}\n" * bool(title) + f"gap {similarity.gap:.3f}, AUROC {similarity.auroc:.3f}", fontsize=10)
    return _image(figure)


def alignment_figure(
    source: Sequence[str],
    target: Sequence[str],
    similarities: np.ndarray,
    links: Iterable[tuple] = (),
    gold: Iterable[tuple] = (),
    *,
    title: str = "",
) -> np.ndarray:
    """A sentence pair as a grid: source words down, target words across, a cell as dark as its two words are alike.

    Words are drawn in their own script, from right to left where it runs so. A word that no font of this machine can
    draw stands there as its number in the sentence, counted from 0, and a line below the grid says so.

    Args:
        source, target: m and n words.
        similarities: `(m, n)` cosines; NaN is an empty cell. Shades run from the least to the greatest of them.
        links: `(i, j)` or `(i, j, score)`, framed.
        gold: links to compare with, each a dot.
        title: stands above the grid.

    Returns:
        `(height, width, 3)` uint8, as large as the words need.

    Raises:
        XAlignError: the similarities are not one for every two words.
    """
    if np.shape(similarities) != (len(source), len(target)):
        raise XAlignError(
            f"similarities of shape {np.shape(similarities)} do not go with {len(source)} and {len(target)} words"
        )
    labels, missing = zip(*(word_labels(words) for words in (source, target)), strict=True)
    left, top = (_LETTER * max(len(text) for text, _ in side) + 0.3 for side in labels)
    size = (max(left + _CELL * len(target) + 1.3, 6.4), top + _CELL * len(source) + 1.0)
    figure = Figure(figsize=size, dpi=_DPI, layout="constrained")
    axes = figure.add_subplot()
    shown = axes.imshow(np.ma.masked_invalid(similarities), cmap=_SHADES, aspect="equal")
    bar = axes.inset_axes((1 + 0.15 / (_CELL * len(target)), 0, 0.15 / (_CELL * len(target)), 1))
    figure.colorbar(shown, cax=bar, label="cosine")
    axes.xaxis.tick_top()
    for axis, side, turn in ((axes.yaxis, labels[0], {}), (axes.xaxis, labels[1], {"rotation": 60, "ha": "left"})):
        axis.set_ticks(range(len(side)))
        # A dollar sign is a word, not the beginning of a formula.
        axis.set_ticklabels([text for text, _ in side], parse_math=False, rotation_mode="anchor", **turn)
        axis.set_tick_params(length=0)
        for label, (_, family) in zip(axis.get_ticklabels(), side, strict=True):
            label.set_fontfamily([family])
    axes.spines[:].set_visible(False)
    for i, j, *_ in links:
        axes.add_patch(Rectangle((j - 0.44, i - 0.44), 0.88, 0.88, fill=False, edgecolor=_RANDOM, linewidth=1.8))
    dots = [(i, j) for i, j, *_ in gold]
    if dots:
        rows, columns = zip(*dots, strict=True)
        axes.scatter(columns, rows, s=26, color="black", edgecolors="white", linewidths=0.8, zorder=3)
    below = [
        "frame: link of the model" + ("; dot: link of the data" if dots else ""),
        *(["no font here draws the words that are shown as numbers"] if any(missing) else []),
    ]
    axes.set_xlabel("\n".join(below), fontsize=8, loc="left")
    if title:
        figure.suptitle(title, fontsize=10, parse_math=False)
    return _image(figure)


def word_labels(words: Sequence[str]) -> tuple[list[tuple[str, str]], bool]:
    """The text and the font family that stand for each word, and whether any is its number because no font has it."""
    shown = [word if len(word) <= _MOST else f"{word[: _MOST - 1]}…" for word in words]
    fonts = words_font(shown)
    return [
        (str(number), DEFAULT) if font is None else (word, font)
        for number, (word, font) in enumerate(zip(shown, fonts, strict=True))
    ], None in fonts


def _image(figure: Figure) -> np.ndarray:
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3].copy()
