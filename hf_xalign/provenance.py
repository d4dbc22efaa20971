"""How a checkpoint was made, told from the first step on."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path
from typing import Any

from transformers import TrainerCallback

from hf_xalign.data.prepared import PreparedData
from hf_xalign.recipe import dump_recipe


class RecipeCallback(TrainerCallback):
    """Writes `recipe.yaml` into the output folder when training starts, so that a run that is stopped tells, too.

    Args:
        resolved (`dict`): the recipe with the command line's changes, of `read_recipe`.
        prepared (`PreparedData`): its fingerprint and the packages' versions stand above the recipe as comments.
    """

    def __init__(self, resolved: dict[str, Any], prepared: PreparedData):
        self.resolved = resolved
        packages = ("hf_xalign", "torch", "transformers", "accelerate", "datasets")
        self.comments = [
            "Resolved by " + ", ".join(f"{name} {version(name)}" for name in packages),
            f"Prepared data: fingerprint {prepared.info['fingerprint']}, {len(prepared.train)} training rows",
        ]

    def on_train_begin(self, args, state, control, **kwargs):
        if state.is_world_process_zero and not args.dry_run:
            dump_recipe(self.resolved, Path(args.output_dir) / "recipe.yaml", comments=self.comments)
