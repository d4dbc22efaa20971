"""`xalign` commands in processes that are killed: forked, so that none has to import torch first."""

from __future__ import annotations

import itertools
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path


class Forked:
    """A command at work in a process of its own.

    Args:
        arguments: what comes after `xalign`.
        log: file that what it says is added to.
        die_at: the process kills itself (SIGKILL) at its n-th change below `changes_in`: a file that is opened for
            writing, renamed or deleted, a folder that is made. 0: it only counts them.
        changes_in: the folder.
        before: called in the process first.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        *,
        die_at: int | None = None,
        changes_in: Path | None = None,
        before: Callable[[], None] | None = None,
    ):
        self.count = log.with_suffix(".changes")
        self.pid = os.fork()
        if self.pid == 0:
            self._work(arguments, log, die_at, changes_in, before)

    def poll(self) -> int | None:
        """None while it is at work, then its exit status; that of a signal is negative."""
        pid, status = os.waitpid(self.pid, os.WNOHANG)
        return os.waitstatus_to_exitcode(status) if pid else None

    def wait(self, seconds: float) -> int | None:
        """`poll` for a while."""
        end = time.monotonic() + seconds
        while (status := self.poll()) is None and time.monotonic() < end:
            time.sleep(0.001)
        return status

    def end(self, number: int = signal.SIGKILL) -> int:
        """Send a signal and wait."""
        os.kill(self.pid, number)
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _work(self, arguments, log, die_at, changes_in, before) -> None:
        status = 1
        try:
            file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
            os.dup2(file, 1)
            os.dup2(file, 2)
            sys.stdout = open(1, "w", buffering=1, closefd=False)  # noqa: SIM115
            sys.stderr = open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            if before is not None:
                before()
            if die_at is not None:
                self._watch(die_at, os.path.realpath(changes_in))
            from hf_xalign.cli import main

            status = main(arguments)
        except SystemExit as ended:
            status = ended.code
        except BaseException:
            import traceback

            traceback.print_exc()
        finally:
            os._exit(status)

    def _watch(self, die_at: int, folder: str) -> None:
        changes = itertools.count(1)
        written = os.open(self.count, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)

        def hook(event, arguments):
            if event == "open":
                path, mode, flags = arguments
                if not (flags or 0) & (os.O_WRONLY | os.O_RDWR) and not set(mode or "") & set("wax+"):
                    return
            elif event in ("os.rename", "os.mkdir", "os.remove", "os.rmdir"):
                # `shutil.rmtree` names files below a folder that it holds open.
                path = folder if event in ("os.remove", "os.rmdir") and arguments[1] != -1 else arguments[0]
            else:
                return
            if not isinstance(path, str | os.PathLike) or not os.path.abspath(path).startswith(folder):
                return
            number = next(changes)
            os.pwrite(written, f"{number}\n".encode(), 0)
            if number == die_at:
                os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(hook)

    def changes(self) -> int:
        """How many changes it has made so far."""
        return int(self.count.read_text() or 0)
