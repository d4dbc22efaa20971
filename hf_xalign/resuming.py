"""Where a run goes on after it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from transformers import TrainerState
from transformers.trainer import TRAINER_STATE_NAME

from hf_xalign.checkpoints import missing_part, newest_whole_checkpoint
from hf_xalign.errors import XAlignError
from hf_xalign.foreign import named_errors
from hf_xalign.resumable_trainer import has_optimizer_files
from hf_xalign.trainer import XAlignTrainer
from hf_xalign.training_args import XAlignTrainingArguments


def wants_resume(args: XAlignTrainingArguments) -> bool:
    """Whether `resume_from_checkpoint` asks for it: `true` (the newest checkpoint) or a folder."""
    return str(args.resume_from_checkpoint or "false").lower() != "false"


def checkpoint_to_resume(
    args: XAlignTrainingArguments, say: Callable[[str], None] = lambda notice: None
) -> str | None:
    """The checkpoint that a run goes on from; None to start from the beginning.

    Args:
        args: of the run.
        say: called with a notice for each half-written checkpoint that is skipped.

    Raises:
        XAlignError: the folder that is asked for is not there, or is half-written.
    """
    if not wants_resume(args):
        return None
    wanted = str(args.resume_from_checkpoint)
    if wanted.lower() == "true":
        return newest_whole_checkpoint(args.output_dir, optimizer=has_optimizer_files(args), say=say)
    if not Path(wanted).is_dir():
        raise XAlignError(f"resume_from_checkpoint: there is no folder {wanted}")
    missing = missing_part(wanted, optimizer=has_optimizer_files(args))
    if missing is not None:
        raise XAlignError(f"resume_from_checkpoint: {wanted} is no whole checkpoint: it has {missing}")
    return wanted


def is_finished(checkpoint: str, args: XAlignTrainingArguments) -> bool:
    """Whether a checkpoint has all the steps that `max_steps` asks for."""
    return _state(checkpoint).global_step >= args.max_steps > 0


def load_finished(trainer: XAlignTrainer, checkpoint: str) -> None:
    """Load what a run ended with: its last weights, or its best. Trainer would make one step more."""
    trainer.state = _state(checkpoint)
    best = trainer.state.best_model_checkpoint if trainer.args.load_best_model_at_end else None
    trainer.load_weights(best or checkpoint)


def _state(checkpoint: str) -> TrainerState:
    path = str(Path(checkpoint) / TRAINER_STATE_NAME)
    with named_errors(f"cannot read {path}"):
        return TrainerState.load_from_json(path)
