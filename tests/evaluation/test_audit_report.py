"""The page of an audit: what it says, that it needs nothing but itself, and that no word breaks out of it."""

from __future__ import annotations

import random
import re
from collections import Counter

import pytest

from hf_xalign.aligners.gold import GoldAlignment, GoldStandard
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import audit_alignments, build_audit_page, write_audit_report
from tests.evaluation.browser import needs_chromium, rendered, widths_on_a_phone
from tests.evaluation.report_page import Page


HOSTILE = "\"'><img src=x onerror=alert(1)><script>alert('&amp;')</script>"
# Made up for these tests.
HINDI = ["नदी", "के", "पास", "एक", "पुराना", "घर", "है", "।"]
URDU = ["دریا", "کے", "پاس", "ایک", "پرانا", "گھر", "ہے", "۔"]


def make_audit(*, text: str = "", labels: tuple[str, ...] = ("hin_Deva-urd_Arab", "eng-deu"), one_score: bool = False):
    """Five pairs a language; one word of the source is `text`, if it is given."""
    draw = random.Random(0)
    pairs, gold, links, names = [], [], [], []
    for label in labels:
        for _ in range(5):
            pairs.append(([text, *HINDI[1:]] if text else HINDI, URDU))
            gold.append(GoldAlignment([(i, i) for i in range(7)], [(7, 7), (7, 6)]))
            found = {(i, min(7, i + draw.choice((0, 0, 1)))) for i in range(8) if draw.random() < 0.9}
            links.append([(i, j, 1.0 if one_score else draw.random()) for i, j in sorted(found)])
            names.append(label)
    places = [f"gold.jsonl, line {i}" for i in range(len(pairs))]
    standard = GoldStandard(
        pairs,
        gold,
        names,
        places,
        list(range(len(pairs))),
        len(pairs),
        "table",
        f"gold{text}.jsonl",
        [text] * bool(text),
    )
    return audit_alignments(standard, links, aligner=f"simalign{text}(layer=8)")


@pytest.fixture(scope="module")
def page():
    return Page(build_audit_page(make_audit()))


def test_page_needs_nothing_but_itself(page):
    for tag, attributes, text in page.elements:
        assert tag not in {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
        for name, value in attributes.items():
            assert not name.startswith("on")
            assert name not in {"src", "srcset", "action", "xlink:href", "href"}
            assert "url(" not in (value or "")
        if tag == "style":
            assert not re.search(r"url\(|@import|https?:|//", "".join(text))


def test_ids_are_unique_and_every_drawing_is_told_of(page):
    ids = Counter(attributes["id"] for _, attributes, _ in page.elements if "id" in attributes)
    assert max(ids.values()) == 1
    drawings = page.all("svg", role="img")
    # Four scores, two charts of thresholds, the histogram, two fertilities, three pairs of two languages.
    assert len(drawings) == 4 + 2 + 1 + 2 + len(make_audit()["examples"])
    for attributes, _ in drawings:
        for target in attributes["aria-labelledby"].split():
            assert page.by_id(target).strip()
    captions = page.all("figcaption")
    assert len(captions) == 5 and all(text.strip().endswith(".") for _, text in captions)


def test_what_it_says(page):
    text = page.text()
    assert page.all("h1")[0][1] == "Word alignment audit: simalign"
    assert "over 2 language pairs, from" in page.by_id("summary")
    for part in ("No threshold reaches", "Links with a score of", "All links together"):
        if part in text:
            break
    else:
        pytest.fail("nothing is said of the threshold")
    for part in ("Agreement with the gold alignment", "What a score threshold buys", "Fertility", "Provenance"):
        assert part in text
    assert text.count("hin_Deva-urd_Arab") > 5


def test_a_sentence_pair_as_a_grid():
    audit = make_audit(labels=("eng-deu",))
    audit["examples"] = audit["examples"][:1]
    example = audit["examples"][0]
    example["links"] = [[0, 0, 0.9], [1, 1, 0.25], [2, 1, 0.5]]
    example["sure"], example["possible"] = [[0, 0], [3, 3]], [[1, 1]]
    page = Page(build_audit_page(audit))
    cells = [attributes for attributes, _ in page.all("rect", class_="link")]
    assert [cell["class"].split()[1] for cell in cells] == ["c1", "c1", "c2"]
    shades = [float(cell["fill-opacity"]) for cell in cells]
    assert shades == pytest.approx([0.15 + 0.85 * 0.9, 0.15 + 0.85 * 0.25, 0.15 + 0.85 * 0.5], abs=0.01)
    assert len(page.all("rect", class_="sure")) == 2 and len(page.all("rect", class_="possible")) == 1
    labels = [text for attributes, text in page.all("text", class_="word")]
    assert labels == [*HINDI, *URDU]
    told = [text for attributes, text in page.all("rect", class_="touch")]
    assert told[0] == f"{HINDI[0]} – {URDU[0]}: score 0.900, sure in gold"
    assert told[2] == f"{HINDI[2]} – {URDU[1]}: score 0.500, not in gold"
    assert told[3] == f"{HINDI[3]} – {URDU[3]}: no link, sure in gold"
    text = re.sub("[\u2068\u2069]", "", page.text())
    assert f"Wrong links (1): {HINDI[2]} – {URDU[1]} (0.50)." in text
    assert f"Sure links missed (1): {HINDI[3]} – {URDU[3]}." in text


def test_hostile_words_stay_words():
    page = Page(build_audit_page(make_audit(text=HOSTILE, labels=(HOSTILE,))))
    tags = {tag for tag, _, _ in page.elements}
    assert not tags & {"script", "img"}
    assert not any(name.startswith("on") for _, attributes, _ in page.elements for name in attributes)
    assert page.text().count("alert(1)") > 5


def test_odd_words():
    html = build_audit_page(make_audit(text="a\x00b"))
    assert "\x00" not in html and "a\ufffdb" in html
    long = "x" * 500
    page = Page(build_audit_page(make_audit(text=long)))
    assert f"{'x' * 17}…" in [text for _, text in page.all("text", class_="word")]
    assert "\u2423" in [
        text for _, text in Page(build_audit_page(make_audit(text="\u3000"))).all("text", class_="word")
    ]


def test_one_score_has_no_thresholds():
    page = Page(build_audit_page(make_audit(one_score=True, labels=("eng-deu",))))
    assert "All links have one score" in page.text()
    assert "What a score threshold buys" not in page.text()
    assert "on 5 sentence pairs" in page.by_id("summary")


def test_no_links_at_all():
    gold = GoldStandard([(["a"], ["b"])], [GoldAlignment([(0, 0)])], None, ["x"], [0], 1, "pharaoh", "y")
    page = Page(build_audit_page(audit_alignments(gold, [[]], aligner="x")))
    assert "There is no link" in page.text() and "100.0" in page.by_id("summary")


def test_the_same_audit_gives_the_same_bytes(tmp_path):
    audit = make_audit()
    assert build_audit_page(audit) == build_audit_page(audit)
    paths = write_audit_report(audit, tmp_path / "new")
    assert [path.name for path in paths] == ["audit.json", "audit.html"]
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == ["audit.html", "audit.json"]
    with pytest.raises(XAlignError, match="lacks groups"):
        build_audit_page({key: value for key, value in audit.items() if key != "groups"})


@needs_chromium
def test_page_opens_from_a_file_and_fits_a_phone(tmp_path):
    _, page = write_audit_report(
        make_audit(text="x" * 60, labels=("hin_Deva-urd_Arab", "eng-deu", "y" * 60)), tmp_path
    )
    assert "Word alignment audit" in Page(rendered(page, tmp_path)).all("h1")[0][1]
    client, scroll = widths_on_a_phone(page, tmp_path)
    assert 370 <= client <= 390
    assert scroll <= client
