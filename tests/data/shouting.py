"""A transliterator of a user's own, in a module that other processes can import."""

from __future__ import annotations


def shout(sentences: list[str], lang: str | None) -> list[str]:
    return [f"{sentence.upper()} ({lang})" for sentence in sentences]


class Shouting:
    """One with settings, which its id tells."""

    def __init__(self, mark: str) -> None:
        self.id = f"shouting {mark}"
        self.mark = mark

    def __call__(self, sentences: list[str], lang: str | None) -> list[str]:
        return [sentence.upper() + self.mark for sentence in sentences]
