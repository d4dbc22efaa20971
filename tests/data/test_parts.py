"""Parts of a preparation, done by processes that know nothing of each other, are joined to the bytes of one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from hf_xalign import prepare as command
from hf_xalign.data import parts, preparation
from hf_xalign.data.parts import prepare_part
from hf_xalign.data.preparation import prepare
from hf_xalign.data.word_alignment import align_dataset
from hf_xalign.errors import XAlignError
from hf_xalign.prepare import prepare_recipe
from tests.data.sharding import Alike, Killed, count_romanised, files, pair_source, small_data


@pytest.fixture
def data_args(tmp_path, monkeypatch):
    """Sentences in five shards of five rows, and pairs, those of the selection too, in another five."""
    for module in (preparation, parts):
        monkeypatch.setattr(module, "SHARD_ROWS", 5)
    (tmp_path / "some.tsv").write_text("hi\tur\nपानी\tپانی\nआग\tآگ\nहवा\tہوا\n")
    return small_data(tmp_path, sentences=23, pairs=20, selection_data=[pair_source(tmp_path / "some.tsv")])


@pytest.fixture
def romanised(monkeypatch):
    return count_romanised(monkeypatch)


@pytest.mark.parametrize("settings", [{}, {"preprocessing_num_proc": 2}, {"transliteration": {"noise": 0.3}}], ids=str)
def test_the_last_part_joins_them_to_the_same_bytes(settings, data_args, romanised):
    straight = prepare(data_args("straight", **settings))
    romanised.clear()
    shared = data_args("shared", **settings)
    assert prepare_part(shared, (1, 3)) is None
    assert prepare_part(shared, (0, 3)) is None
    folder = prepare_part(shared, (2, 3))
    assert sum(romanised) == 2 * 23  # no row twice, and the call that joins romanises nothing
    assert files(folder) == files(straight)
    assert {path.name for path in folder.parent.iterdir()} == {
        "straight", ".straight.lock", "shared", ".shared.lock",
    }  # fmt: skip
    assert prepare_part(shared, (1, 3)) == folder and sum(romanised) == 2 * 23


def test_a_part_that_was_killed_goes_on(data_args, romanised):
    straight = prepare(data_args("straight"))
    assert prepare_part(data_args("shared"), (0, 2)) is None
    romanised.clear()
    romanised.die_at = 3
    with pytest.raises(Killed):
        prepare_part(data_args("shared"), (1, 2))
    assert len(romanised) == 2
    romanised.die_at = None
    folder = prepare_part(data_args("shared"), (1, 2))
    assert len(romanised) == 4  # of ten shards, its four: two before it was killed, two after
    assert files(folder) == files(straight)


def test_one_call_finishes_what_parts_have_begun(data_args, romanised):
    assert prepare_part(data_args("shared"), (0, 2)) is None
    done = len(romanised)
    prepare(data_args("shared"))
    assert (done, len(romanised)) == (6, 10)


def test_words_are_aligned_in_parts(data_args, romanised, monkeypatch):
    monkeypatch.setattr(parts, "BATCH_ROWS", 5)
    monkeypatch.setattr(align_dataset, "__kwdefaults__", align_dataset.__kwdefaults__ | {"batch_size": 5})
    made: list[Alike] = []

    def load(**settings) -> Alike:
        made.append(Alike())
        return made[-1]

    for module in (parts, preparation):
        monkeypatch.setattr(module, "load_aligner", load)
    changes = {"aligner": {"name": "anything"}, "romanise_targets": False}
    straight = prepare(data_args("straight", **changes))
    assert sum(aligner.calls for aligner in made) == 5
    made.clear()
    shared = data_args("shared", **changes)
    assert prepare_part(shared, (0, 2)) is None
    assert files(prepare_part(shared, (1, 2))) == files(straight)
    assert sum(aligner.calls for aligner in made) == 5  # each shard once


def test_there_must_be_such_a_part(data_args):
    with pytest.raises(XAlignError, match="no part 2 of 2: parts are numbered from 0"):
        prepare_part(data_args("shared"), (2, 2))


RECIPE = """
model_config: {model_type: xlm-roberta}
heads: {mlm: {}}
train_data:
  - {path: hin.txt, lang: hin_Deva}
tokenizer_name: anything
prepared_dir: shared
output_dir: run
"""


def test_two_processes_one_of_them_killed(tmp_path, monkeypatch, caplog):
    """As `accelerate launch -m hf_xalign.prepare` starts them; a shard is 5 000 rows."""
    caplog.set_level("INFO", "hf_xalign")
    (tmp_path / "hin.txt").write_text("".join(f"घर {number} नदी {number * 7}\n" for number in range(32_000)))
    (tmp_path / "recipe.yaml").write_text(RECIPE)

    def start(rank: int) -> subprocess.Popen:
        env = os.environ | {"RANK": str(rank), "WORLD_SIZE": "2", "PYTHONPATH": os.getcwd(), "HF_HUB_OFFLINE": "1"}
        command = [sys.executable, "-m", "hf_xalign.prepare", "recipe.yaml"]
        return subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True)

    first = start(0)
    deadline = time.monotonic() + 300
    while not list((tmp_path / ".shared.shards").rglob("*.parquet")):
        assert first.poll() is None and time.monotonic() < deadline
        time.sleep(0.01)
    first.send_signal(signal.SIGKILL)
    first.communicate()
    done = len(list((tmp_path / ".shared.shards").rglob("*.parquet")))
    assert start(1).communicate(timeout=300)[0] == "part 1 of 2 is done\n"
    monkeypatch.chdir(tmp_path)
    assert done < 4 and prepare_recipe("recipe.yaml", [], part=(0, 2)) == Path("shared")
    assert f"Romanising: part 0 of 2 has 4 shards, {done} were done before" in caplog.messages
    assert "Romanising: 7 of 7 shards were done before" in caplog.messages
    prepare_recipe("recipe.yaml", ["--prepared_dir", "alone"])
    assert files(tmp_path / "shared") == files(tmp_path / "alone")


def test_processes_of_a_machine_share_its_gpus(monkeypatch):
    chosen = []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "set_device", chosen.append)
    for rank in range(4):
        monkeypatch.setenv("LOCAL_RANK", str(rank))
        command._take_own_gpu()
    assert chosen == [0, 1, 0, 1]
    # A part that was started by hand has the GPU that it is shown.
    monkeypatch.delenv("LOCAL_RANK")
    command._take_own_gpu()
    assert len(chosen) == 4
