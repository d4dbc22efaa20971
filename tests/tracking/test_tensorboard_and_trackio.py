"""One run that reports to both trackers, into folders and without a network, and what is found there afterwards."""

from __future__ import annotations

import io
import re

import numpy as np
import pytest
from PIL import Image

from hf_xalign.published_files import with_drawn_words
from hf_xalign.train import train
from tests.tracking.runs import SELECTION, write_recipe


SCALARS = {
    *(f"train/loss{head}" for head in ("", "_tr", "_awp", "_wtr")),
    *(f"eval/{name}" for name in ("loss", "retrieval_top1", "retrieval_top5", "similarity_gap")),
}


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The folder of the run, its trainer, and Trackio's folder."""
    folder = tmp_path_factory.mktemp("run")
    recipe = write_recipe(folder, report_to=["tensorboard", "trackio"], project="both", log_figure_pairs=2)
    with pytest.MonkeyPatch.context() as patch:
        # Read when trackio is imported.
        patch.setenv("TRACKIO_DIR", str(folder / "trackio"))
        trainer = train(recipe, [])
    return folder, trainer


def _logged(trainer, name: str) -> list[tuple[int, float]]:
    return [(entry["step"], entry[name]) for entry in trainer.state.log_history if name in entry]


@pytest.fixture(scope="module")
def events(run):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    (file,) = (run[0] / "out" / "runs").rglob("events.out.*")
    return EventAccumulator(str(file), size_guidance={"images": 0, "scalars": 0}).Reload()


def test_tensorboard_has_each_objective_and_retrieval_as_scalars(run, events):
    assert set(events.Tags()["scalars"]) >= SCALARS
    for tag, name in (
        ("train/loss_wtr", "loss_wtr"),
        ("eval/retrieval_top1", "eval_retrieval_top1"),
        ("eval/similarity_gap", "eval_similarity_gap"),
    ):
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        assert [step for step, _ in found] == [1, 2]
        assert found == [(step, pytest.approx(value, rel=1e-6)) for step, value in _logged(run[1], name)]


def test_files_that_show_words_of_the_data_are_known(run, tmp_path):
    (file,) = (run[0] / "out" / "runs").rglob("events.out.*")
    wordless = tmp_path / "events.out.tfevents.1"
    wordless.write_bytes(b"figures/similarities")
    assert with_drawn_words({"runs/a/" + file.name: file, "runs/b/" + wordless.name: wordless}) == [
        "runs/a/" + file.name
    ]


def test_tensorboard_has_the_figures_of_each_evaluation(events):
    names = events.Tags()["images"]
    assert names[0] == "figures/similarities" and len(names) == 3
    assert all(re.fullmatch(r"figures/alignment_\d+", name) for name in names[1:])
    for name in names:
        shown = events.Images(name)
        assert [image.step for image in shown] == [1, 2]
        pixels = np.asarray(Image.open(io.BytesIO(shown[-1].encoded_image_string)))
        assert pixels.shape[2] == 3 and min(pixels.shape[:2]) > 200
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10


def test_no_sentence_of_the_data_is_sent_as_text(run, events):
    texts = [
        event.tensor_proto.string_val[0].decode() for tag in events.Tags()["tensors"] for event in events.Tensors(tag)
    ]
    stored = (run[0] / "trackio").glob("*.db*")
    texts += [path.read_bytes().decode("utf-8", errors="ignore") for path in stored]
    assert len(texts) > 2
    for row in SELECTION:
        for text in (row["source"], row["target"], *(word for word in row["source_words"] if len(word) > 2)):
            assert not any(text in sent for sent in texts)


def test_trackio_has_scalars_and_figures(run):
    from trackio.sqlite_storage import SQLiteStorage

    folder, trainer = run
    (name,) = SQLiteStorage.get_runs("both")
    logs = SQLiteStorage.get_logs("both", name)
    assert {key for entry in logs for key in entry} >= SCALARS
    losses = [(entry["train/global_step"], entry["train/loss_tr"]) for entry in logs if "train/loss_tr" in entry]
    assert losses == _logged(trainer, "loss_tr")
    figures = [entry for entry in logs if "figures/similarities" in entry]
    assert [entry["train/global_step"] for entry in figures] == [1, 2]
    for entry in figures:
        images = {key: value for key, value in entry.items() if key.startswith("figures/")}
        assert len(images) == 3
        for value in images.values():
            image = Image.open(folder / "trackio" / "media" / value["file_path"])
            assert min(image.size) > 200
            assert value["caption"].endswith(f"step {entry['train/global_step']}, layer 1")
