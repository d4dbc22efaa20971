"""A run that is asked to end (SIGTERM: a scheduler's warning) saves and ends."""

from __future__ import annotations

import signal
import threading

from transformers import TrainerCallback


class Stopped(SystemExit):
    """A run that was asked to end has saved where it stood, and can go on from there.

    Left alone, it ends the process with the status that a shell gives it, 143.

    Attributes:
        checkpoint: the folder that was saved.
    """

    def __init__(self, checkpoint: str):
        super().__init__(128 + signal.SIGTERM)
        self.checkpoint = checkpoint


class StopRequest:
    """Whether SIGTERM has come since the block was entered; there it does nothing else.

    Only the main thread of a process may ask for signals; in another one SIGTERM means what it meant.
    """

    def __init__(self):
        self.came = False

    def __enter__(self) -> StopRequest:
        self.came = False
        self._listens = threading.current_thread() is threading.main_thread()
        if self._listens:
            self._before = signal.signal(signal.SIGTERM, self._note)
        return self

    def __exit__(self, *_) -> None:
        if self._listens:
            # None: what was there was not made by Python.
            signal.signal(signal.SIGTERM, self._before or signal.SIG_DFL)

    def _note(self, number, frame) -> None:
        self.came = True


class SaveAndStop(TrainerCallback):
    """Saves a checkpoint at the end of the step in which all processes agreed to stop, and ends the training there.

    `TrainerControl.should_training_stop` would go through what follows the last step, too, as if the run were done:
    it deletes checkpoints, and loads the best one.
    """

    def __init__(self):
        self.agreed = False

    def on_step_end(self, args, state, control, **kwargs):
        if self.agreed:
            control.should_save = True

    def on_save(self, args, state, control, **kwargs):
        if self.agreed:
            raise Stopped(f"{args.output_dir}/checkpoint-{state.global_step}")
