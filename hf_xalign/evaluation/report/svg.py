"""SVG in a few small pieces: elements, scales, ticks, markers, paths.

Plots are as wide as their box: horizontal positions are percentages, vertical ones pixels. Text and markers thus keep
their size on any screen, without JavaScript; only the lines in `stretched` are scaled, and their stroke is not.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from markupsafe import Markup, escape


MINUS, NARROW_SPACE = "\u2212", "\u202f"


def element(name: str, *children: object, **attributes: object) -> Markup:
    """An element. Text and attribute values are escaped; `class_` means `class`, `text_anchor` means `text-anchor`."""
    pairs = ((key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items() if value is not None)
    written = "".join(f' {key}="{escape(value)}"' for key, value in pairs)
    return Markup("<{}{}>{}</{}>").format(name, Markup(written), join(children), name)


def join(parts: Iterable[object]) -> Markup:
    return Markup("").join(parts)


def num(value: float) -> str:
    """At most two decimals, and no `-0`."""
    text = f"{value:.2f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def signed(value: float, digits: int) -> str:
    """A number with a true minus sign."""
    text = f"{value:.{digits}f}"
    return text.replace("-", MINUS) if float(text) else text.lstrip("-")


@dataclass(frozen=True)
class Scale:
    """Maps low…high onto 0…1; what lies outside is drawn at the edge."""

    low: float
    high: float
    ticks: tuple[float, ...]

    def __call__(self, value: float) -> float:
        return min(1.0, max(0.0, (value - self.low) / (self.high - self.low)))

    def percent(self, value: float) -> str:
        return f"{num(100 * self(value))}%"

    @property
    def digits(self) -> int:
        """Decimals that tell neighbouring ticks apart."""
        step = self.ticks[1] - self.ticks[0] if len(self.ticks) > 1 else 1.0
        return max(0, -math.floor(math.log10(step) + 1e-9))


def nice_scale(
    values: Iterable[float],
    *,
    count: int = 5,
    floor: float = -math.inf,
    ceiling: float = math.inf,
    whole: bool = False,
    tight: bool = False,
) -> Scale:
    """A scale over all values with about `count` round ticks.

    Args:
        floor, ceiling: bounds that the scale does not cross, 0 and 1 for shares.
        whole: ticks are integers (layers, steps).
        tight: the scale ends at the values, not at the next tick.
    """
    values = list(values)
    low, high = max(floor, min(values)), min(ceiling, max(values))
    if high - low <= 1e-9 * max(abs(low), abs(high), 1e-9):
        pad = 1.0 if whole else max(abs(low) * 0.1, 0.01)
        low, high = max(floor, low - pad), min(ceiling, high + pad)
    step = _nice_step((high - low) / count)
    if whole:
        step = max(1.0, step)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    if tight:
        ticks = [tick * step for tick in range(first, last + 1) if low - 1e-9 <= tick * step <= high + 1e-9]
        return Scale(low, high, tuple(ticks) or (low,))
    ticks = [tick * step for tick in range(first, last + 1)]
    ticks = [tick for tick in ticks if floor - 1e-9 <= tick <= ceiling + 1e-9]
    return Scale(max(floor, first * step), min(ceiling, last * step), tuple(ticks))


def _nice_step(rough: float) -> float:
    power = 10.0 ** math.floor(math.log10(rough))
    return next(factor * power for factor in (1, 2, 5, 10) if factor * power >= rough * (1 - 1e-9))


def figure_svg(identifier: str, title: str, description: str, height: float, *children: object) -> Markup:
    """A plot with its text alternative; `identifier` is unique on the page."""
    return element(
        "svg",
        element("title", title, id=f"{identifier}-t"),
        element("desc", description, id=f"{identifier}-d"),
        *children,
        role="img",
        aria_labelledby=f"{identifier}-t {identifier}-d",
        width="100%",
        height=num(height),
        class_="plot",
    )


def stretched(height: float, *children: object) -> Markup:
    """Paths whose x runs from 0 to 100 over the width of the plot, and whose y is in pixels."""
    return element(
        "svg",
        *children,
        viewBox=f"0 0 100 {num(height)}",
        preserveAspectRatio="none",
        width="100%",
        height=num(height),
    )


def polyline(points: Sequence[tuple[float, float]], class_: str) -> Markup:
    return element("path", d="M" + "L".join(f"{num(x)} {num(y)}" for x, y in points), class_=f"line {class_}")


def band(upper: Sequence[tuple[float, float]], lower: Sequence[tuple[float, float]], class_: str) -> Markup:
    outline = [*upper, *reversed(lower)]
    return element("path", d="M" + "L".join(f"{num(x)} {num(y)}" for x, y in outline) + "Z", class_=f"band {class_}")


def marker(x: str, y: float, shape: int, class_: str, tooltip: str | None = None, *, size: float = 4) -> Markup:
    """A circle, square or diamond at a position that may be a percentage."""
    note = element("title", tooltip) if tooltip else ""
    if shape == 0:
        return element("circle", note, cx=x, cy=num(y), r=num(size), class_=f"mark {class_}")
    half = num(size * (0.9 if shape == 1 else 1.3))
    outline = f"M-{half}-{half}H{half}V{half}H-{half}Z" if shape == 1 else f"M0-{half}L{half} 0 0 {half}-{half} 0Z"
    return element("svg", element("path", note, d=outline, class_=f"mark {class_}"), x=x, y=num(y), class_="at")


def x_axis(scale: Scale, y: float, labels: Sequence[str], *, grid_from: float | None = None) -> Markup:
    """Tick labels under `y`; with `grid_from`, hairlines from there down to `y`."""
    parts = []
    for tick, label in zip(scale.ticks, labels, strict=True):
        x = scale.percent(tick)
        if grid_from is not None:
            parts.append(element("line", x1=x, x2=x, y1=num(grid_from), y2=num(y), class_="grid"))
        parts.append(element("text", label, x=x, y=num(y), dy=15, class_="tick mid"))
    return join(parts)


def y_axis(scale: Scale, height: float, labels: Sequence[str]) -> Markup:
    """Hairlines across the plot, with their labels to the left of it."""
    parts = []
    for tick, label in zip(scale.ticks, labels, strict=True):
        y = num(height * (1 - scale(tick)))
        parts.append(element("line", x1="0", x2="100%", y1=y, y2=y, class_="grid"))
        parts.append(element("text", label, x="0", y=y, dx=-8, dy=4, class_="tick end"))
    return join(parts)


def spread(positions: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Move labels apart until neighbours are `gap` away from each other, as near to their places as that allows."""
    order = sorted(range(len(positions)), key=lambda index: positions[index])
    gap = min(gap, (high - low) / max(1, len(order) - 1))
    # Isotonic regression of the places less their share of gaps: labels that collide form a block about their mean.
    blocks: list[tuple[float, int]] = []
    for place, index in enumerate(order):
        mean, size = positions[index] - place * gap, 1
        while blocks and blocks[-1][0] > mean:
            before, count = blocks.pop()
            mean, size = (before * count + mean * size) / (count + size), count + size
        blocks.append((mean, size))
    levels = [mean for mean, size in blocks for _ in range(size)]
    placed = [0.0] * len(positions)
    for place, (index, level) in enumerate(zip(order, levels, strict=True)):
        placed[index] = min(max(level, low), high - (len(order) - 1) * gap) + place * gap
    return placed
