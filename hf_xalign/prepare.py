"""Prepare the data of a recipe, on one process or many: `accelerate launch -m hf_xalign.prepare RECIPE`."""

from __future__ import annotations

import argparse
import logging
import os
import sys
from pathlib import Path

from hf_xalign.arguments import ModelArguments
from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.parts import prepare_part
from hf_xalign.data.preparation import prepare
from hf_xalign.errors import XAlignError
from hf_xalign.recipe import read_recipe
from hf_xalign.training_args import XAlignTrainingArguments


def prepare_recipe(
    recipe: str | Path, overrides: list[str], *, part: tuple[int, int] | None = None, overwrite: bool = False
) -> Path | None:
    """Prepare the data of a recipe, or a part of them.

    Args:
        recipe: the YAML file.
        overrides: `["--key", "value", ...]`, changes to it.
        part: see [`prepare_part`]; None: all of it, here.
        overwrite: rebuild even a folder that could be used.

    Returns:
        The folder; None where other parts are not done.

    Raises:
        XAlignError: anything wrong with the recipe, its sources or the disk.
    """
    # Training arguments are checked by name only: a recipe for a GPU is prepared on a machine without one.
    (data_args, model_args), _ = read_recipe(
        Path(recipe), overrides, (DataArguments, ModelArguments), also_known=(XAlignTrainingArguments,)
    )
    place = {"default_dir": Path("prepared") / Path(recipe).stem, "encoder": model_args.model_name_or_path}
    if part is None:
        return prepare(data_args, **place, overwrite=overwrite)
    if overwrite:
        raise XAlignError("--overwrite goes without parts: each would begin anew what another has finished")
    return prepare_part(data_args, part, **place)


def start_logging() -> None:
    """What is done, line by line, on stderr."""
    logging.basicConfig(level=logging.WARNING, format="%(message)s", stream=sys.stderr)
    logging.getLogger("hf_xalign").setLevel(logging.INFO)


def _take_own_gpu() -> None:
    """Where processes of a machine share its GPUs, each aligns on one of its own."""
    import torch

    if "LOCAL_RANK" in os.environ and torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ["LOCAL_RANK"]) % torch.cuda.device_count())


def main() -> int:
    """One clear line and status 2 for wrong input; the part is that of `RANK` among `WORLD_SIZE` processes."""
    parser = argparse.ArgumentParser(prog="accelerate launch -m hf_xalign.prepare", description=__doc__)
    parser.add_argument("recipe", metavar="RECIPE", help="a recipe (YAML); --key value changes it")
    options, overrides = parser.parse_known_args()
    start_logging()
    part = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
    _take_own_gpu()
    try:
        folder = prepare_recipe(options.recipe, overrides, part=part)
    except XAlignError as error:
        print(f"hf_xalign.prepare: error: {error}", file=sys.stderr)
        return 2
    index, count = part
    print(f"part {index} of {count} is done" + ("" if folder is None else f"; prepared data: {folder}"))
    return 0


if __name__ == "__main__":
    sys.exit(main())
