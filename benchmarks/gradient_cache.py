"""Claims: a cached step takes a fraction of the memory of the whole batch, for the same loss and gradient; its memory
does not grow with the batch; and it is faster than sentence-transformers' cached loss.

Everything runs on sentences of NTREX-128 (`ntrex128.parquet` in the folder HF_XALIGN_DATA), English with `--langs`,
each English sentence with one language before the next one comes, cut at `--max-length` tokens of a SentencePiece
tokenizer trained on the spot. The encoder is XLM-R's architecture with 4 layers of 256 dimensions, random weights and,
so that losses can be compared, no dropout. Every second word is linked to the one that stands as far into the
translation. A step is forward and backward, without an optimiser.

- `memory`: the peak of one step over the size of the process just before it, a fresh process each, of the whole batch
  and cached, TR alone and TR + AWP + WTR; the loss and the gradients of both compared.
- `peer_memory`: the same of TR, cached, and of sentence-transformers' cached loss as in `speed`.
- `growth`: the same peak, cached, over batches from 256 to 4 096 rows, drawn at random, so that their rows are as long
  on average whatever the size; with `--give-back`, the C library gives freed
  memory back at once (MALLOC_MMAP_THRESHOLD_), so that the peak is that of what is in use, without what lies idle.
- `speed`: processor time (on a shared machine the clock on the wall tells about the others), in turns: TR cached and
  whole; TR cached against sentence-transformers' CachedMultipleNegativesRankingLoss (both ways) with as many rows
  a mini-batch; TR against its MultipleNegativesRankingLoss on the same batches, and with batches of like length as
  [`XAlignTrainer`] makes them against shuffled ones, as its trainer makes them. Same weights, same tokens, last layer,
  mean over all tokens, cosine, scale 20. Besides, TR at the alignment layer that is the default, third of four, which
  the peer has no counterpart for. Needs `pip install sentence-transformers`.

    python benchmarks/gradient_cache.py memory growth --batch 1024 --chunk 64
    python benchmarks/gradient_cache.py speed --batch 1024 --chunk 64 --rounds 5
"""

from __future__ import annotations

import argparse
import ctypes
import gc
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import torch
from objective_sets import PAIR_OBJECTIVES
from process_memory import MIB, resident
from small_encoder import SIZES, make_model, pairs_and_text, tokenised, version_of
from transformers import AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.data.sampling import LengthBucketSampler
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.gradient_cache import cached_step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("claims", nargs="+", choices=["memory", "peer_memory", "growth", "speed"])
    parser.add_argument("--langs", nargs="+", default=["hin", "ukr", "pol", "urd"], help="columns of ntrex128.parquet")
    parser.add_argument("--heads", nargs="+", choices=PAIR_OBJECTIVES, default=list(PAIR_OBJECTIVES))
    parser.add_argument("--batch", type=int, default=1024)
    parser.add_argument("--chunk", type=int, default=64)
    parser.add_argument("--max-length", type=int, default=64)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 1024, 4096], help="batches of `growth`")
    parser.add_argument(
        "--give-back", action="store_true", help="of `memory` and `growth`: freed memory does not stay"
    )
    parser.add_argument("--small", type=int, nargs="+", default=[64, 256], help="batches of `speed` without a cache")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--no-whole", action="store_true", help="leave the whole batch out of `speed`: its memory")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    disable_progress_bar()
    if options.child:
        measured_step(**json.loads(options.child))
        return
    with tempfile.TemporaryDirectory() as name:
        bench = Bench(Path(name), options)
        for claim in options.claims:
            getattr(bench, claim)()


class Bench:
    def __init__(self, folder: Path, options: argparse.Namespace) -> None:
        self.folder, self.options = folder, options
        self.pairs, text = pairs_and_text(options.langs)
        train_sentencepiece_tokenizer(text, folder / "model", vocab_size=8000)
        self.tokenizer = AutoTokenizer.from_pretrained(folder / "model")
        self.rows = tokenised(self.pairs, self.tokenizer, options.max_length)
        for name, heads in PAIR_OBJECTIVES.items():
            make_model(heads, self.tokenizer).save_pretrained(folder / name)
        lengths = [row["length"] for row in self.rows]
        print(
            f"eng with {', '.join(options.langs)}: {len(self.rows)} pairs, {statistics.mean(lengths):.0f} tokens of "
            f"the longer side on average; chunks of {options.chunk}; {platform.machine()}, "
            f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, "
            f"torch {torch.__version__}, "
            + ", ".join(f"{package} {version_of(package)}" for package in ("transformers", "sentence-transformers"))
        )

    def batch(self, model: XAlignModel, rows: list[dict]) -> dict:
        heads = model.xalign_heads.values()
        return XAlignDataCollator(
            self.tokenizer,
            views={view for head in heads for view in head.views},
            masked_views={view for head in heads for view in head.masked_views},
        )(rows)

    def memory(self) -> None:
        for name in self.options.heads:
            whole = self.child(name, self.rows[: self.options.batch], None)
            cached = self.child(name, self.rows[: self.options.batch], self.options.chunk)
            largest, norm = relative_differences(whole, cached)
            print(
                f"{name}, batch {self.options.batch}: whole {whole['peak'] / MIB:.0f} MiB, cached "
                f"{cached['peak'] / MIB:.0f} MiB, {cached['peak'] / whole['peak']:.3f} of it; links {whole['links']}; "
                f"loss {whole['loss']:.6f} and {cached['loss']:.6f}, gradients differ by at most {largest:.1e} of "
                f"the largest entry, by {norm:.1e} of the norm"
            )

    def peer_memory(self) -> None:
        rows, chunk = self.rows[: self.options.batch], self.options.chunk
        ours, theirs = (self.child("TR", rows, chunk, as_peer=True, peer=peer) for peer in (False, True))
        largest, norm = relative_differences(theirs, ours)
        print(
            f"TR, batch {len(rows)}, cached: {ours['peak'] / MIB:.0f} MiB; sentence-transformers "
            f"{theirs['peak'] / MIB:.0f} MiB; loss {ours['loss']:.6f} and {theirs['loss']:.6f}, gradients of the "
            f"encoder differ by at most {largest:.1e} of the largest entry, by {norm:.1e} of the norm"
        )

    def growth(self) -> None:
        shuffled = [self.rows[i] for i in np.random.default_rng(0).permutation(len(self.rows))]
        for name in self.options.heads:
            first = None
            for size in self.options.sizes:
                step = self.child(name, shuffled[:size], self.options.chunk)
                # Collected, put together, and their gradient; one block of scores, and what hides some of them.
                vectors = 2 * (size + (step["links"] if "WTR" in name else 0)) * SIZES["hidden_size"] * 4
                rest = step["peak"] - 3 * vectors
                first = first or rest
                print(
                    f"{name}, batch {size}, cached: {step['peak'] / MIB:.0f} MiB, of which vectors "
                    f"{3 * vectors / MIB:.0f} MiB; the rest {rest / first - 1:+.1%} against batch "
                    f"{self.options.sizes[0]}"
                )

    def child(
        self, heads: str, rows: list[dict], chunk: int | None, *, as_peer: bool = False, peer: bool = False
    ) -> dict:
        """A step in a process of its own; `as_peer`: pooled as the peer pools; `peer`: it is the peer's."""
        batch = self.batch(XAlignModel.from_pretrained(self.folder / heads), rows)
        torch.save(as_the_peer_pools(batch) if as_peer else batch, self.folder / "batch.pt")
        setting = {"folder": str(self.folder), "heads": heads, "chunk": chunk, "as_peer": as_peer, "peer": peer}
        give_back = {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"}
        process = subprocess.run(
            [sys.executable, __file__, "memory", "--child", json.dumps(setting)],
            env=os.environ | (give_back if self.options.give_back else {}),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        result = json.loads(process.stdout.splitlines()[-1])
        return result | {"gradients": torch.load(self.folder / "gradients.pt")}

    def speed(self) -> None:
        model = XAlignModel.from_pretrained(self.folder / "TR")
        model.alignment_layer = SIZES["num_hidden_layers"]  # the peer pools the last layer
        shallow = XAlignModel.from_pretrained(self.folder / "TR")
        peers = Peers(self.folder / "TR", self.options.chunk)
        size, chunk = self.options.batch, self.options.chunk
        batch = as_the_peer_pools(self.batch(model, self.rows[:size]))
        cached = {
            "cached": lambda: cached_step(model, batch, chunk_size=chunk)[0],
            "sentence-transformers, cached": lambda: peers.step("cached", [batch]),
            "default layer, cached": lambda: cached_step(shallow, batch, chunk_size=chunk)[0],
            "whole": lambda: whole_step(model, [batch]),
        }
        if self.options.no_whole:
            del cached["whole"]
        self.in_turns(f"TR, batch {size}", cached, size, [model, shallow, peers.model], other_loss=2)
        for small in self.options.small:
            count = min(len(self.pairs), 1024) // small * small
            rows = self.rows[:count]
            lengths = [row["length"] for row in rows]
            shuffled = np.random.default_rng(0).permutation(count).reshape(-1, small)
            like = LengthBucketSampler(lengths, step_rows=small, bucket_steps=20, seed=0)
            like = np.array(list(like)).reshape(-1, small)
            shuffled, like = (
                [as_the_peer_pools(self.batch(model, [rows[i] for i in numbers])) for numbers in batches]
                for batches in (shuffled, like)
            )
            whole = {
                "same batches": lambda: whole_step(model, shuffled),  # noqa: B023 - called before the next turn
                "sentence-transformers": lambda: peers.step("whole", shuffled),  # noqa: B023
                "batches of like length": lambda: whole_step(model, like),  # noqa: B023
            }
            self.in_turns(f"TR, batch {small}", whole, count, [model, peers.model], other_loss=2)

    def in_turns(self, title: str, runs: dict, pairs: int, models: list, other_loss: int) -> None:
        """Time each run `rounds` times, the second one being the peer; all losses but one must agree."""
        names = list(runs)
        times, losses = {name: [] for name in names}, {}
        for _ in range(self.options.rounds):
            for name, run in runs.items():
                for model in models:
                    model.zero_grad()
                began = time.process_time()
                losses[name] = float(run())
                times[name].append(time.process_time() - began)
        peer = names[1]
        for place, name in enumerate(names):
            rates = [pairs / one for one in times[name]]
            ratios = [theirs / ours for ours, theirs in zip(times[name], times[peer], strict=True)]
            print(
                f"{title}, {name}: {statistics.median(rates):.1f} pairs/s, {statistics.median(ratios):.2f} times the "
                f"peer ({min(ratios):.2f} to {max(ratios):.2f}); loss {losses[name]:.6f}"
            )
            if place != other_loss and abs(losses[name] - losses[peer]) > 1e-4 * losses[peer]:
                sys.exit("the losses differ")


class Peers:
    """sentence-transformers on the same encoder."""

    def __init__(self, folder: Path, chunk: int) -> None:
        from sentence_transformers import SentenceTransformer
        from sentence_transformers.sentence_transformer import losses, modules

        encoder = modules.Transformer(str(folder))
        pooling = modules.Pooling(SIZES["hidden_size"], pooling_mode="mean")
        self.model = SentenceTransformer(modules=[encoder, pooling], device="cpu").train()
        both_ways = {"directions": ("query_to_doc", "doc_to_query"), "partition_mode": "per_direction"}
        self.losses = {
            "cached": losses.CachedMultipleNegativesRankingLoss(self.model, mini_batch_size=chunk, **both_ways),
            "whole": losses.MultipleNegativesRankingLoss(self.model, **both_ways),
        }

    def step(self, name: str, batches: list[dict]) -> torch.Tensor:
        total = 0.0
        for batch in batches:
            features = [
                {key: batch[side][key] for key in ("input_ids", "attention_mask")} for side in ("source", "target")
            ]
            loss = self.losses[name](features, None)
            loss.backward()
            total += loss.detach() / len(batches)
        return total


def whole_step(model: XAlignModel, batches: list[dict]) -> torch.Tensor:
    total = 0.0
    for batch in batches:
        loss = model(**batch).loss
        loss.backward()
        total += loss.detach() / len(batches)
    return total


def as_the_peer_pools(batch: dict) -> dict:
    """The peer's mean counts the special tokens; and it does not know equal sentences (there are none here)."""
    views = {name: batch[name] for name in ("source", "target")}
    views = {name: view | {"special_tokens_mask": 1 - view["attention_mask"]} for name, view in views.items()}
    return {**views, "row_ids": batch["row_ids"]}


def measured_step(folder: str, heads: str, chunk: int | None, as_peer: bool, peer: bool) -> None:
    """One step in this process; prints its loss and its peak, and saves the gradients."""
    # Where memory runs out, this process is to go and no other.
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    if peer:
        peers = Peers(Path(folder) / heads, chunk)
        model = encoder = peers.model
    else:
        model = encoder = XAlignModel.from_pretrained(Path(folder) / heads).train()
    if as_peer:
        encoder = peers.model[0].model if peer else model.base_model
        model.alignment_layer = SIZES["num_hidden_layers"]
    batch = torch.load(Path(folder) / "batch.pt")
    gc.collect()
    ctypes.CDLL(None).malloc_trim(0)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak counts from here
    if peer:
        loss = peers.step("cached", [batch])
    else:
        loss = whole_step(model, [batch]) if chunk is None else cached_step(model, batch, chunk_size=chunk)[0]
    peak = resident("VmHWM") - before
    gradients = {name: p.grad for name, p in encoder.named_parameters() if p.grad is not None}
    torch.save(gradients, Path(folder) / "gradients.pt")
    print(json.dumps({"peak": peak, "loss": float(loss), "links": len(batch.get("links", ()))}))


def relative_differences(whole: dict, cached: dict) -> tuple[float, float]:
    expected, found = whole["gradients"], cached["gradients"]
    if expected.keys() != found.keys():
        sys.exit("the gradients are not of the same parameters")
    expected, found = (torch.cat([part[name].flatten() for name in sorted(expected)]) for part in (expected, found))
    difference = expected - found
    if difference.norm() > 1e-4 * expected.norm():
        sys.exit("the gradients differ")
    return float(difference.abs().max() / expected.abs().max()), float(difference.norm() / expected.norm())


if __name__ == "__main__":
    main()
