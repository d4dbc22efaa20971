"""Draws `docs/before_after.svg`, the picture of the README: sentence vectors of two models, in two dimensions.

    make quickstart
    .venv/bin/python docs/before_after.py runs/quickstart/mlm runs/quickstart/mlm-tcm

Every point is a test sentence of the synthetic corpus, every line joins two translations. The plane of a panel is that
of the first two principal components of that model's unit vectors, over all test sentences of both languages; the
figures below it are of all test sentences, too, in all dimensions.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from markupsafe import Markup

from hf_xalign.evaluation import (
    Estimate,
    ParallelText,
    bootstrap_interval,
    derangement,
    matched_and_random,
    read_parallel,
    retrieval_accuracy,
    sentence_embeddings,
    text_groups,
)
from hf_xalign.evaluation.loading import alignment_settings
from hf_xalign.evaluation.report.svg import element, join, num, signed
from hf_xalign.evaluation.retrieval import unit_rows
from hf_xalign.loading import load_encoder, load_tokenizer


PAIR = "hin_Deva-urd_Arab"
NAMES = ("Hindi", "Urdu")
TITLES = ("Without TCM: masked LM alone", "With TCM")
DRAWN = 60

WIDTH, HEIGHT, MARGIN, GUTTER = 720, 468, 20, 16
TOP, PLOT = 102, 270
PANEL = (WIDTH - 2 * MARGIN - GUTTER) / 2

# The picture brings its own paper, so that it reads on any page; colours are those of the report.
STYLE = """
:root { --paper: #fdfdfc; --raised: #f4f5f5; --ink: #1c2024; --soft: #5a626b; --rule: #d9dcdf; --first: #1769d2;
  --second: #c25a0a; --line: #6f7780; }
@media (prefers-color-scheme: dark) {
  :root { --paper: #15181c; --raised: #1d2126; --ink: #e6e8ea; --soft: #a2abb4; --rule: #373d44; --first: #5a9ff5;
    --second: #f09a43; --line: #8f98a2; }
}
text { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Liberation Sans", Arial, sans-serif; }
.paper { fill: var(--paper); stroke: var(--rule); }
.panel { fill: var(--raised); }
.title { fill: var(--ink); font-size: 20px; font-weight: 600; }
.head { fill: var(--ink); font-size: 17px; font-weight: 600; }
.note { fill: var(--soft); font-size: 15px; }
.figure { fill: var(--ink); font-size: 17px; }
.strong { font-weight: 600; }
.pair { stroke: var(--line); stroke-width: 1.1; stroke-opacity: .6; }
.first { fill: var(--first); }
.second { fill: var(--second); }
.first, .second { stroke: var(--raised); stroke-width: .8; }
"""


@dataclass(frozen=True)
class Space:
    """What one model makes of N pairs.

    Attributes:
        points: `(2, N, 2)`, both sides in the plane of their principal components.
        top1: share of sentences whose nearest sentence of the other language is their translation, both directions.
        matched, random: mean cosine of translations, and of sentences put together at random.
    """

    points: np.ndarray
    top1: Estimate
    matched: float
    random: float


def space_of(folder: str, data: ParallelText) -> Space:
    """What the model in a folder makes of the pairs, with the layer and the pooling that it was trained for."""
    model, tokenizer = load_encoder(folder), load_tokenizer(folder)
    settings = alignment_settings(folder)
    layer = settings.resolve_alignment_layer(model.config.num_hidden_layers)
    sides = [
        unit_rows(sentence_embeddings(model, tokenizer, side, layers=[layer], pooling=settings.pooling)[layer])
        for side in (data.source, data.target)
    ]
    groups = text_groups(data.source, data.target)
    similarity = matched_and_random(*sides, derangement(len(data), groups=groups))
    return Space(
        principal_plane(np.stack(sides)),
        bootstrap_interval(retrieval_accuracy(*sides, groups=groups).mean_hits(1)),
        float(similarity.matched.mean()),
        float(similarity.random.mean()),
    )


def principal_plane(vectors: np.ndarray) -> np.ndarray:
    """`(2, N, D)` vectors in the plane in which they vary most, `(2, N, 2)`; of each axis the largest weight is +."""
    rows = vectors.reshape(-1, vectors.shape[-1]).astype(np.float64)
    rows = rows - rows.mean(axis=0)
    directions = np.linalg.svd(rows, full_matrices=False)[2][:2]
    directions *= np.sign(directions[np.arange(2), np.abs(directions).argmax(axis=1)])[:, None]
    return (rows @ directions.T).reshape(*vectors.shape[:2], 2)


def drawn(spaces: list[Space], data: ParallelText) -> Markup:
    """The picture."""
    # One scale for both panels and both axes, so that distances can be compared by eye.
    sizes = np.max([np.ptp(space.points[:, :DRAWN], axis=(0, 1)) for space in spaces], axis=0)
    scale = float(min((PANEL - 24) / sizes[0], (PLOT - 24) / sizes[1]))
    panels = [
        panel(title, space, MARGIN + place * (PANEL + GUTTER), scale)
        for place, (title, space) in enumerate(zip(TITLES, spaces, strict=True))
    ]
    legend = [
        element("circle", cx=WIDTH - MARGIN - 236, cy=35, r=5, class_="first"),
        element("text", NAMES[0], x=WIDTH - MARGIN - 226, y=40, class_="note"),
        diamond(WIDTH - MARGIN - 170, 35, 5.6),
        element("text", NAMES[1], x=WIDTH - MARGIN - 159, y=40, class_="note"),
        element("line", x1=WIDTH - MARGIN - 108, x2=WIDTH - MARGIN - 84, y1=35, y2=35, class_="pair"),
        element("text", "translation", x=WIDTH - MARGIN, y=40, text_anchor="end", class_="note"),
    ]
    what = (
        f"Synthetic test sentences, {DRAWN} of {len(data)} drawn: the plane in which each model's vectors vary most."
    )
    return element(
        "svg",
        element("title", "Sentence vectors of two scripts, without and with TCM"),
        element("desc", description(spaces, data)),
        element("style", Markup(STYLE)),
        element("rect", x=0.5, y=0.5, width=WIDTH - 1, height=HEIGHT - 1, rx=10, class_="paper"),
        element("text", "Where do translations lie?", x=MARGIN, y=40, class_="title"),
        element("text", what, x=MARGIN, y=HEIGHT - 16, class_="note"),
        *legend,
        *panels,
        xmlns="http://www.w3.org/2000/svg",
        viewBox=f"0 0 {WIDTH} {HEIGHT}",
        role="img",
    )


def panel(title: str, space: Space, left: float, scale: float) -> Markup:
    """One model: its vectors, `scale` pixels a unit, and its figures, in a panel that begins at `left`."""
    shown = space.points[:, :DRAWN]
    low, high = shown.min(axis=(0, 1)), shown.max(axis=(0, 1))
    centre = np.array([left + PANEL / 2, TOP + PLOT / 2])
    first, second = centre + (shown - (low + high) / 2) * scale * [1, -1]
    lines = [
        element("line", x1=num(a[0]), y1=num(a[1]), x2=num(b[0]), y2=num(b[1]))
        for a, b in zip(first, second, strict=True)
    ]
    circles = [element("circle", cx=num(x), cy=num(y), r=4.2) for x, y in first]
    diamonds = [diamond(x, y, 4.8, class_=None) for x, y in second]
    top1 = space.top1
    shares = f"{100 * top1.value:.1f} % [{100 * top1.low:.1f}, {100 * top1.high:.1f}]"
    below = TOP + PLOT + 27
    return join(
        [
            element("text", title, x=num(left), y=TOP - 14, class_="head"),
            element("rect", x=num(left), y=TOP, width=num(PANEL), height=PLOT, rx=6, class_="panel"),
            element("g", *lines, class_="pair"),
            element("g", *circles, class_="first"),
            element("g", *diamonds, class_="second"),
            element(
                "text",
                element("tspan", shares, class_="strong"),
                " find their translation",
                x=num(left),
                y=below,
                class_="figure",
            ),
            element(
                "text",
                f"cosine of translations {signed(space.matched, 2)}, others {signed(space.random, 2)}",
                x=num(left),
                y=below + 22,
                class_="note",
            ),
        ]
    )


def diamond(x: float, y: float, size: float, class_: str | None = "second") -> Markup:
    """A square on its tip, `size` from the middle to each."""
    path = f"M{num(x)} {num(y - size)}l{num(size)} {num(size)}l{num(-size)} {num(size)}l{num(-size)} {num(-size)}z"
    return element("path", d=path, class_=class_)


def description(spaces: list[Space], data: ParallelText) -> str:
    """The picture in words."""
    without, with_tcm = (f"{100 * space.top1.value:.1f} %" for space in spaces)
    return (
        f"{NAMES[0]} and {NAMES[1]} sentences, a line from each to its translation. Without TCM, {without} of "
        f"{len(data)} sentences find their translation, with it {with_tcm}."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("before", help="folder of the model without the objective")
    parser.add_argument("after", help="folder of the model with it")
    parser.add_argument("--output", default=Path(__file__).with_name("before_after.svg"), type=Path)
    options = parser.parse_args()
    data = read_parallel("minicorpus:test", PAIR)
    picture = drawn([space_of(folder, data) for folder in (options.before, options.after)], data)
    options.output.write_text(picture + "\n", encoding="utf-8")
    print(options.output)


if __name__ == "__main__":
    main()
