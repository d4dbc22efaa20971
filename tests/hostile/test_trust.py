"""No pickle is opened, no code of strangers runs, no token is written."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import pickle
import shutil
import zipfile
from pathlib import Path

import pytest
import torch
import yaml

import hf_xalign
from hf_xalign import XAlignModel
from hf_xalign.cli import main
from hf_xalign.data.tokenization import load_tokenizer
from hf_xalign.errors import XAlignError
from hf_xalign.loading import load_config, load_encoder
from tests.small_recipe import small_config, small_data
from tests.tiny import word_tokenizer


TOKENS = {"environment": "hf_MarkedInEnvironment", "recipe": "hf_MarkedInRecipe", "line": "hf_MarkedOnCommandLine"}
RECIPE = {
    **small_data(train=60, held_out=8),
    "prepared_dir": "prepared",
    "output_dir": "out",
    "vocab_size": 200,
    "max_length": 24,
    "model_config": small_config(layers=1),
    "heads": {"mlm": {}, "tcm": {}},
    "max_steps": 2,
    "save_steps": 1,
    "eval_strategy": "steps",
    "eval_steps": 1,
    "logging_steps": 1,
    "per_device_train_batch_size": 4,
    "report_to": "tensorboard",
    "disable_tqdm": True,
    "use_cpu": True,
    "hub_token": TOKENS["recipe"],
}


class Bomb:
    """A pickle that makes a file when it is opened."""

    def __init__(self, marker: Path):
        self.marker = str(marker)

    def __reduce__(self):
        return open, (self.marker, "w")


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """A tiny real run with three tokens about, and all that it said."""
    pytest.importorskip("tensorboard")
    folder = tmp_path_factory.mktemp("run")
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE))
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("HF_TOKEN", TOKENS["environment"])
        patch.setattr("sys.stderr", said)
        patch.setattr("sys.stdout", said)
        assert main(["train", "recipe.yaml", "--hub_token", TOKENS["line"]]) == 0
    return folder, said.getvalue()


def test_no_token_is_written_or_said(run):
    folder, said = run
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != "recipe.yaml"]
    names = {path.name for path in files}
    assert {"training_args.bin", "trainer_state.json", "README.md", "provenance.json", "results.json"} <= names
    assert any("tfevents" in name for name in names) and (folder / "out" / "recipe.yaml").is_file()
    for path in [*files, folder / "out" / "recipe.yaml"]:
        data = path.read_bytes()
        # What torch saves is a zip file, stored as it is or compressed.
        parts = [data]
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                parts += map(archive.read, archive.namelist())
        assert not [path for token in TOKENS.values() if any(token.encode() in part for part in parts)]
    assert not [token for token in TOKENS.values() if token in said]


def _spoiled(run: Path, folder: Path, marker: Path, name: str, *, zipped: bool) -> Path:
    """A copy of the run with a checkpoint after its first step, one file of which runs a program when unpickled."""
    shutil.copytree(run / "out" / "checkpoint-1", folder / "out" / "checkpoint-1")
    shutil.copytree(run / "prepared", folder / "prepared")
    target = folder / "out" / "checkpoint-1" / name
    if zipped:
        torch.save({"state": Bomb(marker)}, target)
    else:
        target.write_bytes(pickle.dumps(Bomb(marker)))
    recipe = {key: value for key, value in RECIPE.items() if key not in ("hub_token", "test_data")}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe | {"report_to": "none", "eval_strategy": "no"}))
    return target


@pytest.mark.parametrize(
    ("name", "zipped"),
    [
        ("optimizer.pt", True),
        ("optimizer.pt", False),
        ("scheduler.pt", True),
        ("rng_state.pth", True),
        ("training_args.bin", False),
        ("pytorch_model.bin", False),
    ],
)
def test_no_pickle_of_a_checkpoint_runs(run, tmp_path, monkeypatch, capsys, name, zipped):
    marker = tmp_path / "executed"
    target = _spoiled(run[0], tmp_path, marker, name, zipped=zipped)
    monkeypatch.chdir(tmp_path)
    calls = []
    load = torch.load
    monkeypatch.setattr(torch, "load", lambda *args, **kwargs: calls.append((args, kwargs)) or load(*args, **kwargs))
    status = main(["train", "recipe.yaml", "--resume_from_checkpoint", "true"])
    told = capsys.readouterr().err
    assert not marker.exists() and "Traceback" not in told
    if name in ("training_args.bin", "pytorch_model.bin") or not zipped:
        assert status == 0  # never looked at, or skipped as half-written
    else:
        assert status == 2 and told.splitlines()[-1].startswith("xalign train: error: cannot read the ")
        assert told.splitlines()[-1].endswith("a pickle of more than tensors, or a broken one, is never opened")
    assert {Path(str(args[0])).name for args, _ in calls} <= {"optimizer.pt", "scheduler.pt", "rng_state.pth"}
    assert all(kwargs.get("weights_only") is True for _, kwargs in calls)
    data = ["--data", "minicorpus:test", "--pair", "hin_Deva-urd_Arab", "--limit", "8", "--output", "results"]
    assert main(["evaluate", str(target.parent), *data]) == 0
    assert not marker.exists()


def test_weights_that_are_pickles_only_are_refused(run, tmp_path):
    folder, marker = tmp_path / "model", tmp_path / "executed"
    shutil.copytree(run[0] / "out", folder, ignore=shutil.ignore_patterns("checkpoint-*", "*.safetensors"))
    (folder / "pytorch_model.bin").write_bytes(pickle.dumps(Bomb(marker)))
    for name in ("model.safetensors", "xalign_heads.safetensors"):
        for read in (XAlignModel.from_pretrained, XAlignModel.from_encoder, load_encoder):
            with pytest.raises(XAlignError):
                read(str(folder))
        # A pickle by another name is none the safer.
        (folder / name).write_bytes(pickle.dumps(Bomb(marker)))
    assert not marker.exists()


def test_code_that_comes_with_a_model_is_refused_by_name(tmp_path):
    marker = tmp_path / "executed"
    (tmp_path / "evil.py").write_text(f"open({str(marker)!r}, 'w')\n")
    config = {"model_type": "evil", "auto_map": {"AutoConfig": "evil.Config", "AutoModel": "evil.Model"}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    word_tokenizer().save_pretrained(tmp_path)
    told = json.loads((tmp_path / "tokenizer_config.json").read_text())
    told |= {"tokenizer_class": "Evil", "auto_map": {"AutoTokenizer": ["evil.Slow", "evil.Fast"]}}
    (tmp_path / "tokenizer_config.json").write_text(json.dumps(told))
    for read in (load_config, load_encoder, XAlignModel.from_encoder):
        with pytest.raises(XAlignError, match="trust_remote_code"):
            read(str(tmp_path))
    with contextlib.suppress(XAlignError):
        load_tokenizer(str(tmp_path))
    assert not marker.exists()


def test_the_sources_open_no_pickle_and_trust_no_code():
    forbidden = {"pickle.load", "pickle.loads", "yaml.unsafe_load", "yaml.full_load", "joblib.load", "eval", "exec"}
    found = []
    for path in Path(hf_xalign.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.Call):
                continue
            given = {word.arg: ast.unparse(word.value) for word in node.keywords}
            called = ast.unparse(node.func)
            unsafe = called == "torch.load" and given.get("weights_only") != "True"
            trusting = given.get("trust_remote_code", "False") != "False" or given.get("use_safetensors") == "False"
            loose = called in ("np.load", "numpy.load") and given.get("allow_pickle", "False") != "False"
            if called in forbidden or unsafe or trusting or loose:
                found.append(f"{path.name}:{node.lineno} {called}")
    assert not found
