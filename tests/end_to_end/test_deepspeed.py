"""DeepSpeed ZeRO-2 on two processes trains the model of one, saves it vanilla and goes on where it stopped."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from safetensors.torch import load_file
from torch.testing import assert_close

from hf_xalign.cli import main
from tests.end_to_end.test_two_processes import COMMAND, RECIPE, STEPS, _logged, _rows


pytest.importorskip("deepspeed")

CONFIG = Path(__file__).parents[2] / "recipes" / "accelerate" / "deepspeed_zero2.yaml"
# DeepSpeed compiles its exchange between processes of one machine when it is first used.
TIMEOUT = 300


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("deepspeed")
    recipe = RECIPE | {"prepared_dir": str(folder / "prepared"), "save_strategy": "steps", "save_steps": 2}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    config = yaml.safe_load(CONFIG.read_text()) | {"num_processes": 2, "mixed_precision": "no"}
    (folder / "zero2.yaml").write_text(yaml.safe_dump(config))
    assert (
        main(["train", str(folder / "recipe.yaml"), "--use_cpu", "--output_dir", str(folder / "one"), *_rows(8)]) == 0
    )
    return folder


def _train(folder: Path, name: str, *options: str) -> subprocess.CompletedProcess:
    arguments = ["train", str(folder / "recipe.yaml"), "--config_file", str(folder / "zero2.yaml"), *options]
    return subprocess.run(
        [sys.executable, "-c", COMMAND, *arguments, "--output_dir", str(folder / name)],
        env=os.environ | {"DS_ACCELERATOR": "cpu"},
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )


@pytest.fixture(scope="module")
def trained(folder):
    done = _train(folder, "two", *_rows(4))
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("key", ["loss", "loss_mlm", "loss_tcm", "loss_tlm", "grad_norm"])
def test_what_is_logged_is_the_same(key, trained):
    one = _logged(trained, "one", key)
    assert len(one) == STEPS
    assert _logged(trained, "two", key) == pytest.approx(one, rel=1e-4)


def test_the_model_is_that_of_one_process(trained):
    two, one = (load_file(trained / name / "model.safetensors") for name in ("two", "one"))
    assert_close(two, one, rtol=1e-4, atol=1e-5)


def test_micro_batches_add_up(trained):
    """Each has two rows, and TCM their negatives alone; what it says of MLM holds for one process, too."""
    done = _train(trained, "accumulated", *_rows(2), "--gradient_accumulation_steps", "2", "--heads.tcm", "null")
    assert done.returncode == 0, done.stderr
    options = ["--use_cpu", "--heads.tcm", "null", "--output_dir", str(trained / "plain"), *_rows(8)]
    assert main(["train", str(trained / "recipe.yaml"), *options]) == 0
    two, one = (load_file(trained / name / "model.safetensors") for name in ("accumulated", "plain"))
    assert_close(two, one, rtol=1e-4, atol=1e-5)


def test_a_run_goes_on_where_it_stopped(trained):
    shutil.copytree(
        trained / "two", trained / "resumed", ignore=shutil.ignore_patterns("checkpoint-4", "*.safetensors")
    )
    shutil.copytree(trained / "two" / "checkpoint-2", trained / "resumed" / "checkpoint-2", dirs_exist_ok=True)
    done = _train(trained, "resumed", *_rows(4), "--resume_from_checkpoint", "true")
    assert done.returncode == 0, done.stderr
    assert "half-written" not in done.stderr and "from the beginning" not in done.stderr
    whole, resumed = (load_file(trained / name / "model.safetensors") for name in ("two", "resumed"))
    assert_close(resumed, whole, rtol=0, atol=0)


def test_a_gradient_cache_is_refused(trained):
    done = _train(trained, "cached", *_rows(4), "--gradient_cache_chunk_size", "2")
    assert done.returncode != 0
    assert "gradient_cache_chunk_size and DeepSpeed do not go together" in done.stderr
