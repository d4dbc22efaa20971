"""What the page computes is what the library's own functions give, on one encoder."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from transformers import AutoModel

from hf_xalign.aligners import load_aligner
from hf_xalign.data.transliteration import transliterate
from hf_xalign.demo import SentenceComparer
from hf_xalign.demo.corpus import Line, mini_corpus, read_corpus
from hf_xalign.demo.drawing import header_html, result_html
from hf_xalign.demo.examples import EXAMPLES, examples_for
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.embeddings import sentence_embeddings
from tests.evaluation.report_page import Page
from tests.tiny import word_tokenizer


FIRST, SECOND = "w1 w2, w3 w4!", "w4 w3 w2 w5"


@pytest.fixture(scope="module")
def comparer(model, corpus):
    return SentenceComparer(str(model), read_corpus(corpus))


def test_equals_the_plain_functions(comparer, model, corpus):
    found = comparer.compare(FIRST, f"  {SECOND}\n")
    texts = [FIRST, SECOND, *(line.text for line in comparer.corpus)]
    vectors = sentence_embeddings(AutoModel.from_pretrained(model), word_tokenizer(), texts, layers=[2])[2]
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    assert found.cosine == pytest.approx(vectors[0] @ vectors[1], abs=1e-5)
    assert found.corpus == pytest.approx(vectors[:2] @ vectors[2:].T, abs=1e-5)
    for vector, neighbours in zip(vectors[:2], found.neighbours, strict=True):
        order = np.argsort(-(vectors[2:] @ vector), kind="stable")[:5]
        assert [neighbour.line.text for neighbour in neighbours] == [texts[2 + row] for row in order]
        assert [neighbour.cosine for neighbour in neighbours] == pytest.approx(vectors[2 + order] @ vector, abs=1e-5)
    # The words' layer is the one that WTR trained.
    assert (comparer.layer, comparer.word_layer, found.layer) == (2, 1, 1)
    pair = (["w1", "w2", ",", "w3", "w4", "!"], ["w4", "w3", "w2", "w5"])
    assert (found.first.words, found.second.words) == pair
    for method, layer in (("itermax", 1), ("inter", 3), ("match", 0)):
        aligner = load_aligner("simalign", model=str(model), method=method, layer=layer, token_type="word")
        again = comparer.compare(FIRST, SECOND, method=method, layer=layer)
        assert again.links == aligner.align([pair])[0] and again.words.shape == (6, 4)
        if method == "inter":
            # What is linked can be seen: the darkest cell of its row and of its column.
            rows, columns = again.words.argmax(1), again.words.argmax(0)
            assert {link[:2] for link in again.links} == {(i, j) for i, j in enumerate(rows) if columns[j] == i}


def test_languages_are_guessed_or_chosen(comparer):
    found = comparer.compare("Її Київ", "یہ w2")
    assert [(side.language, side.guessed) for side in (found.first, found.second)] == [
        ("ukr_Cyrl", True),
        ("urd_Arab", True),
    ]
    assert found.first.transliteration == transliterate(["Її Київ"], "ukr")[0]
    found = comparer.compare("Київ", "Київ", first_language="uk", second_language="rus_Cyrl")
    assert [side.language for side in (found.first, found.second)] == ["ukr_Cyrl", "rus_Cyrl"]
    assert found.first.transliteration == "Kyiv" != found.second.transliteration
    assert not found.first.guessed


def test_long_sentences_are_compared_and_not_drawn(comparer):
    found = comparer.compare("w1 " * 61, "w1 " * 20)
    assert found.words is None and found.links == [] and -1 <= found.cosine <= 1
    assert (found.first.cut, found.second.cut) == (False, False)
    assert "up to 60 words" in result_html(found, comparer)
    found = comparer.compare("w1 " * 63, "w1")
    assert found.first.cut and not found.second.cut
    assert "Longer than the 64 tokens that the encoder reads" in result_html(found, comparer)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"first": " \n"}, "The first sentence is empty"),
        ({"second": ""}, "The second sentence is empty"),
        ({"second": "\u200b"}, "The second sentence has no word that could be seen"),
        ({"first": "w1" * 1001}, "The first sentence has 2,002 characters; this page takes up to 2,000"),
        ({"first_language": "hindi"}, "unknown language code 'hindi'"),
        ({"method": "itermx"}, "did you mean 'itermax'"),
        ({"layer": 4}, "layer 4 is out of range"),
    ],
)
def test_refuses(comparer, given, message):
    with pytest.raises(XAlignError, match=message):
        comparer.compare(**({"first": "w1", "second": "w2"} | given))


def test_everything_typed_or_read_is_escaped(model):
    bad = "<script>alert(1)</script> \"'&<img src=x onerror=alert(2)> \u0007"
    comparer = SentenceComparer(str(model), [Line(bad, "und_Latn")])
    html = result_html(comparer.compare(bad, bad + " w1"), comparer) + header_html(comparer)
    page = Page(f"<html>{html}</html>")
    assert not page.all("script") and not page.all("img") and page.text().count("<script>alert(1)</script>") >= 3


def test_a_word_that_the_tokenizer_drops_is_blank(comparer):
    found = comparer.compare("w1 w2", "w3 w4")
    cosines = np.array([[np.nan, np.nan], [0.5, -0.25]], dtype=np.float32)
    page = Page(f"<html>{result_html(replace(found, words=cosines, links=[(1, 0, 0.75)]), comparer)}</html>")
    shades = [attributes["fill-opacity"] for attributes, _ in page.all("rect", class_="shade")]
    assert shades == ["0", "0", "0.9", "0.03"]
    told = [text for attributes, text in page.all("title") if "id" not in attributes]
    assert told[0] == "w1 – w3: the tokenizer makes nothing of a word"
    assert told[2:] == ["w2 – w3: cosine 0.50, linked (score 0.75)", "w2 – w4: cosine \u22120.25"]
    assert "\u22120.25 to 0.50, cosine of the words" in page.text()
    # Nothing to tell shades apart by.
    assert 'fill-opacity="0"' in result_html(replace(found, words=np.full_like(cosines, np.nan)), comparer)


def test_a_corpus_of_one_line_or_of_the_sentences_themselves(model):
    comparer = SentenceComparer(str(model), [Line("w1 w2", "und_Latn")])
    found = comparer.compare("w1 w2", "w3")
    assert found.corpus.shape == (2, 0) and found.neighbours[0][0].cosine == pytest.approx(1, abs=1e-5)
    assert "other sentence" not in result_html(found, comparer)


def test_the_default_corpus_is_synthetic_and_in_five_languages():
    lines = mini_corpus()
    assert len(lines) == 500 and {line.language for line in lines} >= {"hin_Deva", "urd_Arab", "ukr_Cyrl"}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "cannot be read: No such file or directory"),
        (b" \n\n", "there is no sentence in it"),
        (b"w1\nw\xff\n", "line 2: not UTF-8"),
    ],
)
def test_refuses_a_corpus(content, message, tmp_path):
    if content is not None:
        (tmp_path / "lines").write_bytes(content)
    with pytest.raises(XAlignError, match=message):
        read_corpus(tmp_path / "lines")


def test_examples_in_the_languages_of_the_recipe_come_first(tmp_path):
    assert examples_for("me/model") == list(EXAMPLES)
    (tmp_path / "recipe.yaml").write_text("langs: [pol_Latn, ukr_Cyrl]", encoding="utf-8")
    first, *others = examples_for(str(tmp_path))
    assert first.first_language == "pol_Latn" and len(others) == len(EXAMPLES) - 1
