"""The data set card (`README.md`) of prepared data."""

from __future__ import annotations

import re
from typing import Any

import yaml

from hf_xalign.data.languages import parse_language
from hf_xalign.markdown import OUR_CARD


_SIZES = (
    (1e3, "n<1K"),
    (1e4, "1K<n<10K"),
    (1e5, "10K<n<100K"),
    (1e6, "100K<n<1M"),
    (1e7, "1M<n<10M"),
    (1e8, "10M<n<100M"),
)

_INTRODUCTION = """\
# Prepared data for crosslingual alignment

Prepared by `xalign prepare` of hf_xalign from the sources below. `text_latn` is the romanisation of `text` by
{romaniser}. No train sentence equals a selection, test or excluded sentence in letters, marks and digits;
{duplicates}.{alignment} `preparation.json` holds every count, and the SHA-256 of every source file.

The licences are those of the sources.
"""


def render_dataset_card(info: dict[str, Any]) -> str:
    """The card of prepared data described by `info` (`preparation.json`); what comes from a recipe is escaped."""
    rows = info["rows"]
    configs = [{"config_name": "train", "data_files": [{"split": "train", "path": "train.parquet"}], "default": True}]
    held_out = [
        {"split": split, "path": f"{name}.parquet"}
        for name, split in (("selection", "validation"), ("test", "test"))
        if name in rows
    ]
    if held_out:
        configs.append({"config_name": "parallel", "data_files": held_out})
    codes = sorted({parse_language(code).iso639_3 for key in info["languages"] for code in key.split("-")})
    front = {
        "language": codes,
        "size_categories": [next((name for size, name in _SIZES if rows["train"] < size), "n>100M")],
        "tags": ["hf_xalign", "crosslingual-alignment"] + (["synthetic"] if info["synthetic"] else []),
        "configs": configs,
    }
    kept = "duplicates are dropped, a language at a time" if info["settings"]["deduplicate"] else "duplicates are kept"
    languages = _table(
        ("language", "train rows", "words", "excluded", "duplicates"),
        [
            (code, counts["kept"], counts["words"], counts["excluded"], counts["duplicates"])
            for code, counts in info["languages"].items()
        ],
    )
    sources = _table(
        ("section", "source", "rows read", "null", "empty", "filtered", "used"),
        [
            (section.removesuffix("_data"), source["label"], *(source["counts"][name] for name in _COUNTS))
            for section, described in info["sources"].items()
            for source in described
        ],
    )
    splits = _table(("file", "rows"), [(f"`{name}.parquet`", count) for name, count in rows.items()])
    return "\n".join(
        [
            "---",
            yaml.safe_dump(front, sort_keys=False, allow_unicode=True).rstrip(),
            "---",
            f"{OUR_CARD}with these data; without this line a card on the Hub is not replaced by a newer one. -->\n",
            _INTRODUCTION.format(
                romaniser=info["versions"]["romaniser"], duplicates=kept, alignment=_alignment(info["settings"])
            ),
            splits,
            languages,
            sources,
        ]
    )


def _alignment(settings: dict[str, Any]) -> str:
    if settings["aligner"] is None:
        return ""
    return (
        "\nPairs have words (`source_words`, `target_words`), their word links (`alignment`, counted from 0) and "
        f"a score each (`alignment_score`),\nby {_cell(settings['aligner'])} unless the source brought them.\n"
    )


_COUNTS = ("read", "null", "empty", "filtered", "kept")


def _table(header: tuple[str, ...], rows: list[tuple]) -> str:
    lines = ["| " + " | ".join(header) + " |", "|" + " --- |" * len(header)]
    lines += ["| " + " | ".join(_cell(value) for value in row) + " |" for row in rows]
    return "\n".join(lines) + "\n"


def _cell(value: Any) -> str:
    if isinstance(value, int):
        return f"{value:,}".replace(",", " ")
    if re.fullmatch(r"`[\w.]+`", value):
        return value
    text = " ".join(value.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return re.sub(r"([\\`*_{}\[\]()#+!|~-])", r"\\\1", text)
