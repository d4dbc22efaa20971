"""What `xalign report` refuses: the file and the field are named, in one line."""

from __future__ import annotations

import re

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.report.document import build_report
from tests.evaluation.report_factory import make_results, measure, write


def _without(*path):
    def edit(results):
        node = results
        for key in path[:-1]:
            node = node[key]
        del node[path[-1]]

    return edit


def _with(value, *path):
    def edit(results):
        node = results
        for key in path[:-1]:
            node = node[key]
        node[path[-1]] = value

    return edit


@pytest.mark.parametrize(
    ("edit", "complaint"),
    [
        (_without("format"), "format is missing"),
        (_with("hf_xalign/results-9", "format"), "format is 'hf_xalign/results-9'"),
        (_without("dataset", "fingerprint"), "dataset.fingerprint is missing"),
        (_without("retrieval", "cosine"), "retrieval.cosine is missing"),
        (_without("retrieval", "cosine", "backward", "top1"), "retrieval.cosine.backward.top1 is missing"),
        (
            _with("0.5", "retrieval", "cosine", "mean_top1", "value"),
            "retrieval.cosine.mean_top1.value must be a number",
        ),
        (_with(float("nan"), "retrieval", "cosine", "mean_top1", "value"), "must be between 0 and 1, not nan"),
        (_with(10**400, "dataset", "n"), "dataset.n must be between"),
        (_with(True, "layer"), "layer must be a number, not true or false"),
        (_with(1.5, "layer"), "layer must be a whole number"),
        (_with(measure(0.5) | {"low": 0.9, "high": 0.8}, "layers", 2, "mean_top1"), "layers[2].mean_top1 has low 0.9"),
        (_with([], "similarities"), "similarities must be an object, not a list"),
        (_with([1.0, 1.0], "similarities", "translation", "histogram", "edges"), "increasing"),
        (_with([1], "similarities", "translation", "histogram", "random"), "must hold 40 counts"),
        (_with(float("inf"), "similarities", "translation", "gap", "value"), "gap.value must be finite"),
        (_with("sideways", "errors", 0, "direction"), "errors[0].direction must be"),
        (_with(["hin_Deva"], "pair"), "pair must name two languages, not 1"),
        (_with(None, "label"), "label must be a string, not null"),
    ],
)
def test_malformed_results_are_refused_by_name(tmp_path, edit, complaint):
    results = make_results()
    edit(results)
    folder = write(tmp_path / "run", results)
    with pytest.raises(XAlignError) as caught:
        build_report([folder])
    assert str(folder / "results.json") in str(caught.value)
    assert complaint in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"", b"{", b"[1]", b"\xff\xfe", b"[" * 100_000, b"null", b'{"format": 1'])
def test_files_that_are_not_json_objects_are_refused(tmp_path, content):
    folder = write(tmp_path / "run")
    (folder / "results.json").write_bytes(content)
    with pytest.raises(XAlignError, match=re.escape(str(folder / "results.json"))):
        build_report([folder])


@pytest.mark.parametrize("state", [{}, {"log_history": {}}, {"log_history": [{"loss": 1.0}]}, {"log_history": [3]}])
def test_malformed_trainer_states_are_refused(tmp_path, state):
    with pytest.raises(XAlignError, match=r"trainer_state\.json: log_history"):
        build_report([write(tmp_path / "run", make_results(), state)])


def test_folders_without_results_are_refused(tmp_path):
    with pytest.raises(XAlignError, match="no such folder"):
        build_report([tmp_path / "nowhere"])
    with pytest.raises(XAlignError, match=r"no results\.json"):
        build_report([tmp_path])
    with pytest.raises(XAlignError, match="no folder to report on"):
        build_report([])
