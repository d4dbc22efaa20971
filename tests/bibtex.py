"""What tests read of BibTeX entries."""

from __future__ import annotations

import re


def title_of(bibtex: str) -> str:
    """The title of an entry as plain text."""
    found = re.search(r'^ *title = "(.*?)",\n', bibtex, flags=re.DOTALL | re.MULTILINE)
    return " ".join(re.sub(r"[{}]", "", found[1]).split())
