"""One of two processes dies, meets bad data, or stands still: the run ends, soon, and says why."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import yaml

from hf_xalign import XAlignTrainingArguments
from tests.end_to_end.test_two_processes import COMMAND, RECIPE


# Far more than it takes; a run that waits for ever fails the test rather than the suite.
TIMEOUT = 150
HEADS = {"mlm": {}, "tcm": {}}
# Tells the processes of one run, by their environment.
MARK = "HF_XALIGN_TEST_RUN"

# Python imports `sitecustomize` at its start: this one lets one process, and no other, meet what the test says.
FAULT = """
import os
if os.environ.get("RANK") == "{rank}":
    from hf_xalign.data.collator import XAlignDataCollator
    collate, calls = XAlignDataCollator.__call__, []

    def broken(self, rows):
        calls.append(rows)
        if len(calls) == {call}:
            open(os.path.join(os.path.dirname(__file__), "met"), "w").close()
            {fault}
        return collate(self, rows)

    XAlignDataCollator.__call__ = broken
"""


def write_recipe(folder: Path) -> Path:
    """A run that would take days."""
    changes = {"heads": HEADS, "max_steps": 100_000, "eval_strategy": "no", "prepared_dir": str(folder / "prepared")}
    one_layer = {"model_config": RECIPE["model_config"] | {"num_hidden_layers": 1}}
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump(RECIPE | changes | one_layer))
    return path


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    return write_recipe(tmp_path_factory.mktemp("faults"))


def start(recipe: Path, *options: str, fault: str | None = None, rank: int = 1, call: int = 3) -> subprocess.Popen:
    """Train on two processes; `fault` is run by one of them, in its collator's call of that number."""
    environment = os.environ | {MARK: uuid.uuid4().hex}
    if fault is not None:
        folder = recipe.parent / "fault"
        folder.mkdir(exist_ok=True)
        (folder / "sitecustomize.py").write_text(FAULT.format(fault=fault, rank=rank, call=call))
        environment["PYTHONPATH"] = os.pathsep.join([str(folder), *sys.path])
    arguments = ["train", str(recipe), "--num_processes", "2", "--output_dir", str(recipe.parent / "out"), *options]
    run = subprocess.Popen(
        [sys.executable, "-c", COMMAND, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )
    run.mark = f"{MARK}={environment[MARK]}".encode()
    return run


def end(run: subprocess.Popen) -> list[int]:
    """Kill what is left of a run, and tell what that was: its processes have sessions, and groups, of their own."""
    run.kill()
    left = []
    for environment in Path("/proc").glob("[0-9]*/environ"):
        try:
            if run.mark in environment.read_bytes().split(b"\0"):
                left.append(int(environment.parent.name))
                os.kill(left[-1], signal.SIGKILL)
        except OSError:  # of another user, or gone by now
            continue
    run.wait()
    return left


def process_of_rank(launcher: subprocess.Popen, rank: int) -> int:
    """The number of one of the processes that this one has started."""
    for status in Path("/proc").glob("[0-9]*/status"):
        try:
            parent = next(line for line in status.read_text().splitlines() if line.startswith("PPid:"))
            environment = (status.parent / "environ").read_bytes().split(b"\0")
        except (OSError, StopIteration):
            continue
        if int(parent.split()[1]) == launcher.pid and f"RANK={rank}".encode() in environment:
            return int(status.parent.name)
    raise AssertionError(f"no process of rank {rank}")


def wait_for_a_step(run: subprocess.Popen) -> None:
    """Until it trains."""
    for line in run.stdout:
        if "'loss'" in line:
            return
    raise AssertionError(run.stderr.read())


def test_a_process_that_is_killed_ends_the_run_with_its_name(recipe):
    run = start(recipe)
    try:
        wait_for_a_step(run)
        killed = process_of_rank(run, 1)
        os.kill(killed, signal.SIGKILL)
        _, said = run.communicate(timeout=TIMEOUT)
    finally:
        end(run)
    assert run.returncode == 128 + signal.SIGKILL
    assert said.splitlines()[-1] == f"process 1 died: Signal 9 (SIGKILL) received by PID {killed}"
    assert "Traceback" not in said  # the other one has lost its partner, and nothing to add


def test_the_processes_of_a_cpu_wait_no_longer_than_they_are_told(tmp_path, monkeypatch):
    """transformers heeds `ddp_timeout` on GPUs alone. (Waited out by tests/stress/process_faults.py.)"""

    class Asked(Exception):
        pass

    def start_group(backend, timeout):
        raise Asked(backend, timeout.total_seconds())

    monkeypatch.setattr("torch.distributed.init_process_group", start_group)
    monkeypatch.setenv("TORCHELASTIC_RUN_ID", "run")
    monkeypatch.setenv("WORLD_SIZE", "2")
    with pytest.raises(Asked, match=r"\('gloo', 4\.0\)"):
        XAlignTrainingArguments(str(tmp_path), use_cpu=True, ddp_timeout=4)


def test_a_bad_row_on_one_process_ends_the_run_with_the_cause(recipe):
    run = start(recipe, fault="rows[0]['source_input_ids'][1] = 999_999")
    try:
        _, said = run.communicate(timeout=TIMEOUT)
    finally:
        end(run)
    assert run.returncode == 1
    assert "[rank1]: IndexError" in said and said.count("Traceback") == 1
