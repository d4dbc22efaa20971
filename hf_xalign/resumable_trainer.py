"""How a run survives what happens to runs: checkpoints are whole or none, and SIGTERM saves one."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import torch
from transformers.trainer_utils import PREFIX_CHECKPOINT_DIR

from hf_xalign.checkpoints import discard, missing_part, newest_whole_checkpoint
from hf_xalign.errors import XAlignError
from hf_xalign.files import disk_errors, write_text
from hf_xalign.foreign import named_errors
from hf_xalign.loss_sums import LossSums
from hf_xalign.pushing_trainer import PushingTrainer
from hf_xalign.stopping import SaveAndStop, StopRequest
from hf_xalign.throughput import Throughput


logger = logging.getLogger(__name__)


class ResumableTrainer(PushingTrainer):
    """A Trainer that goes on from a checkpoint as if it had never been stopped, its log included."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.loss_sums = LossSums()
        self.throughput = Throughput()
        self.stop_request = StopRequest()
        self._save_and_stop = SaveAndStop()
        self.add_callback(self._save_and_stop)

    def train(self, resume_from_checkpoint=None, trial=None, ignore_keys_for_eval=None):
        """As `transformers.Trainer.train`; `resume_from_checkpoint=True` takes the newest whole checkpoint.

        Raises:
            XAlignError: no checkpoint is whole.
            Stopped: SIGTERM came; a checkpoint is saved.
        """
        if resume_from_checkpoint is True:
            resume_from_checkpoint = newest_whole_checkpoint(
                self.args.output_dir, optimizer=has_optimizer_files(self.args), say=logger.warning
            )
            if resume_from_checkpoint is None:
                raise XAlignError(f"{self.args.output_dir} has no whole checkpoint to resume from")
        self._save_and_stop.agreed = False
        self.loss_sums, self.throughput = LossSums(), Throughput()
        if self.args.dry_run:
            # One step, of which nothing is saved.
            return super().train(resume_from_checkpoint, trial, ignore_keys_for_eval)
        with self.stop_request:
            return super().train(resume_from_checkpoint, trial, ignore_keys_for_eval)

    def agree(self, good: torch.Tensor) -> bool:
        """Whether a step was good on all processes; at the same time they agree whether to stop after it.

        Args:
            good: a boolean scalar.
        """
        stop = torch.tensor(float(self.stop_request.came), device=good.device)
        goods, stops = self.accelerator.reduce(torch.stack([good.float(), stop]), "mean").tolist()
        # A signal reaches processes at different steps; each must save the same one.
        self._save_and_stop.agreed |= stops > 0
        return goods == 1

    def _save_checkpoint(self, model, trial):
        folder = Path(self._get_output_dir(trial=trial)) / f"{PREFIX_CHECKPOINT_DIR}-{self.state.global_step}"
        if self.args.should_save:
            # Of a run that was killed, or of another one: its files must not pass for new ones.
            discard(folder)
        self.accelerator.wait_for_everyone()
        optimizer = has_optimizer_files(self.args)
        try:
            with disk_errors(folder, "the checkpoints before it are kept: make room, and resume from them"):
                super()._save_checkpoint(model, trial)
        except XAlignError:
            if self.args.should_save and missing_part(folder, optimizer=optimizer):
                discard(folder)
            raise

    def _save_rng_state(self, output_dir):
        super()._save_rng_state(output_dir)
        pending = {
            "step": self._globalstep_last_logged,
            "loss": self._tr_loss.item(),
            **self.loss_sums.state(),
            "throughput": self.throughput.state(),
        }
        write_text(self._pending_log(output_dir), json.dumps(pending) + "\n")
        # What the first process writes then, trainer_state.json, tells that all of the checkpoint is there.
        self.accelerator.wait_for_everyone()

    # Trainer opens these with `weights_only=True`: of a pickle of more than tensors it runs nothing, and raises.

    def _load_optimizer_and_scheduler(self, checkpoint):
        with named_errors(f"cannot read the optimiser of {checkpoint}"):
            super()._load_optimizer_and_scheduler(checkpoint)

    def _load_scaler(self, checkpoint):
        with named_errors(f"cannot read the scaler of {checkpoint}"):
            super()._load_scaler(checkpoint)

    def _load_rng_state(self, checkpoint):
        with named_errors(f"cannot read the random numbers of {checkpoint}"):
            super()._load_rng_state(checkpoint)
        path = None if checkpoint is None else self._pending_log(checkpoint)
        if path is not None and path.is_file():
            with named_errors(f"cannot read {path}"):
                pending = json.loads(path.read_text(encoding="utf-8"))
                self._globalstep_last_logged = pending["step"]
                self._tr_loss.fill_(pending["loss"])
                self.loss_sums.load(pending, self.args.device)
                self.throughput.load(pending["throughput"])

    def _pending_log(self, checkpoint) -> Path:
        process = f"_{self.args.process_index}" if self.args.world_size > 1 else ""
        return Path(checkpoint) / f"pending_log{process}.json"


def has_optimizer_files(args) -> bool:
    """Whether checkpoints hold optimiser, scheduler and random numbers, as files of Trainer (and not of DeepSpeed)."""
    return not args.save_only_model and args.deepspeed_plugin is None
