"""Tables whose cells are shaded by their figure: measures by layer, and languages by languages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from markupsafe import Markup

from hf_xalign.evaluation.report.figures import Figure, Scores, name
from hf_xalign.evaluation.report.language_matrix import Matrix
from hf_xalign.evaluation.report.results import LayerMeasures, Measure, Result
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.svg import element, num, signed
from hf_xalign.evaluation.report.words import interval


BASELINES = {
    "plain": "as they are",
    "centred": "mean-centred",
    "orthogonal": "rotated",
    "least_squares": "least squares",
}


class Cell(NamedTuple):
    """What stands in a cell, what stands under it in small, and how dark it is, 0 to 1."""

    text: str
    small: str
    shade: float


def heat_table(
    label: str,
    corner: str,
    columns: Sequence[tuple[str, str]],
    rows: dict[str, Sequence[Cell]],
    *,
    ends: tuple[str, str] | None = None,
) -> Markup:
    """A table that scrolls in its box; `columns` are names and what is said under them.

    Args:
        ends: what the lightest and the darkest shade stand for, for the legend; None: no legend.
    """
    heads = [element("th", corner, scope="col")]
    heads += [
        element("th", element("bdi", title), element("span", gloss, class_="gloss") if gloss else "", scope="col")
        for title, gloss in columns
    ]
    body = [
        element("tr", element("th", element("bdi", title), scope="row"), *map(_shaded, cells))
        for title, cells in rows.items()
    ]
    table = element(
        "table", element("thead", element("tr", *heads)), element("tbody", *body), class_="numbers heatmap"
    )
    box = element("div", table, class_="scroll", tabindex="0", role="region", aria_label=label)
    if ends is None:
        return box
    low, high = ends
    ramp = element("span", class_="ramp", aria_hidden="true")
    return box + element("p", "Shade: ", low, " ", ramp, " ", high, class_="shades")


def layers_table(label: str, points: Sequence[tuple[Run, Sequence[tuple[int, Measure]]]]) -> Markup:
    """Runs by layers: a share in per cent with its interval, shaded from the lowest to the highest of the table."""
    layers = sorted({layer for _, of_run in points for layer, _ in of_run})
    values = [measure.value for _, of_run in points for _, measure in of_run]
    low, width = min(values), (max(values) - min(values)) or 1.0
    rows = {}
    for run, of_run in points:
        known = dict(of_run)
        rows[name(run)] = [
            Cell(signed(100 * known[layer].value, 1), interval(known[layer]), (known[layer].value - low) / width)
            if layer in known
            else Cell("–", "", 0.0)
            for layer in layers
        ]
    ends = tuple(f"{signed(100 * value, 1)}\u202f%" for value in (low, max(values)))
    return heat_table(label, "Run", [(f"layer {layer}", "") for layer in layers], rows, ends=ends)


def _shaded(cell: Cell) -> Markup:
    small = element("span", cell.small, class_="interval") if cell.small else ""
    shade = num(min(1.0, max(0.0, cell.shade)))
    return element("td", cell.text, " ", small, class_="shaded", style=f"--shade: {shade}")


def measures_figure(identifier: str, scores: Scores) -> Figure:
    """Layers by measures, a table for each run that was evaluated with `--measures`."""
    having = [(run, result) for run, result in scores if result.measures]
    tables = [_measures(f"{identifier}-{place}", run, result) for place, (run, result) in enumerate(having)]
    caption = (
        "CKA and ANC of all pairs, and under them the same figure of pairs put together at random. Mean cosine: of "
        "every two sentences of one language, near 1 where vectors lie in a narrow cone; partition score: 1 where all "
        "directions are used alike. Top-1: mean of both directions, per cent, on one half of the pairs, as they are "
        "and after mean-centring, a rotation or least squares fitted on the other half, which cost no training of "
        "the model. 95\u202f% intervals in brackets. The shade runs from nothing at 0 to full at 1: it says how "
        "large a figure is, not how good."
    )
    return Figure("Alignment measures by layer", caption, Markup("").join(tables))


def _measures(identifier: str, run: Run, result: Result) -> Markup:
    columns = [("CKA", ""), ("ANC", "")]
    columns += [(what, side) for what in ("mean cosine", "partition score") for side in result.pair]
    columns += [("top-1", title) for title in BASELINES.values()]
    rows = {
        f"layer {point.layer}" + (" (used)" if point.layer == result.layer else ""): _cells(point)
        for point in result.measures
    }
    if result.alignment:
        columns.append(("AER", "lower is better"))
        rates = dict(result.alignment[1])
        for cells, point in zip(rows.values(), result.measures, strict=True):
            cells.append(_share(rates[point.layer]) if point.layer in rates else Cell("–", "", 0.0))
    n, test = result.measures[0].cka[2], result.measures[0].retrieval["plain"].n
    gloss = element("span", f"n = {n:,}, top-1 on {test:,}", class_="gloss")
    heading = element("h4", name(run), " ", gloss, id=identifier)
    label = f"Alignment measures of {run.label} by layer"
    return heading + heat_table(label, "Layer", columns, rows, ends=("0", "1, or 100\u202f%"))


def _cells(point: LayerMeasures) -> list[Cell]:
    cells = [
        Cell(signed(value, 3), f"random {signed(random, 3)}", value) for value, random, _ in (point.cka, point.anc)
    ]
    cells += [
        Cell(signed(cosine.value, 3), interval(cosine, share=False), cosine.value) for cosine in point.mean_cosine
    ]
    cells += [Cell(signed(score, 3), "", score) for score in point.partition]
    return cells + [_share(point.retrieval[kind]) for kind in BASELINES]


def _share(measure: Measure) -> Cell:
    return Cell(signed(100 * measure.value, 1), interval(measure), measure.value)


def similarity_figure(identifier: str, runs: Sequence[Run], matrices: Sequence[Matrix | None]) -> Figure | None:
    """Languages by languages, a table for each run that was evaluated with `--measures`; None without any."""
    having = [(run, matrix) for run, matrix in zip(runs, matrices, strict=True) if matrix is not None]
    if not having:
        return None
    tables = [_similarity(f"{identifier}-{place}", run, matrix) for place, (run, matrix) in enumerate(having)]
    caption = (
        "mPLM-Sim: mean cosine of the same sentences in two languages, 95\u202f% intervals in brackets. The shade "
        "runs from the least to the most similar two languages of a table: it compares the languages of one run. "
        "Levels do not compare runs, since a model whose vectors are all alike has high cosines throughout."
    )
    return Figure("Similarity of languages", caption, Markup("").join(tables))


def _similarity(identifier: str, run: Run, matrix: Matrix) -> Markup:
    apart = [cell.value for i, row in enumerate(matrix.cells) for j, cell in enumerate(row) if i != j]
    low, width = min(apart), (max(apart) - min(apart)) or 1.0
    rows = {
        language: [
            Cell("–", "", 0.0)
            if i == j
            else Cell(signed(cell.value, 3), interval(cell, share=False), (cell.value - low) / width)
            for j, cell in enumerate(row)
        ]
        for i, (language, row) in enumerate(zip(matrix.languages, matrix.cells, strict=True))
    }
    gloss = element("span", f"n = {matrix.n:,} sentences in every language", class_="gloss")
    heading = element("h4", name(run), " ", gloss, id=identifier)
    columns = [(language, "") for language in matrix.languages]
    ends = (signed(low, 3), signed(max(apart), 3))
    return heading + heat_table(f"Similarity of languages by {run.label}", "Language", columns, rows, ends=ends)
