"""Sentences to click, written for this page."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple


class Example(NamedTuple):
    """Two sentences and the codes of their languages."""

    first: str
    second: str
    first_language: str
    second_language: str
    translations: bool = True


EXAMPLES = (
    Example("बच्चे बगीचे में खेल रहे हैं।", "بچے باغ میں کھیل رہے ہیں۔", "hin_Deva", "urd_Arab"),
    Example("The children drink water.", "Watoto wanakunywa maji.", "eng_Latn", "swh_Latn"),
    Example("My brother works in a large hospital.", "Мой брат работает в большой больнице.", "eng_Latn", "rus_Cyrl"),
    Example("She reads a new book every week.", "Ella lee un libro nuevo cada semana.", "eng_Latn", "spa_Latn"),
    Example("The old house stands near the river.", "जुने घर नदीजवळ आहे.", "eng_Latn", "mar_Deva"),
    Example("The students work in the library.", "يعمل الطلاب في المكتبة.", "eng_Latn", "arb_Arab"),
    Example("Moja siostra czyta ciekawą książkę.", "Моя сестра читає цікаву книгу.", "pol_Latn", "ukr_Cyrl"),
    Example("The train leaves at seven.", "Mi abuela cocina muy bien.", "eng_Latn", "spa_Latn", translations=False),
)


def examples_for(model: str) -> list[Example]:
    """All examples; those in languages that the recipe in the model's folder names come first, if there is one."""
    recipe = Path(model) / "recipe.yaml"
    trained = set(re.findall(r"\b[a-z]{3}_[A-Z][a-z]{3}\b", recipe.read_text("utf-8"))) if recipe.is_file() else set()
    return sorted(EXAMPLES, key=lambda example: not {example.first_language, example.second_language} <= trained)
