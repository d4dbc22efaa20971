"""Claim: a million lines are prepared, and 200 000 x 200 000 sentences retrieved and mined, in bounded memory.

`prepare` writes sentences of `mono_sentences.parquet` (in the folder HF_XALIGN_DATA), as many as asked for: beyond
those that there are, the first half of one with the second half of another of its language. `xalign prepare` reads,
cleans and romanises them once without a break, and once interrupted (SIGINT, when `--interrupt` of them are romanised)
and started again. Its memory is the peak of what its processes hold together, looked at ten times a second.

`retrieval` ranks random vectors of which row i of one side is a noisy copy of row i of the other: cosine and margin in
both directions, and mining, in a process each.

`peers` times the same against a full matrix of numpy (to 20 000 sentences) and faiss's flat index (`pip install
faiss-cpu`), in turns, a process each, by processor time and by the clock, and counts the rows whose answers differ.

    python benchmarks/load.py prepare --lines 1000000
    python benchmarks/load.py retrieval --sentences 200000 --dimension 256
    python benchmarks/load.py peers --sentences 100000 --rounds 3 --threads 2
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import re
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from itertools import pairwise
from pathlib import Path
from typing import Any

from process_memory import MIB, resident


# Nearest neighbours of a sentence, as in the ratio margin.
NEIGHBOURS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["prepare", "retrieval", "peers"])
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--num-proc", type=int, default=1, help="processes that romanise")
    parser.add_argument("--interrupt", type=float, default=0.5, help="share of the lines romanised by then")
    parser.add_argument("--sentences", type=int, default=200_000)
    parser.add_argument("--dimension", type=int, default=256)
    parser.add_argument("--noise", type=float, default=2.5, help="length of the noise over that of the vector")
    parser.add_argument("--tasks", nargs="+", choices=["cosine", "margin", "mining", "neighbours"])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", help="where to work; by default a temporary folder")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options)
        return
    options.tasks = options.tasks or ["cosine", "margin", "mining" if options.what == "retrieval" else "neighbours"]
    machine = f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    print(f"{machine}, Python {sys.version.split()[0]}, numpy {version('numpy')}, {options.threads} threads")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        {"prepare": prepare, "retrieval": retrieval, "peers": peers}[options.what](options, Path(folder))


# --- preparing -------------------------------------------------------------------------------------------------------


def prepare(options: argparse.Namespace, folder: Path) -> None:
    write_lines(options, folder / "lines.parquet")
    (folder / "recipe.yaml").write_text(
        json.dumps(
            {
                "train_data": [{"path": str(folder / "lines.parquet")}],
                "tokenizer_name": "xlm-roberta-base",
                "preprocessing_num_proc": options.num_proc if options.num_proc > 1 else None,
            }
        ),
        encoding="utf-8",
    )
    size = (folder / "lines.parquet").stat().st_size / MIB
    print(f"{options.lines:,} lines, {size:.0f} MiB of Parquet", flush=True)
    whole = watched(_prepare_command(folder, "whole"), folder)
    _print_run("without a break", whole)
    # Just before the share asked for: the signal comes at the next look.
    broken = watched(_prepare_command(folder, "resumed"), folder, interrupt=options.interrupt)
    _print_run(f"interrupted at {options.interrupt:.0%}", broken)
    said = broken["said"].strip().splitlines()[-1]
    print(f"  status {broken['status']} (130: interrupted), said {said!r}, ended {broken['after']:.1f} s later")
    print(f"  half a folder in its place: {'yes' if (folder / 'resumed').exists() else 'no'}")
    resumed = watched(_prepare_command(folder, "resumed"), folder)
    _print_run("started again", resumed)
    print(f"  its time over that without a break: {resumed['seconds'] / whole['seconds']:.2f}")
    same = (folder / "whole/train.parquet").read_bytes() == (folder / "resumed/train.parquet").read_bytes()
    print(f"  train.parquet equal to the byte: {'yes' if same else 'NO'}")
    again = watched(_prepare_command(folder, "resumed"), folder)
    _print_run("once more, with nothing to do", again)


def write_lines(options: argparse.Namespace, path: Path) -> None:
    """As many different sentences as asked for, in the proportions of the data's languages."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    if "HF_XALIGN_DATA" not in os.environ:
        sys.exit("set HF_XALIGN_DATA to the folder that holds mono_sentences.parquet")
    source = Path(os.environ["HF_XALIGN_DATA"]) / "mono_sentences.parquet"
    columns = pq.read_table(source, columns=["lang", "text"]).to_pydict()
    pairs = list(zip(columns["lang"], columns["text"], strict=True))
    chance = random.Random(options.seed)
    chance.shuffle(pairs)
    of_language: dict[str, list[list[str]]] = {}
    for lang, text in pairs:
        of_language.setdefault(lang, []).append(text.split())
    lines = pairs[: options.lines]
    while len(lines) < options.lines:
        lang = chance.choice(pairs)[0]
        first, second = chance.choice(of_language[lang]), chance.choice(of_language[lang])
        lines.append((lang, " ".join(first[: len(first) // 2] + second[len(second) // 2 :])))
    pq.write_table(pa.table({"text": [text for _, text in lines], "lang": [lang for lang, _ in lines]}), path)


def _prepare_command(folder: Path, name: str) -> list[str]:
    code = "import sys; from hf_xalign.cli import main; sys.exit(main())"
    return [sys.executable, "-c", code, "prepare", str(folder / "recipe.yaml"), "--prepared_dir", str(folder / name)]


def watched(command: list[str], folder: Path, interrupt: float | None = None) -> dict[str, Any]:
    """Run a command; its time, the peak memory of its processes together, its progress, and what it said.

    With `interrupt`, SIGINT when the bar "Romanising" shows that share.
    """
    began = time.perf_counter()
    peak, sent, moments = 0, None, []
    errors = folder / "stderr"
    with errors.open("wb") as stream, (folder / "stdout").open("wb") as output:
        process = subprocess.Popen(command, stdout=output, stderr=stream, preexec_fn=_heed_interrupts)
        while process.poll() is None:
            peak = max(peak, memory_of_tree(process.pid))
            shown = re.findall(r"Romanising[^\r\n]*?(\d+)%", errors.read_text(encoding="utf-8", errors="replace"))
            if shown and (not moments or moments[-1][1] != int(shown[-1])):
                moments.append((time.perf_counter() - began, int(shown[-1])))
            if interrupt is not None and sent is None and shown and int(shown[-1]) >= 100 * interrupt:
                sent = time.perf_counter()
                process.send_signal(signal.SIGINT)
            time.sleep(0.1)
    ended = time.perf_counter()
    said = errors.read_text(encoding="utf-8", errors="replace")
    if process.returncode and interrupt is None:
        sys.exit(said)
    return {
        "seconds": ended - began,
        "peak": peak,
        "status": process.returncode,
        "after": ended - (sent or ended),
        "moments": moments,
        "said": said.replace("\r", "\n"),
    }


def _heed_interrupts() -> None:
    """A shell starts what runs in the background with interrupts ignored, and children inherit that."""
    signal.signal(signal.SIGINT, signal.default_int_handler)


def memory_of_tree(pid: int) -> int:
    """Bytes in memory of a process and of all that it started; pages that several share count for each."""
    import psutil

    try:
        process = psutil.Process(pid)
        tree = [process, *process.children(recursive=True)]
    except psutil.NoSuchProcess:
        return 0
    total = 0
    for one in tree:
        try:
            total += one.memory_info().rss
        except psutil.NoSuchProcess:
            continue
    return total


def _print_run(name: str, run: dict[str, Any]) -> None:
    shown = [moment for moment, _ in run["moments"]]
    waits = [second - first for first, second in pairwise(shown)]
    progress = f"{len(shown)} values shown, {max(waits):.1f} s between two at most" if waits else "none"
    print(f"{name}: {run['seconds']:.1f} s, peak {run['peak'] / MIB:.0f} MiB; progress of romanising: {progress}")
    sys.stdout.flush()


# --- retrieval -------------------------------------------------------------------------------------------------------


def retrieval(options: argparse.Namespace, folder: Path) -> None:
    held = 2 * options.sentences * options.dimension * 4 / MIB
    full = options.sentences**2 * 4 / MIB
    print(f"{options.sentences:,} sentences a side, dimension {options.dimension}: {held:.0f} MiB of vectors")
    print(f"all scores would be {full:,.0f} MiB")
    for task in options.tasks:
        run = _child(options, folder, f"ours {task}")
        print(
            f"{task}: {run['processor']:.0f} s of processor time, {run['clock']:.0f} s by the clock, peak "
            f"{run['peak']:.0f} MiB, {run['peak'] - run['before']:.0f} above the vectors alone; {run['said']}",
            flush=True,
        )


def peers(options: argparse.Namespace, folder: Path) -> None:
    import numpy as np

    print(f"{options.sentences:,} sentences a side, dimension {options.dimension}")
    unequal = 0
    who = ["ours", *(["numpy"] if options.sentences <= 20_000 else []), "faiss"]
    for task in options.tasks:
        taking = [one for one in who if one != "faiss" or task != "margin"]
        runs: dict[str, list[dict[str, Any]]] = {one: [] for one in taking}
        for number in range(options.rounds):
            # In turns, and each first once.
            for one in taking[number % len(taking) :] + taking[: number % len(taking)]:
                runs[one].append(_child(options, folder, f"{one} {task}"))
        for one in taking:
            times = [statistics.median(run[kind] for run in runs[one]) for kind in ("processor", "clock")]
            ratios = [ours["processor"] / run["processor"] for ours, run in zip(runs["ours"], runs[one], strict=True)]
            line = f"{task}, {one}: {times[0]:.2f} s of processor time, {times[1]:.2f} s by the clock, "
            line += f"peak {max(run['peak'] for run in runs[one]):.0f} MiB"
            if one != "ours":
                with np.load(folder / f"ours {task}.npz") as mine, np.load(folder / f"{one} {task}.npz") as theirs:
                    differing = {name: int((mine[name] != theirs[name]).sum()) for name in theirs.files}
                line += f"; ours takes {statistics.median(ratios):.2f} of it ({min(ratios):.2f} to {max(ratios):.2f})"
                line += f"; entries that differ: {differing}"
                unequal += sum(differing.values())
            print(line, flush=True)
    if unequal:
        sys.exit("the answers differ")


def _child(options: argparse.Namespace, folder: Path, what: str) -> dict[str, Any]:
    command = [sys.executable, __file__, options.what, "--child", what, "--folder", str(folder)]
    for name in ("sentences", "dimension", "noise", "threads", "seed"):
        command += [f"--{name}", str(getattr(options, name))]
    threads = {name: str(options.threads) for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")}
    ended = subprocess.run(command, env={**os.environ, **threads}, capture_output=True, text=True, check=False)
    if ended.returncode:
        sys.exit(ended.stderr)
    return json.loads(ended.stdout)


def child(options: argparse.Namespace) -> None:
    """One timed process: makes the vectors, does one task by one way, keeps the answers, prints its figures."""
    import numpy as np

    chance = np.random.default_rng(options.seed)
    source = chance.standard_normal((options.sentences, options.dimension), dtype=np.float32)
    target = chance.standard_normal((options.sentences, options.dimension), dtype=np.float32)
    target *= options.noise
    target += source
    for side in (source, target):
        side /= np.linalg.norm(side, axis=1, keepdims=True)
    way, task = options.child.split()
    do = {"ours": ours, "numpy": full_matrix, "faiss": flat_index}[way](task)
    before = resident("VmHWM") / MIB
    began = time.perf_counter(), time.process_time()
    answers = do(source, target)
    clock, processor = time.perf_counter() - began[0], time.process_time() - began[1]
    peak = resident("VmHWM") / MIB
    np.savez(Path(options.folder) / f"{options.child}.npz", **answers)
    said = ", ".join(f"{name} {hits.mean():.4f}" for name, hits in answers.items() if hits.dtype == bool)
    print(json.dumps({"clock": clock, "processor": processor, "before": before, "peak": peak, "said": said}))


def ours(task: str) -> Callable[[Any, Any], dict[str, Any]]:
    from hf_xalign.evaluation.mining import mine_bitext, nearest_neighbours
    from hf_xalign.evaluation.retrieval import retrieval_accuracy

    def ranked(source: Any, target: Any) -> dict[str, Any]:
        result = retrieval_accuracy(source, target, k=(1,), metric=task)
        return {"forward": result.forward.hits(), "backward": result.backward.hits()}

    def mined(source: Any, target: Any) -> dict[str, Any]:
        pairs = mine_bitext(source, target)
        return {"pairs_right": pairs.source == pairs.target}

    def neighbours(source: Any, target: Any) -> dict[str, Any]:
        (_, forward), (_, backward) = nearest_neighbours(source, target, NEIGHBOURS)
        return {"forward": forward, "backward": backward}

    return {"mining": mined, "neighbours": neighbours}.get(task, ranked)


def full_matrix(task: str) -> Callable[[Any, Any], dict[str, Any]]:
    """The plain way: all scores at once."""
    import numpy as np

    def nearest(scores: Any) -> Any:
        found = np.argpartition(scores, scores.shape[1] - NEIGHBOURS, axis=1)[:, -NEIGHBOURS:]
        values = np.take_along_axis(scores, found, axis=1)
        order = np.lexsort((found, -values))
        return np.take_along_axis(found, order, axis=1), np.take_along_axis(values, order, axis=1)

    def ranked(source: Any, target: Any) -> dict[str, Any]:
        scores = source @ target.T
        if task == "margin":
            means = [nearest(side)[1].mean(axis=1) for side in (scores, scores.T)]
            scores *= 2
            scores /= means[0][:, None] + means[1]
        own = scores.diagonal().copy()
        np.fill_diagonal(scores, -np.inf)
        return {"forward": scores.max(axis=1) < own, "backward": scores.max(axis=0) < own}

    def neighbours(source: Any, target: Any) -> dict[str, Any]:
        scores = source @ target.T
        return {"forward": nearest(scores)[0], "backward": nearest(scores.T)[0]}

    return neighbours if task == "neighbours" else ranked


def flat_index(task: str) -> Callable[[Any, Any], dict[str, Any]]:
    import faiss
    import numpy as np

    def search(source: Any, target: Any) -> dict[str, Any]:
        found = []
        for queries, candidates in ((source, target), (target, source)):
            index = faiss.IndexFlatIP(candidates.shape[1])
            index.add(candidates)
            found.append(index.search(queries, NEIGHBOURS if task == "neighbours" else 1)[1])
        if task != "neighbours":
            found = [rows[:, 0] == np.arange(len(rows)) for rows in found]
        return dict(zip(("forward", "backward"), found, strict=True))

    return search


if __name__ == "__main__":
    main()
