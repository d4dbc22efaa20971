"""`xalign` commands in processes that are killed: forked, so that none has to import torch first."""

from __future__ import annotations

import itertools
import os
import signal
import socket
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


class ForkedPair:
    """A command on two processes, with the environment that `torchrun` gives its processes.

    Used as a [`Forked`]. When one has failed the other is ended as `torchrun` does: by SIGTERM soon, and by SIGKILL
    30 s later. The status is -9 where a process was killed, -15 where one was ended by SIGTERM, else the first that is
    neither 0 nor that of a run that was saved and stopped, else that, else 0.

    Args:
        arguments, log, changes_in, before: as for [`Forked`].
        die_at: of the first process, which writes the checkpoints.
        signalled: the ranks that [`end`] sends its signal to.
    """

    STOPPED = 128 + signal.SIGTERM
    # Seconds after a failure.
    ENDINGS = ((1, signal.SIGTERM), (31, signal.SIGKILL))

    def __init__(
        self,
        arguments: Sequence[str],
        log: Path,
        *,
        die_at: int | None = None,
        changes_in: Path | None = None,
        before: Callable[[], None] | None = None,
        signalled: Sequence[int] = (0, 1),
    ):
        self.signalled = signalled
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]

        def as_rank(rank: int) -> Callable[[], None]:
            def prepare() -> None:
                os.environ |= dict.fromkeys(("RANK", "LOCAL_RANK"), str(rank))
                os.environ |= dict.fromkeys(("WORLD_SIZE", "LOCAL_WORLD_SIZE"), "2")
                os.environ |= {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "TORCHELASTIC_RUN_ID": "pair"}
                if before is not None:
                    before()

            return prepare

        watched = {"die_at": die_at, "changes_in": changes_in}
        self.ranks = [Forked(arguments, log, before=as_rank(rank), **({} if rank else watched)) for rank in (0, 1)]
        self._statuses: list[int | None] = [None, None]
        self._failed_at: float | None = None
        self._endings = self.ENDINGS

    def poll(self) -> int | None:
        for rank, process in enumerate(self.ranks):
            if self._statuses[rank] is None:
                self._statuses[rank] = process.poll()
        if None in self._statuses:
            self._end_the_other()
            return None
        return min(self._statuses, key=self._order)

    def _end_the_other(self) -> None:
        if not {None, 0, self.STOPPED}.issuperset(self._statuses):
            self._failed_at = self._failed_at or time.monotonic()
        for seconds, number in self._endings if self._failed_at else ():
            if time.monotonic() > self._failed_at + seconds:
                os.kill(self.ranks[self._statuses.index(None)].pid, number)
                self._endings = self._endings[1:]

    def _order(self, status: int) -> int:
        known = (-signal.SIGKILL, -signal.SIGTERM)
        return known.index(status) if status in known else {self.STOPPED: 3, 0: 4}.get(status, 2)

    def wait(self, seconds: float) -> int | None:
        end = time.monotonic() + seconds
        while (status := self.poll()) is None and time.monotonic() < end:
            time.sleep(0.001)
        return status

    def end(self, number: int = signal.SIGKILL, patience: float = 300) -> int | None:
        """Send a signal to those of `signalled`, and wait for both; None if one of them is still there then."""
        for rank in self.signalled:
            if self._statuses[rank] is None:
                os.kill(self.ranks[rank].pid, number)
        status = self.wait(patience)
        if status is None:
            for rank in (0, 1):
                if self._statuses[rank] is None:
                    os.kill(self.ranks[rank].pid, signal.SIGKILL)
            self.wait(patience)
        return status

    def changes(self) -> int:
        return self.ranks[0].changes()
