"""The picture of the README: the script that draws it, and what the committed one says."""

from __future__ import annotations

import re
import runpy
import xml.etree.ElementTree as ET
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from hf_xalign.evaluation import Estimate, ParallelText


ROOT = Path(__file__).parent.parent
PICTURE = ROOT / "docs" / "before_after.svg"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def script():
    return SimpleNamespace(**runpy.run_path(str(ROOT / "docs" / "before_after.py")))


def test_the_plane_keeps_what_varies_most(script):
    rng = np.random.default_rng(0)
    plane = rng.normal(size=(2, 40, 2)) * [9.0, 3.0]
    turned = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    vectors = np.concatenate([plane, np.zeros((2, 40, 3))], axis=2) @ turned + 7.0
    points = script.principal_plane(vectors)

    def distances(rows):
        return np.linalg.norm(rows[:, None] - rows[None], axis=-1)

    np.testing.assert_allclose(distances(points.reshape(-1, 2)), distances(plane.reshape(-1, 2)), atol=1e-9)
    assert points[..., 0].var() > points[..., 1].var()


def test_a_point_a_sentence_and_a_line_a_pair(script):
    data = ParallelText(["a"] * 80, ["b"] * 80, ("hin_Deva", "urd_Arab"), "file", True, 0, list(range(80)))
    space = script.Space(np.random.default_rng(0).normal(size=(2, 80, 2)), Estimate(0.5, 0.4, 0.6, 80), 0.25, -0.13)
    picture = ET.fromstring(script.drawn([space, space], data))
    groups = {group.get("class"): len(group) for group in picture.iter(f"{SVG}g")}
    assert groups == {"pair": script.DRAWN, "first": script.DRAWN, "second": script.DRAWN}
    words = "".join(picture.itertext())
    assert "50.0 % [40.0, 60.0]" in words and "60 of 80" in words and "\u22120.13" in words


def test_the_committed_picture_says_what_the_readme_says():
    picture = ET.fromstring(PICTURE.read_text(encoding="utf-8"))
    shares = re.findall(r"[\d.]+ % \[[\d.]+, [\d.]+\]", "".join(picture.itertext()))
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(shares) == 2
    assert [share for share in shares if share not in readme] == []
    # Nothing is loaded from elsewhere, nothing runs.
    assert not {element.tag for element in picture.iter()} & {f"{SVG}script", f"{SVG}image", f"{SVG}foreignObject"}
    assert "http" not in PICTURE.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
