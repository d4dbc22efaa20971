"""Claim: transliteration grows nearly linearly with `num_proc`.

All sentences of `mono_sentences.parquet` (in the folder HF_XALIGN_DATA) go through `transliterate_chunks`, as `xalign
transliterate --num-proc` does it, with each number of processes in turns; the lines must be equal. What bounds the
ratio is printed with it: the time until the first lines are there (each process reads uroman's tables), and processor
time, of the process that hands the lines out and of those that romanise.

    python benchmarks/transliteration_processes.py --num-proc 1 2 --rounds 5
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Iterable
from importlib.metadata import version

from transliteration import sentences


LINES = 5_000  # of a chunk, as the command has it


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--lang", default="mixture", help="an ISO 639-3 code of the data, or mixture (default)")
    parser.add_argument("--lines", type=int, default=1_000_000, help="at most (default: all)")
    parser.add_argument("--num-proc", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--child", type=int, metavar="N", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child:
        child(options.lang, options.lines, options.child)
        return
    print(
        f"{platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; Python "
        f"{platform.python_version()}, uroman {version('uroman')}, hf_xalign {version('hf_xalign')}"
    )
    found: dict[int, list[dict]] = {number: [] for number in options.num_proc}
    for _ in range(options.rounds):
        for number in options.num_proc:
            command = [sys.executable, __file__, "--child", str(number), "--lang", options.lang]
            command += ["--lines", str(options.lines)]
            found[number].append(json.loads(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout))
    if len({one["digest"] for runs in found.values() for one in runs}) > 1:
        sys.exit("the lines differ")
    lines = found[options.num_proc[0]][0]["lines"]
    base = found[options.num_proc[0]]
    for number, runs in found.items():
        start, whole, hands_out, romanise = (
            statistics.median(one[key] for one in runs) for key in ("start", "whole", "parent", "children")
        )
        turns = list(zip(base, runs, strict=True))
        all_of_it = told(one["whole"] / other["whole"] for one, other in turns)
        later = told((one["whole"] - one["start"]) / (other["whole"] - other["start"]) for one, other in turns)
        print(
            f"{number} proc.: {lines} lines in {whole:.2f} s ({lines / whole:.0f} lines/s), the first after "
            f"{start:.2f}; {all_of_it} times as fast, {later} after the first; processor time: "
            f"{hands_out:.2f} s handing out, {romanise:.2f} s in processes of their own"
        )


def child(lang: str, count: int, num_proc: int) -> None:
    from hf_xalign.data.transliteration import transliterate_chunks

    texts = [text for _, text in sentences(lang, count, seed=0)]
    chunks = [texts[begin : begin + LINES] for begin in range(0, len(texts), LINES)]
    digest = hashlib.sha256()
    began, used = time.perf_counter(), os.times()
    start = None
    done = []
    for chunk in transliterate_chunks(chunks, None if lang == "mixture" else lang, num_proc=num_proc):
        start = start or time.perf_counter() - began
        done.append(chunk)
    whole, now = time.perf_counter() - began, os.times()
    for chunk in done:
        digest.update("\n".join(chunk).encode())
    parent = now.user + now.system - used.user - used.system
    children = now.children_user + now.children_system - used.children_user - used.children_system
    times = {"start": start, "whole": whole, "parent": parent, "children": children}
    print(json.dumps({"lines": len(texts), "digest": digest.hexdigest(), **times}))


def told(ratios: Iterable[float]) -> str:
    ratios = sorted(ratios)
    return f"{statistics.median(ratios):.2f} ({ratios[0]:.2f} to {ratios[-1]:.2f})"


if __name__ == "__main__":
    main()
