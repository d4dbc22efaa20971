"""Other transliterators than uroman: ICU's, and functions of the user's own."""

from __future__ import annotations

import builtins
import functools
import inspect

import datasets
import pytest
from datasets.fingerprint import Hasher

from hf_xalign.data.arguments import DataArguments
from hf_xalign.data.preparation import prepare
from hf_xalign.data.prepared import load_prepared
from hf_xalign.data.transliteration import Transliterate, transliterate, transliterate_chunks
from hf_xalign.data.transliterators import load_transliterator
from hf_xalign.errors import XAlignError
from tests.data import shouting
from tests.data.shouting import Shouting, shout


LINES = ["Київ та Ігор", "", "щастя", "नमस्ते दुनिया", "Zażółć"]


class TestIcu:
    @pytest.fixture(autouse=True)
    def icu(self):
        return pytest.importorskip("icu")

    def test_lines_go_one_to_one(self):
        assert transliterate(LINES, backend="icu") == ["Kiiv ta Igor", "", "sasta", "namaste duniya", "Zazolc"]

    def test_transforms_are_icus_own(self, icu):
        transform = "Any-Latin; Lower"
        direct = icu.Transliterator.createInstance(transform)
        named = load_transliterator("icu", transform=transform)
        assert transliterate(LINES, backend=named) == [direct.transliterate(line) for line in LINES]
        assert transliterate(LINES, backend=named)[2] == "ŝastâ"

    def test_transforms_by_language(self):
        transforms = {"default": "Any-Latin", "uk": "uk-uk_Latn/BGN; Latin-ASCII"}
        named = Transliterate("text", lang_column="lang", backend=load_transliterator("icu", transform=transforms))
        batch = {"text": ["Київ", "Київ", "Київ"], "lang": ["ukr_Cyrl", "rus_Cyrl", None]}
        assert named(batch)["text_latn"] == ["Kyyiv", "Kií̈v", "Kií̈v"]
        assert named.backend_id.endswith("(Any-Latin, ukr: uk-uk_Latn/BGN; Latin-ASCII)")
        # A code with the script goes before one without.
        named = load_transliterator("icu", transform=transforms | {"ukr_Cyrl": "Any-Upper"})
        assert named(["київ"], "ukr_Cyrl") == ["КИЇВ"] and named(["київ"], "ukr") == ["kyyiv"]

    @pytest.mark.parametrize(
        ("transform", "message"),
        [
            (
                "Any-Latn; Latin-ASCI",
                "not know the transform 'Any-Latn; Latin-ASCI'; did you mean 'Latin-ASCII'",
            ),
            ({"ukr": "Any-Latin"}, "no default"),
            ({"default": 3}, "3 is no ICU transform"),
            (3, "3 is no ICU transform"),
            (["Any-Latin"], r"\['Any-Latin'\] is no ICU transform"),
            ({"default": "Any-Latin", "ukrainisch": "Any-Latin"}, "unknown language code"),
        ],
    )
    def test_wrong_transforms(self, transform, message):
        with pytest.raises(XAlignError, match=message):
            load_transliterator("icu", transform=transform)

    def test_fingerprint(self, icu):
        named = Transliterate("text", backend="icu")
        fingerprint = Hasher.hash(named)
        assert named.backend_id == f"icu {icu.ICU_VERSION} (Any-Latin; Latin-ASCII)"
        named({"text": LINES})
        assert Hasher.hash(named) == fingerprint == Hasher.hash(Transliterate("text", backend="icu"))
        others = [
            Transliterate("text", backend=load_transliterator("icu", transform="Any-Latin")),
            Transliterate("text"),
            Transliterate("text", backend="icu", noise=0.1),
        ]
        assert len({fingerprint, *map(Hasher.hash, others)}) == 4

    def test_in_two_processes(self):
        dataset = datasets.Dataset.from_dict({"text": LINES * 4})
        mapped = dataset.map(Transliterate("text", backend="icu"), batched=True, batch_size=3, num_proc=2)
        assert mapped["text_latn"] == transliterate(LINES, backend="icu") * 4

    def test_prepared_data_tell_what_romanised_them(self, icu, tmp_path):
        (tmp_path / "ukr.txt").write_text("\n".join(line for line in LINES if line), encoding="utf-8")

        def prepared(**section):
            source = {"path": str(tmp_path / "ukr.txt"), "lang": "ukr_Cyrl"}
            folder = tmp_path / "prepared"
            arguments = DataArguments(train_data=[source], tokenizer_name="any", transliteration=section)
            return load_prepared(prepare(arguments, default_dir=folder))

        data = prepared(backend="icu", transform="Any-Latin", noise=0.5)
        told = f"icu {icu.ICU_VERSION} (Any-Latin), with noise 0.5 (seed 0)"
        assert data.info["versions"]["romaniser"] == told
        assert f"romanisation of `text` by\n{told}" in (data.folder / "README.md").read_text(encoding="utf-8")
        plain = prepared(backend="icu", transform="Any-Latin")
        assert plain.info["fingerprint"] not in (data.info["fingerprint"], prepared().info["fingerprint"])
        assert plain.train["text_latn"][0] == "Kií̈v ta Ígor" != data.train["text_latn"][0]


def test_icu_is_not_installed(monkeypatch):
    real = builtins.__import__

    def without_icu(name, *rest):
        if name == "icu":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without_icu)
    with pytest.raises(XAlignError, match=r"icu needs PyICU: pip install 'hf_xalign\[icu\]'"):
        Transliterate("text", backend=load_transliterator("icu", transform="Any-Latin; Lower; NFC"))
    # A recipe for it is read all the same.
    assert DataArguments(transliteration={"backend": "icu"}).transliteration == {"backend": "icu"}


@pytest.mark.parametrize(
    ("section", "message"),
    [
        ({"backend": "icuu"}, "unknown transliteration backend 'icuu'; did you mean 'icu'"),
        ({"backend": "os:system"}, r"in Python: Transliterate\(column, backend=function\)"),
        ({"backend": ["icu"]}, "unknown transliteration backend"),
        ({"transform": "Any-Latin"}, "uroman has no setting 'transform'; it has none"),
        ({"backend": "icu", "transfrom": "x"}, "did you mean 'transform'"),
        ({"noise": 1.5}, "noise is 1.5; it is the share of the letters that are damaged, 0 to 1"),
        ({"noise": True}, "noise is True"),
        ({"noise": float("nan")}, "noise is nan"),
    ],
)
def test_wrong_sections(section, message):
    with pytest.raises(XAlignError, match=message):
        DataArguments(transliteration=section)


class TestFunctions:
    def test_adds_a_column(self):
        own = Transliterate("text", lang_column="lang", backend=shout)
        batch = {"text": ["a", "b", None, "c"], "lang": ["uk", None, "uk", "uk"]}
        assert own(batch) == {"text_latn": ["A (ukr)", "B (None)", None, "C (ukr)"]}
        assert Transliterate("text", backend=Shouting("!"))({"text": ["a"]}) == {"text_latn": ["A!"]}
        assert list(transliterate_chunks([["a"], ["b"]], "uk", num_proc=2, backend=shout)) == [
            ["A (ukr)"],
            ["B (ukr)"],
        ]

    def test_map_reads_its_cache_the_second_time(self, tmp_path, monkeypatch):
        datasets.Dataset.from_dict({"text": ["a", "b"]}).save_to_disk(tmp_path / "data")
        dataset = datasets.load_from_disk(tmp_path / "data")
        mapped = {}
        for backend in (shout, Shouting("!"), Shouting("?")):
            own = Transliterate("text", backend=backend)
            first = dataset.map(own, batched=True)
            files = set(tmp_path.rglob("*.arrow"))
            second = dataset.map(Transliterate("text", backend=backend), batched=True)
            assert second._fingerprint == first._fingerprint and set(tmp_path.rglob("*.arrow")) == files
            mapped[first._fingerprint] = own.backend_id
        assert len(mapped) == 3
        # Another version of the function is not taken for this one.
        source = inspect.getsource(shout)
        monkeypatch.setattr(inspect, "getsource", lambda function: source.replace("upper", "lower"))
        assert dataset.map(Transliterate("text", backend=shout), batched=True)._fingerprint not in mapped

    def test_what_another_process_cannot_have(self):
        def within(sentences, lang):
            return sentences

        for backend in (lambda sentences, lang: sentences, within):
            backend.id = "an id does not help"
            with pytest.raises(XAlignError, match=r"cannot be pickled.*\(no lambda, no function within a function"):
                Transliterate("text", backend=backend)

    @pytest.mark.parametrize("backend", [functools.partial(shout, lang="x"), str.upper, len])
    def test_what_has_no_version(self, backend):
        with pytest.raises(XAlignError, match='give it an id, such as id = "my transliterator 1"'):
            Transliterate("text", backend=backend)

    def test_a_function_with_an_id(self, monkeypatch):
        monkeypatch.setattr(shout, "id", "shout 2", raising=False)
        assert Transliterate("text", backend=shout).backend_id == "shout 2"

    @pytest.mark.parametrize(
        ("result", "message"),
        [
            (["a"], "made 1 sentences of 2"),
            (["a", None], "returned NoneType, not text"),
            ("ab" * 2, "4 sentences of 2"),
        ],
    )
    def test_wrong_results(self, result, message, monkeypatch):
        monkeypatch.setattr(shouting.Shouting, "__call__", lambda self, sentences, lang: result)
        with pytest.raises(XAlignError, match=message):
            Transliterate("text", backend=Shouting("!"))({"text": ["a", "b"]})

    @pytest.mark.parametrize("backend", [3, None, ["icu"]])
    def test_no_function(self, backend):
        with pytest.raises(XAlignError, match="a transliteration backend is a name or a function"):
            Transliterate("text", backend=backend)
