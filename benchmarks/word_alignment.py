"""Claims: aligning costs little more than the encoder itself, and gives the peers' links many times faster.

Everything runs on the same real sentences, English and another language of NTREX-128 (`ntrex128.parquet` in the folder
HF_XALIGN_DATA), with the same encoder: XLM-R's architecture with 4 layers of 256 dimensions and random weights, and a
SentencePiece tokenizer trained on the spot. Its third layer is used. Per round and in turns:

- floor: the encoder alone, its first three layers, over the ready token ids of all sentences, in batches sorted by
  length, against ours from words to links;
- SimAlign's package from words to links, one pair a call as it works, against ours;
- matching alone: SimAlign's with its encoder and tokenizer answering from memory, against ours on the same states;
- `match`: SimAlign's networkx matching of some of the similarity matrices against ours of the same;
- with `--awesome FOLDER`, a checkout of neulab/awesome-align: its model, BERT of the same size and with the same
  tokens, and its `get_aligned_word` in batches of 32 pairs as its script makes them, against ours.

Ratios are those of the rounds, their median, by the clock and by processor time (which other work on the machine
disturbs less; with one thread, that is). Links are compared, pair by pair. Needs `pip install simalign networkx
scikit-learn`, and boto3 for awesome-align.

    python benchmarks/word_alignment.py --lang hin --pairs 500 --rounds 5 --awesome ../awesome-align
"""

from __future__ import annotations

import argparse
import itertools
import logging
import os
import platform
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

import numpy as np
import torch
from small_encoder import SIZES, encoder_config, version_of
from transformers import AutoModel, AutoTokenizer
from word_alignment_peers import AnswersFromMemory, AwesomeAlign

from hf_xalign.aligners import load_aligner, matching
from hf_xalign.aligners.linked_cells import LinkedCells
from hf_xalign.aligners.subwords import WordTokenizer
from hf_xalign.aligners.units import pair_batches, subword_units
from hf_xalign.backbones import first_layers
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.data.words import split_words
from hf_xalign.encoding import length_sorted_batches


LAYER = 3


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", default="hin", help="a column of ntrex128.parquet")
    parser.add_argument("--pairs", type=int, default=500)
    parser.add_argument("--match-pairs", type=int, default=40, help="pairs for `match`, which networkx is slow at")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--batch-tokens", type=int, default=1024)
    parser.add_argument("--threads", type=int, help="of torch (default: its own)")
    parser.add_argument("--awesome", type=Path, help="a checkout of neulab/awesome-align")
    options = parser.parse_args()
    logging.disable(logging.INFO)
    if options.threads:
        torch.set_num_threads(options.threads)
    pairs, text = sentences(options)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        make_model(folder, text)
        bench = Bench(folder, pairs, options)
        print(
            f"eng-{options.lang}: {len(pairs)} pairs, {bench.tokens} sub-words; layer {LAYER} of 4x256; "
            f"{platform.machine()}, {torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}; "
            f"Python {platform.python_version()}, torch {torch.__version__}, "
            + ", ".join(f"{package} {version_of(package)}" for package in ("transformers", "simalign", "networkx"))
        )
        bench.run()


def sentences(options: argparse.Namespace) -> tuple[list[tuple[list[str], list[str]]], list[str]]:
    import pyarrow.parquet

    if "HF_XALIGN_DATA" not in os.environ:
        sys.exit("set HF_XALIGN_DATA to the folder that holds ntrex128.parquet")
    columns = list(dict.fromkeys(["eng", options.lang, "hin", "urd", "ukr", "pol"]))
    table = pyarrow.parquet.read_table(Path(os.environ["HF_XALIGN_DATA"]) / "ntrex128.parquet", columns=columns)
    rows = table.to_pydict()
    sides = zip(rows["eng"], rows[options.lang], strict=True)
    pairs = [(split_words(a), split_words(b)) for a, b in sides if a and b]
    return pairs[: options.pairs], [line for column in columns for line in rows[column] if line]


def make_model(folder: Path, text: list[str]) -> None:
    train_sentencepiece_tokenizer(text, folder, vocab_size=8000)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    torch.manual_seed(0)
    AutoModel.from_config(encoder_config(tokenizer)).save_pretrained(folder)


class Bench:
    def __init__(self, folder: Path, pairs: list[tuple[list[str], list[str]]], options: argparse.Namespace) -> None:
        from simalign import SentenceAligner

        self.options, self.pairs = options, pairs
        self.encoder = AutoModel.from_pretrained(folder).eval()
        self.tokenizer = AutoTokenizer.from_pretrained(folder)
        self.simalign = {
            method: SentenceAligner(str(folder), "bpe", matching_methods=letter, layer=LAYER)
            for method, letter in (("inter", "a"), ("itermax", "i"))
        }
        self.words = WordTokenizer(self.tokenizer)
        self.sentences = [side for pair in pairs for side in pair]
        self.pieces = self.words(self.sentences)
        self.ids = [list(itertools.chain.from_iterable(pieces)) for pieces in self.pieces]
        self.tokens = sum(map(len, self.ids))
        self.batches = list(self.ready_batches())
        self.times: dict[str, list[tuple[float, float]]] = defaultdict(list)
        self.unequal: dict[str, int] = {}

    def ready_batches(self):
        rows = [torch.tensor([*self.words.prefix, *ids, *self.words.suffix]) for ids in self.ids]
        for batch in length_sorted_batches([len(row) for row in rows], self.options.batch_tokens):
            padded = torch.nn.utils.rnn.pad_sequence(
                [rows[row] for row in batch], batch_first=True, padding_value=self.tokenizer.pad_token_id
            )
            yield {"input_ids": padded, "attention_mask": (padded != self.tokenizer.pad_token_id).long()}

    def run(self) -> None:
        awesome = None if self.options.awesome is None else AwesomeAlign(self.options.awesome, self.tokenizer, SIZES)
        units, rows, states, (similarities, mask), cells = self.prepare_matching()
        for _ in range(self.options.rounds):
            self.timed("floor", self.floor)
            for method in self.simalign:
                ours = self.timed(f"ours {method}", self.ours, "simalign", method=method)
                peer = self.timed(f"SimAlign {method}", self.peer, method)
                self.compare(method, ours, peer)
                self.timed("floor", self.floor)
            for method, aligner in self.simalign.items():
                ours = self.timed(f"matching {method}", self.ours_matching, method, units, rows)
                with AnswersFromMemory(aligner, states):
                    peer = self.timed(f"SimAlign matching {method}", self.peer, method)
                self.compare(f"matching {method}", ours, peer)
            ours = self.timed("match", matching.best_assignment, similarities, mask)
            peer = self.timed("networkx match", self.networkx_match, cells)
            self.unequal["match"] = sum(
                not np.array_equal(links[: theirs.shape[0], : theirs.shape[1]].numpy(), theirs > 0)
                for links, theirs in zip(ours, peer, strict=True)
            )
            if awesome:
                ours = self.timed("ours awesome", self.ours, "awesome", encoder=awesome.encoder)
                peer = self.timed("awesome-align", awesome.align, self.pairs, LAYER)
                self.compare("awesome", ours, peer)
        self.report(awesome is not None)

    def timed(self, name: str, function, *arguments, **settings):
        wall, processor = time.perf_counter(), time.process_time()
        result = function(*arguments, **settings)
        self.times[name].append((time.perf_counter() - wall, time.process_time() - processor))
        return result

    def floor(self) -> None:
        with torch.inference_mode(), first_layers(self.encoder, LAYER):
            for batch in self.batches:
                self.encoder(**batch)

    def ours(self, name: str, encoder=None, **settings):
        # A new aligner has no word in memory.
        aligner = load_aligner(
            name, model=encoder or self.encoder, tokenizer=self.tokenizer, layer=LAYER,
            batch_tokens=self.options.batch_tokens, **settings,
        )  # fmt: skip
        return aligner.align(self.pairs)

    def peer(self, method: str):
        return [self.simalign[method].get_word_aligns(*pair)[method] for pair in self.pairs]

    def prepare_matching(self):
        """States and units for ours, states by sentence for SimAlign's; some similarity matrices for both."""
        states = []
        with torch.no_grad():
            for ids in self.ids:
                row = torch.tensor([[*self.words.prefix, *ids, *self.words.suffix]])
                states.append(self.encoder(row, output_hidden_states=True).hidden_states[LAYER][0, 1:-1])
        units = subword_units(torch.cat(states), self.pieces)
        rows = np.arange(len(self.sentences)).reshape(-1, 2)
        by_sentence = {tuple(words): state for words, state in zip(self.sentences, states, strict=True)}
        batch = next(pair_batches(units, rows[: self.options.match_pairs], 2**30))
        unit = torch.nn.functional.normalize
        similarities = matching.cosine_similarities(unit(batch.source, dim=2), unit(batch.target, dim=2))
        sizes = zip(batch.mask.any(2).sum(1), batch.mask.any(1).sum(1), strict=True)
        cells = [matrix[:m, :n].numpy() for matrix, (m, n) in zip(similarities, sizes, strict=True)]
        return units, rows, by_sentence, (similarities, batch.mask), cells

    def ours_matching(self, method: str, units, rows):
        aligner = load_aligner("simalign", model=self.encoder, tokenizer=self.tokenizer, layer=LAYER, method=method)
        found = LinkedCells()
        for batch in pair_batches(units, rows, 2**16):
            found.add(batch.pairs, batch, *aligner._match(batch), None)
        return found.words(len(rows), None)

    def networkx_match(self, cells: list[np.ndarray]) -> list[np.ndarray]:
        return [self.simalign["inter"].get_max_weight_match(matrix) for matrix in cells]

    def compare(self, name: str, ours, peer) -> None:
        links = [[link[:2] for link in row] for row in ours]
        self.unequal[name] = sum(row != sorted(other) for row, other in zip(links, peer, strict=True))

    def report(self, with_awesome: bool) -> None:
        count = len(self.pairs)
        self.line("ours inter", "floor", count, "times the encoder alone", invert=True)
        self.line("ours itermax", "floor", count, "times the encoder alone", invert=True)
        self.line("ours inter", "SimAlign inter", count, "x SimAlign's speed")
        self.line("ours itermax", "SimAlign itermax", count, "x SimAlign's speed")
        self.line("matching inter", "SimAlign matching inter", count, "x SimAlign's matching")
        self.line("matching itermax", "SimAlign matching itermax", count, "x SimAlign's matching")
        self.line("match", "networkx match", self.options.match_pairs, "x networkx")
        if with_awesome:
            self.line("ours awesome", "awesome-align", count, "x awesome-align's speed")
        print("pairs whose links differ: " + ", ".join(f"{name} {number}" for name, number in self.unequal.items()))
        if any(self.unequal.values()):
            sys.exit(1)

    def line(self, ours: str, other: str, pairs: int, what: str, *, invert: bool = False) -> None:
        mine, theirs = np.array(self.times[ours]), np.array(self.times[other])
        if other == "floor":  # it ran three times a round
            theirs = np.median(theirs.reshape(len(mine), 3, 2), axis=1)
        ratios = mine / theirs if invert else theirs / mine
        seconds = np.median(mine[:, 0])
        wall, of_processor = np.median(ratios, axis=0)
        print(
            f"{ours:<17}{pairs / seconds:8.1f} pairs/s   {other:<26}{pairs / np.median(theirs[:, 0]):8.1f} pairs/s   "
            f"{wall:8.2f} {what} ({ratios[:, 0].min():.2f} to {ratios[:, 0].max():.2f}); "
            f"by processor time {of_processor:.2f} ({ratios[:, 1].min():.2f} to {ratios[:, 1].max():.2f})"
        )


if __name__ == "__main__":
    main()
