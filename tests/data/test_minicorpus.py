"""The synthetic corpus: deterministic, disjoint, distinct, in the right script, aligned within bounds."""

from __future__ import annotations

import itertools
import subprocess
import sys
import unicodedata

import pytest
import regex

from hf_xalign.data import minicorpus
from hf_xalign.data.minicorpus import (
    LANGUAGES,
    PUNCTUATION,
    generate,
    load_minicorpus,
    load_monolingual,
    load_parallel,
)
from hf_xalign.errors import XAlignError


SMALL = {"train": 200, "validation": 40, "test": 60}
# Letters of each language; nothing else may occur but spaces and punctuation.
ALPHABETS = {
    "eng_Latn": r"[A-Za-z']",
    "pol_Latn": r"[A-Za-zĄĆĘŁŃÓŚŹŻąćęłńóśźż]",
    "ukr_Cyrl": r"[А-ЩЬЮЯа-щьюяҐґЄєІіЇї’]",
    "hin_Deva": r"[\p{Script=Devanagari}--[।॥०-९]]",
    "urd_Arab": r"[اآبپتٹثجچحخدڈذرڑزژسشصضطظعغفقکگلمنںوہھءیےئؤ]",
}


@pytest.fixture(scope="module")
def splits():
    return generate()


def without_punctuation(text):
    return " ".join(regex.sub(r"\p{P}", "", text.replace("'", "")).casefold().split())


def test_default_sizes(splits):
    assert {split: len(sentences) for split, sentences in splits.items()} == {
        "train": 4000,
        "validation": 500,
        "test": 500,
    }
    ids = [sentence.id for sentences in splits.values() for sentence in sentences]
    assert len(set(ids)) == len(ids)


def test_same_seed_gives_the_same_sentences_in_another_process(splits):
    # Another process has other string hashes: nothing may depend on the order of a set.
    code = (
        "from hf_xalign.data.minicorpus import LANGUAGES, generate\n"
        f"for sentence in generate(7, {SMALL!r})['test']:\n"
        "    print([sentence.text(lang) for lang in LANGUAGES], sentence.alignment(*LANGUAGES[:2]))"
    )
    runs = [
        subprocess.run(
            [sys.executable, "-c", code],
            capture_output=True,
            check=True,
            env={"PYTHONHASHSEED": seed, "PYTHONIOENCODING": "utf-8"},
            text=True,
            encoding="utf-8",
        ).stdout
        for seed in ("1", "2")
    ]
    assert runs[0] == runs[1]
    assert runs[0].count("\n") == 60
    assert generate(7, SMALL)["test"] != generate(8, SMALL)["test"]


def test_larger_training_split_leaves_the_others():
    small, large = generate(0, SMALL), generate(0, {**SMALL, "train": 300})
    assert small["test"] == large["test"]
    assert small["validation"] == large["validation"]
    assert small["train"] == large["train"][:200]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_text_is_distinct_in_every_language_and_split(splits, lang):
    texts = [without_punctuation(sentence.text(lang)) for sentence in itertools.chain(*splits.values())]
    assert len(set(texts)) == len(texts)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_script(splits, lang):
    other = regex.compile(rf"[^{ALPHABETS[lang]}\s.,?।۔،؟]", flags=regex.V1)
    for sentence in itertools.chain(*splits.values()):
        text = sentence.text(lang)
        assert not other.search(text), text
        assert unicodedata.is_normalized("NFC", text), text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_words_and_text_agree(splits, lang):
    stops = {"hin_Deva": "।?", "urd_Arab": "۔؟"}.get(lang, ".?")
    for sentence in splits["test"]:
        words = sentence.words[lang]
        assert sentence.text(lang).replace(" ", "") == "".join(words)
        assert all(words) and not any(regex.search(r"\s|[_^~-]", word) for word in words)
        assert [word for word in words if word in PUNCTUATION][-1] == words[-1]
        assert words[-1] in stops
        assert 3 <= len(words) <= 18


def test_lengths_and_vocabulary_vary(splits):
    for lang in LANGUAGES:
        lengths = {len(sentence.words[lang]) for sentence in splits["test"]}
        assert len(lengths) >= 12
        assert len({word for sentence in splits["train"] for word in sentence.words[lang]}) >= 400


def test_alignment_is_in_bounds_sorted_and_symmetric(splits):
    for sentence in splits["test"]:
        for a, b in itertools.permutations(LANGUAGES, 2):
            links = sentence.alignment(a, b)
            assert links == sorted(set(links))
            assert all(0 <= i < len(sentence.words[a]) and 0 <= j < len(sentence.words[b]) for i, j in links)
            assert sorted((j, i) for i, j in links) == sentence.alignment(b, a)
            assert (len(sentence.words[a]) - 1, len(sentence.words[b]) - 1) in links


def test_nearly_every_hindi_word_has_an_urdu_word(splits):
    linked = total = crossing = 0
    for sentence in splits["test"]:
        links = sentence.alignment("hin_Deva", "urd_Arab")
        linked += len({i for i, _ in links})
        total += len(sentence.words["hin_Deva"])
        crossing += any(j > k for (_, j), (_, k) in itertools.pairwise(sentence.alignment("eng_Latn", "hin_Deva")))
    assert linked >= 0.98 * total
    assert crossing >= 450


def test_import_is_light():
    code = (
        "import sys; import hf_xalign.data.minicorpus; "
        "print([name for name in ('torch', 'datasets', 'numpy', 'transformers') if name in sys.modules])"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, check=True, text=True)
    assert run.stdout.strip() == "[]"


def test_load_minicorpus():
    data = load_minicorpus("test", sizes=SMALL)
    assert data.column_names == ["id", *LANGUAGES]
    assert len(data) == 60
    assert data[0]["hin_Deva"] == generate(0, SMALL)["test"][0].text("hin_Deva")


def test_load_parallel():
    data = load_parallel("validation", ("pol_Latn", "ukr_Cyrl"), sizes=SMALL)
    first = generate(0, SMALL)["validation"][0]
    assert data[0] == {
        "source": first.text("pol_Latn"),
        "target": first.text("ukr_Cyrl"),
        "source_lang": "pol_Latn",
        "target_lang": "ukr_Cyrl",
        "source_words": first.words["pol_Latn"],
        "target_words": first.words["ukr_Cyrl"],
        "alignment": [list(link) for link in first.alignment("pol_Latn", "ukr_Cyrl")],
    }
    assert len(load_parallel("train", sizes=SMALL)) == 200


def test_load_monolingual_shows_no_sentence_in_two_languages():
    langs = ("hin_Deva", "urd_Arab", "pol_Latn")
    data = load_monolingual("train", langs, sizes=SMALL)
    assert data.column_names == ["text", "lang"]
    ids = {(lang, sentence.text(lang)): sentence.id for sentence in generate(0, SMALL)["train"] for lang in langs}
    seen = [ids[row["lang"], row["text"]] for row in data]
    assert len(set(seen)) == len(seen) == 200
    assert set(data["lang"]) == set(langs)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: load_minicorpus("dev", sizes=SMALL), "no split 'dev', take one of train, validation, test"),
        (lambda: load_parallel("test", ("hin_Deva", "deu_Latn"), sizes=SMALL), "no language 'deu_Latn'"),
        (lambda: load_monolingual("test", (), sizes=SMALL), "no language given"),
        (lambda: generate(0, {"test": -1}), "size of split 'test' is -1"),
    ],
)
def test_wrong_input_is_told(call, message):
    with pytest.raises(XAlignError, match=message):
        call()


def test_exhausted_grammar_is_told(monkeypatch):
    derivation = minicorpus.sample(minicorpus.Random(0))
    monkeypatch.setattr(minicorpus, "sample", lambda rng: derivation)
    monkeypatch.setattr(minicorpus, "_MAX_REPETITIONS", 5)
    with pytest.raises(XAlignError, match="no new sentence after 1"):
        generate(0, {"train": 2})
