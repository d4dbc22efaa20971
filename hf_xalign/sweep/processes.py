"""The runs of a sweep, each in a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from transformers.trainer import TRAINER_STATE_NAME
from transformers.trainer_utils import get_last_checkpoint

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.results import FILE_NAME
from hf_xalign.sweep.plan import Run, Sweep
from hf_xalign.yaml_files import load_yaml


LOG_NAME = "train.log"
# `xalign` itself, whatever the PATH is.
_XALIGN = [sys.executable, "-P", "-c", "import sys; from hf_xalign.cli import main; sys.exit(main())"]
# Keys that change nothing of what a run finds.
_IMMATERIAL = {
    *("output_dir", "prepared_dir", "resume_from_checkpoint", "dry_run", "disable_tqdm", "report_to", "use_cpu"),
    *("preprocessing_num_proc", "dataloader_num_workers"),
}
_ERROR = "xalign train: error: "
_LOOK_AGAIN_S = 0.2
_TIME_TO_END_S = 10


def is_finished(run: Run) -> bool:
    """Whether a run has been trained to its end, and measured where it has test data."""
    wanted = [TRAINER_STATE_NAME, *([FILE_NAME] if run.data_args.test_data else [])]
    return all((run.folder / name).is_file() for name in wanted)


def refuse_other_runs(runs: Sequence[Run]) -> None:
    """Raise an `XAlignError` if a run's folder holds one of other settings: it must not pass for this one."""
    for run in runs:
        path = run.folder / "recipe.yaml"
        if not path.is_file():
            continue
        there = load_yaml(path)
        for key in sorted({*there, *run.recipe} - _IMMATERIAL):
            if there.get(key) != run.recipe.get(key):
                raise XAlignError(
                    f"{path} is of another run: {key} is {_shown(there.get(key))} there and "
                    f"{_shown(run.recipe.get(key))} here; move the folder away, or give another --output_dir"
                )


def run_all(
    sweep: Sweep,
    runs: Sequence[Run],
    *,
    jobs: int = 1,
    num_processes: int | None = None,
    say: Callable[[str], None] = print,
) -> dict[str, str]:
    """Train these runs of a sweep as `xalign train` does, `jobs` at a time; one that was stopped goes on.

    What a run says goes to `train.log` in its folder. Processor cores and GPUs are shared among the jobs.

    Args:
        num_processes: of each run; as for `xalign train`.
        say: called with a line when a run starts and when it ends.

    Returns:
        Why runs failed, by name, in one line each; the others are done.
    """
    waiting = deque(enumerate(runs, 1))
    jobs = min(jobs, len(runs))
    free = deque(machine_shares(jobs, num_processes, [] if sweep.use_cpu or jobs == 1 else _gpus()))
    failed: dict[str, str] = {}
    running: list[_Running] = []
    with _ended(running):
        while waiting or running:
            while waiting and free:
                number, run = waiting.popleft()
                say(f"[{number}/{len(runs)}] {run.name}: started, see {run.folder / LOG_NAME}")
                running.append(_Running(sweep.recipe, run, number, num_processes, free.popleft()))
            for job in [job for job in running if job.process.poll() is not None]:
                running.remove(job)
                free.append(job.share)
                reason = job.reason()
                if reason:
                    failed[job.run.name] = reason
                outcome = f"failed: {reason}" if reason else f"done in {_duration(time.monotonic() - job.start)}"
                say(f"[{job.number}/{len(runs)}] {job.run.name}: {outcome}")
            if running and not (waiting and free):
                time.sleep(_LOOK_AGAIN_S)
    return failed


class _Running:
    """A run that has been started, with its log and its share of the machine."""

    def __init__(self, recipe: Path, run: Run, number: int, num_processes: int | None, share: dict[str, str]):
        self.run, self.number, self.share = run, number, share
        self.log = run.folder / LOG_NAME
        self.start = time.monotonic()
        processes = [] if num_processes is None else [f"--num_processes={num_processes}"]
        resume = ["--resume_from_checkpoint=true"] if _has_checkpoint(run) else []
        try:
            run.folder.mkdir(parents=True, exist_ok=True)
            with self.log.open("ab") as log:
                # What an earlier attempt said stands above.
                self.said_before = log.tell()
                self.process = subprocess.Popen(
                    [*_XALIGN, "train", str(recipe), *processes, *run.options, *resume],
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    env=os.environ | {"PYTHONUNBUFFERED": "1"} | share,
                )
        except OSError as error:
            raise XAlignError(f"{run.folder} cannot be written: {error.strerror}") from None

    def reason(self) -> str | None:
        """Why it failed, on one line; None where it did not."""
        status = self.process.returncode
        if status == 0:
            return None
        if status < 0:
            return f"ended by {signal.Signals(-status).name}"
        said = self.log.read_bytes()[self.said_before :].decode("utf-8", errors="replace")
        lines = [line for line in said.splitlines() if line.strip()]
        for line in reversed(lines):
            if line.startswith(_ERROR):
                return line.removeprefix(_ERROR)
        return f"{lines[-1].strip() if lines else 'it said nothing'} (exit status {status})"


def _has_checkpoint(run: Run) -> bool:
    return run.folder.is_dir() and not run.args.dry_run and get_last_checkpoint(str(run.folder)) is not None


@contextlib.contextmanager
def _ended(running: list[_Running]) -> Iterator[None]:
    """Runs do not outlive the sweep, however it ends; a signal to end it is an exit like any other."""
    before = signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    try:
        yield
    finally:
        for job in running:
            job.process.terminate()
        for job in running:
            try:
                job.process.wait(_TIME_TO_END_S)
            except subprocess.TimeoutExpired:
                job.process.kill()
        signal.signal(signal.SIGTERM, before)


def _gpus() -> list[str]:
    """The GPUs there are, as CUDA_VISIBLE_DEVICES names them."""
    import torch

    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    count = torch.cuda.device_count()
    return list(map(str, range(count))) if visible is None else visible.split(",")[:count]


def machine_shares(jobs: int, num_processes: int | None, gpus: Sequence[str]) -> list[dict[str, str]]:
    """What each job has of the machine, as environment variables; a single one has all of it."""
    if jobs == 1:
        return [{}]
    # Otherwise each would take all cores.
    threads = max(1, (os.cpu_count() or 1) // (jobs * (num_processes or 1)))
    shares = [{"OMP_NUM_THREADS": os.environ.get("OMP_NUM_THREADS", str(threads))} for _ in range(jobs)]
    for job, share in enumerate(shares):
        if gpus:
            share["CUDA_VISIBLE_DEVICES"] = ",".join(gpus[job::jobs] or [gpus[job % len(gpus)]])
    return shares


def _duration(seconds: float) -> str:
    minutes, seconds = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


def _shown(value) -> str:
    text = "not set" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}..."
