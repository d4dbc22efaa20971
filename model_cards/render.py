"""Render every card here anew: `python model_cards/render.py`."""

from __future__ import annotations

from pathlib import Path

from hf_xalign.hub import render_card


HERE = Path(__file__).parent


def cards() -> dict[Path, str]:
    """`README.md` of each run here, and what it should hold."""
    found = {}
    for recipe in sorted(HERE.rglob("recipe.yaml")):
        evaluation = recipe.parents[1] / "evaluation"
        card = render_card(recipe.parent, results=[evaluation] if evaluation.is_dir() else [])
        found[recipe.with_name("README.md")] = str(card)
    return found


if __name__ == "__main__":
    for path, text in cards().items():
        path.write_text(text, encoding="utf-8")
        print(f"wrote {path}")
