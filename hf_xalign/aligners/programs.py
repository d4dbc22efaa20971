"""Other people's programs, run as processes: found, started several at a time, and stopped with all they started."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hf_xalign.errors import XAlignError


# How much of what a program said on standard error goes into the one line of an error.
_SAID = 400


def find_program(name: str) -> str:
    """The program beside this Python, else the one on the PATH.

    Raises:
        XAlignError: there is none; the message says how eflomal is installed.
    """
    beside = Path(sys.executable).parent / name
    found = str(beside) if os.access(beside, os.X_OK) and beside.is_file() else shutil.which(name)
    if found is None:
        raise XAlignError(f"{name} is not installed: pip install hf_xalign[eflomal]")
    return found


def run_programs(commands: Sequence[Sequence[Any]], folder: Path, *, jobs: int = 1, progress: bool = False) -> None:
    """Run programs to their end, `jobs` at a time; `folder` takes what they say on standard error.

    When one fails, or the user interrupts, the others are stopped, and so is what they have started.

    Raises:
        XAlignError: a program cannot be started, or ends with another status than 0, with what it said last.
    """
    from tqdm.auto import tqdm

    waiting = list(enumerate(commands))[::-1]
    running: dict[int, subprocess.Popen] = {}
    name = Path(str(commands[0][0])).name
    try:
        with tqdm(total=len(commands), desc=name, unit="run", disable=None if progress else True) as bar:
            while waiting or running:
                while waiting and len(running) < jobs:
                    number, command = waiting.pop()
                    running[number] = _start([str(part) for part in command], folder / f"{name}.{number}.err")
                ended = [number for number, process in running.items() if process.poll() is not None]
                for number in ended:
                    status = running.pop(number).returncode
                    if status != 0:
                        raise XAlignError(f"{name} failed ({_ending(status)}): {_said(folder, name, number)}")
                    bar.update()
                if not ended:
                    time.sleep(0.02)
    finally:
        for process in running.values():
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def _start(command: list[str], errors: Path) -> subprocess.Popen:
    try:
        with open(errors, "wb") as file:
            # A session of its own, so that the processes it starts can be stopped with it.
            return subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=file, start_new_session=True
            )
    except OSError as error:
        raise XAlignError(f"{command[0]} cannot be run: {error.strerror}") from None


def _ending(status: int) -> str:
    return f"status {status}" if status > 0 else f"stopped by signal {-status}"


def _said(folder: Path, name: str, number: int) -> str:
    said = " ".join((folder / f"{name}.{number}.err").read_text(encoding="utf-8", errors="replace").split())
    return "it gave no reason" if not said else said if len(said) <= _SAID else f"…{said[-_SAID:]}"
