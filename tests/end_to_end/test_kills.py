"""Runs that are killed, stopped, or meet a full or read-only disk, and go on with the same command.

`tests/stress/kills.py` does the same many times, with `xalign prepare` and `xalign push`, too.
"""

from __future__ import annotations

import itertools
import os
import random
import resource
import shutil
import signal
import time
from pathlib import Path

import pytest
import yaml

from hf_xalign.checkpoints import missing_part, newest_whole_checkpoint
from hf_xalign.cli import main
from tests.stress.forked import Forked, ForkedPair
from tests.stress.kills import ADAPTER, COMMON, RECIPES, compare_prepared, compare_runs, small_shards


SIGKILL = -signal.SIGKILL


@pytest.fixture(scope="module")
def straight(tmp_path_factory):
    """A run that was never killed, of which others take the prepared data; how many changes of files it made."""
    place = tmp_path_factory.mktemp("kills") / "straight"
    place.mkdir()
    (place.parent / "recipe.yaml").write_text(yaml.safe_dump(COMMON | RECIPES["steps"], sort_keys=False))
    assert main(["prepare", *_arguments(place)[1:-2]]) == 0
    run = Forked(_arguments(place), place / "said.log", die_at=0, changes_in=place)
    assert run.wait(120) == 0, (place / "said.log").read_text()
    return place, run.changes()


def _arguments(place: Path, beside: Path | None = None) -> list[str]:
    """A run in a folder, of the recipe and the data that lie beside it, or beside another one."""
    given = (beside or place).parent
    data = ["--prepared_dir", str(given / "prepared")]
    return ["train", str(given / "recipe.yaml"), *data, "--output_dir", str(place / "out")]


@pytest.fixture
def place(straight, request):
    place = straight[0].parent / request.node.name.replace("/", "_")
    place.mkdir()
    return place


def _said(place: Path) -> str:
    return (place / "said.log").read_text()


@pytest.mark.parametrize("seed", range(2))
def test_a_run_that_is_killed_ends_as_one_that_was_not(seed, straight, place):
    """Each time at a random change of a file: in the writing of a checkpoint, mostly."""
    rng = random.Random(seed)
    for _ in range(3):
        die_at = rng.randint(1, straight[1])
        status = Forked(_arguments(place), place / "said.log", die_at=die_at, changes_in=place).wait(120)
        assert status in (SIGKILL, 0), _said(place)
    assert Forked(_arguments(place), place / "said.log").wait(120) == 0, _said(place)
    compare_runs(place / "out", straight[0] / "out")


def test_preparation_that_is_killed_goes_on(straight, place):
    """At a change of a file, mostly of a shard; no finished shard is written again."""
    arguments = ["prepare", *_arguments(place)[1:2], "--prepared_dir", str(place / "data")]
    done = {}
    for die_at in (14, 20, 16):
        run = Forked(arguments, place / "said.log", die_at=die_at, changes_in=place, before=small_shards)
        assert run.wait(120) == SIGKILL, _said(place)
        assert not (place / "data").exists()
        left = {path: path.stat().st_mtime_ns for path in (place / ".data.shards").rglob("[!.]*.parquet")}
        assert left.items() > done.items()
        done = left
    assert len(done) < 12
    assert Forked(arguments, place / "said.log", before=small_shards).wait(120) == 0, _said(place)
    compare_prepared(place / "data", straight[0].parent / "prepared")
    assert {path.name for path in place.iterdir()} == {"data", ".data.lock", "said.log", "said.changes"}


def test_sigterm_saves_and_ends(straight, place):
    """In a step between two entries of the log, and with no checkpoint due."""
    run = Forked([*_arguments(place), "--save_steps", "100"], place / "said.log", before=_slow_steps)
    recipe = place / "out" / "recipe.yaml"
    while not recipe.exists():
        assert run.poll() is None, _said(place)
        time.sleep(0.01)
    time.sleep(0.15)
    assert run.end(signal.SIGTERM) == 128 + signal.SIGTERM, _said(place)
    checkpoint = newest_whole_checkpoint(place / "out")
    last = _said(place).splitlines()[-1]
    assert last == f"stopped by SIGTERM: wrote {checkpoint}; --resume_from_checkpoint true goes on from there"
    assert {path.name for path in (place / "out").iterdir()} == {
        "recipe.yaml",
        "provenance.json",
        Path(checkpoint).name,
    }
    assert Forked(_arguments(place), place / "said.log").wait(120) == 0, _said(place)
    assert f"resuming from {checkpoint}\n" in _said(place)
    compare_runs(place / "out", straight[0] / "out")


def test_two_processes_that_are_killed_and_stopped_go_on(straight, place):
    """One is killed, and the other ends by itself; one is sent SIGTERM, and both save and end."""
    (place / "straight").mkdir()
    six = ["--max_steps", "6"]
    arguments = [*_arguments(place / "straight", straight[0]), *six]
    run = ForkedPair(arguments, place / "said.log", die_at=0, changes_in=place)
    assert run.wait(120) == 0, _said(place)
    half = run.changes() // 2
    arguments = [*_arguments(place, straight[0]), *six]
    assert ForkedPair(arguments, place / "said.log", die_at=half, changes_in=place).wait(120) == SIGKILL, _said(place)
    assert newest_whole_checkpoint(place / "out").endswith("checkpoint-3")
    run = ForkedPair(arguments, place / "said.log", before=_second_process_is_stopped)
    assert run.wait(120) == ForkedPair.STOPPED, _said(place)
    assert f"resuming from {place}/out/checkpoint-3\n" in _said(place)
    assert _said(place).splitlines()[-1].startswith(f"stopped by SIGTERM: wrote {place}/out/checkpoint-5;")
    assert ForkedPair(arguments, place / "said.log").wait(120) == 0, _said(place)
    compare_runs(place / "out", place / "straight" / "out")


def test_an_adapter_that_is_killed_ends_as_one_that_was_not(straight, place):
    """Only half of the steps, on the encoder of the run that was not killed."""
    changes = ADAPTER | {"model_name_or_path": str(straight[0] / "out"), "max_steps": 6}
    (place / "recipe.yaml").write_text(yaml.safe_dump(COMMON | RECIPES["steps"] | changes, sort_keys=False))
    (place / "straight").mkdir()
    (place / "killed").mkdir()
    run = Forked(_arguments(place / "straight"), place / "said.log", die_at=0, changes_in=place / "straight")
    assert run.wait(120) == 0, _said(place)
    arguments = _arguments(place / "killed")
    die_at = run.changes() // 2
    run = Forked(arguments, place / "said.log", die_at=die_at, changes_in=place / "killed")
    assert run.wait(120) == SIGKILL, _said(place)
    assert Forked(arguments, place / "said.log").wait(120) == 0, _said(place)
    assert "resuming from " in _said(place)
    compare_runs(place / "killed" / "out", place / "straight" / "out")


def _second_process_is_stopped() -> None:
    """In its third batch, which is of its second step."""
    from hf_xalign.trainer import XAlignTrainer

    step, calls = XAlignTrainer.training_step, itertools.count(1)

    def stopped(*args, **kwargs):
        if os.environ["RANK"] == "1" and next(calls) == 3:
            os.kill(os.getpid(), signal.SIGTERM)
        return step(*args, **kwargs)

    XAlignTrainer.training_step = stopped


def _slow_steps() -> None:
    from hf_xalign.trainer import XAlignTrainer

    quick = XAlignTrainer.training_step

    def slow(*args, **kwargs):
        time.sleep(0.05)
        return quick(*args, **kwargs)

    XAlignTrainer.training_step = slow


PARTS = ["model.safetensors", "xalign_heads.safetensors", "optimizer.pt", "scheduler.pt", "rng_state.pth"]


@pytest.mark.parametrize("name", [*PARTS, "trainer_state.json"])
@pytest.mark.parametrize("cut", ["short", "empty", "gone"])
def test_a_checkpoint_without_one_of_its_parts_is_skipped(name, cut, straight, tmp_path):
    checkpoints = sorted((straight[0] / "out").glob("checkpoint-*"), key=lambda path: int(path.name.split("-")[1]))
    for checkpoint in checkpoints:
        shutil.copytree(checkpoint, tmp_path / checkpoint.name)
    older, newest = (str(tmp_path / checkpoint.name) for checkpoint in checkpoints)
    assert missing_part(newest) is None and newest_whole_checkpoint(tmp_path) == newest
    path = Path(newest, name)
    if cut == "gone":
        path.unlink()
    else:
        os.truncate(path, path.stat().st_size * 2 // 3 if cut == "short" else 0)
    said = []
    assert newest_whole_checkpoint(tmp_path, say=said.append) == older
    part = "random numbers (rng_state.pth)" if (name, cut) == ("rng_state.pth", "gone") else f"whole {name}"
    assert said == [f"{newest} is half-written and skipped: it has no {part}"]


def test_a_half_written_checkpoint_that_is_named_is_refused(straight, place, capsys):
    half = place / "out" / "checkpoint-3"
    shutil.copytree(straight[0] / "out" / "checkpoint-12", half)
    (half / "optimizer.pt").unlink()
    assert main([*_arguments(place), "--resume_from_checkpoint", str(half)]) == 2
    line = (
        f"xalign train: error: resume_from_checkpoint: {half} is no whole checkpoint: it has no whole optimizer.pt\n"
    )
    assert capsys.readouterr().err == line


@pytest.mark.parametrize("limit", [3_000, 30_000, 70_000, 120_000])
def test_a_full_disk_is_one_line_and_the_last_checkpoint_stays(limit, straight, place):
    """Files may grow to a limit: torch, safetensors and tokenizers each meet it, and each says it in its own way."""
    out = place / "out"
    shutil.copytree(straight[0].parent / "straight" / "out" / "checkpoint-9", out / "checkpoint-9")
    good = {path.name: path.read_bytes() for path in (out / "checkpoint-9").iterdir()}

    def full() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    status = Forked(_arguments(place), place / "said.log", before=full).wait(120)
    said = _said(place)
    assert status == 2, said
    assert "Traceback" not in said and "cannot be written: " in said.splitlines()[-1]
    assert said.splitlines()[-1].startswith("xalign train: error: ")
    assert {path.name: path.read_bytes() for path in (out / "checkpoint-9").iterdir()} == good
    assert newest_whole_checkpoint(out) == str(out / "checkpoint-9")
    assert not (out / "checkpoint-12").exists() and not list(out.rglob(".partial"))
    assert Forked(_arguments(place), place / "said.log").wait(120) == 0, _said(place)
    compare_runs(out, straight[0] / "out")


def test_a_place_that_cannot_be_written_is_said_before_the_work(straight, capsys, tmp_path):
    (tmp_path / "file").write_text("x")
    for place, nearest in (("/proc/1/nothing", "/proc/1"), (tmp_path / "file" / "out", tmp_path / "file")):
        assert main([*_arguments(straight[0]), "--output_dir", str(place)]) == 2
        line = f"output_dir {place} cannot be written: {nearest} is not a folder that you may write to"
        assert capsys.readouterr().err == f"xalign train: error: {line}\n"
