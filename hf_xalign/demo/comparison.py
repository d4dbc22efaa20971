"""What the page shows of two sentences, computed with one encoder that is loaded once."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from hf_xalign.aligners import load_aligner
from hf_xalign.aligners.base import Link
from hf_xalign.aligners.encoder_source import encoder_source
from hf_xalign.aligners.word_similarities import word_similarities
from hf_xalign.data.languages import parse_language
from hf_xalign.data.transliteration import transliterate
from hf_xalign.data.words import split_words
from hf_xalign.demo.corpus import Line, Neighbour, mini_corpus, nearest
from hf_xalign.demo.writing import guess_language, script_of
from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.embeddings import embed_tokenized, length_limit, resolve_layers, tokenize_sentences
from hf_xalign.evaluation.loading import alignment_settings
from hf_xalign.evaluation.report.json_fields import clean
from hf_xalign.evaluation.retrieval import unit_rows


METHODS = ("itermax", "inter", "match")
# What the page takes and draws: longer sentences than anybody wants to look at as a grid of words.
MOST_CHARACTERS = 2_000
MOST_WORDS = 60
_NEIGHBOURS = 5


@dataclass(frozen=True)
class Sentence:
    """A sentence as it was typed, white space aside.

    Attributes:
        language: a code, chosen or guessed; `und_Deva` where only the script is known, `und` where not even that.
        cut: whether the encoder takes fewer tokens than the sentence has, so that its end does not count.
    """

    text: str
    language: str
    guessed: bool
    transliteration: str
    words: list[str]
    cut: bool


@dataclass(frozen=True)
class Comparison:
    """Two sentences, side by side.

    Attributes:
        first, second: the sentences, as they were read.
        cosine: of the sentence vectors, -1 to 1.
        words: cosines `(m, n)` of the words, NaN for a word of which the tokenizer makes nothing; None where a
            sentence has more words than can be drawn.
        links: `(source word, target word, score)`, chosen from `words`.
        neighbours: for either sentence the nearest lines of the corpus.
        corpus: cosines `(2, N)` of either sentence with the lines of the corpus that are neither of the two.
        method: by which links were chosen.
        layer: whose states the words were compared at.
    """

    first: Sentence
    second: Sentence
    cosine: float
    words: np.ndarray | None
    links: list[Link]
    neighbours: tuple[list[Neighbour], list[Neighbour]]
    corpus: np.ndarray
    method: str
    layer: int


class SentenceComparer:
    """Compares sentences with one encoder; may be asked from several threads.

    Sentence vectors are those of the checkpoint's own layer and pooling (8 of 12 layers and "mean" where it has no
    `xalign_config.json`).

    Args:
        model: a checkpoint folder or a Hub id, of any supported encoder.
        corpus: lines to look for near sentences in; None: the synthetic mini corpus.
        progress: whether to show a bar while the corpus is read.

    Attributes:
        layer, pooling: of the sentence vectors.
        limit: tokens of a sentence that the encoder reads, special ones included; the rest does not count.
        word_layer: that of WTR where the checkpoint was trained with it, else that of the sentence vectors.
        num_layers, dimensions: of the encoder.
        name: the folder's name, or the id on the Hub.
        corpus: the lines; `is_mini` tells whether they are the mini corpus.

    Raises:
        XAlignError: there is no model there, or its encoder is not supported.
    """

    def __init__(self, model: str, corpus: Sequence[Line] | None = None, *, progress: bool = False) -> None:
        self.name = Path(model).resolve().name if Path(model).is_dir() else model
        source = encoder_source(model)
        settings = alignment_settings(model)
        self.num_layers = source.config.num_hidden_layers
        self.layer = settings.resolve_alignment_layer(self.num_layers)
        self.pooling = settings.pooling
        wtr = settings.heads.get("wtr")
        (self.word_layer,) = resolve_layers([self.layer if wtr is None else wtr.get("layer", -1)], self.num_layers)
        self.dimensions = source.config.hidden_size
        self._encoder, self._tokenizer = source.open()
        self.limit = length_limit(self._encoder, self._tokenizer)
        # The first layers of an encoder are run alone by changing it for a moment.
        self._lock = threading.Lock()
        self.is_mini = corpus is None
        self.corpus = mini_corpus() if corpus is None else list(corpus)
        self._vectors = unit_rows(self._embed([line.text for line in self.corpus], progress=progress))
        transliterate(["я"])  # reads the romaniser's tables now, so that nobody waits for them at the page

    def compare(
        self,
        first: str,
        second: str,
        *,
        first_language: str | None = None,
        second_language: str | None = None,
        method: str = "itermax",
        layer: int | None = None,
    ) -> Comparison:
        """Compare two sentences.

        Args:
            first, second: sentences of at most `MOST_CHARACTERS`.
            first_language, second_language: codes such as `hin_Deva`, `hin` or `hi`; None: guessed by script.
            method: of [`~hf_xalign.aligners.simalign.SimAlign`].
            layer: whose states of the words are compared; None: `word_layer`.

        Raises:
            XAlignError: a sentence is empty or too long; an unknown language, method or layer.
        """
        (layer,) = resolve_layers([self.word_layer if layer is None else layer], self.num_layers)
        sentences = [_read("first", first, first_language), _read("second", second, second_language)]
        pair = tuple(sentence.words for sentence in sentences)
        drawn = max(map(len, pair)) <= MOST_WORDS
        with self._lock:
            vectors = unit_rows(self._embed([sentence.text for sentence in sentences]))
            aligner = load_aligner(
                "simalign",
                model=self._encoder,
                tokenizer=self._tokenizer,
                method=method,
                layer=layer,
                token_type="word",
            )
            words = word_similarities(self._encoder, self._tokenizer, [pair], layer=layer)[0] if drawn else None
            links = aligner.align([pair])[0] if drawn else []
            sentences = [replace(sentence, cut=self._cuts(sentence.text)) for sentence in sentences]
        cosines = vectors @ self._vectors.T
        texts = {sentence.text for sentence in sentences}
        others = [row for row, line in enumerate(self.corpus) if line.text not in texts]
        return Comparison(
            *sentences,
            cosine=float(vectors[0] @ vectors[1]),
            words=words,
            links=links,
            neighbours=tuple(nearest(self.corpus, row, _NEIGHBOURS) for row in cosines),
            corpus=cosines[:, others],
            method=method,
            layer=layer,
        )

    def _embed(self, texts: Sequence[str], *, progress: bool = False) -> np.ndarray:
        tokenized = tokenize_sentences(self._tokenizer, texts, max_length=self.limit)
        label = "reading the corpus" if progress else False
        vectors = embed_tokenized(self._encoder, tokenized, layers=[self.layer], pooling=self.pooling, progress=label)
        return vectors[self.layer]

    def _cuts(self, text: str) -> bool:
        return tokenize_sentences(self._tokenizer, [text], max_length=self.limit).truncated > 0


def _read(which: str, text: str, code: str | None) -> Sentence:
    """A sentence with all that can be told without the encoder."""
    text = " ".join(clean(text or "").split())
    if not text:
        raise XAlignError(f"The {which} sentence is empty: write one, or choose an example.")
    if len(text) > MOST_CHARACTERS:
        raise XAlignError(
            f"The {which} sentence has {len(text):,} characters; this page takes up to {MOST_CHARACTERS:,}."
        )
    words = split_words(text)
    if not words:
        raise XAlignError(f"The {which} sentence has no word that could be seen: write one, or choose an example.")
    if code:
        language = parse_language(code)
        spoken = str(language._replace(script=language.script or script_of(text)))
    else:
        spoken = guess_language(text)
    (latin,) = transliterate([text], None if spoken.startswith("und") else spoken)
    return Sentence(text, spoken, not code, latin, words, cut=False)
