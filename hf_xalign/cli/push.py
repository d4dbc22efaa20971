"""Put a trained model, or prepared data, on the Hub.

  xalign push runs/quickstart/mlm-tcm --repo-id ME/NAME
  xalign push DIR --repo-id ME/NAME --private --revision trial
  xalign push prepared/quickstart --repo-id ME/DATA

Of a model go: weights, heads, tokenizer, card, results, recipe and figures; never checkpoints, optimiser states,
pickles, training data, reports or other quotations of test data. Figures of TensorBoard go, and are named where they
show words of the selection data. Of prepared data go: the tables, their tokenizer and their card.

Log in first with `hf auth login`, or set HF_TOKEN. HF_ENDPOINT names another Hub. A push that was broken off goes on
where it was when the same command is run again.
"""

from __future__ import annotations

import argparse


TAKES_OVERRIDES = False


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The command's arguments."""
    parser.add_argument("folder", metavar="DIR", help="of a finished run, of an export, or of prepared data")
    parser.add_argument("--repo-id", required=True, metavar="ME/NAME", help="made if it is not there")
    add_hub_arguments(parser)


def add_hub_arguments(parser: argparse.ArgumentParser) -> None:
    """Arguments that all commands which push share."""
    parser.add_argument(
        "--private", action="store_true", default=None, help="make the repository private; a public one is refused"
    )
    parser.add_argument("--revision", metavar="BRANCH", help="push to a branch, made if it is not there")


def run(options: argparse.Namespace) -> None:
    """Push the folder, and say where it is."""
    from hf_xalign.hub.push import push_folder

    say(push_folder(options.folder, options.repo_id, private=options.private, revision=options.revision))


def say(pushed) -> None:
    """What a push did, in a line or two."""
    branch = f", branch {pushed.revision}" if pushed.revision else ""
    print(f"pushed {len(pushed.files)} files to {pushed.url}{branch}")
    if pushed.left_out:
        print(f"left out: {', '.join(pushed.left_out)}")
