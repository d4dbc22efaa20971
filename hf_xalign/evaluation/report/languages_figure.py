"""Bars of every model in every language, the low-resource ones first."""

from __future__ import annotations

from collections.abc import Sequence

from markupsafe import Markup

from hf_xalign.evaluation.report.figures import Figure, percents
from hf_xalign.evaluation.report.languages import Group, Language, LanguageTable
from hf_xalign.evaluation.report.results import Measure
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.svg import Scale, element, figure_svg, join, nice_scale, num, x_axis
from hf_xalign.evaluation.report.words import interval, percent


# Pixels from one bar to the next, their height, and what is above and below the bars of a row.
STEP, BAR, PAD = 13, 9, 6
# More bars than this are folded away: the means of the groups are what a reader looks at first.
_MANY = 240


def languages_figure(identifier: str, table: LanguageTable, runs: Sequence[Run], metric: str) -> Figure:
    """Mean top-1 accuracy of both directions: a bar per model in every language, and in the mean of every group."""
    shares = {
        key: [score.shares["mean"] for score in scores[metric]]
        for part in (table.languages, table.groups)
        for key, scores in part.items()
    }
    scale = nice_scale([0.0, *(share.high for entries in shares.values() for share in entries)], floor=0, ceiling=1)
    languages = {language.name: language for language in table.languages}
    blocks = []
    for place, group in enumerate(table.groups):
        members = (
            [languages[name] for name in group.languages] if group.name != "all" or len(table.groups) == 1 else []
        )
        rows = [
            _row(f"{identifier}-{place}-{number}", _language_name(language), shares[language], runs, scale)
            for number, language in enumerate(members)
        ]
        if rows and len(table.languages) * len(runs) > _MANY:
            summary = element("summary", f"{len(rows)} languages")
            rows = [element("details", summary, *rows)]
        rows.append(_row(f"{identifier}-{place}-mean", _mean_name(group), shares[group], runs, scale, mean=True))
        ticks = x_axis(scale, 0, percents(scale))
        axis = element("svg", ticks, width="100%", height="20", class_="plot", aria_hidden="true")
        rows.append(element("div", element("div", axis, class_="track"), class_="row axis"))
        blocks.append(element("div", element("h4", group_title(group)), *rows, class_="bars"))
    caption = (
        "A bar is the mean top-1 accuracy of both directions, its line the 95\u202f% interval over test sentences. "
        "The mean of a group weighs its languages alike; its interval says nothing of languages that are not in it."
    )
    return Figure("Retrieval by language", caption, element("div", *blocks), runs)


def group_title(group: Group) -> str:
    return {"low-resource": "Low-resource languages", "other": "Other languages", "all": "All languages"}.get(
        group.name, group.name
    )


def _language_name(language: Language) -> list[object]:
    return [element("bdi", language.name), " ", element("span", f"n = {language.n:,}", class_="gloss")]


def _mean_name(group: Group) -> list[object]:
    count = len(group.languages)
    return [element("b", "Mean"), " ", element("span", f"{count} language{'' if count == 1 else 's'}", class_="gloss")]


def _row(
    identifier: str,
    label: Sequence[object],
    shares: Sequence[Measure],
    runs: Sequence[Run],
    scale: Scale,
    *,
    mean: bool = False,
) -> Markup:
    height = 2 * PAD + STEP * len(runs) - (STEP - BAR)
    grid = [
        element("line", x1=scale.percent(tick), x2=scale.percent(tick), y1="0", y2=num(height), class_="grid")
        for tick in scale.ticks
    ]
    bars, told = [], []
    for place, (run, share) in enumerate(zip(runs, shares, strict=True)):
        text = f"{run.label}: {percent(share.value)} {interval(share)}"
        told.append(text)
        bars.append(bar(run, share, PAD + STEP * place, scale, text))
    title = join(label).striptags()
    plot = figure_svg(identifier, f"{title}: mean top-1 accuracy", "; ".join(told), height, *grid, *bars)
    kind = "row language mean" if mean else "row language"
    cells = [element("div", *label, class_="who"), element("div", plot, class_="track")]
    return element("div", *cells, class_=kind)


def bar(run: Run, share: Measure, y: float, scale: Scale, tooltip: str, *, end: float | None = None) -> Markup:
    """A bar from 0, the line of its interval, and the letter of its run, to the right of `end` (None: the line)."""
    middle = y + BAR / 2
    line = element(
        "line", x1=scale.percent(share.low), x2=scale.percent(share.high), y1=middle, y2=middle, class_="span"
    )
    body = element(
        "rect",
        element("title", tooltip),
        x="0",
        y=y,
        width=scale.percent(share.value),
        height=BAR,
        class_=f"bar {run.colour}",
    )
    # The letter tells the bars apart where colours do not.
    told = element(
        "text",
        run.key,
        x=scale.percent(share.high if end is None else end),
        y=middle,
        dx=6,
        dy=3.5,
        class_="key small",
    )
    return join([body, line, told])
