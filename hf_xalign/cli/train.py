"""Train a recipe: one YAML file is one complete run; --key value overrides its keys.

  xalign train recipes/quickstart.yaml
  xalign train RECIPE --num_processes 2 --learning_rate 5e-5 --heads.tcm.temperature 0.1
  xalign train RECIPE --config_file recipes/accelerate/fsdp2.yaml
  xalign train RECIPE --resume_from_checkpoint true
  xalign train RECIPE --dry_run true

The same run by hand: accelerate launch -m hf_xalign.train RECIPE [--key value ...]
"""

from __future__ import annotations

import argparse


TAKES_OVERRIDES = True


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("recipe", metavar="RECIPE", help="the YAML file of the run")
    parser.add_argument(
        "--num_processes",
        type=int,
        metavar="N",
        help="processes to start on this machine (default: one a GPU, or one)",
    )
    parser.add_argument(
        "--config_file", metavar="YAML", help="how to spread the run: a config of accelerate (recipes/accelerate)"
    )


def run(options: argparse.Namespace, overrides: list[str]) -> int:
    from hf_xalign.launch import launch

    return launch(options.recipe, overrides, num_processes=options.num_processes, config_file=options.config_file)
