"""The peers of `word_alignment.py`, each run as it is."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path

import torch
from transformers import BertConfig, BertModel


class AnswersFromMemory:
    """Inside, SimAlign's aligner asks neither encoder nor tokenizer: what is left is its matching."""

    def __init__(self, aligner, by_sentence) -> None:
        self.loader, self.by_sentence = aligner.embed_loader, by_sentence
        words = {word for sentence in by_sentence for word in sentence}
        self.pieces = {word: self.loader.tokenizer.tokenize(word) for word in words}

    def __enter__(self) -> None:
        self.kept = self.loader.tokenizer
        self.loader.tokenizer = self
        self.loader.get_embed_list = self.look_up

    def __exit__(self, *_) -> None:
        self.loader.tokenizer = self.kept
        del self.loader.get_embed_list

    def tokenize(self, word: str) -> list[str]:
        return self.pieces[word]

    def look_up(self, pair) -> torch.Tensor:
        return torch.nn.utils.rnn.pad_sequence([self.by_sentence[tuple(side)] for side in pair], batch_first=True)


class AwesomeAlign:
    """awesome-align's own model and extraction, with a BERT of the bench's size and tokenizer."""

    def __init__(self, checkout: Path, tokenizer, sizes: dict[str, int]) -> None:
        sys.path.insert(0, str(checkout))
        from awesome_align import modeling
        from awesome_align.configuration_bert import BertConfig as TheirConfig

        modeling.PAD_ID, modeling.CLS_ID, modeling.SEP_ID = (
            tokenizer.pad_token_id, tokenizer.cls_token_id, tokenizer.sep_token_id,
        )  # fmt: skip
        sizes = {**sizes, "vocab_size": len(tokenizer)}
        torch.manual_seed(0)
        self.encoder = BertModel(BertConfig(pad_token_id=tokenizer.pad_token_id, **sizes)).eval()
        self.model = modeling.BertForMaskedLM(TheirConfig(**sizes)).eval()
        weights = {key: value for key, value in self.encoder.state_dict().items() if "pooler" not in key}
        unused = self.model.bert.load_state_dict(weights, strict=False)
        assert not unused.missing_keys, unused
        self.tokenizer = tokenizer

    def align(self, pairs, layer: int):
        """What its script does with lines of a file, from words to links."""
        links = []
        for start in range(0, len(pairs), 32):
            rows = [self.side(words) for pair in pairs[start : start + 32] for words in pair]
            ids = [
                torch.nn.utils.rnn.pad_sequence(
                    [ids for ids, _ in rows[side::2]], batch_first=True, padding_value=self.tokenizer.pad_token_id
                )
                for side in (0, 1)
            ]
            maps = [[words for _, words in rows[side::2]] for side in (0, 1)]
            links += self.model.get_aligned_word(*ids, *maps, "cpu", 0, 0, align_layer=layer, test=True)
        return links

    def side(self, words: list[str]):
        tokens = [self.tokenizer.tokenize(word) for word in words]
        ids = [self.tokenizer.convert_tokens_to_ids(row) for row in tokens]
        framed = [self.tokenizer.cls_token_id, *itertools.chain(*ids), self.tokenizer.sep_token_id]
        return torch.tensor(framed), [number for number, row in enumerate(tokens) for _ in row]
