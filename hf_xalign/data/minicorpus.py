"""A small synthetic parallel corpus in English, Polish, Ukrainian, Hindi and Urdu, with gold word alignments.

Every sentence is generated from a grammar and a lexicon (`hf_xalign.data.minilexicon`), none is taken from a text;
call what is trained or measured on it synthetic. It is there for the quickstart and for tests: the grammar is right
in each language, the vocabulary small, the gold alignment exact because it comes from the derivation. How function
words are aligned is said in `hf_xalign.data.minilexicon`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING

from hf_xalign.data.minilexicon import english, hindi, polish, ukrainian, urdu
from hf_xalign.data.minilexicon.derivation import Derivation
from hf_xalign.data.minilexicon.sampling import sample
from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from datasets import Dataset

_GRAMMARS = {
    "eng_Latn": english.GRAMMAR,
    "pol_Latn": polish.GRAMMAR,
    "ukr_Cyrl": ukrainian.GRAMMAR,
    "hin_Deva": hindi.GRAMMAR,
    "urd_Arab": urdu.GRAMMAR,
}
LANGUAGES = tuple(_GRAMMARS)
DEFAULT_SIZES: Mapping[str, int] = MappingProxyType({"train": 4000, "validation": 500, "test": 500})
PUNCTUATION = frozenset(".,?।۔،؟")
# Longer sentences, in any language and with their punctuation, are not taken.
_MAX_WORDS = 18
# So many repetitions in a row mean that the grammar has little left to say.
_MAX_REPETITIONS = 20_000


@dataclass(frozen=True)
class Sentence:
    """One synthetic sentence in all languages.

    `words` has the words of each language, punctuation marks being words of their own; `id` is unique within one
    call of `generate`.
    """

    id: int
    words: dict[str, list[str]]
    _slots: dict[str, list[frozenset[str]]] = field(repr=False)

    def text(self, lang: str) -> str:
        """The sentence as it is written, punctuation attached to the word before it."""
        return _join(self.words[_known(lang)])

    def alignment(self, a: str, b: str) -> list[tuple[int, int]]:
        """Gold links between the words of languages `a` and `b`: sorted pairs of 0-based indices into `words`.

        Words that say the same part of the sentence are linked; a part that has as many words on both sides
        (के साथ, کے ساتھ) is linked word by word.
        """
        first, second = self._slots[_known(a)], self._slots[_known(b)]
        links = [(i, j) for i, slots in enumerate(first) for j, others in enumerate(second) if slots & others]
        return [(i, j) for i, j in links if not _crosses(first, i, second, j)]


def realise(derivation: Derivation, number: int = 0) -> Sentence:
    """What a derivation says in each language, as the sentence with id `number`."""
    realised = {lang: grammar.sentence(derivation) for lang, grammar in _GRAMMARS.items()}
    return Sentence(
        number,
        {lang: [word.form for word in words] for lang, words in realised.items()},
        {lang: [word.slots for word in words] for lang, words in realised.items()},
    )


def generate(seed: int = 0, sizes: Mapping[str, int] = DEFAULT_SIZES) -> dict[str, list[Sentence]]:
    """Distinct synthetic sentences by split, the same for the same seed and sizes.

    No two sentences, of one split or of two, have the same text in any language, punctuation and case aside. Splits
    are drawn from the last to the first, so that with the usual order of `sizes` a larger training split leaves test
    and validation as they are.

    Raises:
        XAlignError: a size is negative, or the grammar cannot make that many sentences.
    """
    rng = Random(seed)
    seen: dict[str, set[str]] = {lang: set() for lang in LANGUAGES}
    splits: dict[str, list[Sentence]] = {}
    count = 0
    for split in reversed(list(sizes)):
        if sizes[split] < 0:
            raise XAlignError(f"minicorpus: size of split {split!r} is {sizes[split]}, give 0 or more")
        splits[split] = [_new_sentence(rng, count + index, seen) for index in range(sizes[split])]
        count += sizes[split]
    return {split: splits[split] for split in sizes}


def load_minicorpus(split: str, *, seed: int = 0, sizes: Mapping[str, int] = DEFAULT_SIZES) -> Dataset:
    """The synthetic split as a data set: `id` and a column of text named by each language's code."""
    from datasets import Dataset

    sentences = _split(split, seed, sizes)
    columns = {lang: [sentence.text(lang) for sentence in sentences] for lang in LANGUAGES}
    return Dataset.from_dict({"id": [sentence.id for sentence in sentences], **columns})


def load_parallel(
    split: str,
    pair: tuple[str, str] = ("hin_Deva", "urd_Arab"),
    *,
    seed: int = 0,
    sizes: Mapping[str, int] = DEFAULT_SIZES,
) -> Dataset:
    """Synthetic translations with their words and gold alignment.

    Columns: source, target, source_lang, target_lang, source_words, target_words, alignment (pairs `[i, j]`, 0-based).
    """
    from datasets import Dataset

    first, second = (_known(lang) for lang in pair)
    return Dataset.from_list(
        [
            {
                "source": sentence.text(first),
                "target": sentence.text(second),
                "source_lang": first,
                "target_lang": second,
                "source_words": sentence.words[first],
                "target_words": sentence.words[second],
                "alignment": [list(link) for link in sentence.alignment(first, second)],
            }
            for sentence in _split(split, seed, sizes)
        ]
    )


def load_monolingual(
    split: str,
    langs: Sequence[str] = LANGUAGES,
    *,
    seed: int = 0,
    sizes: Mapping[str, int] = DEFAULT_SIZES,
) -> Dataset:
    """Synthetic text without translations: each sentence of the split stands in one language only, in turn.

    Columns: text, lang.
    """
    from datasets import Dataset

    langs = [_known(lang) for lang in langs]
    if not langs:
        raise XAlignError(f"minicorpus: no language given, take some of {', '.join(LANGUAGES)}")
    sentences = _split(split, seed, sizes)
    chosen = [langs[index % len(langs)] for index in range(len(sentences))]
    texts = [sentence.text(lang) for sentence, lang in zip(sentences, chosen, strict=True)]
    return Dataset.from_dict({"text": texts, "lang": chosen})


def _split(split: str, seed: int, sizes: Mapping[str, int]) -> list[Sentence]:
    if split not in sizes:
        raise XAlignError(f"minicorpus: no split {split!r}, take one of {', '.join(sizes)}")
    return _generated(seed, tuple(sizes.items()))[split]


@lru_cache(maxsize=4)
def _generated(seed: int, sizes: tuple[tuple[str, int], ...]) -> dict[str, list[Sentence]]:
    return generate(seed, dict(sizes))


def _crosses(first: list[frozenset[str]], i: int, second: list[frozenset[str]], j: int) -> bool:
    """Whether words i and j are of one part with as many words on both sides, but not at the same place in it."""
    slots = first[i]
    if slots != second[j] or first.count(slots) != second.count(slots):
        return False
    return first[:i].count(slots) != second[:j].count(slots)


def _new_sentence(rng: Random, number: int, seen: dict[str, set[str]]) -> Sentence:
    """The next sentence that is new in every language; its texts are added to `seen`."""
    for _ in range(_MAX_REPETITIONS):
        sentence = realise(sample(rng), number)
        keys = {lang: _key(words) for lang, words in sentence.words.items()}
        if max(map(len, sentence.words.values())) > _MAX_WORDS or any(key in seen[lang] for lang, key in keys.items()):
            continue
        for lang, key in keys.items():
            seen[lang].add(key)
        return sentence
    raise XAlignError(f"minicorpus: no new sentence after {number}; ask for fewer in `sizes`")


def _key(words: list[str]) -> str:
    """What two sentences must not share: the text without case and punctuation."""
    return " ".join(word for word in words if word not in PUNCTUATION).casefold()


def _join(words: list[str]) -> str:
    return "".join(word if word in PUNCTUATION else " " + word for word in words)[1:]


def _known(lang: str) -> str:
    if lang not in _GRAMMARS:
        raise XAlignError(f"minicorpus: no language {lang!r}, take one of {', '.join(LANGUAGES)}")
    return lang
