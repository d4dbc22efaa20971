"""`xalign sweep` as a user meets it."""

from __future__ import annotations

import json
import sys

import pytest
from filelock import FileLock

from hf_xalign.cli import main
from hf_xalign.data.prepared import load_prepared
from hf_xalign.sweep import processes
from tests.sweep_factory import STAND_IN, write_recipe, write_sweep


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sweep")
    write_recipe(folder)
    return folder


@pytest.fixture(scope="module")
def swept(place):
    """A sweep of two runs, each trained for two steps."""
    path = write_sweep(place)
    assert main(["sweep", str(path), "--jobs", "2"]) == 0
    return path


def _error(capsys) -> str:
    """The last line of what was written; nothing else says that something is wrong."""
    shown = capsys.readouterr().err
    assert "Traceback" not in shown
    return shown.splitlines()[-1]


def test_what_a_sweep_leaves(swept, place):
    results = json.loads((place / "sweep" / "sweep.json").read_text())
    assert [setting["changes"] for setting in results["settings"]] == [{"heads.tr.weight": w} for w in (0.4, 0.8)]
    assert not results["failed"] and results["dataset"]["n"] == 16
    for setting in results["settings"]:
        (run,) = setting["runs"]
        folder = place / "sweep" / run["folder"]
        assert folder == place / "sweep" / "seed-7" / setting["name"]
        measured = json.loads((folder / "results.json").read_text())
        assert run["test"] == setting["test"] == measured["retrieval"]["cosine"]["mean_top1"]
        state = json.loads((folder / "trainer_state.json").read_text())
        assert run["selection"] == pytest.approx(state["best_metric"], abs=1e-6) and state["global_step"] == 2
        assert "model.safetensors" in {path.name for path in folder.iterdir()}
        assert "training on 1 process (cpu)" in (folder / "train.log").read_text()
    assert len(load_prepared(place / "prepared").train) > 100
    assert [path.name for path in place.glob("prepared*")] == ["prepared"]


def test_a_second_time_trains_nothing(swept, place, tmp_path, capsys):
    finished = {path: path.stat().st_mtime_ns for path in (place / "sweep").glob("*/*/*")}
    table = tmp_path / "table.md"
    assert main(["sweep", str(swept), "--markdown", str(table)]) == 0
    shown = capsys.readouterr()
    assert f"2 of 2 runs are finished in {place / 'sweep'}" in shown.err and "started" not in shown.err
    assert f"wrote {place / 'sweep' / 'sweep.json'}\nwrote {table}\n" in shown.out
    assert "recipe.yaml on test" in shown.out and "(pol_Latn-ukr_Cyrl, n = 16), 2 settings, seed 7" in shown.out
    assert len(table.read_text().splitlines()) == 6
    assert {path: path.stat().st_mtime_ns for path in (place / "sweep").glob("*/*/*")} == finished


def test_other_settings_in_the_same_folders_are_refused(swept, capsys):
    assert main(["sweep", str(swept), "--max_steps", "3"]) == 2
    error = _error(capsys)
    assert error.startswith("xalign sweep: error: ") and "max_steps is 2 there and 3 here" in error


@pytest.fixture
def stand_in(monkeypatch):
    monkeypatch.setattr(processes, "_XALIGN", [sys.executable, "-c", STAND_IN])


def test_a_run_that_fails_is_status_2_and_the_table_has_the_others(swept, place, stand_in, capsys):
    """A setting more, which fails; those that are finished are not trained again."""
    path = write_sweep(place, grid={"heads.tr.weight": [0.4, 0.8, 2]})
    assert main(["sweep", str(path)]) == 2
    shown = capsys.readouterr()
    lines = shown.err.splitlines()
    assert lines[-2] == "[1/1] tr.weight=2 seed 7: failed: the data are gone"
    assert lines[-1] == "xalign sweep: error: 1 of 3 runs failed: tr.weight=2 seed 7; see above"
    table = shown.out.splitlines()
    assert table[5].split() == ["2", "failed"] and table[-1] == f"wrote {place / 'sweep' / 'sweep.json'}"
    results = json.loads((place / "sweep" / "sweep.json").read_text())
    assert [len(setting["runs"]) for setting in results["settings"]] == [1, 1, 0]
    assert results["failed"] == [{"setting": "tr.weight=2", "seed": 7, "reason": "the data are gone"}]


def test_without_any_run_there_is_no_table(place, tmp_path, stand_in, capsys):
    path = write_sweep(place, output_dir=str(tmp_path), grid={"heads.tr.weight": [2, 3]})
    assert main(["sweep", str(path), "--jobs", "2"]) == 2
    shown = capsys.readouterr()
    assert shown.out == "" and "error: 2 of 2 runs failed: tr.weight=" in shown.err.splitlines()[-1]
    assert not (tmp_path / "sweep.json").exists()


def test_data_that_are_wrong_are_told_once(place, tmp_path, capsys):
    path = write_sweep(place, output_dir=str(tmp_path / "sweep"))
    assert main(["sweep", str(path), "--train_data.0.path", "gone.txt", f"--prepared_dir={tmp_path / 'data'}"]) == 2
    assert _error(capsys) == "xalign sweep: error: gone.txt: no such file"
    assert [path.name for path in (tmp_path / "sweep").iterdir()] == [".sweep.lock"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--jobs", "0"], "--jobs is 0; it must be at least 1"),
        (["--num_processes", "-1"], "--num_processes is -1; it must be at least 1"),
        (["--dry_run", "--markdown", "x.md"], "--markdown does not go with a dry run"),
        (["--heads.tr.temprature", "1"], "unknown option heads.tr.temprature; did you mean 'temperature'?"),
    ],
)
def test_wrong_use(place, tmp_path, capsys, arguments, message):
    path = write_sweep(place, output_dir=str(tmp_path / "sweep"))
    assert main(["sweep", str(path), *arguments]) == 2
    assert message in _error(capsys)
    assert not (tmp_path / "sweep").exists()


def test_two_sweeps_in_one_folder(place, tmp_path, capsys):
    path = write_sweep(place, output_dir=str(tmp_path))
    with FileLock(tmp_path / ".sweep.lock"):
        assert main(["sweep", str(path)]) == 2
    assert f"another sweep is at work in {tmp_path}: " in _error(capsys)


def test_a_dry_run_of_each(place, tmp_path, stand_in, capsys):
    path = write_sweep(place, output_dir=str(tmp_path / "sweep"), grid={"heads.tr.weight": [0.4]})
    assert main(["sweep", str(path), "--dry_run", "true"]) == 0
    shown = capsys.readouterr()
    assert shown.out == f"dry run of {path}: 1 of 1 runs built, one step done in each; nothing saved\n"
    files = [path.name for path in (tmp_path / "sweep").rglob("*") if path.is_file()]
    assert sorted(files) == [".sweep.lock", "train.log"]


def test_the_runs_go_on_one_page(swept, place, tmp_path, capsys):
    assert main(["report", str(place / "sweep" / "seed-7"), "--output", str(tmp_path / "report.html")]) == 0
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "tr.weight=0.4" in page and "tr.weight=0.8" in page
