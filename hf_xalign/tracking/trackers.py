"""The trackers of a run: whether they are there, and how figures reach each."""

from __future__ import annotations

import importlib.util
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, NamedTuple

from packaging.version import Version
from transformers.integrations import (
    TensorBoardCallback,
    TrackioCallback,
    WandbCallback,
    get_reporting_integration_callbacks,
)

from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean


if TYPE_CHECKING:
    import numpy as np
    from transformers import TrainerCallback

# The trackers that figures are sent to. All others that transformers knows get the scalars.
WITH_FIGURES = ("tensorboard", "wandb", "trackio")
# The first release that shapes text: joined Arabic letters, Devanagari clusters, words from right to left.
_MATPLOTLIB = "3.11"


class Drawn(NamedTuple):
    """A figure as it is sent: `image` is `(height, width, 3)` uint8."""

    image: np.ndarray
    caption: str


def check_trackers(names: Sequence[str], *, figures: bool = False) -> None:
    """Refuse, before a run begins, a tracker that nobody knows or that is not installed.

    Args:
        names: `TrainingArguments.report_to`.
        figures: whether the run insists on figures.

    Raises:
        XAlignError: the tracker, or what draws figures, is missing, and what to install.
    """
    for name in names:
        try:
            get_reporting_integration_callbacks([name])
        except ValueError:
            raise XAlignError(f"report_to: unknown tracker {name!r}{did_you_mean(name, WITH_FIGURES)}") from None
        if name in WITH_FIGURES and importlib.util.find_spec(name) is None:
            raise XAlignError(f"report_to is {name!r}, which is not installed: pip install {name}")
    if figures and (reason := why_no_figures()):
        raise XAlignError(reason)


def why_no_figures() -> str | None:
    """What is missing for figures to be drawn, with what to install; None where nothing is."""
    try:
        installed = version("matplotlib")
    except PackageNotFoundError:
        installed = None
    if installed is not None and Version(installed) >= Version(_MATPLOTLIB):
        return None
    found = "which is not installed" if installed is None else f"but {installed} is installed"
    return f"figures need matplotlib {_MATPLOTLIB} or newer, {found}: pip install 'hf_xalign[tracking]'"


def log_figures(callbacks: Sequence[TrainerCallback], figures: Mapping[str, Drawn], step: int) -> None:
    """Send figures to every tracker among the callbacks of a trainer.

    Each goes where the tracker's own callback sends its scalars, and is found there under its name. TensorBoard shows
    no captions.

    Args:
        callbacks: `trainer.callback_handler.callbacks`.
        figures: by name.
        step: of training (`state.global_step`).
    """
    for callback in callbacks:
        if isinstance(callback, TensorBoardCallback) and callback.tb_writer is not None:
            for name, drawn in figures.items():
                callback.tb_writer.add_image(name, drawn.image, step, dataformats="HWC")
            callback.tb_writer.flush()
        elif isinstance(callback, WandbCallback):
            import wandb

            wandb.log(_entries(wandb.Image, figures, step))
        elif isinstance(callback, TrackioCallback):
            import trackio

            trackio.log(_entries(trackio.Image, figures, step))


def _entries(image: type, figures: Mapping[str, Drawn], step: int) -> dict:
    # The step as the callbacks of transformers give it with the scalars, so that both stand on one axis.
    images = {name: image(drawn.image, caption=drawn.caption) for name, drawn in figures.items()}
    return {**images, "train/global_step": step}
