"""A process with an environment of its own that talks to the loopback Hub.

`huggingface_hub` reads `HF_ENDPOINT` and `HF_HUB_OFFLINE` when it is imported, and tests are offline: so commands run
in another process, which is started once and takes one after the other.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any


ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Done:
    """What came of a task: exit status or returned value, and what was written to stdout and stderr."""

    result: Any
    out: str
    err: str


class Client:
    """A process whose Hub is `endpoint`.

    Args:
        endpoint: of the Hub.
        home: folder for its caches.
        token: its `HF_TOKEN`.
    """

    def __init__(self, endpoint: str, home: Path, token: str):
        self.token, self.home = token, home
        environment = {key: value for key, value in os.environ.items() if not key.startswith(("HF_", "HUGGING"))}
        environment |= {
            "HF_ENDPOINT": endpoint,
            "HF_HOME": str(home),
            "HF_DATASETS_DISABLE_PROGRESS_BARS": "1",
            "PYTHONPATH": str(ROOT),
        }
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.hub.loopback.worker", str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env=environment,
            cwd=home,
        )

    def _ask(self, **task: Any) -> Done:
        self._process.stdin.write(json.dumps(task) + "\n")
        self._process.stdin.flush()
        return Done(**json.loads(self._process.stdout.readline()))

    def xalign(self, *arguments: Any, token: str | None = "", **environment: str) -> Done:
        """Run `xalign ARGUMENTS`; `token` instead of the right one, None for none at all."""
        token = self.token if token == "" else token
        return self._ask(xalign=[str(argument) for argument in arguments], token=token, environment=environment)

    def call(self, name: str, *arguments: Any) -> Done:
        """Call a function of `tests.hub.loopback.visits`."""
        return self._ask(call=name, arguments=[str(argument) for argument in arguments], token=self.token)

    def close(self) -> None:
        # Nothing is left to be saved, and taking down what it has imported takes seconds.
        self._process.kill()
        self._process.wait()
        self._process.stdin.close()
        self._process.stdout.close()
