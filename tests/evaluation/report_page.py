"""Reading a report in tests: strict about what may stand in it."""

from __future__ import annotations

import re
from html.parser import HTMLParser


VOID = {"meta", "br", "img", "input", "hr", "link"}


class Page(HTMLParser):
    """The elements of a page, with their attributes and their text; fails on tags that do not nest."""

    def __init__(self, html: str):
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None], list[str]]] = []
        self.open: list[int] = []
        self.feed(html)
        self.close()
        assert not self.open, f"never closed: {[self.elements[i][0] for i in self.open]}"

    def handle_starttag(self, tag, attrs):
        assert len(dict(attrs)) == len(attrs), f"attribute twice: {attrs}"
        self.elements.append((tag, dict(attrs), []))
        if tag not in VOID:
            self.open.append(len(self.elements) - 1)

    def handle_endtag(self, tag):
        assert self.elements[self.open[-1]][0] == tag, f"</{tag}> closes <{self.elements[self.open[-1]][0]}>"
        self.open.pop()

    def handle_data(self, data):
        for index in self.open:
            self.elements[index][2].append(data)

    def all(self, tag: str, **wanted: str) -> list[tuple[dict[str, str | None], str]]:
        """Attributes and text of the elements of this name whose attributes hold the wanted words."""
        return [
            (attributes, "".join(text))
            for name, attributes, text in self.elements
            if name == tag
            and all(word in (attributes.get(key.rstrip("_")) or "").split() for key, word in wanted.items())
        ]

    def by_id(self, identifier: str) -> str | None:
        """The text of one element."""
        found = [text for _, attributes, text in self.elements if attributes.get("id") == identifier]
        return "".join(found[0]) if found else None

    def text(self) -> str:
        return re.sub(r"\s+", " ", self.all("html")[0][1])
