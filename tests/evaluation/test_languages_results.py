from __future__ import annotations

import copy

import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation.languages_results import read_languages, validate_languages, write_languages
from tests.evaluation.languages_factory import make_languages


def approximately(value):
    """Six decimals are kept."""
    if isinstance(value, dict):
        return {key: approximately(item) for key, item in value.items()}
    if isinstance(value, list):
        return [approximately(item) for item in value]
    return pytest.approx(value, abs=1e-6)


def edited(edit):
    results = copy.deepcopy(make_languages())
    edit(results)
    return results


def test_a_complete_file_is_read_as_it_was_written(tmp_path):
    results = read_languages(write_languages(make_languages(), tmp_path / "a"))
    assert read_languages(write_languages(results, tmp_path / "b")) == results
    assert results["languages"][0]["scores"] == approximately(make_languages()["languages"][0]["scores"])


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda r: r.update(format="hf_xalign/results-1"), "is not in the format hf_xalign/languages-1"),
        (lambda r: r.pop("models"), "lacks models"),
        (lambda r: r.update(languages=[]), "languages is empty"),
        (lambda r: r["models"][1].pop("pooling"), "lacks models[1].pooling"),
        (lambda r: r["languages"][2].update(low_resource=1), "languages[2].low_resource should be bool, is int"),
        (lambda r: r["languages"][0]["scores"]["cosine"].pop(), "languages[0].scores.cosine has 1 scores for 2"),
        (lambda r: r["languages"][1]["scores"].clear(), "languages[1].scores has no metrics"),
        (
            lambda r: r["groups"][0]["scores"]["cosine"][1]["difference"]["mean"].pop("low"),
            "lacks groups[0].scores.cosine[1].difference.mean.low",
        ),
        (lambda r: r["languages"][0]["scores"]["cosine"][0].pop("mean"), "lacks languages[0].scores.cosine[0].mean"),
    ],
)
def test_the_first_thing_wrong_is_named(tmp_path, edit, message):
    with pytest.raises(XAlignError) as caught:
        validate_languages(edited(edit))
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)
    with pytest.raises(XAlignError):
        write_languages(edited(edit), tmp_path)
    assert not list(tmp_path.iterdir())
