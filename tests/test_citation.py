"""CITATION.cff says what its schema (Citation File Format 1.2.0) asks for, and of this release."""

from __future__ import annotations

import re
from pathlib import Path

import yaml

from hf_xalign import __version__
from hf_xalign.citations import TRANSLITERATIONS, WACSE
from tests.bibtex import title_of


CITATION = yaml.safe_load((Path(__file__).parent.parent / "CITATION.cff").read_text(encoding="utf-8"))
PERSON = {"family-names", "given-names", "name-particle", "name-suffix", "affiliation", "orcid", "email", "website"}


def test_required_keys_and_types():
    assert CITATION["cff-version"] == "1.2.0"
    assert CITATION["type"] == "software"
    for key in ("message", "title", "abstract", "version", "license"):
        assert isinstance(CITATION[key], str) and CITATION[key], key
    assert CITATION["version"] == __version__
    assert CITATION["license"] == "Apache-2.0"
    assert CITATION["keywords"] and all(isinstance(keyword, str) for keyword in CITATION["keywords"])


def test_authors_are_entities_or_people():
    sources = [CITATION, *CITATION["references"]]
    for author in (author for source in sources for author in source["authors"]):
        assert "name" in author or (set(author) <= PERSON and "family-names" in author), author


def test_the_papers_that_the_library_implements_are_cited():
    for reference in CITATION["references"]:
        assert {"type", "title", "authors", "year"} <= set(reference)
        assert isinstance(reference["year"], int)
        assert re.match(r"https://", reference["url"])
    assert [reference["title"] for reference in CITATION["references"]] == [
        title_of(TRANSLITERATIONS), title_of(WACSE)
    ]  # fmt: skip
    families = [author["family-names"] for author in CITATION["references"][1]["authors"]]
    assert families == re.findall(r"(\w+), \w+", re.search(r'author = "(.*?)"', WACSE)[1])
