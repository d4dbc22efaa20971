"""`push_to_hub: true` in a recipe, over real HTTP; and prepared data as a data set."""

from __future__ import annotations

import json

import pyarrow.parquet as pq
import pytest
import yaml

from hf_xalign.cli import main
from tests.hub.loopback.server import TOKEN
from tests.hub.loopback.storage import regular_file
from tests.small_recipe import small_config, small_data


RECIPE = {
    **small_data(train=100, held_out=20),
    "vocab_size": 300,
    "max_length": 32,
    "model_config": small_config(width=32),
    "heads": {"mlm": {}, "tcm": {}},
    "max_steps": 4,
    "save_steps": 2,
    "save_total_limit": 1,
    "logging_steps": 1,
    "per_device_train_batch_size": 8,
    "report_to": "none",
    "disable_tqdm": True,
    "use_cpu": True,
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pushed")
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE | {"prepared_dir": str(folder / "prepared")}))
    return folder


def _train(client, folder, name, *options, **how):
    arguments = ["--output_dir", folder / name, "--push_to_hub", "true", "--hub_model_id", f"me/{name}", *options]
    return client.xalign("train", folder / "recipe.yaml", *arguments, **how)


def test_prepared_data_are_loaded_by_their_id(folder, hub, client):
    done = client.xalign("prepare", folder / "recipe.yaml", "--push-to-hub", "me/data", "--private")
    assert done.result == 0, done.err
    # All of it: nothing was left out.
    files = [path for path in (folder / "prepared").rglob("*") if path.is_file()]
    assert done.out.splitlines()[-1] == f"pushed {len(files)} files to {hub.url}/datasets/me/data"
    assert hub.repositories["dataset", "me/data"].private is True
    there = client.call("read_dataset", "me/data").result
    prepared = {"train": "train", "validation": "selection", "test": "test"}
    assert there == {
        split: pq.read_table(folder / "prepared" / f"{name}.parquet").to_pylist() for split, name in prepared.items()
    }
    assert client.xalign("push", folder / "prepared", "--repo-id", "me/data").result == 0
    # A card that somebody has written there tells more than ours.
    repository = hub.repositories["dataset", "me/data"]
    repository.commit("main", repository.tree() | {"README.md": regular_file(b"# By hand\n")}, "by hand")
    done = client.xalign("push", folder / "prepared", "--repo-id", "me/data")
    assert done.err == "the card of me/data was not written by hf_xalign: left as it is\n"
    assert hub.content(repository.tree()["README.md"]) == b"# By hand\n"


def test_a_run_pushes_its_checkpoints_and_its_end(folder, hub, client):
    done = _train(client, folder, "run", "--hub_token", TOKEN, token=None)
    assert done.result == 0, done.err
    assert f"pushed to {hub.url}/me/run\n" in done.err and "not pushed" not in done.err
    repository = hub.model("me/run")
    steps = [message for message in repository.messages if "step" in message]
    assert steps[-1] == "Training in progress, step 4" and repository.messages[-1] == "End of training"
    # All that is pushed is what is meant to be public.
    tree = repository.tree()
    assert {"README.md", "config.json", "model.safetensors", "xalign_config.json", "xalign_heads.safetensors"} < {
        *tree
    }
    assert {"tokenizer.json", "recipe.yaml", "trainer_state.json", "results.json", "provenance.json"} < {*tree}
    assert any(name.startswith(".eval_results/") for name in tree)
    assert not any(name.endswith((".bin", ".pt", ".pth", ".parquet")) or "checkpoint" in name for name in tree)
    # Our card, with the results of the end.
    card = hub.content(tree["README.md"]).decode()
    assert "me/run" in card and "generated_from_trainer" not in card.split("---")[2]
    results = json.loads(hub.content(tree["results.json"]))
    top1 = results["retrieval"]["cosine"]["mean_top1"]["value"]
    assert f"{100 * top1:.1f}" in card
    # The numbers, not the test sentences that the file quotes.
    mine = json.loads((folder / "run" / "results.json").read_text(encoding="utf-8"))
    assert mine["errors"] and results == mine | {"errors": []}
    assert client.call("differences", "me/run", folder / "run").result == []
    assert client.call("holds_token", folder, TOKEN).result is False


def test_a_run_outlives_its_hub(folder, hub, client):
    hub.cut_after = 0
    done = _train(client, folder, "alone", "--learning_rate", "1e-3", "--hub_strategy", "checkpoint")
    assert done.result == 2
    assert "not pushed (Training in progress, step 4): lost the connection" in done.err
    last = done.err.splitlines()[-1]
    assert last.startswith(f"xalign train: error: lost the connection to {hub.url} (")
    told = f"xalign push {folder / 'alone'} --repo-id me/alone"
    assert last.endswith(f"The model is saved; push it with: {told}")
    assert TOKEN not in done.err
    assert (folder / "alone" / "results.json").exists() and not list((folder / "alone").glob(".push-*"))
    hub.cut_after = None
    assert client.xalign(*told.split()[1:]).result == 0
    assert client.call("differences", "me/alone", folder / "alone").result == []


def test_a_wrong_token_stops_a_run_before_its_data_are_prepared(folder, client):
    prepared = folder / "elsewhere"
    done = _train(client, folder, "never", "--prepared_dir", prepared, token="hf_WrongTokenOfSomebody")
    assert done.result == 2 and "refuses the token: log in anew" in done.err
    assert len(done.err.splitlines()) == 1 and "hf_Wrong" not in done.err
    assert not prepared.exists() and not (folder / "never").exists()
    arguments = ["--prepared_dir", prepared, "--push-to-hub", "me/never"]
    done = client.xalign("prepare", folder / "recipe.yaml", *arguments, token=None)
    assert done.result == 2 and "wants a token" in done.err
    assert not prepared.exists()


def test_prepare_wants_to_know_where_to(folder, capsys):
    assert main(["prepare", str(folder / "recipe.yaml"), "--private"]) == 2
    assert "--private and --revision go with --push-to-hub ME/NAME" in capsys.readouterr().err


def test_the_runs_of_a_sweep_are_not_pushed_over_each_other(folder, tmp_path, capsys):
    sweep = {"recipe": str(folder / "recipe.yaml"), "grid": {"learning_rate": [1e-3, 2e-3]}, "output_dir": "runs"}
    (tmp_path / "sweep.yaml").write_text(yaml.safe_dump(sweep))
    assert main(["sweep", str(tmp_path / "sweep.yaml"), "--push_to_hub", "true", "--hub_model_id", "me/x"]) == 2
    assert "would both be pushed to me/x: leave push_to_hub out" in capsys.readouterr().err


def test_a_trainer_without_a_recipe_pushes_as_trainers_do(folder, hub, client):
    done = client.call("train_by_hand", folder / "by-hand")
    repository = hub.model("me/by-hand")
    assert done.result == f"{hub.url}/me/by-hand/commit/{repository.branches['other']}", done.err
    assert repository.private is True
    # The second push found all of it there: branches begin as the main one is.
    assert repository.messages == ["initial commit", "Model save"]
    tree = repository.tree("other")
    assert {"README.md", "tokenizer.json", "xalign_config.json", "xalign_heads.safetensors"} < {*tree}
    assert "me/by-hand" in hub.content(tree["README.md"]).decode() and "training_args.bin" not in tree
    assert client.call("differences", "me/by-hand", folder / "by-hand", "other").result == []
