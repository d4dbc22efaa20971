"""Start a training run on one process or several of this machine.

`accelerate launch --cpu --num_processes 2` starts a single process without a word (accelerate issue 2741); torch's own
launcher starts as many as it is told to, with or without GPUs, and says which one failed.
"""

from __future__ import annotations

import logging
import os
import signal
import sys
import uuid

from hf_xalign.errors import XAlignError


WRONG_INPUT = 2
INTERRUPTED = 130


def launch(recipe: str, overrides: list[str], *, num_processes: int | None = None) -> int:
    """Run `hf_xalign.train` and return its exit status.

    Args:
        recipe: the YAML file.
        overrides: `["--key", "value", ...]`.
        num_processes: how many to start; by default one a GPU, or one.

    Raises:
        XAlignError: no process, or more than there are GPUs.
    """
    import torch

    gpus = 0 if _wants_cpu(recipe, overrides) else torch.cuda.device_count()
    num_processes = num_processes if num_processes is not None else max(gpus, 1)
    if num_processes < 1:
        raise XAlignError(f"--num_processes is {num_processes}; it must be at least 1")
    if gpus and num_processes > gpus:
        raise XAlignError(f"--num_processes is {num_processes}, but this machine has {gpus} GPUs")
    if num_processes == 1:
        from hf_xalign.train import train

        train(recipe, overrides)
        return 0
    if not gpus:
        overrides = [*overrides, "--use_cpu", "true"]
    return _launch_several(recipe, overrides, num_processes)


def _wants_cpu(recipe: str, overrides: list[str]) -> bool:
    """Whether the run keeps off the GPUs. Reading the recipe also tells what is wrong with it before any start."""
    from hf_xalign.arguments import ModelArguments
    from hf_xalign.data.arguments import DataArguments
    from hf_xalign.recipe import read_recipe
    from hf_xalign.training_args import XAlignTrainingArguments

    known = (DataArguments, ModelArguments, XAlignTrainingArguments)
    _, resolved = read_recipe(recipe, overrides, (), also_known=known, expand=False)
    return bool(resolved.get("use_cpu"))


def _launch_several(recipe: str, overrides: list[str], num_processes: int) -> int:
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # Without it every process would take all cores; torchrun does the same, loudly.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // num_processes)))
    # Its report of a process that failed says less than what is said below.
    logging.getLogger("torch.distributed.elastic.multiprocessing.api").setLevel(logging.CRITICAL)
    config = LaunchConfig(
        min_nodes=1,
        max_nodes=1,
        nproc_per_node=num_processes,
        run_id=uuid.uuid4().hex,
        rdzv_backend="c10d",
        rdzv_endpoint="localhost:0",
        max_restarts=0,
        monitor_interval=0.5,
    )
    try:
        elastic_launch(config, sys.executable)("-m", "hf_xalign.launch", recipe, *overrides)
    except ChildFailedError as error:
        return _explain(error)
    except SignalException as stopped:
        if stopped.sigval == signal.SIGINT:
            raise KeyboardInterrupt from None
        return 128 + stopped.sigval
    return 0


def _explain(error) -> int:
    """The exit status of processes of which at least one failed; what is wrong is said once, not by each of them."""
    for failure in error.failures.values():
        if isinstance(failure.message, dict):
            raise XAlignError(failure.message["message"].removeprefix("XAlignError: ")) from None
    rank, failure = error.get_first_failure()
    if failure.exitcode < 0:
        print(f"process {rank} died: {failure.message}", file=sys.stderr)
        return 128 - failure.exitcode
    # It has shown a traceback.
    return failure.exitcode


def _process() -> int:
    """One of several processes: a user's error is handed to the launcher."""
    from torch.distributed.elastic.multiprocessing.errors import get_error_handler

    try:
        from hf_xalign.train import train

        train(sys.argv[1], sys.argv[2:])
    except XAlignError as error:
        get_error_handler().record_exception(error)
        return WRONG_INPUT
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(_process())
