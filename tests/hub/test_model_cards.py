"""The cards in `model_cards/` are what their files give, and tell the figures of the recipes' READMEs."""

from __future__ import annotations

import importlib.util
import json
import re
from functools import cache
from pathlib import Path

import pytest
from huggingface_hub import ModelCard

from tests.hub.test_model_card import check_front_matter


ROOT = Path(__file__).parents[2]
CARDS = ROOT / "model_cards"
FOLDERS = sorted(path.parent for path in CARDS.rglob("recipe.yaml"))

# What every card has, in this order.
PATTERN = re.compile(
    r"""---
language:
(?:- [a-z]{3}
)+library_name: transformers
metrics:
- accuracy
pipeline_tag: feature-extraction
tags:
- hf_xalign
- crosslingual-alignment
.*
model-index:
.*
---
<!-- Written by hf_xalign .* -->

# \S+

.*
- \*\*Base model:\*\* .*
- \*\*Languages and scripts:\*\* .*
## Usage

### transformers

```python
.*
```

### sentence-transformers

```python
.*
```

## Results
.*
\| languages \| n \| .* \|
\| --- \| ---: \| .*
## Training data

[\d,]+ rows after cleaning, fingerprint .*
\| language \| rows \| .*
\| used for \| source \| rows \| licence \| SHA-256 \|
.*
## Training

### Objectives

\| objective \| weight \| .*
### Settings that are not the defaults

\| setting \| value \|
.*
### Machine, time, versions

- \*\*Machine:\*\* .*
## Limits

- .*
## Citation

```bibtex
@.*
```
?""",
    flags=re.DOTALL,
)


def _rendered() -> dict[Path, str]:
    spec = importlib.util.spec_from_file_location("render_model_cards", CARDS / "render.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.cards()


@cache
def text_of(folder: Path) -> str:
    return (folder / "README.md").read_text(encoding="utf-8")


def test_every_card_is_what_its_files_give():
    rendered = _rendered()
    assert len(rendered) == len(FOLDERS) == 16
    for path, text in rendered.items():
        assert path.read_text(encoding="utf-8") == text, f"{path} is out of date: python model_cards/render.py"


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda folder: f"{folder.parent.name}-{folder.name}")
def test_the_form_of_a_card(folder):
    text = text_of(folder)
    assert PATTERN.fullmatch(text)
    check_front_matter(ModelCard(text))
    assert f"]({folder.relative_to(CARDS)}/README.md)" in (CARDS / "README.md").read_text(encoding="utf-8")


def test_no_folder_of_a_machine_and_no_sentence():
    for path in (path for path in CARDS.rglob("*") if path.is_file() and path.suffix in (".json", ".yaml", ".md")):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.}])/(home|root|work|tmp|Users|mnt|data)\b|\\Users", text), path
        if path.suffix == ".json":
            read = json.loads(text)
            assert not set(read) & {"errors", "examples", "histogram"}, path
            assert all(len(string) < 250 for string in _strings(read)), path


def _strings(value) -> list[str]:
    if isinstance(value, dict):
        return [string for item in value.values() for string in _strings(item)]
    if isinstance(value, list):
        return [string for item in value for string in _strings(item)]
    return [value] if isinstance(value, str) else []


def _rows(markdown: str) -> list[list[str]]:
    lines = [line for line in markdown.splitlines() if line.startswith("|")]
    return [[cell.strip().strip("*") for cell in line.strip("|").split("|")] for line in lines]


def test_figures_of_word_alignment():
    readme = (ROOT / "recipes" / "word_alignment" / "README.md").read_text(encoding="utf-8")
    settings = ("base", "tr", "tr-awp", "tr-wtr", "full")
    checked = 0
    for row in _rows(readme):
        figures = [cell.replace("** ", " ") for cell in row if re.match(r"[\d.]+(\*\*)? \[", cell)]
        of_retrieval = len(figures) == 4  # the base has no interval there
        if not of_retrieval and row[0] != "3":  # the layer that cards tell
            continue
        for name, figure in zip(settings[1:] if of_retrieval else settings, figures, strict=True):
            assert f"| {figure} |" in text_of(CARDS / "word_alignment" / name), (name, figure)
            checked += 1
    assert checked == 4 * 4 + 5
    for figure in ("30.0 [", "11.9 ["):
        assert f"| {figure}" in text_of(CARDS / "word_alignment" / "tr-wtr-tcm")
    assert re.search(r"\| all pairs \| 1,923 \|.*\| 51\.7 \[", text_of(CARDS / "word_alignment" / "tr-wtr-tcm"))


@pytest.mark.parametrize(("pair", "title"), [("hin-urd", "Hindi–Urdu"), ("pol-ukr", "Polish–Ukrainian")])
def test_figures_of_transliteration(pair, title):
    readme = (ROOT / "recipes" / "transliteration" / "README.md").read_text(encoding="utf-8")
    part = readme.split(f"### {title}\n")[1].split("\n### ")[0].split("\nA second seed")[0]
    rows = [row for row in _rows(part) if row[0].startswith("Model-")]
    assert len(rows) == 10
    for name, _, _, top1, gap in rows:
        results = (
            text_of(CARDS / "transliteration" / pair / name.lower()).split("## Results")[1].split("## Training")[0]
        )
        assert f"| {top1} |" in results and f"| {gap} |" in results
        told = {cell for row in _rows(results) for cell in row if "[" in cell}
        assert told == {cell for row in rows if row[0] == name for cell in row[3:]}
