"""Bars of every run in every transfer of a task: trained in a language, tested in it and in others."""

from __future__ import annotations

from collections.abc import Mapping

from markupsafe import Markup

from hf_xalign.evaluation.report.downstream import Score, Task, Transfer
from hf_xalign.evaluation.report.figures import Figure, percents
from hf_xalign.evaluation.report.languages_figure import BAR, PAD, STEP, bar
from hf_xalign.evaluation.report.runs import Run
from hf_xalign.evaluation.report.svg import Scale, element, figure_svg, join, nice_scale, num, x_axis
from hf_xalign.evaluation.report.words import interval, percent


def task_figure(identifier: str, task: Task, runs: Mapping[str, Run], measure: str, title: str) -> Figure:
    """A row per transfer, in it a bar per run: the mean over seeds with its interval, and a dot for every seed."""
    rows = {
        transfer: [(runs[label], score[measure]) for entry in tested for label, score in entry.scores.items()]
        for transfer, tested in task.transfers.items()
    }
    scores = [score for entries in rows.values() for _, score in entries]
    ends = [end for score in scores for end in (*score.mean[:3], *score.seeds)]
    scale = nice_scale([0.0, *ends], floor=0, ceiling=1)
    drawn = [
        _row(f"{identifier}-{place}", task, transfer, sorted(entries, key=lambda entry: entry[0].index), scale, title)
        for place, (transfer, entries) in enumerate(rows.items())
    ]
    axis = element(
        "svg", x_axis(scale, 0, percents(scale)), width="100%", height="20", class_="plot", aria_hidden="true"
    )
    drawn.append(element("div", element("div", axis, class_="track"), class_="row axis"))
    several = any(len(score.seeds) > 1 for score in scores)
    caption = (
        "A bar is the mean over seeds, its line the 95\u202f% interval over test examples and seeds, "
        "a dot one seed. The bars of one row were tested on the same examples; n is their number."
        if several
        else "A bar is one training with one seed, its line the 95\u202f% interval over test examples. It holds "
        "nothing of how much another seed would change it. The bars of one row were tested on the same examples; "
        "n is their number."
    )
    return Figure(
        f"{title[0].upper()}{title[1:]} by transfer",
        caption,
        element("div", *drawn, class_="bars"),
        list(runs.values()),
    )


def _row(
    identifier: str, task: Task, transfer: Transfer, entries: list[tuple[Run, Score]], scale: Scale, title: str
) -> Markup:
    height = 2 * PAD + STEP * len(entries) - (STEP - BAR)
    parts = [
        element("line", x1=scale.percent(tick), x2=scale.percent(tick), y1="0", y2=num(height), class_="grid")
        for tick in scale.ticks
    ]
    told = []
    for place, (run, score) in enumerate(entries):
        text = f"{run.label}: {score_text(score)}"
        told.append(text)
        y = PAD + STEP * place
        parts.append(bar(run, score.mean, y, scale, text, end=max(score.mean.high, *score.seeds)))
        if len(score.seeds) > 1:
            parts += [
                element("circle", cx=scale.percent(seed), cy=num(y + BAR / 2), r="2", class_="seed")
                for seed in score.seeds
            ]
    kind = "zero-shot" if transfer.is_zero_shot else "same language"
    gloss = element("span", f"{kind}, n = {task.sizes(transfer)}", class_="gloss")
    label = join([element("bdi", transfer.title), " ", gloss])
    plot = figure_svg(identifier, f"{transfer.title}: {title}", "; ".join(told), height, *parts)
    cells = [element("div", label, class_="who"), element("div", plot, class_="track")]
    return element("div", *cells, class_="row language transfer")


def score_text(score: Score) -> str:
    """`61.2 % ± 1.3 [58.0, 64.1]`."""
    deviation = "" if score.deviation is None else f" ± {100 * score.deviation:.1f}"
    return f"{percent(score.mean.value)}{deviation} {interval(score.mean)}"
