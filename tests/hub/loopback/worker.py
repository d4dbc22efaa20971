"""The other end of `client.py`: tasks as lines of JSON on stdin, what came of each as a line on stdout."""

from __future__ import annotations

import json
import os
import sys
import traceback
from pathlib import Path
from types import SimpleNamespace

from huggingface_hub.utils import _http


def main() -> None:
    # Between attempts at a dead line huggingface_hub would wait for 23 seconds in all.
    _http.time = SimpleNamespace(sleep=lambda seconds: None)
    answers = os.fdopen(os.dup(1), "w")
    files = [open(Path(sys.argv[1]) / name, "w+b") for name in ("stdout", "stderr")]  # noqa: SIM115
    for number, file in enumerate(files, start=1):
        os.dup2(file.fileno(), number)
    for line in sys.stdin:
        task = json.loads(line)
        os.environ.pop("HF_TOKEN", None)
        if task["token"] is not None:
            os.environ["HF_TOKEN"] = task["token"]
        result = _run(task)
        sys.stdout.flush()
        sys.stderr.flush()
        written = []
        for file in files:
            file.seek(0)
            written.append(file.read().decode())
            file.seek(0)
            file.truncate()
        answers.write(json.dumps({"result": result, "out": written[0], "err": written[1]}) + "\n")
        answers.flush()


def _run(task: dict):
    try:
        if "xalign" in task:
            from hf_xalign.cli import main

            os.environ.update(task["environment"])
            return main(task["xalign"])
        from tests.hub.loopback import visits

        return getattr(visits, task["call"])(*task["arguments"])
    except SystemExit as stopped:
        return stopped.code
    except BaseException:
        traceback.print_exc()
        return "crashed"


if __name__ == "__main__":
    main()
