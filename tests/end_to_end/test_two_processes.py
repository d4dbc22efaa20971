"""Several processes through the real command: how many run, that they train one model, and how they fail."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch.distributed.elastic.multiprocessing import SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher import api as launcher_api

from hf_xalign.cli import main
from tests.small_recipe import small_config, small_data


STEPS = 4
RECIPE = {
    **small_data(train=200, held_out=20),
    "vocab_size": 300,
    "max_length": 32,
    "model_config": small_config(
        width=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.1
    ),
    "heads": {"mlm": {}, "tcm": {}, "tlm": {}},
    "max_steps": STEPS,
    # Plain gradient descent: a gradient of the wrong size shows, which Adam would hide.
    "optim": "sgd",
    "learning_rate": 0.5,
    "lr_scheduler_type": "constant",
    "eval_strategy": "steps",
    "eval_steps": 2,
    "save_strategy": "no",
    "logging_steps": 1,
    "seed": 3,
    "report_to": "none",
    "disable_tqdm": True,
}
COMMAND = "import sys; from hf_xalign.cli import main; sys.exit(main(sys.argv[1:]))"
TIMEOUT = 120


@pytest.fixture(autouse=True)
def own_signals():
    """torch's launcher sets handlers and leaves them."""
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGQUIT)
    before = {number: signal.getsignal(number) for number in signals}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("two")
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE | {"prepared_dir": str(folder / "prepared")}))
    return folder


QUICKSTART = Path(__file__).parents[2] / "recipes" / "quickstart.yaml"


def _arguments(folder: Path, name: str, *options: str) -> list[str]:
    return ["train", str(folder / "recipe.yaml"), "--use_cpu", "--output_dir", str(folder / name), *options]


def _train(folder: Path, name: str, *options: str) -> int:
    return main(_arguments(folder, name, *options))


def _rows(count: int) -> list[str]:
    return ["--per_device_train_batch_size", str(count), "--per_device_eval_batch_size", str(count)]


@pytest.fixture(scope="module")
def runs(folder):
    """One process with 8 rows a step, one with 4, and two with 4 each."""
    two = subprocess.run(
        [sys.executable, "-c", COMMAND, *_arguments(folder, "two", "--num_processes", "2", *_rows(4))],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert two.returncode == 0, two.stderr
    assert _train(folder, "one", *_rows(8)) == 0
    assert _train(folder, "half", *_rows(4)) == 0
    return {"said": two.stderr, "printed": two.stdout}


def _logged(folder: Path, name: str, key: str) -> list[float]:
    history = json.loads((folder / name / "trainer_state.json").read_text())["log_history"]
    return [entry[key] for entry in history if key in entry]


def test_two_processes_run_and_say_so_once(runs):
    assert runs["said"].count("training on 2 processes (cpu)\n") == 1
    # The folder, and its card.
    assert runs["said"].count("wrote ") == 2 and runs["printed"].count("results.json") == 1
    assert "Traceback" not in runs["said"] and "Warning" not in runs["said"]


def test_two_processes_train_the_model_of_one(folder, runs):
    two, one, half = (load_file(folder / name / "model.safetensors") for name in ("two", "one", "half"))
    torch.testing.assert_close(two, one, rtol=1e-4, atol=1e-5)
    # Which says something only if the rows of a step matter at all.
    assert max(float((half[key] - value).abs().max()) for key, value in one.items()) > 1e-2


@pytest.mark.parametrize("key", ["loss", "loss_mlm", "loss_tcm", "loss_tlm", "grad_norm", "eval_loss"])
def test_what_is_logged_is_the_same(key, folder, runs):
    one = _logged(folder, "one", key)
    assert len(one) == (2 if key == "eval_loss" else STEPS)
    # Validation is not weighted by the number of labels a process has: a mean of means.
    assert _logged(folder, "two", key) == pytest.approx(one, rel=2e-2 if key == "eval_loss" else 1e-4)
    assert _logged(folder, "two", "eval_retrieval_top1") == _logged(folder, "one", "eval_retrieval_top1")


def test_results_are_those_of_one_process(folder, runs):
    two, one = (json.loads((folder / name / "results.json").read_text()) for name in ("two", "one"))
    assert two["retrieval"]["cosine"]["mean_top1"] == one["retrieval"]["cosine"]["mean_top1"]
    assert two["dataset"]["n"] == 20


def test_a_wrong_recipe_ends_both_with_one_line(folder, capfd):
    """The first process finds it while the second one waits for the data."""
    elsewhere = ["--prepared_dir", str(folder / "elsewhere"), "--train_data.0.path", "gone.parquet"]
    changes = ["--train_data.0.langs", "null", "--train_data.0.lang", "hin"]
    assert _train(folder, "wrong", "--num_processes", "2", *elsewhere, *changes) == 2
    lines = capfd.readouterr().err.splitlines()
    assert lines[-1] == "xalign train: error: gone.parquet: no such file"
    assert [line for line in lines if "error" in line.lower() or line.startswith("Traceback")] == lines[-1:]
    assert not (folder / "elsewhere").exists() and not list(folder.glob("wrong/*"))


def test_accelerate_starts_one_process(folder):
    """The same run by hand; `python -m hf_xalign.train` is what accelerate starts."""
    launch = ["-m", "accelerate.commands.launch", "--cpu", "--num_processes", "1", "-m", "hf_xalign.train"]
    done = subprocess.run(
        [
            sys.executable,
            *launch,
            str(folder / "recipe.yaml"),
            "--use_cpu",
            "--dry_run",
            "--output_dir",
            str(folder / "dry"),
        ],
        capture_output=True,
        text=True,
        timeout=TIMEOUT,
    )
    assert done.returncode == 0, done.stderr
    assert "training on 1 process (cpu)\n" in done.stderr
    assert "all built, one step done" in done.stderr


class _Elastic:
    """torch's launcher with an ending of its own."""

    def __init__(self, ending):
        self.ending = ending

    def __call__(self, config, entrypoint):
        assert config.max_nodes == 1 and config.nproc_per_node == 2
        return self._run

    def _run(self, *arguments):
        raise self.ending


def _failure(rank: int, exitcode: int, file: Path) -> ProcessFailure:
    return ProcessFailure(local_rank=rank, pid=1000 + rank, exitcode=exitcode, error_file=str(file))


def _end_with(monkeypatch, ending) -> int:
    monkeypatch.setattr(launcher_api, "elastic_launch", _Elastic(ending))
    return main(["train", str(QUICKSTART), "--use_cpu", "--num_processes", "2"])


def test_only_the_second_process_fails(tmp_path, monkeypatch, capsys):
    """The launcher kills the first one, in the same second: what the second one said counts."""
    said = {"message": {"message": "XAlignError: the loss is nan", "extraInfo": {"timestamp": "9999999999"}}}
    (tmp_path / "error.json").write_text(json.dumps(said))
    failures = {0: _failure(0, -15, tmp_path / "none"), 1: _failure(1, 2, tmp_path / "error.json")}
    assert _end_with(monkeypatch, ChildFailedError("hf_xalign.launch", failures)) == 2
    assert capsys.readouterr().err == "xalign train: error: the loss is nan\n"


@pytest.mark.parametrize(
    ("exitcode", "status", "said"),
    [(-9, 137, "process 1 died: Signal 9 (SIGKILL) received by PID 1001\n"), (1, 1, "")],
    ids=["killed", "traceback"],
)
def test_other_failures_are_exit_statuses(exitcode, status, said, tmp_path, monkeypatch, capsys):
    failures = {1: _failure(1, exitcode, tmp_path / "none")}
    assert _end_with(monkeypatch, ChildFailedError("hf_xalign.launch", failures)) == status
    assert capsys.readouterr().err == said


def _message(file: Path, said: str) -> Path:
    file.write_text(json.dumps({"message": {"message": said, "extraInfo": {"timestamp": "1"}}}))
    return file


@pytest.mark.parametrize(
    ("exitcode", "status", "said"),
    [(-9, 137, "process 1 died: Signal 9 (SIGKILL) received by PID 1001\n"), (1, 1, "")],
    ids=["killed", "traceback"],
)
def test_who_only_lost_the_other_is_not_the_cause(exitcode, status, said, tmp_path, monkeypatch, capsys):
    lost = _message(tmp_path / "lost.json", "ConnectionClosed: process 0 lost the connection to another one: closed")
    failures = {0: _failure(0, 1, lost), 1: _failure(1, exitcode, tmp_path / "none"), 2: _failure(2, -15, tmp_path)}
    assert _end_with(monkeypatch, ChildFailedError("hf_xalign.launch", failures)) == status
    assert capsys.readouterr().err == said


def test_a_traceback_of_one_does_not_hide_that_another_was_killed(tmp_path, monkeypatch, capsys):
    failures = {0: _failure(0, 1, tmp_path / "none"), 1: _failure(1, -9, tmp_path / "none")}
    assert _end_with(monkeypatch, ChildFailedError("hf_xalign.launch", failures)) == 137
    assert capsys.readouterr().err == "process 1 died: Signal 9 (SIGKILL) received by PID 1001\n"


def test_who_stands_still_and_is_killed_for_it_is_not_the_cause(tmp_path, monkeypatch, capsys):
    waited = _message(tmp_path / "waited.json", "WaitedInVain: process 0 waited for another one in vain")
    failures = {0: _failure(0, 1, waited), 1: _failure(1, -9, tmp_path / "none")}
    assert _end_with(monkeypatch, ChildFailedError("hf_xalign.launch", failures)) == 2
    assert capsys.readouterr().err == "xalign train: error: process 0 waited for another one in vain\n"


@pytest.mark.parametrize(
    ("number", "status", "said"), [(signal.SIGINT, 130, "xalign train: interrupted\n"), (signal.SIGTERM, 143, "")]
)
def test_signals_to_the_launcher_are_no_tracebacks(number, status, said, monkeypatch, capsys):
    assert _end_with(monkeypatch, SignalException("stop", number)) == status
    assert capsys.readouterr().err == said
