"""Thousands of spoiled files for every reader: nothing but the named errors, no hang, memory bounded.

    python tests/stress/fuzz.py --seed 0 --cases 10000 [--group NAME] [--only CASE]

Each group of readers runs in a process of its own, which is stopped if a case takes too long, and whose memory is
limited. A case depends on the seed, the group and its number alone: `--group NAME --only CASE` does one again.
"""

from __future__ import annotations

import argparse
import collections
import contextlib
import faulthandler
import io
import json
import logging
import os
import random
import resource
import select
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from pathlib import Path


ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))
os.environ["HF_HUB_OFFLINE"] = "1"

from hf_xalign.errors import XAlignError  # noqa: E402
from tests.stress.readers import GROUPS, SHARES  # noqa: E402


SECONDS = 30
# For imports, on a busy machine.
START_UP = 1800
MEGABYTES = 1500
LONGEST_MESSAGE = 4000


def trial(maker, group: str, seed: int, number: int) -> tuple[str, str, str]:
    """`(what became of the case, its name, more)`: `read`, `refused` (by a named error), or what is wrong with it."""
    rng = random.Random(f"{seed} {group} {number}")
    name, call = maker(rng)
    try:
        # What a reader says besides belongs to no one here.
        with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
            call()
    except XAlignError as error:
        said = str(error)
        if "\n" in said or "\r" in said:
            return "a message of several lines", name, repr(said[:300])
        if len(said) > LONGEST_MESSAGE:
            return "a message without end", name, f"{len(said)} characters: {said[:200]!a}"
        return "refused", name, said
    except (Exception, RecursionError) as error:
        where = traceback.extract_tb(error.__traceback__)
        ours = [frame for frame in where if "/hf_xalign/" in frame.filename]
        place = f"{Path(ours[-1].filename).name}:{ours[-1].lineno} {ours[-1].name}" if ours else "outside"
        return f"{type(error).__name__} from {place}", name, " ".join(str(error)[:300].split())
    return "read", name, ""


def work(group: str, seed: int, numbers: list[int], folder: Path) -> None:
    """The process of a group: a JSON line a case on standard output."""
    faulthandler.enable()
    logging.disable(logging.CRITICAL)
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    os.chdir(folder)
    maker = GROUPS[group](folder)
    trial(maker, group, seed, -1)  # what is imported late
    before = _rss()
    # Of what the process has already, nothing counts.
    used = int(Path("/proc/self/statm").read_text().split()[5]) * resource.getpagesize()
    limit = used + (MEGABYTES << 20)
    resource.setrlimit(resource.RLIMIT_DATA, (limit, limit))
    for number in numbers:
        print(json.dumps({"begun": number}), file=report, flush=True)
        begun = time.monotonic()
        verdict, name, more = trial(maker, group, seed, number)
        told = {"number": number, "verdict": verdict, "name": name, "more": more}
        told |= {"seconds": round(time.monotonic() - begun, 3), "grown": _rss() - before}
        print(json.dumps(told), file=report, flush=True)


def _rss() -> int:
    """Peak memory of this process, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss >> 10


def supervise(group: str, seed: int, numbers: list[int]) -> list[dict]:
    """All cases of a group; a process that hangs or dies is a defect of its case, and another goes on after it."""
    told: list[dict] = []
    while numbers:
        with tempfile.TemporaryDirectory() as folder:
            command = [sys.executable, __file__, "--worker", group, "--seed", str(seed), "--folder", folder]
            process = subprocess.Popen(
                [*command, "--numbers", f"{numbers[0]}:{numbers[-1] + 1}"], stdout=subprocess.PIPE
            )
            begun: int | None = None
            left = b""
            while True:
                ready, _, _ = select.select([process.stdout], [], [], START_UP if begun is None else SECONDS)
                chunk = os.read(process.stdout.fileno(), 1 << 16) if ready else b""
                if not chunk:
                    break
                *lines, left = (left + chunk).split(b"\n")
                for found in map(json.loads, lines):
                    begun = found.get("begun")
                    if "verdict" in found:
                        told.append(found)
            hung = process.poll() is None and not ready
            if hung:
                process.send_signal(signal.SIGKILL)
            status = process.wait()
        if begun is None:
            if status:
                raise SystemExit(f"{group}: the process ended with status {status} between two cases")
            break
        verdict = f"more than {SECONDS} s" if hung else f"the process died with status {status}"
        told.append({"number": begun, "verdict": verdict, "name": "", "more": "", "seconds": SECONDS, "grown": 0})
        numbers = [number for number in numbers if number > begun]
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=10_000, help="in all groups together (default: %(default)s)")
    parser.add_argument("--group", choices=GROUPS, action="append", help="only this group (repeatable)")
    parser.add_argument("--only", type=int, metavar="CASE", help="the number of one case of --group")
    parser.add_argument("--show", type=int, default=3, help="examples of each defect (default: %(default)s)")
    parser.add_argument("--worker", choices=GROUPS, help=argparse.SUPPRESS)
    parser.add_argument("--folder", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--numbers", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.worker:
        first, _, end = options.numbers.partition(":")
        work(options.worker, options.seed, list(range(int(first), int(end))), options.folder)
        return 0
    groups = options.group or list(GROUPS)
    if options.only is not None:
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            print(*trial(GROUPS[groups[0]](Path(folder)), groups[0], options.seed, options.only), sep="\n")
        return 0
    whole = sum(SHARES[group] for group in groups)
    defects = total = refused = 0
    slowest, grown = 0.0, 0
    for group in groups:
        told = supervise(group, options.seed, list(range(round(options.cases * SHARES[group] / whole))))
        counts = collections.Counter(case["verdict"] for case in told)
        total, refused = total + len(told), refused + counts["refused"]
        slowest = max([slowest, *(case["seconds"] for case in told)])
        grown = max([grown, *(case["grown"] for case in told)])
        slow = max(told, key=lambda case: case["seconds"])
        print(
            f"{group}: {len(told)} cases, {counts['read']} read, {counts['refused']} refused, slowest "
            f"{slow['seconds']:.1f} s (case {slow['number']}), memory +{max(case['grown'] for case in told)} MB",
            flush=True,
        )
        for verdict, count in counts.most_common():
            if verdict in ("read", "refused"):
                continue
            defects += count
            print(f"  {count} x {verdict}")
            for case in [case for case in told if case["verdict"] == verdict][: options.show]:
                print(f"      case {case['number']}, {case['name']!a}: {case['more'][:300]!a}", flush=True)
    print(
        f"seed {options.seed}: {total} cases, {total - refused - defects} read, {refused} refused by name, {defects} "
        f"defects; slowest {slowest:.1f} s, memory at most +{grown} MB"
    )
    return 1 if defects else 0


if __name__ == "__main__":
    sys.exit(main())
