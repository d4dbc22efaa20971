"""Nothing that comes from data or recipes becomes front matter, HTML, markup or a table's cell."""

from __future__ import annotations

import ast
import copy
import itertools

import pytest
import yaml

from hf_xalign.hub import render_card, write_card
from hf_xalign.hub.model_card import MARKER
from hf_xalign.markdown import one_line
from tests.hub.card_factory import PROVENANCE, RECIPE, make_run, run_results


markdown_it = pytest.importorskip("markdown_it", reason="needs markdown-it-py, a reader of Markdown")

EVIL = (
    "<script>alert(1)</script>",
    "name\n---\nlicense: mit\n---\n# Taken over",
    "a | b | c",
    "![x](javascript:alert(1)) [y](https://evil.example)",
    "```\n# out of the fence\n```",
    "{{ 7 * 7 }}{% raw %}",
    "x\u202egnp.exe \x1b[31m \u2028 \ud800",
)


def with_name(name: str) -> tuple[dict, dict, dict]:
    """Provenance, recipe and results in which everything that a user names has this name."""
    provenance = copy.deepcopy(PROVENANCE)
    data = provenance["data"]
    data["languages"][name] = data["languages"]["hin_Deva"]
    data |= {"aligner": name, "romaniser": f"uroman {name}", "fingerprint": name}
    for source in data["sources"]["train_data"]:
        source |= {"label": name, "license": name, "hub_id": name}
    provenance["base_model"] = {"name": name, "local": True, "revision": name}
    provenance["hardware"]["name"] = name
    provenance["versions"]["torch"] = name
    recipe = RECIPE | {"license": name, "metric_for_best_model": name, "output_dir": f"runs/{name.replace('/', ' ')}"}
    results = run_results()
    results["dataset"] |= {"name": name, "file": name, "fingerprint": name}
    results |= {"pair": [name, "urd_Arab"], "pooling": name}
    return provenance, recipe, results


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return render_card(make_run(tmp_path_factory.mktemp("plain"), results=run_results()))


def tokens(text: str) -> list:
    """What a reader of Markdown finds in a card's body, HTML, tables and links allowed."""
    reader = markdown_it.MarkdownIt("commonmark", {"html": True}).enable("table")
    return [part for block in reader.parse(text.split("\n---\n", 1)[1]) for part in [block, *(block.children or [])]]


def outline(text: str) -> list[tuple[str, str]]:
    """Headings, fences and the headers of tables."""
    found = tokens(text)
    return [
        (token.type, after.content if token.type.endswith("_open") else token.info)
        for token, after in itertools.pairwise(found)
        if token.type in ("heading_open", "fence", "th_open") and (token.type, token.tag) != ("heading_open", "h1")
    ]


@pytest.mark.parametrize("name", EVIL)
def test_names_stay_names(tmp_path, plain, name):
    provenance, recipe, results = with_name(name)
    text = write_card(make_run(tmp_path, provenance=provenance, recipe=recipe, results=results)).read_text("utf-8")
    # Front matter: the keys of a card, whose values are strings of one line.
    front = yaml.safe_load(text.split("\n---\n")[0].removeprefix("---\n"))
    assert set(front) <= set(yaml.safe_load(str(plain).split("\n---\n")[0].removeprefix("---\n")))
    assert text.count("\n---\n") == 1 and "\n" not in front["license"] and front["license"] not in ("", "mit")
    # Body: the same headings, fences and columns as any card's; no HTML, links or pictures.
    assert outline(text) == outline(str(plain))
    kinds = {token.type for token in tokens(text)}
    assert not kinds & {"html_inline", "link_open", "image", "hr", "em_open"}
    assert [token.content.strip() for token in tokens(text) if token.type == "html_block"] == [MARKER]
    # It is told, as it was written but for breaks and marks that nobody sees.
    shown = " ".join(token.content for token in tokens(text) if token.type in ("text", "code_inline", "text_special"))
    assert "".join(one_line(name).replace("`", "").split()) in "".join(shown.replace("'", "").split())
    assert not set(text) & set("\u202e\x1b\u2028\ud800")
    # The snippets are Python still.
    for fence in (token.content for token in tokens(text) if token.type == "fence" and token.info == "python"):
        ast.parse(fence)
