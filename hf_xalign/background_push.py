"""Pushes of a run that goes on while they travel."""

from __future__ import annotations

import itertools
import logging
import os
import shutil
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

from hf_xalign.published_files import is_part_of_model, model_files
from hf_xalign.repository import Repository


logger = logging.getLogger("hf_xalign")

# Beside a checkpoint's model, what the run's folder holds of interest while the run goes on.
_OF_THE_RUN = ("recipe.yaml", "provenance.json", "runs/")
_PICKLED_ARGUMENTS = "training_args.bin"


class BackgroundPushes:
    """Pushes checkpoints one after the other in a thread of its own.

    A checkpoint that comes while another is under way waits; one that waits gives way to a newer one, so that a slow
    line falls behind by one checkpoint at most, and the last one is never lost. A push that fails is said in a line,
    and the run goes on.

    Args:
        repository: where they go.
        output_dir: the run's folder.
        write_card: called with a folder that holds a checkpoint, before it is pushed; its card goes with it.
    """

    def __init__(self, repository: Repository, output_dir: str, write_card: Callable[[Path], object]):
        self.repository = repository
        self.output_dir = Path(output_dir)
        self.write_card = write_card
        self._numbers = itertools.count()
        self._waiting: list[tuple[Path, str]] = []
        self._running: Future | None = None
        self._lock = threading.Lock()
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="push")
        for left in self.output_dir.glob(".push-*"):  # of a run that was killed
            shutil.rmtree(left, ignore_errors=True)

    def add(self, checkpoint: str, message: str, *, whole_to: str | None = None, every: bool = False) -> None:
        """Push a checkpoint as the repository's model.

        Args:
            checkpoint: its folder, which may change or go once this returns.
            message: of the commit.
            whole_to: a folder of the repository for all of the checkpoint, so that a run can be resumed from there.
            every: keep those that wait, instead of the newest alone.
        """
        snapshot = self._snapshot(Path(checkpoint), whole_to)
        with self._lock:
            if not every:
                for given_up, _ in self._waiting:
                    shutil.rmtree(given_up, ignore_errors=True)
                self._waiting.clear()
            self._waiting.append((snapshot, message))
            if self._running is None:
                self._running = self._executor.submit(self._work)

    def finish(self) -> None:
        """Wait until all that was added has been pushed."""
        running = self._running
        if running is not None:
            running.result()

    def _snapshot(self, checkpoint: Path, whole_to: str | None) -> Path:
        """The files as they are now, under names of their own: the run deletes old checkpoints as it goes on."""
        snapshot = self.output_dir / f".push-{next(self._numbers)}"
        files = model_files(checkpoint)
        if whole_to is not None:
            everything = (path for path in checkpoint.rglob("*") if path.is_file() and path.name != _PICKLED_ARGUMENTS)
            files |= {f"{whole_to}/{path.relative_to(checkpoint).as_posix()}": path for path in everything}
        for name, path in files.items():
            _link(path, snapshot / name)
        for name, path in model_files(self.output_dir).items():
            if name.startswith(_OF_THE_RUN):
                # A copy: tensorboard's files grow.
                _copy(path, snapshot / name)
        return snapshot

    def _work(self) -> None:
        while True:
            with self._lock:
                if not self._waiting:
                    self._running = None
                    return
                snapshot, message = self._waiting.pop(0)
            try:
                self.write_card(snapshot)
                files = {path.relative_to(snapshot).as_posix(): path for path in snapshot.rglob("*") if path.is_file()}
                self.repository.upload(files, message, replaces=is_part_of_model)
            except Exception as error:  # whatever it is, it must not be lost in a thread
                logger.warning("not pushed (%s): %s; training goes on", message, " ".join(str(error).split()))
            finally:
                shutil.rmtree(snapshot, ignore_errors=True)


def _link(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        os.link(path.resolve(), target)
    except OSError:  # a file system without links
        shutil.copy2(path, target)


def _copy(path: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(path, target)
