"""A self-contained page: a template, the style that all pages share, and escaping everywhere."""

from __future__ import annotations

from importlib import resources
from typing import Any

import jinja2
from markupsafe import Markup

from hf_xalign.evaluation.report.figures import name
from hf_xalign.evaluation.report.script import direction, language_tag, script_class
from hf_xalign.evaluation.report.svg import signed
from hf_xalign.evaluation.report.words import interval, percent, points
from hf_xalign.version import __version__


def render_page(template: str, *, styles: tuple[str, ...] = ("report.css",), **values: Any) -> str:
    """HTML that needs no network, no script and no font that is not on the reader's machine.

    Everything that comes out of a file is escaped by Jinja's autoescaping, in text and in SVG alike.

    Args:
        template: a file in `templates/`; `styles`: style sheets there, which are put into the page.
        values: what the template is filled with.
    """
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(_read),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "percent": percent,
        "interval": interval,
        "signed": signed,
        "points": points,
        "run_name": name,
    }
    environment.globals |= {"direction": direction, "language_tag": language_tag, "script_class": script_class}
    css = Markup("\n").join(Markup(_read(style)) for style in styles)
    return environment.get_template(template).render(css=css, version=__version__, **values)


def _read(file: str) -> str:
    return resources.files("hf_xalign.evaluation.report").joinpath("templates", file).read_text(encoding="utf-8")
