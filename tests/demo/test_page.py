"""The page in headless Chromium, as a visitor meets it, and served as `xalign demo` serves it."""

from __future__ import annotations

import re
import socket

import pytest
from transformers import AutoModel

from hf_xalign.aligners import load_aligner
from hf_xalign.cli import main
from hf_xalign.data.transliteration import transliterate
from hf_xalign.demo.serving import free_port
from hf_xalign.evaluation.embeddings import sentence_embeddings
from tests.evaluation.browser import CHROMIUM, needs_chromium
from tests.tiny import word_tokenizer


FIRST, SECOND = "w1 w2 <script>window.hacked = 1</script> ${window.hacked = 2} {{w3}}", "یہ w2 ہے، w5"


@pytest.fixture
def connections():
    """Addresses that this process connects to."""
    addresses, connect = [], socket.socket.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(socket.socket, "connect", lambda self, to: addresses.append(to) or connect(self, to))
        yield addresses


@pytest.fixture
def address(model, corpus, connections):
    import gradio

    with pytest.MonkeyPatch.context() as patch, pytest.MonkeyPatch.context() as environment:
        # The server runs in threads of its own, the command would wait here.
        patch.setattr(gradio.Blocks, "block_thread", lambda self: None)
        # What a user may have set elsewhere opens nothing here.
        environment.setenv("GRADIO_SHARE", "True")
        environment.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
        environment.setenv("GRADIO_ANALYTICS_ENABLED", "True")
        port = free_port()
        assert main(["demo", str(model), "--port", str(port), "--corpus", str(corpus)]) == 0
        yield f"http://127.0.0.1:{port}/"
        gradio.close_all(verbose=False)


@pytest.fixture
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def visit(address, browser):
    """The page on a phone, with what it asked for and complained of."""
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.set_default_timeout(60_000)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.goto(address)
    # It opens with an example compared.
    page.wait_for_selector("#similarity")
    return page


def compare(page, first: str, second: str) -> None:
    page.get_by_label("First sentence", exact=True).fill(first)
    page.get_by_label("Second sentence", exact=True).fill(second)
    page.get_by_role("button", name="Compare").click()


def choose(page, label: str, language: str) -> None:
    box = page.get_by_label(label)
    box.fill(language)
    box.press("Enter")
    box.press("Tab")


# One test, so that one process starts one server and one browser.


@needs_chromium
def test_the_page(visit, model, address, connections):
    two_sentences_are_typed_and_compared(visit, model)
    a_wide_grid_scrolls_in_its_own_box(visit)
    an_empty_sentence_is_a_message(visit)
    an_example_fills_the_boxes_and_is_compared(visit)
    it_fits_a_phone_and_is_labelled(visit)
    nothing_left_this_machine_and_nothing_failed(visit, address, connections)


def two_sentences_are_typed_and_compared(visit, model):
    choose(visit, "Language of the first sentence", "guess by script")
    choose(visit, "Language of the second sentence", "urd")
    compare(visit, FIRST, SECOND)
    visit.wait_for_selector("#side-1 >> text=window.hacked")

    one, other = visit.locator("#side-1"), visit.locator("#side-2")
    assert one.locator(".xa-sentence").inner_text() == FIRST
    assert one.inner_text().startswith("Latin script guessed")
    sentence = other.locator(".xa-sentence")
    assert [sentence.get_attribute(name) for name in ("dir", "lang")] == ["rtl", "ur-Arab"]
    assert other.locator(".xa-latin").inner_text() == transliterate([SECOND], "urd")[0]
    assert other.locator(".xa-latin").get_attribute("dir") == "ltr"
    # What is typed runs the way it is read, too.
    areas = visit.locator("#sentences textarea")
    assert areas.evaluate_all("boxes => boxes.map(box => getComputedStyle(box).direction)") == ["ltr", "rtl"]

    vectors = sentence_embeddings(AutoModel.from_pretrained(model), word_tokenizer(), [FIRST, SECOND], layers=[2])[2]
    cosine = (vectors[0] @ vectors[1]) / (vectors[0] @ vectors[0] * (vectors[1] @ vectors[1])) ** 0.5
    assert float(visit.inner_text("#similarity").replace("\u2212", "-")) == pytest.approx(cosine, abs=0.0051)

    words = (re.findall(r"\w+|[^\w\s]", FIRST), ["یہ", "w2", "ہے", "،", "w5"])
    links = load_aligner("simalign", model=str(model), layer=1, token_type="word").align([words])[0]
    told = visit.locator("#links li").evaluate_all(
        "items => items.map(item => [...item.querySelectorAll('bdi')].map(word => word.textContent))"
    )
    assert told == [[words[0][i], words[1][j]] for i, j, _ in links] and links
    assert visit.locator(".heat .linked").count() == len(links)
    assert visit.locator(".heat .shade").count() == len(words[0]) * len(words[1])
    # The columns of a right-to-left sentence run from right to left.
    titles = visit.locator(".heat .shade title").all_text_contents()
    boxes = [float(x) for x in visit.locator(".heat .shade").evaluate_all("all => all.map(x => x.getAttribute('x'))")]
    assert titles[0].startswith("w1 – یہ") and boxes[0] > boxes[1] > boxes[4]
    assert visit.locator("#near-2 li").count() == 5

    assert visit.evaluate("window.hacked") is None
    assert visit.locator("#result script").count() == 0


def a_wide_grid_scrolls_in_its_own_box(visit):
    compare(visit, "w1 w2", "یہ " * 30)
    visit.wait_for_selector("#side-1 >> text=/^w1 w2$/")
    told = "box => [box.scrollWidth > box.clientWidth, box.dir]"
    assert visit.locator(".xa-scroll").evaluate(told) == [True, "rtl"]
    it_fits_a_phone_and_is_labelled(visit)


def an_empty_sentence_is_a_message(visit):
    compare(visit, "", "w1")
    assert visit.locator("#result [role=alert]").inner_text().startswith("The first sentence is empty")
    compare(visit, "w1 w2", "w1")
    visit.wait_for_selector("#similarity")
    choose(visit, "Language of the first sentence", "hinn")
    visit.get_by_role("button", name="Compare").click()
    assert visit.locator("#result [role=alert]").inner_text().startswith("unknown language code 'hinn'")


def an_example_fills_the_boxes_and_is_compared(visit):
    visit.get_by_text("Polish – Ukrainian", exact=True).click()
    visit.wait_for_selector("#side-2 >> text=Ukrainian")
    assert visit.get_by_label("Second sentence", exact=True).input_value().startswith("Моя")
    assert visit.locator("#side-1 .xa-latin").inner_text() == "Moja siostra czyta ciekawa ksiazke."
    # The layer is another one.
    before = visit.locator(".xa-legend").inner_text()
    visit.get_by_role("button", name="How words are linked").click()
    visit.get_by_label("inter (precision)").click()
    visit.wait_for_selector(".xa-legend >> text=linked by inter")
    assert "layer 1" in before and "linked by itermax" in before


def it_fits_a_phone_and_is_labelled(visit):
    assert visit.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth") <= 0
    unnamed = "all => all.filter(e => !e.labels?.length && !e.ariaLabel && !e.innerText.trim()).length"
    assert visit.locator("#sentences textarea, #sentences input, #compare").evaluate_all(unnamed) == 0
    assert visit.title() == "tiny · hf_xalign"


def nothing_left_this_machine_and_nothing_failed(visit, address, connections):
    assert visit.asked and {url for url in visit.asked if not url.startswith((address, "data:"))} == set()
    assert {host for host, *_ in connections if host not in ("127.0.0.1", "localhost", "::1")} == set()
    assert visit.complaints == []
