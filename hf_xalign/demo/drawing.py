"""What the page says of two sentences, as HTML in which every sentence is escaped."""

from __future__ import annotations

import functools
from importlib import resources
from typing import Any

import jinja2
import numpy as np

from hf_xalign.data.transliteration import transliterate
from hf_xalign.demo.comparison import MOST_WORDS, Comparison, SentenceComparer
from hf_xalign.demo.corpus import Neighbour
from hf_xalign.demo.heatmap import cosine_range, word_heatmap
from hf_xalign.demo.languages import language_name
from hf_xalign.evaluation.report.script import direction, language_tag, script_class
from hf_xalign.evaluation.report.svg import signed


# Dots on the scale of the similarity.
_MOST_DOTS = 600


def result_html(comparison: Comparison, comparer: SentenceComparer) -> str:
    """All that was found, in one piece of HTML."""
    first, second = comparison.first, comparison.second
    heat = None if comparison.words is None else word_heatmap("words", comparison)
    low = min(0.0, comparison.cosine, *comparison.corpus.flat)
    return _render(
        "result",
        comparison=comparison,
        comparer=comparer,
        sides=(first, second),
        heat=heat,
        linked=[(first.words[i], second.words[j], score) for i, j, score in comparison.links],
        cosine_range=cosine_range(comparison.words) if heat is not None else None,
        most_words=MOST_WORDS,
        percent=lambda cosine: f"{100 * min(1.0, (cosine - low) / (1.0 - low)):.1f}%",
        low=low,
        dots=_dots(comparison.corpus),
        nearer=[int((row > comparison.cosine).sum()) for row in comparison.corpus],
        neighbours=[[_romanised(neighbour) for neighbour in found] for found in comparison.neighbours],
    )


def message_html(message: str) -> str:
    """A line that says what is wrong with what was typed."""
    return _render("message", message=message)


def header_html(comparer: SentenceComparer) -> str:
    """The head of the page: which model this is."""
    return _render("header", comparer=comparer)


def _dots(cosines: np.ndarray) -> list[float]:
    """Cosines of the first sentence with the corpus, spread evenly over the ranks where there are very many."""
    return np.sort(cosines[0])[:: 1 + cosines.shape[1] // _MOST_DOTS].tolist()


def _romanised(neighbour: Neighbour) -> dict[str, Any]:
    language = neighbour.line.language
    (latin,) = transliterate([neighbour.line.text], None if language.startswith("und") else language)
    return {"text": neighbour.line.text, "language": language, "latin": latin, "cosine": neighbour.cosine}


def _render(template: str, **values: Any) -> str:
    return _environment().get_template(f"{template}.html.jinja").render(**values)


@functools.cache
def _environment() -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(
            lambda file: resources.files("hf_xalign.demo").joinpath("templates", file).read_text(encoding="utf-8")
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["signed"] = signed
    environment.globals |= {
        "direction": direction,
        "language_name": language_name,
        "language_tag": language_tag,
        "script_class": script_class,
    }
    return environment
