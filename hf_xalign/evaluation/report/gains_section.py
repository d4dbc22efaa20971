"""The section of alignment and downstream gains: a table of correlations, and a scatter plot for every measure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from hf_xalign.evaluation.report.downstream import Task
from hf_xalign.evaluation.report.figures import Panel, name, panels
from hf_xalign.evaluation.report.gains import Column, Gains, gains_of
from hf_xalign.evaluation.report.heatmaps import Cell, heat_table
from hf_xalign.evaluation.report.results import Measure
from hf_xalign.evaluation.report.runs import Run, datasets_of
from hf_xalign.evaluation.report.svg import element, figure_svg, join, marker, nice_scale, num, signed, x_axis, y_axis


# Of `hf_xalign.evaluation.gains`, which needs numpy.
LEAST_RUNS = 4
_HEIGHT = 170


class GainsSection(NamedTuple):
    identifier: str
    gains: Gains
    sentence: str
    table: Markup | None
    plots: list[tuple[str, Markup]]
    figures: Markup


def gains_sections(tasks: Sequence[Task], runs: list[Run]) -> list[GainsSection]:
    """A section for every data set whose runs were tested downstream, too.

    Args:
        tasks: of `read_tasks`.
        runs: those of the report, after `task_section` of every task.
    """
    found = [gains for dataset in datasets_of(runs) if (gains := gains_of(dataset, tasks, runs)) is not None]
    return [_section(f"gains-{place}", gains) for place, gains in enumerate(found, 1)]


def gains_sentence(gains: Gains) -> str:
    """What the table comes to, or that there are too few runs for one."""
    if gains.most < LEAST_RUNS:
        runs = "1 run has" if gains.most == 1 else f"{gains.most} runs have"
        return (
            f"Too few runs for a correlation: {runs} both alignment figures and downstream gains, and below "
            f"{LEAST_RUNS} any order comes up by chance. The points are shown all the same."
        )
    chances = [chance for row in gains.chances for chance in row if chance is not None]
    if not chances:
        return "No correlation: all measures, or all gains, are alike."
    clear, by_chance = sum(chance < 0.05 for chance in chances), round(0.05 * len(chances))
    expected = (
        f"of {LEAST_RUNS} runs none can be, since one order in 12 is perfect"
        if gains.most == LEAST_RUNS
        else f"by chance alone {f'about {by_chance}' if by_chance else 'less than 1'} would be"
    )
    return (
        f"{clear} of {len(chances)} correlations over {gains.most} runs {'is' if clear == 1 else 'are'} stronger than "
        f"in 95\u202f% of all orders of the runs; {expected}. "
        "Measures that go up and down together count several times, and settings and seeds of one model are not "
        f"independent: {'few' if gains.most < 10 else 'so many'} runs show a tendency, not a law."
    )


def correlation_text(cell: Measure) -> str:
    """`+0.90 [+0.30, +1.00]`, with true minus signs."""
    value, low, high = (_with_sign(number) for number in cell[:3])
    return f"{value} [{low}, {high}]"


def _section(identifier: str, gains: Gains) -> GainsSection:
    plots = [
        (
            f"{measure.title} ({measure.gloss})",
            panels(
                [
                    Panel(
                        gain.title,
                        _note(gains, row, column),
                        _scatter(f"{identifier}-{row}-{column}", gains.runs, measure, gain),
                    )
                    for column, gain in enumerate(gains.gains)
                    if gains.counts[row][column]
                ]
            ),
        )
        for row, measure in enumerate(gains.measures)
    ]
    table = _table(gains) if any(cell is not None for row in gains.table for cell in row) else None
    return GainsSection(identifier, gains, gains_sentence(gains), table, plots, _values(gains))


def _note(gains: Gains, row: int, column: int) -> str:
    cell, chance = gains.table[row][column], gains.chances[row][column]
    if cell is None:
        return f"n = {gains.counts[row][column]}"
    return f"ρ {correlation_text(cell)}, p = {chance_text(chance)}, n = {cell.n}"


def _under(cell: Measure, chance: float) -> str:
    """What stands under a correlation in its cell."""
    return f"{correlation_text(cell).split(' ', 1)[1]}\np = {chance_text(chance)}, n = {cell.n}"


def chance_text(probability: float) -> str:
    return f"{probability:.2f}" if probability >= 0.01 else "<0.01"


def _table(gains: Gains) -> Markup:
    rows = {
        join([element("b", measure.title), " ", element("span", measure.gloss, class_="gloss")]): [
            Cell("–", f"n = {count}", 0.0)
            if cell is None
            else Cell(_with_sign(cell.value), _under(cell, chance), abs(cell.value))
            for cell, chance, count in zip(*line, strict=True)
        ]
        for measure, *line in zip(gains.measures, gains.table, gains.chances, gains.counts, strict=True)
    }
    columns = [(gain.title, gain.gloss) for gain in gains.gains]
    label = "Correlations of alignment measures with downstream gains"
    return heat_table(label, "Measure", columns, rows, ends=("0", "−1 or +1"))


def _values(gains: Gains) -> Markup:
    """Every point of the plots as a table: their text alternative."""
    columns = [(column.title, column.gloss) for column in (*gains.measures, *gains.gains)]
    rows = {
        name(run): [
            Cell("–" if value is None else _written(column, value, gain=place >= len(gains.measures)), "", 0.0)
            for place, column in enumerate((*gains.measures, *gains.gains))
            for value in [column.values[number]]
        ]
        for number, run in enumerate(gains.runs)
    }
    return heat_table("Alignment measures and downstream gains of every run", "Run", columns, rows)


def _scatter(identifier: str, runs: Sequence[Run], measure: Column, gain: Column) -> Markup:
    points = [
        (run, x, y)
        for run, x, y in zip(runs, measure.values, gain.values, strict=True)
        if x is not None and y is not None
    ]
    bounds = {"floor": 0, "ceiling": 1} if measure.is_share else {}
    across = nice_scale([x for _, x, _ in points], count=4, **bounds)
    # No gain is on every plot, so that a reader sees on which side of it a run is.
    upward = nice_scale([0.0, *(y for *_, y in points)], count=4)
    zero = num(_HEIGHT * (1 - upward(0.0)))
    parts = [
        y_axis(upward, _HEIGHT, _ticks(gain, upward.ticks, upward.digits, gain=True)),
        x_axis(across, _HEIGHT, _ticks(measure, across.ticks, across.digits), grid_from=0),
        element("line", x1="0", x2="100%", y1=zero, y2=zero, class_="zero"),
    ]
    told = []
    for run, x, y in points:
        text = f"{run.label}: {_written(measure, x)}, gain {_written(gain, y, gain=True)}"
        told.append(text)
        at = _HEIGHT * (1 - upward(y))
        parts += [
            marker(across.percent(x), at, run.shape, run.colour, text, size=4.5),
            element("text", run.key, x=across.percent(x), y=num(at), dx=8, dy=-4, class_=f"key small {run.colour}"),
        ]
    return figure_svg(identifier, f"{measure.title} and gain in {gain.title}", "; ".join(told), _HEIGHT, *parts)


def _ticks(column: Column, ticks: Sequence[float], digits: int, *, gain: bool = False) -> list[str]:
    if column.is_share:
        shown = [100 * tick for tick in ticks]
        return [
            _with_sign(value, max(0, digits - 2)) if gain else signed(value, max(0, digits - 2)) for value in shown
        ]
    return [signed(tick, digits) for tick in ticks]


def _written(column: Column, value: float, *, gain: bool = False) -> str:
    if not column.is_share:
        return signed(value, 3)
    return _with_sign(100 * value, 1) if gain else signed(100 * value, 1)


def _with_sign(value: float, digits: int = 2) -> str:
    text = signed(value, digits)
    return f"+{text}" if value > 0 and float(text) else text
