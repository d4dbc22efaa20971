"""Text of unknown origin in Markdown: it stays on its line, in its cell, and is read as text."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence


# Begins the first line of every card that hf_xalign writes. A card that has lost it belongs to whoever took it out.
OUR_CARD = "<!-- Written by hf_xalign "

# Marks that turn the direction of the text after them, to the end of the page if nothing ends them.
_TURNS = dict.fromkeys([*range(0x202A, 0x202F), *range(0x2066, 0x206A)])


def one_line(text: object) -> str:
    """Text without line breaks, control characters and marks that reorder what follows; blanks run together."""
    kept = "".join(
        " " if unicodedata.category(character) in ("Cc", "Zl", "Zp") else character for character in str(text)
    )
    # A lone surrogate cannot be written as UTF-8.
    kept = kept.translate(_TURNS).encode("utf-8", "replace").decode("utf-8")
    return " ".join(kept.split())


def inline(text: object) -> str:
    """Text as one line of Markdown that shows it as it is: neither HTML nor markup, links or cells are read in it.

    >>> inline("a|b <script> *c*")
    'a\\\\|b &lt;script&gt; \\\\*c\\\\*'
    """
    line = one_line(text).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    # An underscore inside a word (hin_Deva) starts nothing.
    line = re.sub(r"([\\`*\[\]{}|~#$]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", line)
    # What GitHub and the Hub make links of by themselves.
    return re.sub(r"(?i)://|www\.", lambda found: found[0].replace(":", "&#58;").replace(".", "&#46;"), line)


def code(text: object) -> str:
    """Text as inline code, which may stand in a table's cell; backticks become apostrophes.

    >>> code("a|b`")
    "`a\\\\|b'`"
    """
    line = one_line(text).replace("`", "'").replace("|", "\\|")
    return f"`{line}`" if line else ""


def table(header: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    """A table of cells that are Markdown already.

    Args:
        numbers: the columns that are set flush right.
    """
    rules = ["---:" if column in numbers else "---" for column in range(len(header))]
    return "\n".join("| " + " | ".join(row) + " |" for row in [header, rules, *rows])
