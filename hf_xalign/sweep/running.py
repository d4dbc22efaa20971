"""A sweep from its plan to its last run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from filelock import FileLock, Timeout

from hf_xalign.data.preparation import prepare
from hf_xalign.errors import XAlignError
from hf_xalign.sweep.plan import Run, Sweep
from hf_xalign.sweep.processes import is_finished, refuse_other_runs, run_all


def run_sweep(
    sweep: Sweep, *, jobs: int = 1, num_processes: int | None = None, say: Callable[[str], None] = print
) -> dict[str, str]:
    """Train the runs that are not finished yet. A dry run makes a dry run of each.

    Args:
        jobs, num_processes, say: as for `run_all`.

    Returns:
        Why runs failed, by name.

    Raises:
        XAlignError: the data cannot be prepared, a folder holds a run of other settings, or another sweep is at work.
    """
    refuse_other_runs(sweep.runs)
    runs = [run for run in sweep.runs if sweep.dry_run or not is_finished(run)]
    if len(runs) < len(sweep.runs):
        say(f"{len(sweep.runs) - len(runs)} of {len(sweep.runs)} runs are finished in {sweep.output_dir}")
    if not runs:
        return {}
    lock = FileLock(sweep.output_dir / ".sweep.lock", timeout=0)
    try:
        sweep.output_dir.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise XAlignError(
            f"another sweep is at work in {sweep.output_dir}: wait, or give another --output_dir"
        ) from None
    except OSError as error:
        raise XAlignError(f"{sweep.output_dir} cannot be written: {error.strerror or error}") from None
    with lock:
        _prepare_data(sweep, runs)
        return run_all(sweep, runs, jobs=jobs, num_processes=num_processes, say=say)


def _prepare_data(sweep: Sweep, runs: Sequence[Run]) -> None:
    """Before the first run: what is wrong with the data is said once."""
    for run in {run.data_args.prepared_dir: run for run in runs}.values():
        prepare(
            run.data_args,
            default_dir=Path("prepared") / sweep.recipe.stem,
            encoder=run.model_args.model_name_or_path,
        )
