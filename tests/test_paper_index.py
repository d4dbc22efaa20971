"""Every file and name of the paper index exists, and every objective, aligner and cited paper is in it."""

from __future__ import annotations

import ast
import functools
import re
from pathlib import Path

from hf_xalign import citations
from hf_xalign.aligners import ALIGNERS
from hf_xalign.heads import HEADS
from tests.bibtex import title_of


ROOT = Path(__file__).parent.parent
INDEX = (ROOT / "paper_index.md").read_text(encoding="utf-8")
# `path`, and the names in it: `path`: `name`, `other`.
ENTRY = re.compile(r"`((?:hf_xalign|recipes|tests)/[\w./-]+)`(?::\s+(`[\w.]+`(?:,\s+`[\w.]+`)*))?")


@functools.cache
def names_in(path: Path) -> set[str]:
    """What a module defines, methods as `Class.method`; nothing is imported."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {f"{node.name}.{part.name}" for part in node.body if isinstance(part, ast.FunctionDef)}
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found |= {target.id for target in targets if isinstance(target, ast.Name)}
    return found


def missing(text: str) -> list[str]:
    """Files and names of an index that are not there."""
    found = []
    for path, names in ENTRY.findall(text):
        if not (ROOT / path).exists():
            found.append(path)
        else:
            found += [f"{path}: {name}" for name in re.findall(r"`(.+?)`", names) if name not in names_in(ROOT / path)]
    return found


def test_every_file_and_name_exists():
    entries = ENTRY.findall(INDEX)
    assert len(entries) > 50 and sum(bool(names) for _, names in entries) > 45
    assert not missing(INDEX)


def test_what_does_not_exist_is_seen():
    text = "`hf_xalign/losses.py`: `softmax_losses`,\n  `no_such_loss`; `hf_xalign/no_such_file.py`: `a`"
    assert missing(text) == ["hf_xalign/losses.py: no_such_loss", "hf_xalign/no_such_file.py"]


def test_no_path_escapes_the_check():
    written = re.findall(r"(?:hf_xalign|recipes|tests)/[\w/-]+\.(?:py|yaml|md)", INDEX)
    assert len(written) == sum(path.endswith((".py", ".yaml", ".md")) for path, _ in ENTRY.findall(INDEX))


def test_all_objectives_aligners_and_cited_papers_are_in_the_index():
    classes = [head.__name__ for head in HEADS.values()] + [class_name for _, class_name in ALIGNERS.values()]
    assert not [name for name in classes if f"`{name}`" not in INDEX]
    entries = [value for name, value in vars(citations).items() if name.isupper() and isinstance(value, str)]
    flat = " ".join(INDEX.split())
    assert len(entries) > 6
    assert not [title for title in map(title_of, entries) if title not in flat]


def test_links_within_the_page_lead_somewhere():
    headings = {
        re.sub(r"[^\w -]", "", title).strip().lower().replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", INDEX, flags=re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([\w-]+)\)", INDEX)) <= headings
