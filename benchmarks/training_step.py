"""Claims: a training step costs little more than the encoder itself, and half of what a plain implementation costs;
and the LM head's memory does not depend on the length of the sentences.

The encoder is XLM-R's architecture with 4 layers of 256 dimensions, random weights and, so that losses can be
compared, no dropout; the tokenizer is SentencePiece of 30 000 pieces trained on the spot (`--tokenizer FOLDER` keeps
it). The sentences are those of HF_XALIGN_DATA: for MLM, TCM and TLM Hindi of `mono_sentences.parquet`, romanised; for
TR, AWP and WTR English with Hindi, Ukrainian, Polish and Urdu of `ntrex128.parquet`, every second word linked to the
one that stands as far into the translation. Batches are those that [`XAlignTrainer`] makes (of like length, shuffled).

- `speed`: all steps of `--rows` rows, forward and backward, without an optimiser, in turns:
  - ours: [`XAlignTrainer.training_step`] on batches of [`XAlignDataCollator`];
  - floor: the bare encoder, forward and backward, as far as the objectives read it, over the tokens of every view of
    these batches once, and the LM head with its loss on the masked positions. Its batches are better than a step's can
    be: rows of all views and of all steps are sorted by length together, and cut into passes of `--floor-tokens`
    tokens, whichever number is fastest;
  - plain: one pass a view through the backbone's own `…ForMaskedLM`, padded to the longest row, scores of the
    vocabulary for every token, a full matrix of similarities. Its loss and its gradients are compared with ours;
  - plain, shuffled: the same on batches of shuffled rows, as a plain data loader makes them.
- `memory`: the peak of the LM head's forward and backward on 256 masked positions in sentences of growing length.

Ratios are those of the rounds, their median, by processor time and by the clock.

    python benchmarks/training_step.py speed memory --rows 256 --batch 32 --rounds 5
"""

from __future__ import annotations

import argparse
import ctypes
import itertools
import json
import logging
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pyarrow.parquet
import torch
import torch.nn.functional as F
from datasets import Dataset
from objective_sets import OBJECTIVES
from process_memory import MIB, resident
from small_encoder import make_model, pairs_and_text, tokenised, version_of
from transformers import AutoTokenizer
from transformers.utils.logging import disable_progress_bar

from hf_xalign import XAlignDataCollator, XAlignModel, XAlignTrainer, XAlignTrainingArguments
from hf_xalign.backbones import first_layers, lm_scores
from hf_xalign.data.tokenization import TokenizeViews
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.data.transliteration import transliterate
from hf_xalign.encoding import length_sorted_batches
from hf_xalign.heads import EncodedView, HeadInputs
from hf_xalign.heads.masked_lm import masked_lm_loss


LANGS = ["hin", "ukr", "pol", "urd"]
VOCABULARY = 30_000
TEMPERATURE = 0.05


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("claims", nargs="+", choices=["speed", "memory"])
    parser.add_argument("--objectives", nargs="+", choices=OBJECTIVES, default=list(OBJECTIVES))
    parser.add_argument("--rows", type=int, default=256, help="of all steps of a round")
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--max-length", type=int, default=128)
    parser.add_argument("--floor-tokens", type=int, nargs="+", default=[512, 1024, 2048, 4096])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--tokenizer", type=Path, help="a folder that it is kept in")
    parser.add_argument("--profile", action="store_true", help="of `speed`: what our steps spend their time on")
    parser.add_argument("--lengths", type=int, nargs="+", default=[32, 128, 512], help="of `memory`")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    logging.disable(logging.WARNING)
    disable_progress_bar()
    if options.child:
        print(json.dumps(lm_head_memory(**json.loads(options.child))))
        return
    for claim in options.claims:
        {"speed": speed, "memory": memory}[claim](options)


def speed(options: argparse.Namespace) -> None:
    with tempfile.TemporaryDirectory() as name:
        tokenizer = make_tokenizer(options.tokenizer or Path(name) / "tokenizer")
        print(
            f"4x256, {len(tokenizer)} pieces, steps of {options.batch} rows; {platform.machine()}, "
            f"{torch.get_num_threads()} threads, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, "
            f"torch {torch.__version__}, transformers {version_of('transformers')}"
        )
        rows = {
            "mono": romanised_rows(tokenizer, options.rows, options.max_length),
            "pairs": tokenised(pairs_and_text(LANGS)[0][: options.rows], tokenizer, options.max_length),
        }
        for objectives in options.objectives:
            chosen = rows["mono" if "MLM" in objectives else "pairs"]
            Bench(objectives, tokenizer, chosen, options, name).run()


def make_tokenizer(folder: Path):
    if not folder.is_dir():
        text = (mono_sentences(lang)[:20_000] for lang in ("eng", *LANGS))
        train_sentencepiece_tokenizer(itertools.chain(*text), folder, vocab_size=VOCABULARY)
    return AutoTokenizer.from_pretrained(folder)


def mono_sentences(lang: str) -> list[str]:
    if "HF_XALIGN_DATA" not in os.environ:
        sys.exit("set HF_XALIGN_DATA to the folder that holds mono_sentences.parquet and ntrex128.parquet")
    path = Path(os.environ["HF_XALIGN_DATA"]) / "mono_sentences.parquet"
    return pyarrow.parquet.read_table(path, filters=[("lang", "==", lang)]).column("text").to_pylist()


def romanised_rows(tokenizer, count: int, max_length: int) -> list[dict]:
    text = list(dict.fromkeys(mono_sentences("hin")))
    text = [text[i] for i in np.random.default_rng(0).permutation(len(text))[:count]]
    tokenize = TokenizeViews(tokenizer, max_length=max_length)
    done = tokenize({"text": text, "text_latn": transliterate(text, "hin")})
    return [{name: column[i] for name, column in done.items()} for i in range(len(text))]


class Bench:
    def __init__(self, objectives: str, tokenizer, rows: list[dict], options: argparse.Namespace, folder: str) -> None:
        self.objectives, self.options = objectives, options
        self.model = make_model(OBJECTIVES[objectives], tokenizer)
        self.trainer = XAlignTrainer(
            self.model,
            XAlignTrainingArguments(
                folder,
                per_device_train_batch_size=options.batch,
                use_cpu=True,
                report_to="none",
            ),
            train_dataset=Dataset.from_list(rows),
            data_collator=XAlignDataCollator(tokenizer, views=self.model.views, masked_views=self.model.masked_views),
            processing_class=tokenizer,
        )
        self.trainer.current_gradient_accumulation_steps = 1
        began = time.process_time()
        self.batches = list(self.trainer.get_train_dataloader())
        self.collating = time.process_time() - began
        order = np.random.default_rng(0).permutation(len(self.batches) * options.batch).reshape(-1, options.batch)
        whole = self.trainer.train_dataset
        self.shuffled = [self.trainer.data_collator(whole.__getitems__(draws.tolist())) for draws in order]
        self.pad = tokenizer.pad_token_id
        self.times: dict[str, list[tuple[float, float]]] = defaultdict(list)

    def run(self) -> None:
        budgets = {tokens: self.floor_batches(tokens) for tokens in self.options.floor_tokens}
        # The first pass of each meets a cold allocator; the second one counts.
        tried = {tokens: [self.seconds(self.floor, own)[0] for _ in range(2)][1] for tokens, own in budgets.items()}
        best = min(tried, key=tried.get)
        runs: dict[str, Callable[[], float]] = {
            "ours": self.ours,
            "floor": lambda: self.floor(budgets[best]),
            "plain": lambda: self.plain(self.batches),
            "plain, shuffled": lambda: self.plain(self.shuffled),
        }
        if self.objectives == "TR":
            runs["plain, no LM head"] = lambda: self.plain(self.batches, scores=False)
        losses, gradients = {}, {}
        for _ in range(self.options.rounds):
            for name, run in runs.items():
                self.model.zero_grad()
                took, losses[name] = self.seconds(run, both=True)
                self.times[name].append(took)
                if name in ("ours", "plain"):
                    gradients[name] = self.gradient()
        apart = float((gradients["ours"] - gradients["plain"]).norm() / gradients["plain"].norm())
        rows = len(self.batches) * self.options.batch
        cells, tokens = (
            sum(count(view) for batch in self.batches for view in self.views(batch).values())
            for count in (lambda view: view["input_ids"].numel(), lambda view: int(view["attention_mask"].sum()))
        )
        floor_cells = sum(batch["input_ids"].numel() for batch in budgets[best])
        seconds = statistics.median(took[0] for took in self.times["ours"])
        print(
            f"{self.objectives}: {len(self.batches)} steps, {tokens} tokens, {tokens / cells:.3f} of the collator's "
            f"cells, {tokens / floor_cells:.3f} of the floor's (passes of {best}); {rows / seconds:.1f} rows/s and "
            f"{tokens / seconds:.0f} tokens/s of processor time; batches are made in "
            f"{self.collating / seconds:.1%} of that; loss {losses['ours']:.6f}, plain {losses['plain']:.6f}; "
            f"gradients differ by {apart:.1e} of the norm"
        )
        print(f"  {self.ratios('ours', 'floor')} times the floor (goal 1.15)")
        for name in list(runs)[2:]:
            print(f"  {self.ratios(name, 'ours')} times as fast as {name} (goal 2)")
        if abs(losses["ours"] - losses["plain"]) > 1e-4 * losses["plain"] or apart > 1e-3:
            sys.exit("the losses or gradients differ")
        if self.options.profile:
            self.profile(budgets[best])

    def gradient(self) -> torch.Tensor:
        return torch.cat([p.grad.flatten() for p in self.model.parameters() if p.grad is not None])

    def seconds(self, run, *arguments, both: bool = False):
        processor, clock = time.process_time(), time.perf_counter()
        result = run(*arguments)
        took = time.process_time() - processor, time.perf_counter() - clock
        return (took, result) if both else took

    def ratios(self, name: str, other: str) -> str:
        pairs = list(zip(self.times[name], self.times[other], strict=True))
        processor, clock = ([a[i] / b[i] for a, b in pairs] for i in range(2))
        return (
            f"{statistics.median(processor):.2f} ({min(processor):.2f} to {max(processor):.2f}; by the clock "
            f"{statistics.median(clock):.2f})"
        )

    def profile(self, floor_batches: list[dict]) -> None:
        for name, run in (("ours", self.ours), ("floor", lambda: self.floor(floor_batches))):
            with torch.profiler.profile(activities=[torch.profiler.ProfilerActivity.CPU]) as profile:
                run()
            print(name, profile.key_averages().table(sort_by="self_cpu_time_total", row_limit=25), sep="\n")

    def views(self, batch: dict) -> dict[str, dict]:
        return {name: batch[name] for name in self.model.views}

    def ours(self) -> float:
        total = 0.0
        for batch in self.batches:
            batches, counts = self.trainer.get_batch_samples(iter([batch]), 1, self.trainer.args.device)
            total += float(self.trainer.training_step(self.model, batches[0], counts))
        return total / len(self.batches)

    def floor_batches(self, tokens: int) -> list[dict]:
        """All rows of all views of all steps, sorted by length, in passes of so many tokens."""
        rows = []
        for batch in self.batches:
            for view in self.views(batch).values():
                lengths = view["attention_mask"].sum(1).tolist()
                labels = view.get("labels", torch.full_like(view["input_ids"], -100))
                rows += [
                    (ids[:length], own[:length])
                    for ids, own, length in zip(view["input_ids"], labels, lengths, strict=True)
                ]
        done = []
        for numbers in length_sorted_batches([len(ids) for ids, _ in rows], tokens):
            ids, labels = (
                torch.nn.utils.rnn.pad_sequence([rows[i][part] for i in numbers], batch_first=True, padding_value=fill)
                for part, fill in ((0, self.pad), (1, -100))
            )
            place = (labels != -100).flatten().nonzero().squeeze(1)
            done.append(
                {
                    "input_ids": ids,
                    "attention_mask": (ids != self.pad).long(),
                    "place": place,
                    "labels": labels.flatten()[place],
                }
            )
        return done

    def floor(self, batches: list[dict]) -> float:
        encoder, depth = self.model.base_model, self.model.config.num_hidden_layers
        read = max(max(layers) for layers in self.model._layers_read(self.model.views).values())
        with first_layers(encoder, read) if read < depth else nullcontext():
            for batch in batches:
                states = encoder(batch["input_ids"], batch["attention_mask"]).last_hidden_state
                roots, gradients = [states], [torch.ones_like(states)]
                if len(batch["labels"]):
                    scores = lm_scores(self.model, states.flatten(0, 1)[batch["place"]])
                    roots.append(F.cross_entropy(scores, batch["labels"]))
                    gradients.append(torch.ones(()))
                torch.autograd.backward(roots, gradients)
        return 0.0

    def plain(self, batches: list[dict], scores: bool = True) -> float:
        total = 0.0
        for batch in batches:
            loss = plain_loss(self.model, OBJECTIVES[self.objectives], batch, scores)
            loss.backward()
            total += float(loss.detach())
        return total / len(batches)


# The plain implementation: one pass a view, everything computed everywhere.


def plain_loss(model: XAlignModel, heads: dict, batch: dict, scores: bool) -> torch.Tensor:
    run = model if scores else model.base_model
    outputs = {}
    for name in model.views:
        view = batch[name]
        labels = {"labels": view["labels"]} if "labels" in view else {}
        outputs[name] = run(
            input_ids=view["input_ids"], attention_mask=view["attention_mask"], output_hidden_states=True, **labels
        )
    loss = 0
    for name, options in heads.items():
        loss = loss + options.get("weight", 1.0) * PLAIN[name](model, outputs, batch)
    return loss


def plain_mlm(model, outputs, batch):
    return outputs["source"].loss + outputs["target"].loss


def plain_tlm(model, outputs, batch):
    return outputs["pair"].loss


def plain_awp(model, outputs, batch):
    return outputs["aligned_pair"].loss


def sentences(model, outputs, batch):
    sides = []
    for name in ("source", "target"):
        states = outputs[name].hidden_states[model.alignment_layer]
        text = (batch[name]["special_tokens_mask"] == 0)[:, :, None]
        sides.append(F.normalize((states * text).sum(1) / text.sum(1), dim=-1))
    return sides


def plain_tcm(model, outputs, batch):
    vectors = torch.cat(sentences(model, outputs, batch))
    count = len(vectors) // 2
    groups = torch.cat([batch["row_groups"], batch["row_groups"]])
    positives = torch.arange(2 * count).roll(count)
    similarities = vectors @ vectors.T / TEMPERATURE
    hidden = (groups[:, None, :, None] == groups[None, :, None, :]).any(-1).any(-1)
    hidden[torch.arange(2 * count), positives] = False
    return F.cross_entropy(similarities.masked_fill(hidden, float("-inf")), positives)


def ranking(source, target, groups):
    similarities = source @ target.T / TEMPERATURE
    hidden = (groups[:, None, :, None] == groups[None, :, None, :]).any(-1).any(-1)
    similarities = similarities.masked_fill(hidden.fill_diagonal_(False), float("-inf"))
    own = torch.arange(len(source))
    return (F.cross_entropy(similarities, own) + F.cross_entropy(similarities.T, own)) / 2


def plain_tr(model, outputs, batch):
    return ranking(*sentences(model, outputs, batch), batch["row_groups"])


def plain_wtr(model, outputs, batch):
    sides = [[], []]
    for row, *words in batch["links"].tolist():
        for side, name, word in zip(sides, ("source", "target"), words, strict=True):
            states = outputs[name].hidden_states[-1][row]
            side.append(states[batch[name]["word_ids"][row] == word].mean(0))
    source, target = (F.normalize(torch.stack(side), dim=-1) for side in sides)
    return ranking(source, target, batch["link_groups"])


PLAIN = {"mlm": plain_mlm, "tlm": plain_tlm, "tcm": plain_tcm, "tr": plain_tr, "awp": plain_awp, "wtr": plain_wtr}


def memory(options: argparse.Namespace) -> None:
    for length, plain in itertools.product(options.lengths, (False, True)):
        child = subprocess.run(
            [sys.executable, __file__, "memory", "--child", json.dumps({"length": length, "plain": plain})],
            # The C library gives freed memory back at once, so that the peak is that of what is in use.
            env=os.environ | {"MALLOC_MMAP_THRESHOLD_": "131072", "MALLOC_TRIM_THRESHOLD_": "131072"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        peak = json.loads(child.stdout.splitlines()[-1])
        print(
            f"LM head, 256 of {16 * length} tokens masked, {'scores of all' if plain else 'ours'}: {peak / MIB:.0f} "
            "MiB, the gradient of the states apart"
        )


def lm_head_memory(length: int, plain: bool) -> int:
    """The peak of the LM head on 16 rows, forward and backward: over the process before, less the states' gradient."""
    torch.manual_seed(0)
    head = torch.nn.Sequential(torch.nn.Linear(256, 256), torch.nn.GELU(), torch.nn.Linear(256, VOCABULARY))
    for parameter in head.parameters():
        parameter.grad = torch.zeros_like(parameter)
    states = torch.randn(16, length, 256, requires_grad=True)
    labels = torch.full((16, length), -100)
    labels[:, :16] = torch.randint(0, VOCABULARY, (16, 16))
    seen = torch.ones_like(labels)
    ctypes.CDLL(None).malloc_trim(0)
    before = resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    if plain:
        loss = F.cross_entropy(head(states).flatten(0, 1), labels.flatten())
    else:
        views = {"source": EncodedView((states,), seen, 1 - seen, labels)}
        loss = masked_lm_loss(HeadInputs(views, head, alignment_layer=0), "source")
    loss.backward()
    return resident("VmHWM") - before - states.numel() * 4


if __name__ == "__main__":
    main()
