"""Claim: base size on a GPU: tokens a second, the share of its arithmetic that is used (MFU), and memory.

XLM-R's architecture at base size (12 layers of 768, vocabulary of 250 002), random weights, random tokens: rows as
long as `--length` on average, a half to one and a half times as long, bf16 autocast, SDPA.

- `step`: forward, backward and AdamW of each objective set, with torch.compile off and on. Tokens are those of all
  views, padding apart. MFU is 6 x tokens x parameters over the time and `--peak`, the GPU's dense bf16 rate (989e12 a
  second for an H100 or H200). Parameters are those of the layers that a view goes through (TR alone stops at the
  alignment layer), and the LM head's for each labelled token.
- `cached`: TR through a gradient cache at batch 1 024 and 8 192, against sentence-transformers'
  CachedMultipleNegativesRankingLoss with as many rows a mini-batch, in turns on the same tokens, weights and layer.
  Losses must agree. Needs `pip install sentence-transformers`.

    python benchmarks/gpu.py step cached
    python benchmarks/gpu.py step cached --device cpu --tiny      # that the script works, no more
"""

from __future__ import annotations

import argparse
import logging
import platform
import statistics
import sys
import time
from collections.abc import Callable

import numpy as np
import torch
from objective_sets import OBJECTIVES
from small_encoder import real_tokens
from transformers import XLMRobertaConfig
from transformers.utils.logging import disable_progress_bar

from hf_xalign import XAlignModel
from hf_xalign.backbones import encoder_layers
from hf_xalign.gradient_cache import cached_step


BASE = {
    "vocab_size": 250_002,
    "hidden_size": 768,
    "num_hidden_layers": 12,
    "num_attention_heads": 12,
    "intermediate_size": 3072,
}
TINY = {
    "vocab_size": 500,
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
}
MASKED = 0.15
TOKENS_PER_WORD = 2


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("measures", nargs="+", choices=["step", "cached"])
    parser.add_argument("--heads", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    parser.add_argument("--batch", type=int, default=128, help="rows of `step`")
    parser.add_argument("--sizes", type=int, nargs="+", default=[1024, 8192], help="batches of `cached`")
    parser.add_argument("--chunk", type=int, default=256, help="rows encoded at a time by `cached`")
    parser.add_argument("--length", type=int, default=128, help="tokens of a row, on average")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", choices=["off", "on", "both"], default="both")
    parser.add_argument("--peak", type=float, default=989e12, help="arithmetic operations a second of the GPU in bf16")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--tiny", action="store_true", help="two layers of 32, small batches")
    options = parser.parse_args()
    if options.device == "cuda" and not torch.cuda.is_available():
        sys.exit("there is no CUDA device; --device cpu --tiny tries the script without one")
    if options.tiny:
        options.batch, options.sizes, options.chunk, options.length, options.rounds = 8, [16, 32], 8, 16, 2
    logging.disable(logging.WARNING)
    disable_progress_bar()
    device = torch.cuda.get_device_name() if options.device == "cuda" else platform.machine()
    print(
        f"{device}; Python {platform.python_version()}, torch {torch.__version__}; {TINY if options.tiny else BASE}, "
        f"{options.length} tokens a row on average"
    )
    for measure in options.measures:
        {"step": step, "cached": cached}[measure](options)


def step(options: argparse.Namespace) -> None:
    for heads in options.heads:
        for compiled in {"off": [False], "on": [True], "both": [False, True]}[options.compile]:
            torch.manual_seed(0)
            model = make_model(OBJECTIVES[heads], options)
            if compiled:
                model.base_model.compile(dynamic=True)
            optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6, fused=True)
            batches = [random_batch(model, options.batch, seed, options) for seed in range(4)]

            def turn(model=model, optimizer=optimizer, batches=batches) -> None:
                for batch in batches:
                    with autocast(options):
                        loss = model(**batch).loss
                    loss.backward()
                    optimizer.step()
                    optimizer.zero_grad()

            seconds, memory = timed(turn, options)
            tokens = sum(real_tokens(batch) for batch in batches)
            used = sum(arithmetic(model, batch) for batch in batches) / seconds / options.peak
            print(
                f"{heads}, compile {'on' if compiled else 'off'}, batch {options.batch}: "
                f"{tokens / seconds:,.0f} tokens/s, MFU {used:.1%}, peak {memory:.1f} GiB",
                flush=True,
            )


def cached(options: argparse.Namespace) -> None:
    for size in options.sizes:
        torch.manual_seed(0)
        model = make_model({"tr": {}}, options, alignment_layer=(TINY if options.tiny else BASE)["num_hidden_layers"])
        batch = random_batch(model, size, 0, options)
        for view in ("source", "target"):  # the peer pools over all tokens
            batch[view]["special_tokens_mask"] = 1 - batch[view]["attention_mask"]
        del batch["row_groups"]
        peer = peer_step(model.base_model, batch, options)

        def ours(model=model, batch=batch) -> float:
            loss, _ = cached_step(model, batch, chunk_size=options.chunk, autocast=lambda: autocast(options))
            model.zero_grad()
            return float(loss)

        losses = ours(), peer()
        seconds, memory = {}, {}
        for name, run in (("ours", ours), ("peer", peer)) * 2:  # in turns; the second time counts, all is warm
            seconds[name], memory[name] = timed(run, options)
        print(
            f"TR cached, batch {size}, chunks of {options.chunk}: {size / seconds['ours']:,.1f} pairs/s and "
            f"{memory['ours']:.1f} GiB, sentence-transformers {size / seconds['peer']:,.1f} and "
            f"{memory['peer']:.1f} GiB: {seconds['peer'] / seconds['ours']:.2f} x; loss {losses[0]:.5f} and "
            f"{losses[1]:.5f}",
            flush=True,
        )
        if abs(losses[0] - losses[1]) > 0.01 * abs(losses[1]):
            sys.exit("the losses differ")


def peer_step(encoder: torch.nn.Module, batch: dict, options: argparse.Namespace) -> Callable[[], float]:
    """A step of CachedMultipleNegativesRankingLoss, both ways, on an encoder and the tokens of a batch."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.losses import CachedMultipleNegativesRankingLoss

    class Pooled(torch.nn.Module):
        """What a SentenceTransformer is made of: tokens to `sentence_embedding`, the mean over all of them."""

        def __init__(self) -> None:
            super().__init__()
            self.encoder = encoder

        def forward(self, features: dict) -> dict:
            mask = features["attention_mask"]
            # Here, as accelerate wraps a model: the loss encodes once more in its backward pass, outside of any other.
            with autocast(options):
                states = self.encoder(input_ids=features["input_ids"], attention_mask=mask).last_hidden_state.float()
            return {
                "sentence_embedding": (states * mask[..., None]).sum(1) / mask.sum(1, keepdim=True),
                "attention_mask": mask,
            }

    model = SentenceTransformer(modules=[Pooled()], device=options.device).train()
    loss_of = CachedMultipleNegativesRankingLoss(
        model,
        scale=20,
        mini_batch_size=options.chunk,
        directions=("query_to_doc", "doc_to_query"),
        partition_mode="per_direction",
    )
    features = [{name: batch[view][name] for name in ("input_ids", "attention_mask")} for view in ("source", "target")]

    def run() -> float:
        loss = loss_of(features, None)
        loss.backward()
        model.zero_grad()
        return float(loss.detach())

    return run


def make_model(heads: dict, options: argparse.Namespace, **settings) -> XAlignModel:
    config = XLMRobertaConfig(
        **(TINY if options.tiny else BASE),
        max_position_embeddings=514,
        type_vocab_size=1,
        hidden_dropout_prob=0.0,
        attention_probs_dropout_prob=0.0,
        attn_implementation="sdpa",
    )
    return XAlignModel.from_encoder(config, heads, **settings).to(options.device).train()


def random_batch(model: XAlignModel, rows: int, seed: int, options: argparse.Namespace) -> dict:
    """Random tokens as the collator gives them: views, masked where the objectives want it, and links."""
    generator = torch.Generator().manual_seed(seed)
    heads = model.xalign_heads.values()
    predicted = {view for head in heads if head.uses_lm_head for view in head.views}
    batch: dict = {}
    for view in model.views:
        mean = options.length * (2 if view.startswith("pair") else 1)
        lengths = torch.randint(mean // 2, mean + mean // 2 + 1, (rows,), generator=generator).clamp(4, 510)
        places = torch.arange(int(lengths.max())).expand(rows, -1)
        real = places < lengths[:, None]
        ids = torch.randint(5, model.config.vocab_size, places.shape, generator=generator).masked_fill(~real, 1)
        ends = (places == 0) | (places == lengths[:, None] - 1)
        batch[view] = {"input_ids": ids, "attention_mask": real.long(), "special_tokens_mask": (ends | ~real).long()}
        if view in predicted:
            chosen = (torch.rand(places.shape, generator=generator) < MASKED) & real & ~ends
            batch[view]["labels"] = ids.masked_fill(~chosen, -100)
        batch[view]["word_ids"] = ((places - 1) // TOKENS_PER_WORD).masked_fill(ends | ~real, -1)
    batch["row_ids"] = torch.arange(rows)
    batch["row_groups"] = torch.arange(rows)[:, None]
    if any(head.needs_alignments for head in heads):
        words = min(int(batch[view]["word_ids"].amax(1).min()) for view in ("source", "target"))
        row, word = torch.meshgrid(torch.arange(rows), torch.arange(words), indexing="ij")
        batch["links"] = torch.stack([row.flatten(), word.flatten(), word.flatten()], 1)
        batch["link_groups"] = torch.arange(len(batch["links"]))[:, None].expand(-1, 2).contiguous()
    return to(batch, options.device)


def to(value, device: str):
    return {name: to(one, device) for name, one in value.items()} if isinstance(value, dict) else value.to(device)


def autocast(options: argparse.Namespace) -> torch.autocast:
    return torch.autocast(options.device, torch.bfloat16, enabled=options.device == "cuda")


def arithmetic(model: XAlignModel, batch: dict) -> float:
    """Operations of a step, forward and backward: 6 a token and parameter of the layers that it goes through, those of
    attention apart."""
    layers = encoder_layers(model.base_model)
    of_layer = sum(parameter.numel() for parameter in layers.parameters()) / len(layers)
    head = model.config.vocab_size * model.config.hidden_size
    total = 0.0
    for name, read in model._layers_read(model.views).items():
        view = batch[name]
        total += int(view["attention_mask"].sum()) * max(read) * of_layer
        total += int((view["labels"] != -100).sum()) * head if "labels" in view else 0
    return 6 * total


def timed(turn: Callable[[], object], options: argparse.Namespace) -> tuple[float, float]:
    """Seconds of a turn, the median, and the most memory held on the device in GiB."""
    on_gpu = options.device == "cuda"
    for _ in range(2):
        turn()
    if on_gpu:
        torch.cuda.reset_peak_memory_stats()
    times = []
    for _ in range(options.rounds):
        if on_gpu:
            torch.cuda.synchronize()
        began = time.perf_counter()
        turn()
        if on_gpu:
            torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    memory = torch.cuda.max_memory_allocated() / 2**30 if on_gpu else np.nan
    return statistics.median(times), memory


if __name__ == "__main__":
    main()
