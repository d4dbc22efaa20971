"""Pages and cards of hostile sentences, opened in a browser: nothing of them runs, everything is shown."""

from __future__ import annotations

import json

import pytest

from hf_xalign.evaluation import write_audit_report
from hf_xalign.evaluation.report.document import write_report
from hf_xalign.hub import write_card
from tests.evaluation.browser import needs_chromium, rendered
from tests.evaluation.report_factory import make_results, make_trainer_state, write
from tests.evaluation.report_page import Page
from tests.evaluation.test_audit_report import make_audit
from tests.evaluation.test_report import hostile
from tests.hub.card_factory import make_run
from tests.hub.test_model_card_escaping import with_name


ATTACK = (
    "\"'></title></style></svg></td>--><script>document.title = 'hacked'</script>"
    "<img src=x onerror=\"document.title = 'hacked'\">\n---\nlicense: mit\n---\n"
)


def _swapped(value):
    """The same tree with another attack in place of that of the tests of the report."""
    return json.loads(json.dumps(value).replace(json.dumps(hostile("x"))[1:-1], json.dumps(ATTACK)[1:-1]))


def _report(folder):
    run = write(folder / "run", _swapped(hostile(make_results(errors=2))), make_trainer_state((f"loss_{ATTACK}",)))
    return write_report([run, write(folder / "other", make_results("b"))], folder / "report.html", title=ATTACK)


def _audit(folder):
    return write_audit_report(make_audit(text=ATTACK.replace("\n", " "), labels=(ATTACK,)), folder)[1]


def _card(folder):
    markdown_it = pytest.importorskip("markdown_it", reason="needs markdown-it-py, a reader of Markdown")
    provenance, recipe, results = with_name(ATTACK)
    text = write_card(make_run(folder, provenance=provenance, recipe=recipe, results=results)).read_text("utf-8")
    front, _, body = text.removeprefix("---\n").partition("\n---\n")
    assert "\nlicense: mit\n" not in f"\n{front}\n" and "\n---\n" not in body
    path = folder / "card.html"
    html = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table").render(body)
    path.write_text(f'<!DOCTYPE html><meta charset="utf-8"><title>card</title>{html}', encoding="utf-8")
    return path


@needs_chromium
@pytest.mark.parametrize("make", [_report, _audit, _card])
def test_nothing_of_a_hostile_sentence_runs(tmp_path, make):
    page = Page(rendered(make(tmp_path), tmp_path))
    titles = [text for _, text in page.all("title")]
    assert titles and "hacked" not in [title.strip() for title in titles]
    assert not {"script", "img"} & {tag for tag, _, _ in page.elements}
    assert not [name for _, attributes, _ in page.elements for name in attributes if name.startswith("on")]
    assert "document.title = 'hacked'" in page.text()
