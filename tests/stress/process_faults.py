"""One of two training processes is killed, stands still, or meets bad data, at a random moment: how soon the run ends.

  python tests/stress/process_faults.py --seed 0 --cases 20

A run passes that ends within LIMIT seconds of the fault and as long as its start took (or LEAST), names its cause, and
leaves no process behind.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from pathlib import Path


sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.end_to_end.test_process_faults import (
    end,
    process_of_rank,
    start,
    wait_for_a_step,
    write_recipe,
)


# Seconds a process waits for another; the launcher gives one that stands still 30 more. To end takes the machine less
# than to start did, however busy it is.
PATIENCE = 25
LIMIT = PATIENCE + 30
LEAST = 20
# A run that has not come to its fault by then says nothing of faults: it hangs before.
START_UP = 300
# What the collator of a process meets in its second to ninth batch, and what the run then says.
BAD_DATA = {
    "refused": ("raise __import__('hf_xalign.errors').errors.XAlignError('row 7 is bad')", "error: row 7 is bad"),
    "unreadable": ("raise OSError(5, 'Input/output error', 'part-3.arrow')", "OSError: [Errno 5]"),
    "no such token": ("rows[0]['source_input_ids'][1] = 999_999", "IndexError"),
}
SIGNALS = {"killed": signal.SIGKILL, "crashed": signal.SIGSEGV, "still": signal.SIGSTOP}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cases", type=int, default=20)
    options = parser.parse_args()
    chance = random.Random(options.seed)
    slowest: Counter[str] = Counter()
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        recipe = write_recipe(Path(folder))
        for case in range(options.cases):
            kind, rank = chance.choice([*BAD_DATA, *SIGNALS]), chance.randrange(2)
            seconds, limit, status, said = _try(recipe, kind, rank, chance)
            expected = BAD_DATA[kind][1] if kind in BAD_DATA else _named(kind, rank)
            good = seconds < limit and status != 0 and expected in said and " is left\n" not in said
            failed += not good
            slowest[kind] = max(slowest[kind], seconds)
            told = f"status {status} after {seconds:.1f} s (limit {limit:.1f} s)"
            print(f"{case}: {kind} on rank {rank}: {told}{'' if good else '  FAILED'}", flush=True)
            if not good:
                print(said)
    worst = ", ".join(f"{kind} {seconds:.1f} s" for kind, seconds in sorted(slowest.items()))
    print(
        f"process_faults: {options.cases - failed} of {options.cases} runs ended and named the cause; slowest: {worst}"
    )
    return int(failed > 0)


def _named(kind: str, rank: int) -> str:
    return f"process {1 - rank} waited for another one" if kind == "still" else f"process {rank} died: Signal"


def _try(recipe: Path, kind: str, rank: int, chance: random.Random) -> tuple[float, float, int, str]:
    """Seconds from the fault to the end, how many it may take, exit status, and what was said."""
    met = recipe.parent / "fault" / "met"
    met.unlink(missing_ok=True)
    code = BAD_DATA[kind][0] if kind in BAD_DATA else None
    begun = time.monotonic()
    run = start(recipe, "--ddp_timeout", str(PATIENCE), fault=code, rank=rank, call=chance.randint(2, 9))
    too_long = threading.Timer(START_UP, end, [run])
    too_long.start()
    try:
        if code is None:
            wait_for_a_step(run)
            time.sleep(chance.uniform(0, 2))
            os.kill(process_of_rank(run, rank), SIGNALS[kind])
        else:
            while not met.exists() and run.poll() is None:
                time.sleep(0.05)
        since = time.monotonic()
        limit = LIMIT + max(LEAST, since - begun)
        too_long.cancel()
        _, said = run.communicate(timeout=2 * limit)
        seconds = time.monotonic() - since
        time.sleep(1)  # a helper of multiprocessing ends after the process that it is of
        left = end(run)
        return seconds, limit, run.returncode, said + "".join(f"process {process} is left\n" for process in left)
    except subprocess.TimeoutExpired:
        return float("inf"), limit, 0, "it hangs"
    finally:
        too_long.cancel()
        end(run)


if __name__ == "__main__":
    sys.exit(main())
