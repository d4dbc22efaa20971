"""The configs of `recipes/accelerate`: accelerate takes them, and `xalign train --config_file` hands them on."""

from __future__ import annotations

from pathlib import Path

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import _validate_launch_command, launch_command_parser
from accelerate.utils import is_deepspeed_available
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure

from hf_xalign import launch
from hf_xalign.cli import main
from hf_xalign.errors import XAlignError


FOLDER = Path(__file__).parents[1] / "recipes" / "accelerate"
CONFIGS = ("cpu", "ddp", "deepspeed_zero2", "fsdp2")
RECIPE = str(Path(__file__).parents[1] / "recipes" / "quickstart.yaml")


@pytest.mark.parametrize("name", CONFIGS)
def test_accelerate_takes_them(name):
    path = str(FOLDER / f"{name}.yaml")
    config = load_config_from_file(path)
    assert config.num_processes > 1
    arguments = ["--config_file", path, "-m", "hf_xalign.train", "recipe.yaml"]
    arguments, _, _ = _validate_launch_command(launch_command_parser().parse_args(arguments))
    chosen = {"deepspeed_zero2": "use_deepspeed", "fsdp2": "use_fsdp"}.get(name, "multi_gpu")
    # The launchers that start several processes, also without a GPU.
    assert [way for way in ("use_deepspeed", "use_fsdp", "multi_gpu") if getattr(arguments, way)] == [chosen]
    assert arguments.num_processes == config.num_processes
    if name == "fsdp2":
        assert (arguments.fsdp_version, arguments.fsdp_state_dict_type) == (2, "FULL_STATE_DICT")
    if name == "deepspeed_zero2":
        assert arguments.zero_stage == 2


def test_each_is_explained():
    text = (FOLDER / "README.md").read_text()
    assert sorted(path.stem for path in FOLDER.glob("*.yaml")) == sorted(CONFIGS)
    assert all(f"{name}.yaml" in text for name in CONFIGS)


@pytest.fixture
def launched(monkeypatch):
    """What accelerate is told to launch."""
    calls = []
    monkeypatch.setattr("accelerate.commands.launch.launch_command", calls.append)
    return calls


def test_the_command_hands_them_to_accelerate(launched):
    config = str(FOLDER / "cpu.yaml")
    assert main(["train", RECIPE, "--config_file", config, "--num_processes", "3", "--max_steps", "2"]) == 0
    (arguments,) = launched
    assert (arguments.config_file, arguments.num_processes, arguments.module) == (config, 3, True)
    assert arguments.training_script == "hf_xalign.launch"
    assert arguments.training_script_args == [RECIPE, "--max_steps", "2"]


def test_a_process_that_failed_is_told_once(monkeypatch):
    failure = ProcessFailure(0, 1, 2, "")
    failure.message = {"message": "XAlignError: no such thing", "extraInfo": {}}

    def fail(arguments):
        raise ChildFailedError("train", {0: failure})

    monkeypatch.setattr("accelerate.commands.launch.launch_command", fail)
    with pytest.raises(XAlignError, match=r"^no such thing$"):
        launch.launch(RECIPE, [], config_file=str(FOLDER / "cpu.yaml"))


@pytest.mark.skipif(is_deepspeed_available(), reason="DeepSpeed is installed")
def test_deepspeed_that_is_missing_is_one_line(capsys):
    config = str(FOLDER / "deepspeed_zero2.yaml")
    assert main(["train", RECIPE, "--config_file", config]) == 2
    said = capsys.readouterr().err
    assert config in said and "pip3 install deepspeed" in said and said.count("\n") == 1


@pytest.mark.parametrize("content", ["nonsense: 1\ndistributed_type: 'NO'\n", None])
def test_a_config_that_is_none_is_named(content, tmp_path, launched, capsys):
    path = tmp_path / "config.yaml"
    if content is not None:
        path.write_text(content)
    assert main(["train", RECIPE, "--config_file", str(path)]) == 2
    said = capsys.readouterr().err
    assert str(path) in said and said.count("\n") == 1 and not launched
