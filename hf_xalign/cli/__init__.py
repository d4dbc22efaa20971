"""The `xalign` command. One file a command; each is imported only when it is asked for."""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence

from hf_xalign.errors import XAlignError
from hf_xalign.version import __version__


# Command -> what `xalign --help` says of it. The module `hf_xalign.cli.<command>` holds `add_arguments`, `run`,
# and whether it takes changes to a recipe.
COMMANDS = {
    "transliterate": "romanise text, line by line",
    "align": "align the words of sentence pairs, and audit aligners",
    "prepare": "read, clean, romanise and save the data of a recipe",
    "train": "train a recipe, on one process or many",
    "sweep": "train a recipe with varied settings, and compare them in one table",
    "evaluate": "measure how well a model aligns two languages",
    "report": "draw the results of one or more runs on one page",
    "demo": "open a page to try a model: two sentences, word by word",
    "export": "a checkpoint for use without hf_xalign: cut, SentenceTransformer, ONNX",
    "push": "put a trained model or prepared data on the Hub, with their card",
}


def make_parser() -> argparse.ArgumentParser:
    """The parser of the command's name; what comes after it is parsed by that command's own."""
    parser = argparse.ArgumentParser(
        prog="xalign",
        description="Make multilingual encoders agree across languages and scripts.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog="commands:\n" + "\n".join(f"  {name:<15}{summary}" for name, summary in COMMANDS.items()),
    )
    parser.add_argument("--version", action="version", version=f"hf_xalign {__version__}")
    parser.add_argument("command", choices=COMMANDS, metavar="COMMAND", help="see below; COMMAND --help tells more")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, help=argparse.SUPPRESS)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit status: 0 done, 2 wrong input (one line on stderr), 130 interrupted.

    `argv` is the command with its arguments; None: those of this process.
    """
    arguments = make_parser().parse_args(argv)
    command = importlib.import_module(f"hf_xalign.cli.{arguments.command}")
    parser = argparse.ArgumentParser(
        prog=f"xalign {arguments.command}",
        description=command.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        # `--num` must not be taken for `--num_processes` where it may be a key of the recipe.
        allow_abbrev=False,
    )
    command.add_arguments(parser)
    try:
        if command.TAKES_OVERRIDES:
            # What the parser does not know is `--key value` of the recipe.
            return command.run(*parser.parse_known_args(arguments.arguments)) or 0
        return command.run(parser.parse_args(arguments.arguments)) or 0
    except XAlignError as error:
        print(f"xalign {arguments.command}: error: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print(f"xalign {arguments.command}: interrupted", file=sys.stderr)
        return 130
    except BrokenPipeError:
        # The reader (`head`, say) has gone; Python would complain once more when it closes stdout.
        sys.stderr.close()
        return 0
