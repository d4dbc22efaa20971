"""Pushes in the background, to a repository that takes its time."""

from __future__ import annotations

import logging
import shutil
import threading
from pathlib import Path

import pytest

from hf_xalign.background_push import BackgroundPushes
from hf_xalign.errors import XAlignError


class SlowRepository:
    """Takes an upload when it is let to, and keeps what it was given."""

    def __init__(self):
        self.uploads: list[tuple[str, dict[str, str]]] = []
        self.started, self.go_on = threading.Semaphore(0), threading.Semaphore(0)
        self.broken = False

    def upload(self, files, message, *, replaces):
        assert replaces("model-00001-of-00002.safetensors") and not replaces("README.md")
        self.started.release()
        self.go_on.acquire(timeout=30)
        if self.broken:
            raise XAlignError("lost the connection")
        self.uploads.append((message, {name: path.read_text() for name, path in files.items()}))


def write_card(folder: Path) -> None:
    (folder / "README.md").write_text("card of " + (folder / "model.safetensors").read_text())


@pytest.fixture
def repository():
    return SlowRepository()


@pytest.fixture
def pushes(repository, tmp_path):
    (tmp_path / ".push-7").mkdir()
    (tmp_path / "recipe.yaml").write_text("a: 1")
    (tmp_path / "model.safetensors").write_text("of another time")
    return BackgroundPushes(repository, str(tmp_path), write_card)


def _save(folder: Path, step: int) -> str:
    checkpoint = folder / f"checkpoint-{step}"
    checkpoint.mkdir()
    for name in ("config.json", "model.safetensors", "xalign_heads.safetensors", "optimizer.pt", "training_args.bin"):
        (checkpoint / name).write_text(f"{name} {step}")
    return str(checkpoint)


def test_a_slow_line_falls_behind_by_one_and_loses_no_last_one(repository, pushes, tmp_path):
    for step in (1, 2, 3):
        checkpoint = _save(tmp_path, step)
        pushes.add(checkpoint, f"step {step}")
        # As save_total_limit does.
        shutil.rmtree(checkpoint)
        if step == 1:
            assert repository.started.acquire(timeout=30)
    for _ in range(3):
        repository.go_on.release()
    pushes.finish()
    assert [message for message, _ in repository.uploads] == ["step 1", "step 3"]
    for step, (_, files) in zip((1, 3), repository.uploads, strict=True):
        assert files == {
            "README.md": f"card of model.safetensors {step}",
            "config.json": f"config.json {step}",
            "model.safetensors": f"model.safetensors {step}",
            "xalign_heads.safetensors": f"xalign_heads.safetensors {step}",
            "recipe.yaml": "a: 1",
        }
    assert not list(tmp_path.glob(".push-*"))


def test_every_one_where_it_is_asked_for(repository, pushes, tmp_path):
    for step in (1, 2, 3):
        pushes.add(_save(tmp_path, step), f"step {step}", every=True)
        repository.go_on.release()
    pushes.finish()
    assert [message for message, _ in repository.uploads] == ["step 1", "step 2", "step 3"]


def test_a_whole_checkpoint_to_go_on_from(repository, pushes, tmp_path):
    repository.go_on.release()
    pushes.add(_save(tmp_path, 1), "step 1", whole_to="last-checkpoint")
    pushes.finish()
    ((_, files),) = repository.uploads
    assert files["last-checkpoint/optimizer.pt"] == "optimizer.pt 1" and "optimizer.pt" not in files
    assert not any("training_args" in name for name in files)


def test_a_lost_push_is_said_and_the_next_one_comes(repository, pushes, tmp_path, caplog):
    repository.broken = True
    with caplog.at_level(logging.WARNING):
        pushes.add(_save(tmp_path, 1), "step 1")
        repository.go_on.release()
        pushes.finish()
    assert caplog.messages == ["not pushed (step 1): lost the connection; training goes on"]
    repository.broken = False
    pushes.add(_save(tmp_path, 2), "step 2")
    repository.go_on.release()
    pushes.finish()
    assert [message for message, _ in repository.uploads] == ["step 2"]
