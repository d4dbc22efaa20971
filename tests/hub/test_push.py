"""`xalign push` over real HTTP, with the real client, and loading by id."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch

from hf_xalign import XAlignModel
from hf_xalign.cli import main
from hf_xalign.published_files import left_out, model_files
from tests.hub.loopback.server import TOKEN
from tests.hub.loopback.storage import StoredRepository, regular_file
from tests.tiny import tiny_config, word_tokenizer


HEADS = ["xalign_heads.tr.projection.0.bias", "xalign_heads.tr.projection.0.weight"]
PUBLISHED = {
    "config.json",
    "model.safetensors",
    "xalign_config.json",
    "xalign_heads.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
    "recipe.yaml",
    "trainer_state.json",
    "figures/retrieval.png",
    "runs/a/events.out.tfevents.1",
}
UNPUBLISHED = {
    "training_args.bin",
    "optimizer.pt",
    "checkpoint-4/model.safetensors",
    "checkpoint-4/optimizer.pt",
    "train.parquet",
    "corpus.txt",
    "report.html",
    ".env",
    "figures/source.tsv",
    "notes/report.html",
    "results.json.bak",
}


def make_run(folder: Path, *, seed: int = 0) -> Path:
    """A run's folder: what is published, and what is not."""
    torch.manual_seed(seed)
    model = XAlignModel.from_encoder(tiny_config(), heads={"mlm": {}, "tcm": {}, "tr": {"projection": "tanh"}})
    model.save_pretrained(folder)
    word_tokenizer().save_pretrained(folder)
    for name in (PUBLISHED | UNPUBLISHED) - {path.name for path in folder.iterdir()}:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text({".json": "{}", ".yaml": "{output_dir: runs/aligned}"}.get(path.suffix, name))
    return folder


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return make_run(tmp_path_factory.mktemp("run"))


def test_only_what_is_meant_to_be_public_is_pushed(run):
    (run / "README.md").unlink(missing_ok=True)
    assert set(model_files(run)) == PUBLISHED
    tops = ["checkpoint-4/", "notes/", "corpus.txt", "optimizer.pt", "report.html", "results.json.bak"]
    assert left_out(run, model_files(run)) == sorted([*tops, ".env", "train.parquet", "training_args.bin"])


@pytest.mark.parametrize(
    ("name", "published"),
    [
        ("results.json", True),
        ("sts.json", True),
        ("downstream.json", True),
        (".eval_results/flores.yaml", True),
        ("provenance.json", True),
        ("model-00001-of-00002.safetensors", True),
        ("adapter_model.safetensors", True),
        ("1_Pooling/config.json", True),
        ("onnx/model.onnx", True),
        ("pytorch_model.bin", False),
        ("tokenizer/tokenizer.json", False),
        ("last-checkpoint/model.safetensors", False),
        ("preparation.json", False),
        ("hub_token.json", False),
    ],
)
def test_what_is_published_goes_by_name(name, published, tmp_path):
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("")
    assert (name in model_files(tmp_path)) is published


def test_a_pushed_model_is_loaded_by_its_id(run, hub, client):
    done = client.xalign("push", run, "--repo-id", "me/aligned")
    assert (done.result, done.err) == (0, "")
    first, second = done.out.splitlines()
    assert first == f"pushed {len(PUBLISHED) + 1} files to {hub.url}/me/aligned"
    assert second.startswith("left out: .env, checkpoint-4/") and "training_args.bin" in second
    repository = hub.model("me/aligned")
    tree = repository.tree()
    assert tree.keys() == PUBLISHED | {"README.md", ".gitattributes"}
    assert all(hub.content(tree[name]) == (run / name).read_bytes() for name in PUBLISHED)
    assert "me/aligned" in hub.content(tree["README.md"]).decode()
    # Heads, weights and card came together.
    assert repository.messages == ["initial commit", "Upload model"]
    assert client.call("differences", "me/aligned", run).result == []
    assert client.call("heads", "me/aligned").result == HEADS
    assert hub.strayed_tokens == 0


def test_nothing_is_sent_again_that_is_there(run, hub, client):
    assert client.xalign("push", run, "--repo-id", "me/twice").result == 0
    commits, sent = len(hub.model("me/twice").messages), hub.uploads.total()
    done = client.xalign("push", run, "--repo-id", "me/twice")
    assert (done.result, done.err) == (0, "")
    assert len(hub.model("me/twice").messages) == commits and hub.uploads.total() == sent


def test_a_branch_and_a_private_repository(run, hub, client):
    done = client.xalign("push", run, "--repo-id", "me/secret", "--private", "--revision", "trial/one")
    assert done.result == 0, done.err
    assert f"{hub.url}/me/secret, branch trial/one\n" in done.out
    repository = hub.model("me/secret")
    assert repository.private is True
    assert repository.tree().keys() == {".gitattributes"}
    assert repository.tree("trial/one").keys() > PUBLISHED
    assert client.call("differences", "me/secret", run, "trial/one").result == []


def test_equal_files_are_sent_once(run, hub, client, tmp_path):
    """As the model of a whole checkpoint is that of the repository."""
    folder = make_run(tmp_path / "run", seed=3)
    for name in ("1_Dense", "2_Dense"):
        (folder / name).mkdir()
        shutil.copy(folder / "model.safetensors", folder / name)
    before = hub.uploads.copy()
    assert client.xalign("push", folder, "--repo-id", "me/equal").result == 0
    tree = hub.model("me/equal").tree()
    names = ("model.safetensors", "1_Dense/model.safetensors", "2_Dense/model.safetensors")
    assert {hub.content(tree[name]) for name in names} == {(folder / "model.safetensors").read_bytes()}
    assert (hub.uploads - before).total() == 2


def test_words_of_the_data_are_not_published_without_a_word(run, hub, client, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "runs/b").mkdir()
    (folder / "runs/b/events.out.tfevents.2").write_bytes(b"...figures/alignment_3...")
    done = client.xalign("push", folder, "--repo-id", "me/words")
    assert done.result == 0
    assert done.err == (
        "published, too: words of the selection data, in the figures of runs/b/events.out.tfevents.2\n"
    )


def test_an_id_without_owner_is_ones_own(run, hub, client):
    done = client.xalign("push", run, "--repo-id", "alone")
    assert done.out.splitlines()[0].endswith(f" files to {hub.url}/me/alone")
    assert "me/alone" in hub.content(hub.model("me/alone").tree()["README.md"]).decode()


@pytest.mark.parametrize(
    ("card", "stays"),
    [
        ("---\nlicense: mit\n---\n# By hand\n", True),
        ("---\nlicense: mit\n---\n", False),
        ("<!-- This model card has been generated automatically by -->\n# Mine", False),
    ],
)
def test_a_card_written_by_hand_on_the_hub_stays(card, stays, run, hub, client):
    repository = StoredRepository("me/edited", "model")
    repository.commit("main", {"README.md": regular_file(card.encode())}, "by hand")
    hub.repositories["model", "me/edited"] = repository
    done = client.xalign("push", run, "--repo-id", "me/edited")
    assert done.result == 0
    assert done.err == "the card of me/edited was not written by hf_xalign: left as it is\n" * stays
    assert (hub.content(repository.tree()["README.md"]).decode() == card) is stays
    assert "model.safetensors" in repository.tree()


def test_what_was_public_is_not_taken_for_private(run, hub, client):
    hub.repositories["model", "me/open"] = StoredRepository("me/open", "model")
    done = client.xalign("push", run, "--repo-id", "me/open", "--private")
    assert done.result == 2 and "me/open is public: " in done.err
    assert hub.model("me/open").tree().keys() == {".gitattributes"}


def test_weights_of_before_go(run, hub, client, tmp_path):
    """Whoever finds `model.safetensors` beside newer shards would load it."""
    old = shutil.copytree(run, tmp_path / "old")
    assert client.xalign("push", old, "--repo-id", "me/changed").result == 0
    tree = hub.model("me/changed").tree()
    hub.model("me/changed").commit("main", tree | {"notes.txt": regular_file(b"mine")}, "by hand")
    new = tmp_path / "new"
    XAlignModel.from_pretrained(run).save_pretrained(new, max_shard_size="20KB")
    word_tokenizer().save_pretrained(new)
    assert client.xalign("push", new, "--repo-id", "me/changed").result == 0
    names = hub.model("me/changed").tree().keys()
    assert "model.safetensors" not in names and "model.safetensors.index.json" in names
    assert "notes.txt" in names and "figures/retrieval.png" in names
    assert client.call("differences", "me/changed", new).result == []


def test_modules_and_results_of_before_go(run, hub, client, tmp_path):
    """Modules that an export brought would pool the wrong layer of a whole model, and its figures are of others."""
    old = shutil.copytree(run, tmp_path / "old")
    (old / "xalign_export.json").write_text(
        '{"format": "hf_xalign/export-1", "source": "run", "layer": 2, "layers": 2, "layers_of_source": 3, '
        '"pooling": "mean", "hf_xalign_version": "0.1.0"}'
    )
    exported = {"modules.json", "sentence_bert_config.json", "1_WordWeights/config.json", "onnx/model.onnx"}
    for name in exported:
        (old / name).parent.mkdir(exist_ok=True)
        (old / name).write_text("{}")
    (old / "all_results.json").write_text("{}")
    assert client.xalign("push", old, "--repo-id", "me/module").result == 0
    assert exported | {"all_results.json"} < hub.model("me/module").tree().keys()
    assert client.xalign("push", run, "--repo-id", "me/module").result == 0
    assert not (exported | {"all_results.json", "xalign_export.json"}) & hub.model("me/module").tree().keys()

    # Of a model that is no export of ours they were put there by hand.
    tree = hub.model("me/module").tree()
    hub.model("me/module").commit("main", tree | {"modules.json": regular_file(b"[]")}, "by hand")
    assert client.xalign("push", run, "--repo-id", "me/module").result == 0
    assert "modules.json" in hub.model("me/module").tree()


def test_a_broken_push_goes_on_where_it_was(hub, client, tmp_path):
    folder = make_run(tmp_path / "run", seed=1)
    (folder / "model.safetensors").unlink()
    XAlignModel.from_pretrained(make_run(tmp_path / "other", seed=2)).save_pretrained(folder, max_shard_size="8KB")
    before, hub.cut_after = hub.uploads.copy(), 2
    done = client.xalign("push", folder, "--repo-id", "me/broken")
    assert done.result == 2 and "Traceback" not in done.err
    (line,) = done.err.splitlines()
    assert line.startswith(f"xalign push: error: lost the connection to {hub.url} (")
    assert "run the same command again" in line and "signed" not in line
    arrived = hub.uploads - before
    assert len(arrived) == 2
    # Nobody sees half a model.
    assert hub.model("me/broken").tree().keys() == {".gitattributes"}
    hub.cut_after = None
    assert client.xalign("push", folder, "--repo-id", "me/broken").result == 0
    large = [name for name in hub.model("me/broken").tree() if name.endswith(".safetensors")]
    assert len(large) > 3
    sent = hub.uploads - before
    assert len(sent) == len(large) and set(sent.values()) == {1}
    assert client.call("differences", "me/broken", folder).result == []


@pytest.mark.parametrize(
    ("token", "said"),
    [
        ("hf_WrongTokenOfSomebody", "refuses the token: log in anew with `hf auth login`, or set HF_TOKEN"),
        ("not even one", "refuses the token"),
        (None, "wants a token: log in with `hf auth login`, or set HF_TOKEN"),
    ],
)
def test_a_wrong_token_is_one_line(token, said, run, hub, client):
    done = client.xalign("push", run, "--repo-id", "me/none", token=token)
    assert done.result == 2 and ("model", "me/none") not in hub.repositories
    (line,) = done.err.splitlines()
    assert line.startswith(f"xalign push: error: {hub.url} ") and said in line
    assert token is None or token not in line


def test_no_right_is_one_line(run, client):
    (line,) = client.xalign("push", run, "--repo-id", "they/model").err.splitlines()
    assert line.startswith("xalign push: error: this token may not write to they/model on http")
    assert "namespace 'they'" in line


def test_a_repository_that_has_gone_is_one_line(run, hub, client):
    """Between its making and the upload."""
    hub.gone.add("me/gone")
    done = client.xalign("push", run, "--repo-id", "me/gone")
    assert done.result == 2
    assert (
        done.err == f"xalign push: error: there is no repository me/gone on {hub.url}, or this token may not see it\n"
    )


def test_no_hub_is_one_line(run, hub, client):
    hub.cut_after = -1
    done = client.xalign("push", run, "--repo-id", "me/away")
    assert done.result == 2
    (line,) = done.err.splitlines()
    assert line.startswith(f"xalign push: error: lost the connection to {hub.url} (")


def test_a_card_that_the_hub_refuses_is_one_line(run, client, tmp_path):
    folder = shutil.copytree(run, tmp_path / "run")
    (folder / "README.md").write_text("---\nlicense: no such licence\n---\n# Mine\n")
    done = client.xalign("push", folder, "--repo-id", "me/card")
    assert done.result == 2
    assert done.err.splitlines()[-1] == (
        "xalign push: error: cannot push to me/card: Invalid metadata in README.md. "
        '- "license" must be one of [apache-2.0, ...]'
    )


@pytest.mark.parametrize("repo_id", ["me/two/three", "with space", "https://hub/me/x", "me/x-", "me/" + 97 * "x", ""])
def test_a_bad_id_is_refused_before_anything_is_asked(repo_id, run, capsys):
    assert main(["push", str(run), "--repo-id", repo_id]) == 2
    assert f"{repo_id!r} is no id of a repository: ME/NAME" in capsys.readouterr().err


def _remove(name):
    return lambda folder: (folder / name).unlink()


def _cut_off(folder):
    whole = (folder / "model.safetensors").read_bytes()
    (folder / "model.safetensors").write_bytes(whole[: len(whole) // 2])


def _lose_a_shard(folder):
    (folder / "model.safetensors").unlink()
    index = {"metadata": {}, "weight_map": {"a": "model-00001-of-00002.safetensors"}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))


def _adapter_of_a_folder(folder):
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": str(folder)}))


@pytest.mark.parametrize(
    ("harm", "said"),
    [
        (shutil.rmtree, "no such folder: {}"),
        (
            _remove("config.json"),
            "{} holds no model: it has no config.json; the run was not finished: resume it, or push",
        ),
        (_remove("model.safetensors"), "{} holds no complete model: model.safetensors is missing"),
        (_remove("xalign_heads.safetensors"), "{} holds no complete model: xalign_heads.safetensors is missing"),
        (_cut_off, "{}/model.safetensors is not whole: "),
        (_adapter_of_a_folder, "{}: the adapter stands on {}, a folder of this machine"),
        (_lose_a_shard, "{} holds no complete model: model-00001-of-00002.safetensors is missing"),
    ],
)
def test_an_incomplete_folder_is_refused_before_anything_is_asked(harm, said, run, tmp_path, capsys):
    folder = shutil.copytree(run, tmp_path / "run")
    harm(folder)
    # Offline, as all of this process: the Hub is not asked.
    assert main(["push", str(folder), "--repo-id", "me/x"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("xalign push: error: " + said.format(folder, folder))


def test_offline_is_one_line(run, capsys):
    assert main(["push", str(run), "--repo-id", "me/x"]) == 2
    assert "HF_HUB_OFFLINE is set; unset it to push" in capsys.readouterr().err.splitlines()[-1]


def test_saving_with_a_push_brings_the_heads(run, hub, client, tmp_path):
    done = client.call("save_and_push", run, tmp_path / "saved", "me/saved")
    assert done.result is None, done.err
    repository = hub.model("me/saved")
    assert repository.private is True
    assert repository.tree().keys() == {
        ".gitattributes",
        "config.json",
        "model.safetensors",
        "xalign_config.json",
        "xalign_heads.safetensors",
    }
    assert client.call("heads", "me/saved").result == HEADS


def test_push_to_hub_of_the_model_brings_the_heads(run, hub, client):
    hub.large_files = False  # transformers' own push gives up where a Hub knows no xet
    done = client.call("push_model", run, "me/plain")
    assert done.result is None, done.err
    assert {"model.safetensors", "xalign_heads.safetensors"} < hub.model("me/plain").tree().keys()
    assert client.call("heads", "me/plain").result == HEADS


def test_the_token_is_in_no_file(run, hub, client):
    assert client.call("holds_token", run, TOKEN).result is False
    assert client.call("holds_token", client.home, TOKEN).result is False
