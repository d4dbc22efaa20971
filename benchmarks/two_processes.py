"""Claim: two processes train at 1.6 times the speed of one, a core each, and exchange their gradients once a step.

The same steps in turns, on English and Hindi of NTREX-128 (`ntrex128.parquet` in the folder HF_XALIGN_DATA): all rows
of a batch on one process with one thread, and a half of them on each of two (gloo, DDP). Forward, backward and AdamW;
with `--chunk`, through a gradient cache. The losses of the first step must be equal. Every exchange is counted: the
buckets of DDP, and the collectives that bring each process the vectors of the other and their gradients back.
`--profile` says where a step of two spends its time: each process comes to a barrier before each exchange, so that
waiting for the other and exchanging are told apart; gradients are then exchanged after the backward, not beside it.

    python benchmarks/two_processes.py --batch 64 --rounds 5
    python benchmarks/two_processes.py --heads TR --batch 256 --chunk 32
    python benchmarks/two_processes.py --heads TR --profile
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import socket
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
from objective_sets import PAIR_OBJECTIVES
from small_encoder import make_model, pairs_and_text, real_tokens, tokenised
from torch.nn.parallel import DistributedDataParallel
from transformers import AutoTokenizer

from hf_xalign import XAlignDataCollator, XAlignModel
from hf_xalign.data.tokenizer_training import train_sentencepiece_tokenizer
from hf_xalign.gradient_cache import cached_step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--heads", nargs="+", choices=PAIR_OBJECTIVES, default=list(PAIR_OBJECTIVES))
    parser.add_argument("--batch", type=int, default=64, help="rows of a step, on both processes together")
    parser.add_argument("--chunk", type=int, help="through a gradient cache, this many rows at a time")
    parser.add_argument("--steps", type=int, default=2, help="of a turn")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--profile", action="store_true", help="say where a step of two spends its time")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pairs, text = pairs_and_text(["hin"])
        train_sentencepiece_tokenizer(text, folder / "model", vocab_size=8000)
        tokenizer = AutoTokenizer.from_pretrained(folder / "model")
        # By its number a row is masked alike, whichever process has it.
        rows = tokenised(pairs, tokenizer, 64)[: options.batch * 4]
        rows = [row | {"draw": number} for number, row in enumerate(rows)]
        print(
            f"eng with hin, {options.batch} rows a step, chunk {options.chunk}; {platform.machine()}, a thread a "
            f"process, load {os.getloadavg()[0]:.1f}; Python {platform.python_version()}, torch {torch.__version__}"
        )
        for heads in options.heads:
            make_model(PAIR_OBJECTIVES[heads], tokenizer).save_pretrained(folder / "start")
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                port = free.getsockname()[1]
            mp.spawn(worker, (port, folder, rows, options), nprocs=2)
            report(heads, json.loads((folder / "times.json").read_text()), options)


def worker(rank: int, port: int, folder: Path, rows: list[dict], options: argparse.Namespace) -> None:
    os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
    torch.set_num_threads(1)
    tokenizer = AutoTokenizer.from_pretrained(folder / "model")
    alone = XAlignModel.from_pretrained(folder / "start").train()
    model = XAlignModel.from_pretrained(folder / "start").train()
    half = slice(rank * options.batch // 2, (rank + 1) * options.batch // 2)
    batches = []
    for start in range(0, len(rows), options.batch):
        step = rows[start : start + options.batch]
        batches.append((collated(model, tokenizer, step), collated(model, tokenizer, step[half])))
    # What runs alone knows of no other process.
    times, exchanges = {"one": [], "two": [], "cpu one": [], "cpu two": []}, Exchanges()
    with_one = Stepper(alone, alone, options)
    losses = [with_one.run(batches[0][0])] if rank == 0 else [0.0]
    dist.init_process_group("gloo", rank=rank, world_size=2)
    unused = not any(head.uses_lm_head for head in model.xalign_heads.values())
    parallel = DistributedDataParallel(model, find_unused_parameters=unused)
    parallel.register_comm_hook(exchanges, exchange_bucket)
    with_two = Stepper(parallel, model, options)
    exchanges.watch_collectives()
    losses.append(with_two.run(batches[0][1]))
    exchanged = dict(exchanges.counted)
    for _ in range(options.rounds):
        for name in ("one", "two"):
            dist.barrier()
            began, cpu = time.perf_counter(), time.process_time()
            for number in range(options.steps):
                both, own = batches[number % len(batches)]
                if name == "two":
                    with_two.run(own)
                elif rank == 0:
                    with alone_in_the_world():
                        with_one.run(both)
            times[f"cpu {name}"].append(time.process_time() - cpu)
            times[name].append(time.perf_counter() - began)
    if options.profile:
        profile(exchanges, with_two, [own for _, own in batches], options)
    means = torch.tensor(losses[1])
    dist.all_reduce(means)
    if rank == 0:
        trained = sum(parameter.numel() for parameter in model.parameters())
        result = {"times": times, "losses": [losses[0], means.item() / 2], "exchanged": exchanged, "trained": trained}
        (folder / "times.json").write_text(json.dumps(result))
    dist.barrier()
    dist.destroy_process_group()


class Stepper:
    """Steps of one model; `wrapped` is what exchanges its gradients, or the model itself."""

    def __init__(self, wrapped: torch.nn.Module, model: XAlignModel, options: argparse.Namespace) -> None:
        self.wrapped, self.model, self.chunk = wrapped, model, options.chunk
        self.optimizer = torch.optim.AdamW(model.parameters(), lr=1e-6)

    def run(self, batch: dict) -> float:
        batch = {**batch, "label_counts": label_counts(batch)}
        if self.chunk is None:
            loss = self.wrapped(**batch).loss
            loss.backward()
        else:
            no_sync = getattr(self.wrapped, "no_sync", None)
            extra = {} if no_sync is None else {"no_sync": no_sync}
            loss, _ = cached_step(self.wrapped, batch, chunk_size=self.chunk, unwrapped=self.model, **extra)
        self.optimizer.step()
        self.optimizer.zero_grad()
        return float(loss.detach())


def collated(model: XAlignModel, tokenizer, rows: list[dict]) -> dict:
    return XAlignDataCollator(tokenizer, views=model.views, masked_views=model.masked_views)(rows)


def label_counts(batch: dict) -> dict[str, torch.Tensor]:
    """Labels and rows of a process, on average, as the trainer counts them: one exchange."""
    views = [name for name, view in batch.items() if isinstance(view, dict) and "labels" in view]
    counts = [(batch[name]["labels"] != -100).sum() for name in views] + [torch.tensor(len(batch["row_ids"]))]
    counts = torch.stack(counts).float()
    if dist.is_initialized():
        dist.all_reduce(counts)
        counts /= dist.get_world_size()
    return dict(zip([*views, "rows"], counts, strict=True))


class Exchanges:
    """Counts what is exchanged and, with `timed`, how long each process waits for the other and for the exchange."""

    def __init__(self) -> None:
        self.counted: Counter[str] = Counter()
        self.seconds: Counter[str] = Counter()
        self.timed = False

    def run(self, kind: str, exchange):
        """What `exchange` returns, and is timed as long as it takes where `timed`."""
        if not self.timed:
            return exchange()
        began = time.perf_counter()
        dist.barrier()
        together = time.perf_counter()
        done = exchange()
        self.seconds[f"waiting for the other before {kind}"] += together - began
        self.seconds[kind] += time.perf_counter() - together
        return done

    def watch_collectives(self) -> None:
        for name in ("all_gather", "all_reduce"):
            plain = getattr(dist, name)

            def counted(*args, _plain=plain, _name=name, **kwargs):
                self.counted[_name] += 1
                return self.run("vectors and counts", lambda: _plain(*args, **kwargs))

            setattr(dist, name, counted)


def exchange_bucket(exchanges, bucket):  # DDP reads annotations, and not as strings
    buffer = bucket.buffer()
    exchanges.counted["gradient exchanges"] += 1
    exchanges.counted["gradient scalars"] += buffer.numel()

    def begin():
        work = dist.distributed_c10d._get_default_group().allreduce([buffer.div_(dist.get_world_size())])
        if exchanges.timed:
            work.wait()
        return work

    return exchanges.run("gradients", begin).get_future().then(lambda done: done.value()[0])


def profile(exchanges: Exchanges, stepper: Stepper, batches: list[dict], options: argparse.Namespace) -> None:
    """Prints, of each process in turn, the parts of a step."""
    exchanges.timed = True
    dist.barrier()
    steps = options.steps * options.rounds
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(steps):
        stepper.run(batches[number % len(batches)])
    whole, cpu = time.perf_counter() - began, time.process_time() - cpu
    exchanges.timed = False
    for rank in range(dist.get_world_size()):
        dist.barrier()
        if rank == dist.get_rank():
            parts = ", ".join(f"{name} {of / steps:.3f}" for name, of in sorted(exchanges.seconds.items()))
            computing = (whole - sum(exchanges.seconds.values())) / steps
            tokens = sum(real_tokens(batch) for batch in batches) / len(batches)
            print(
                f"  process {rank}: {whole / steps:.3f} s a step ({cpu / steps:.3f} of processor time), {tokens:.0f} "
                f"tokens: computing {computing:.3f}, {parts}",
                flush=True,
            )


class alone_in_the_world:
    """Inside, heads gather no rows: the process is alone."""

    def __enter__(self) -> None:
        self.is_initialized = dist.is_initialized
        dist.is_initialized = lambda: False

    def __exit__(self, *error) -> None:
        dist.is_initialized = self.is_initialized


def report(heads: str, result: dict, options: argparse.Namespace) -> None:
    times = result["times"]
    rate = options.batch * options.steps
    one, two = (statistics.median(times[name]) for name in ("one", "two"))
    ratios = [a / b for a, b in zip(times["one"], times["two"], strict=True)]
    cpu = statistics.median(a / b for a, b in zip(times["cpu one"], times["cpu two"], strict=True))
    print(
        f"{heads}: one process {rate / one:.1f} pairs/s, two {rate / two:.1f}; {statistics.median(ratios):.2f} x "
        f"({min(ratios):.2f} to {max(ratios):.2f}), by processor time of the first {cpu:.2f} x; loss "
        f"{result['losses'][0]:.6f} and {result['losses'][1]:.6f}"
    )
    print(f"  a step of two: {result['exchanged']}; {result['trained']} scalars are trained")
    if abs(result["losses"][0] - result["losses"][1]) > 1e-4 * abs(result["losses"][0]):
        sys.exit("the losses differ")


if __name__ == "__main__":
    main()
