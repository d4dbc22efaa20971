"""Start a training run on one process or several of this machine.

`accelerate launch --cpu --num_processes 2` starts a single process without a word (accelerate issue 2741); torch's own
launcher starts as many as it is told to, with or without GPUs, and says which one failed.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Callable

from hf_xalign.errors import XAlignError


WRONG_INPUT = 2
INTERRUPTED = 130


def launch(
    recipe: str, overrides: list[str], *, num_processes: int | None = None, config_file: str | None = None
) -> int:
    """Run `hf_xalign.train` and return its exit status.

    Args:
        recipe: the YAML file.
        overrides: `["--key", "value", ...]`.
        num_processes: how many to start; by default what `config_file` says, or one a GPU, or one.
        config_file: of `accelerate launch`, as in `recipes/accelerate`.

    Raises:
        XAlignError: no process, more than there are GPUs, or a config that accelerate does not take.
    """
    import torch

    if config_file is not None:
        _wants_cpu(recipe, overrides)
        return _launch_configured(config_file, recipe, overrides, num_processes)
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


def _launch_configured(config_file: str, recipe: str, overrides: list[str], num_processes: int | None) -> int:
    from accelerate.commands.config.config_args import load_config_from_file
    from accelerate.commands.launch import launch_command, launch_command_parser

    from hf_xalign.foreign import named_errors

    with named_errors(f"--config_file {config_file}"):
        load_config_from_file(config_file)
    number = [] if num_processes is None else ["--num_processes", str(num_processes)]
    arguments = ["--config_file", config_file, *number, "-m", "hf_xalign.launch", recipe, *overrides]
    try:
        return _run(lambda: launch_command(launch_command_parser().parse_args(arguments)))
    except ImportError as error:
        # DeepSpeed, of a config that asks for it.
        raise XAlignError(f"--config_file {config_file}: {error}") from error


def _launch_several(recipe: str, overrides: list[str], num_processes: int) -> int:
    from torch.distributed.launcher.api import LaunchConfig, elastic_launch

    # Without it every process would take all cores; torchrun does the same, loudly.
    os.environ.setdefault("OMP_NUM_THREADS", str(max(1, (os.cpu_count() or 1) // num_processes)))
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
    return _run(lambda: elastic_launch(config, sys.executable)("-m", "hf_xalign.launch", recipe, *overrides))


def _run(start: Callable[[], object]) -> int:
    """The exit status of what a launcher starts."""
    from torch.distributed.elastic.multiprocessing import SignalException
    from torch.distributed.elastic.multiprocessing.errors import ChildFailedError

    # Its report of a process that failed says less than what is said below.
    logging.getLogger("torch.distributed.elastic.multiprocessing.api").setLevel(logging.CRITICAL)
    try:
        start()
    except ChildFailedError as error:
        return _explain(error)
    except subprocess.CalledProcessError as error:  # a single process, which has said why
        return error.returncode
    except SignalException as stopped:
        if stopped.sigval == signal.SIGINT:
            raise KeyboardInterrupt from None
        return 128 + stopped.sigval
    return 0


def _explain(error) -> int:
    """The exit status of processes of which at least one failed; what is wrong is said once, not by each of them.

    One process that ends takes the others with it, often within the same second: the cause is told from what follows.
    """
    failures = list(error.failures.items())
    rank, failure = min(failures, key=lambda failed: (_rank_of_cause(failed[1]), failed[1].timestamp))
    if isinstance(failure.message, dict):
        raise XAlignError(_said(failure).split(": ", 1)[1]) from None
    if failure.exitcode < 0:
        print(f"process {rank} died: {failure.message}", file=sys.stderr)
        return 128 - failure.exitcode
    # It has shown a traceback.
    return failure.exitcode


def _rank_of_cause(failure) -> int:
    """The smaller, the likelier it is that this failure brought about the others."""
    if isinstance(failure.message, dict):
        return 3 if _said(failure).startswith(ConnectionClosed.__name__) else 0
    if failure.exitcode > 0:
        return 2
    # The launcher itself terminates those that are left.
    return 4 if failure.exitcode == -signal.SIGTERM else 1


def _said(failure) -> str:
    return failure.message["message"]


class ConnectionClosed(XAlignError):
    """Another process is gone."""


class WaitedInVain(XAlignError):
    """Another process did not come to an exchange in time."""


def _lost_process(error: RuntimeError) -> XAlignError | None:
    """What an error in an exchange between processes means; None where it is of another kind."""
    from torch.distributed import DistError

    # gloo raises plain RuntimeErrors.
    if not isinstance(error, DistError) and "/gloo/transport/" not in str(error):
        return None
    rank, told = os.environ.get("RANK"), str(error).partition("\n")[0]
    if "timed out" in told.lower():
        return WaitedInVain(
            f"process {rank} waited for another one in vain, which stands still or needs longer than ddp_timeout "
            f"allows: {told}"
        )
    return ConnectionClosed(f"process {rank} lost the connection to another one: {told}")


def _process() -> int:
    """One of several processes: a user's error is handed to the launcher."""
    from torch.distributed.elastic.multiprocessing.errors import get_error_handler

    try:
        from hf_xalign.train import train

        train(sys.argv[1], sys.argv[2:])
    except XAlignError as error:
        get_error_handler().record_exception(error)
        return WRONG_INPUT
    except RuntimeError as error:
        lost = _lost_process(error)
        if lost is None:
            raise
        get_error_handler().record_exception(lost)
        return 1
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


if __name__ == "__main__":
    sys.exit(_process())
