from __future__ import annotations

import itertools
import os
import pickle
import subprocess
import sys

import datasets
import pytest
from datasets.fingerprint import Hasher

from hf_xalign.data.transliteration import Transliterate, transliterate, transliterate_chunks
from hf_xalign.data.uroman_backend import backend_id
from hf_xalign.errors import XAlignError


LINES = ["Київ та Ігор", "", "  ", "привіт, світе"]
ROMANISED = ["Kyiv ta Ihor", "", "  ", "pryvit, svite"]


def test_lines_go_one_to_one():
    assert transliterate(LINES, lang="ukr") == ROMANISED
    assert transliterate(iter(LINES), lang="uk_Cyrl") == ROMANISED
    assert transliterate([], lang="ukr") == []
    assert transliterate(["Київ"]) == ["Kiyiv"]


def test_characters_that_end_a_line_elsewhere_stay_within_it():
    line = "а\u2028б\x85в\x0bг\x0cґ\u2029д\re"
    assert transliterate([line], lang="ukr") == ["a\u2028b\x85v\x0bh\x0cg\u2029d\re"]


def test_unknown_language():
    with pytest.raises(XAlignError, match="unknown language code 'ukrainisch'"):
        transliterate(LINES, lang="ukrainisch")


@pytest.mark.parametrize("num_proc", [1, 2])
def test_chunks_come_in_order(num_proc):
    chunks = [[f"слово {10 * chunk + line}" for line in range(chunk % 4)] for chunk in range(25)]
    romanised = [[line.replace("слово", "slovo") for line in chunk] for chunk in chunks]
    assert list(transliterate_chunks(iter(chunks), "ukr", num_proc=num_proc)) == romanised


def test_chunks_are_not_read_far_ahead():
    read = []
    chunks = (read.append(number) or ["ї"] for number in itertools.count())
    done = transliterate_chunks(chunks, "ukr", num_proc=2)
    assert next(done) == ["yi"]
    assert len(read) <= 10
    done.close()


class TestTransliterate:
    def test_adds_a_column(self):
        batch = Transliterate("text", lang="uk")({"text": [*LINES, None], "other": [0] * 5})
        assert batch == {"text_latn": [*ROMANISED, None]}

    def test_of_several_languages(self):
        transliterated = Transliterate("source", lang_column="source_lang", output="latin")
        batch = {"source": ["Київ", "Київ", "Київ", None], "source_lang": ["ukr_Cyrl", "ru", None, None]}
        assert transliterated(batch) == {"latin": ["Kyiv", "Kiyiv", "Kiyiv", None]}

    @pytest.mark.parametrize(
        ("arguments", "batch", "message"),
        [
            ({"lang": "ukrainisch"}, None, "unknown language code"),
            ({"lang": "uk", "lang_column": "lang"}, None, "not both"),
            ({"backend": "iso"}, None, "unknown transliteration backend 'iso'"),
            ({"lang": "uk"}, {"sentence": ["а"]}, "no column 'text'"),
            ({"lang_column": "lang"}, {"text": ["а"]}, "no column 'lang'"),
            ({"lang_column": "lang"}, {"text": ["а"], "lang": ["xx"]}, "unknown language code 'xx'"),
            ({"lang": "uk"}, {"text": [["а"]]}, "holds list, not strings"),
            ({"lang": "uk"}, {"text": "один рядок"}, "batched=True"),
        ],
    )
    def test_wrong_input(self, arguments, batch, message):
        with pytest.raises(XAlignError, match=message):
            Transliterate("text", **arguments)(batch)

    def test_map_reads_its_cache_the_second_time(self, tmp_path):
        datasets.Dataset.from_dict({"text": LINES}).save_to_disk(tmp_path / "data")
        dataset = datasets.load_from_disk(tmp_path / "data")
        first = dataset.map(Transliterate("text", lang="ukr"), batched=True)
        assert first["text_latn"] == ROMANISED
        files = set(tmp_path.rglob("*.arrow"))
        assert len(files) == 2
        second = dataset.map(Transliterate("text", lang="uk"), batched=True)
        assert second["text_latn"] == ROMANISED
        assert second._fingerprint == first._fingerprint
        assert set(tmp_path.rglob("*.arrow")) == files
        assert dataset.map(Transliterate("text", lang="ru"), batched=True)["text_latn"][0] == "Kiyiv ta Igor"

    def test_map_in_two_processes(self):
        dataset = datasets.Dataset.from_dict({"text": LINES * 10})
        mapped = dataset.map(Transliterate("text", lang="ukr"), batched=True, batch_size=3, num_proc=2)
        assert mapped["text_latn"] == ROMANISED * 10

    def test_fingerprint(self, monkeypatch):
        one = Transliterate("text", lang="hin_Deva")
        fingerprint = Hasher.hash(one)
        one({"text": ["नमस्ते"]})  # loads uroman
        assert Hasher.hash(one) == fingerprint == Hasher.hash(Transliterate("text", lang="hi_deva"))
        assert Hasher.hash(pickle.loads(pickle.dumps(one))) == fingerprint
        assert len(pickle.dumps(one)) < 500
        others = [
            Transliterate("text", lang="hin"),
            Transliterate("source", lang="hin_Deva"),
            Transliterate("text", lang="hin_Deva", output="roman"),
            Transliterate("text", lang_column="lang"),
        ]
        monkeypatch.setattr("hf_xalign.data.transliterators.backend_id", lambda: "uroman 9.9")
        others.append(Transliterate("text", lang="hin_Deva"))
        assert len({fingerprint, *map(Hasher.hash, others)}) == 6

    def test_fingerprint_is_that_of_another_process(self):
        program = (
            "from datasets.fingerprint import Hasher\n"
            "from hf_xalign import Transliterate\n"
            "print(Hasher.hash(Transliterate('text', lang='hin_Deva')))"
        )
        other = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"PYTHONHASHSEED": "7"},
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        assert other.stdout.strip() == Hasher.hash(Transliterate("text", lang="hin_Deva"))

    def test_what_made_the_column_is_kept_with_it(self, tmp_path):
        transliterated = Transliterate("text", lang="ukr")
        assert transliterated.backend_id == backend_id() and backend_id().startswith("uroman 1.")
        dataset = datasets.Dataset.from_dict({"text": LINES})
        for _ in range(2):
            dataset = transliterated.describe(dataset.map(transliterated, batched=True))
        dataset.save_to_disk(tmp_path / "data")
        described = datasets.load_from_disk(tmp_path / "data").info.description
        assert described == f"text_latn: text romanised by {backend_id()}."
        assert "backend_id='uroman" in repr(transliterated)
