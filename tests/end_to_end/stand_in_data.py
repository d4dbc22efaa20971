"""A folder that looks like the data the recipes read: the same file names and columns, a few synthetic sentences."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from hf_xalign.data.minicorpus import Sentence, generate


# The recipes take 450 verses to test on and 450 more to select with; there must be some of the latter, and some left.
SIZES = {"news": 240, "verses": 560, "old_verses": 60, "entities": 60, "flores": 20, "other": 620}

MONO = {"eng": "eng_Latn", "hin": "hin_Deva", "urd": "urd_Arab", "pol": "pol_Latn", "ukr": "ukr_Cyrl"}
# What stands in for languages that the synthetic corpus does not have.
LATIN = dict.fromkeys(("swh", "tgl", "spa", "por", "ita", "nld", "dan", "est", "slv", "jav"), "pol_Latn")
OTHERS = LATIN | {
    "mar": "hin_Deva",
    "rus": "ukr_Cyrl",
    "kaz": "ukr_Cyrl",
    "mal": "hin_Deva",
    "tel": "hin_Deva",
    "kat": "hin_Deva",
}
SCRIPTS = {"mar": "Deva", "rus": "Cyrl", "kaz": "Cyrl", "mal": "Mlym", "tel": "Telu", "kat": "Geor"}
REDIRECT = ["رجوع_مکرر", "پاکستان"]


def write_stand_in_data(folder: Path) -> Path:
    """Write the Parquet files that the recipes name into `folder`, from the synthetic corpus."""
    parts = generate(seed=7, sizes=SIZES)
    mono = [
        {"lang": code, "source": "synthetic", "text": sentence.text(column)}
        for index, (code, column) in enumerate(MONO.items())
        for sentence in parts["news"][index::3]
    ]
    # Each translation lacks a verse now and then, as the real ones do; the second ones of a language differ in words.
    bible = [
        {
            "verse_id": f"MAT {row}",
            "hin_irv": _unless(row % 53 == 0, sentence, "hin_Deva"),
            "pol_sz": _unless(row % 47 == 0, sentence, "pol_Latn"),
            "pol_gdanska": _again(sentence, "pol_Latn"),
            "ukr_npu": _unless(row % 59 == 0, sentence, "ukr_Cyrl"),
            "ukr_kulish": _again(sentence, "ukr_Cyrl"),
            "eng_web": sentence.text("eng_Latn"),
            "swh_ulb": sentence.text("pol_Latn"),
            "tgl_1905": _again(sentence, "pol_Latn"),
            "rus_synodal": sentence.text("ukr_Cyrl"),
            "mal_1910": sentence.text("hin_Deva"),
        }
        for row, sentence in enumerate(parts["verses"])
    ]
    urdu = [
        {"verse_id": f"{book} {row}", "text": sentence.text("urd_Arab")}
        for book, name in (("GEN", "old_verses"), ("MAT", "verses"))
        for row, sentence in enumerate(parts[name])
    ]
    old = [
        {
            "verse_id": f"GEN {row}",
            "pol_gdanska": sentence.text("pol_Latn"),
            "eng_kjv": sentence.text("eng_Latn"),
            "tgl_1905": sentence.text("pol_Latn"),
            "mal_1910": sentence.text("hin_Deva"),
        }
        for row, sentence in enumerate(parts["old_verses"])
    ]
    entities = [
        {"lang": lang, "split": split, "tokens": tokens, "tags": ["O"] * len(tokens)}
        for row, sentence in enumerate(parts["entities"])
        for lang, column in (("ur", "urd_Arab"), ("hi", "hin_Deva"))
        for split, tokens in (("train", REDIRECT if row == 0 else sentence.words[column]), ("test", ["x"]))
    ]
    flores = [
        {
            "row": row,
            **{column: sentence.text(column) for column in MONO.values()},
            **{f"{code}_{SCRIPTS.get(code, 'Latn')}": sentence.text(column) for code, column in OTHERS.items()},
        }
        for row, sentence in enumerate(parts["flores"])
    ]
    # A test sentence among the training text, which must not be trained on.
    mono += [
        {"lang": code, "source": "leak", "text": parts["flores"][0].text(column).upper()}
        for code, column in MONO.items()
    ]
    for name, rows in {
        "mono_sentences": mono,
        "bible_nt": bible,
        "bible_urd_ugv": urdu,
        "bible_ot": old,
        "wikiann": entities,
        "flores200_devtest": flores,
        **_translations(parts["other"], parts["flores"]),
    }.items():
        pq.write_table(pa.Table.from_pylist(rows), folder / f"{name}.parquet")
    return folder


def _translations(sentences: Sequence[Sentence], tested: Sequence[Sentence]) -> dict[str, list[dict]]:
    """The files that the word-alignment recipes read besides, English on one side."""
    named = {"swh": "swa", "tgl": "fil"}
    ntrex, news, few, tico = sentences[:60], sentences[60:90], sentences[90:110], sentences[20:]
    pairs = [
        {"src_lang": "eng", "tgt_lang": name, "src": sentence.text("eng_Latn"), "tgt": sentence.text(column)}
        for code, column in OTHERS.items()
        for name in {code, named.get(code, code), f"{code}_Cyrl"}
        for sentence in few
    ]
    gold = [
        {
            "pair": f"eng-{code}",
            "split": split,
            "src_tokens": sentence.words["eng_Latn"],
            "tgt_tokens": sentence.words[column],
            "sure": [f"{i}-{j}" for i, j in sentence.alignment("eng_Latn", column)],
        }
        for code, column in OTHERS.items()
        for split, part in (("silver", news), ("dev", tested[:3]), ("test", tested[3:6]))
        for sentence in part
    ]
    return {
        "ntrex128": [
            {
                "eng": sentence.text("eng_Latn"),
                **{named.get(code, code): sentence.text(column) for code, column in OTHERS.items()},
            }
            for sentence in ntrex
        ],
        "lafand_news": [
            {"lang": "swh", "split": "train", "sentence": s.text("pol_Latn"), "english": s.text("eng_Latn")}
            for s in news
        ],
        "tatoeba_challenge_pairs": [{**pair, "in_laser_tatoeba": False} for pair in pairs],
        "tatoeba_v1": [
            {"lang": code, "sentence": sentence.text(column), "english": sentence.text("eng_Latn")}
            for code, column in OTHERS.items()
            for sentence in tested
        ],
        "tico19_test": [
            {"eng": sentence.text("eng_Latn"), **{code: sentence.text(column) for code, column in OTHERS.items()}}
            for sentence in tico
        ],
        "word_alignment_gold": gold,
    }


def _unless(missing: bool, sentence: Sentence, lang: str) -> str | None:
    return None if missing else sentence.text(lang)


def _again(sentence: Sentence, lang: str) -> str:
    """What another translation might say: the words without the first."""
    return " ".join(sentence.words[lang][1:])
