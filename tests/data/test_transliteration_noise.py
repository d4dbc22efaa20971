"""Noise: its rate, what it leaves alone, and that it depends on the text and the seed alone."""

from __future__ import annotations

import math
import random
from collections import Counter
from string import ascii_lowercase

import datasets
import pytest

from hf_xalign.data.transliteration import Transliterate
from hf_xalign.data.transliteration_noise import add_noise
from hf_xalign.errors import XAlignError


WORDS = ["namaste", "duniya", "a", "Kyiv", "щастя"]


def sentences(count: int) -> list[str]:
    draw = random.Random(0)
    return [f"{number} " + " ".join(draw.choices(WORDS, k=6)) + "." for number in range(count)]


@pytest.mark.parametrize("rate", [0.02, 0.1, 0.3, 1.0])
def test_rate(rate):
    """Of 200 000 letters, a third of the share is deleted and a third replaced, within five standard deviations."""
    count, width = 20_000, 10
    # All letters alike: a swap changes nothing, a replacement puts another letter.
    noisy = [add_noise("a" * width, rate, seed) for seed in range(count)]
    letters = count * width
    slack = 5 * math.sqrt(letters * rate / 3 * (1 - rate / 3))
    deleted = letters - sum(map(len, noisy))
    replaced = sum(len(text) - text.count("a") for text in noisy)
    assert abs(deleted - letters * rate / 3) < slack
    assert abs(replaced - letters * rate / 3) < slack
    others = Counter("".join(noisy).replace("a", ""))
    assert set(others) <= set(ascii_lowercase[1:])
    assert max(others.values()) < 2 * replaced / 25 + 20


def test_swaps():
    """The last third: of 10 letters, all different, one alone is damaged, at a small rate, or none."""
    word, rate, count = "abcdefghij", 0.02, 20_000
    noisy = [add_noise(word, rate, seed) for seed in range(count)]
    swapped = [text for text in noisy if sorted(text) == list(word) and text != word]
    once = count * 10 * rate / 3 * (1 - rate) ** 9
    assert abs(len(swapped) - once) < 5 * math.sqrt(once) + 0.02 * once  # a few are swapped twice
    single = [text for text in swapped if sum(one != other for one, other in zip(text, word, strict=True)) == 2]
    assert len(single) > 0.95 * len(swapped)
    pairs = Counter(word.index(text[place]) for text in single for place in range(10) if text[place] > word[place])
    # The last letter is swapped to its left, so that pair comes twice as often.
    assert set(pairs) == set(range(1, 10)) and pairs[9] > 1.5 * pairs[1]


def test_what_stays():
    for text in sentences(200):
        noisy = add_noise(text, 0.7)
        assert noisy.count(" ") == text.count(" ") and noisy.endswith(".")
        assert noisy.split(" ")[0] == text.split(" ")[0]  # digits
    assert add_noise("12, 3 – 4!", 1.0) == "12, 3 – 4!"
    assert add_noise("", 1.0) == ""
    assert all(add_noise(text, 0) is text for text in WORDS)
    # A letter alone has no neighbour: it is replaced or deleted, in its case.
    alone = {add_noise("I", 1.0, seed) for seed in range(300)}
    assert "" in alone and "I" not in alone and all(not letter or letter.isupper() for letter in alone)


def test_a_sentence_is_damaged_alike_wherever_it_stands():
    texts = sentences(60)
    noisy = [add_noise(text, 0.3, 5) for text in texts]
    assert noisy[0] != texts[0] and noisy == [add_noise(text, 0.3, 5) for text in texts]
    assert noisy[:10] != [add_noise(text, 0.3, 6) for text in texts[:10]]
    dataset = datasets.Dataset.from_dict({"text": texts})
    step = Transliterate("text", noise=0.3, noise_seed=5)
    one = dataset.map(step, batched=True)["text_latn"]
    assert list(dataset.map(step, batched=True, batch_size=7, num_proc=2)["text_latn"]) == list(one)
    assert list(dataset.select(range(59, -1, -1)).map(step, batched=True)["text_latn"]) == list(one)[::-1]
    clean = dataset.map(Transliterate("text"), batched=True)["text_latn"]
    assert list(one) == [add_noise(text, 0.3, 5) for text in clean]


def test_it_is_the_same_everywhere():
    """On every machine and Python version."""
    assert add_noise("namaste duniya", 0.5, 0) == "afase uqdiyf"
    # As uroman does, it lets half a character of UTF-16 through.
    assert add_noise("a \ud800 b", 0.5, 0).split(" ")[1] == "\ud800"


@pytest.mark.parametrize("rate", [-0.1, 1.01, "0.1", None, True])
def test_wrong_rates(rate):
    with pytest.raises(XAlignError, match="share of the letters"):
        add_noise("a", rate)
