from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys

import pytest

from hf_xalign import cli
from hf_xalign.cli import COMMANDS, main
from hf_xalign.errors import XAlignError
from hf_xalign.version import __version__


HEAVY = (
    "torch",
    "transformers",
    "datasets",
    "numpy",
    "pyarrow",
    "uroman",
    "sentencepiece",
    "tokenizers",
    "accelerate",
)

# What is loaded after `import hf_xalign` and after each --help, in one process: what one loads, the next ones have.
HELP = """
import contextlib, io, json, sys
import hf_xalign
heavy, commands = json.loads(sys.argv[1])
loaded = {"import hf_xalign": ["", sorted(set(heavy) & set(sys.modules))]}
from hf_xalign.cli import main
for arguments in [["--help"], ["--version"]] + [[command, "--help"] for command in commands]:
    with contextlib.redirect_stdout(io.StringIO()) as shown:
        try:
            main(arguments)
        except SystemExit as done:
            assert done.code == 0, arguments
    loaded[" ".join(arguments)] = [shown.getvalue(), sorted(set(heavy) & set(sys.modules))]
print(json.dumps(loaded))
"""


@pytest.fixture(scope="module")
def helps():
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = subprocess.run(
        [sys.executable, "-c", HELP, json.dumps([HEAVY, list(COMMANDS)])], capture_output=True, text=True, check=True
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return json.loads(done.stdout), after.ru_utime - before.ru_utime


def test_import_and_every_help_are_light(helps):
    loaded, seconds = helps
    assert len(loaded) == len(COMMANDS) + 3
    assert {what: modules for what, (_, modules) in loaded.items() if modules} == {}
    # Processor time, which other work on the machine does not lengthen: all of them together.
    assert seconds < 1


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_what_the_command_does(command, helps):
    shown, _ = helps[0][f"{command} --help"]
    assert shown.startswith(f"usage: xalign {command} ")
    first_line = importlib.import_module(f"hf_xalign.cli.{command}").__doc__.splitlines()[0]
    assert first_line in shown
    assert f"  {command} " in helps[0]["--help"][0] and COMMANDS[command] in helps[0]["--help"][0]


def test_version(helps):
    assert helps[0]["--version"][0] == f"hf_xalign {__version__}\n"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: COMMAND"),
        (["trian"], "'trian'"),
        (["report", "somewhere", "--ouput", "x"], "unrecognized arguments: --ouput x"),
        (["train"], "the following arguments are required: RECIPE"),
        (["train", "recipe.yaml", "--num_processes", "two"], "invalid int value: 'two'"),
    ],
)
def test_wrong_usage_is_status_2(arguments, message, capsys):
    with pytest.raises(SystemExit) as stopped:
        main(arguments)
    assert stopped.value.code == 2
    shown = capsys.readouterr()
    assert message in shown.err.splitlines()[-1] and shown.err.startswith("usage: xalign") and not shown.out


class _Command:
    """A command that ends as it is told to."""

    __doc__ = "Test."
    TAKES_OVERRIDES = True

    def __init__(self, ending):
        self.ending = ending

    def add_arguments(self, parser):
        parser.add_argument("recipe")

    def run(self, options, overrides):
        self.given = (options.recipe, overrides)
        if isinstance(self.ending, BaseException):
            raise self.ending
        return self.ending


@pytest.mark.parametrize(
    ("ending", "status", "said"),
    [
        (None, 0, ""),
        (0, 0, ""),
        (3, 3, ""),
        (XAlignError("a.yaml: no such file"), 2, "xalign train: error: a.yaml: no such file\n"),
        (KeyboardInterrupt(), 130, "xalign train: interrupted\n"),
    ],
)
def test_how_a_command_ends_is_the_exit_status(ending, status, said, monkeypatch, capsys):
    command = _Command(ending)
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: command)
    assert main(["train", "a.yaml", "--dry_run"]) == status
    assert capsys.readouterr().err == said


def test_options_that_are_not_the_commands_own_change_the_recipe(monkeypatch):
    command = _Command(None)
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: command)
    changes = ["--learning_rate", "-1", "--heads.tcm.weight=0.5", "--langs", "[a, b]", "--dry_run"]
    main(["train", "a.yaml", *changes])
    assert command.given == ("a.yaml", changes)


def test_errors_that_are_not_the_users_are_not_hidden(monkeypatch):
    monkeypatch.setattr(cli.importlib, "import_module", lambda name: _Command(ZeroDivisionError("a bug")))
    with pytest.raises(ZeroDivisionError):
        main(["train", "a.yaml"])
