"""Every reader of the library, each with a maker of spoiled files: `GROUPS[name](folder)` gives `case(rng) -> call`.

A case writes its file into the folder and returns what it is called and the call that reads it. Good files are built
here, by the library's own writers where there are some.
"""

from __future__ import annotations

import gzip
import io
import json
import pickle
import random
import shutil
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from hf_xalign.errors import XAlignError
from tests.stress import nasty


Case = tuple[str, Callable[[], Any]]
Maker = Callable[[random.Random], Case]

LINES = {
    "pharaoh.txt": "0-0 1-1:0.5 2-3:1e-3\n\n3-2 0-1\n",
    "pairs.txt": "one two ||| eins zwei\nthree , ||| drei ,\n",
    "gold.txt": "0-0 1p1\n1-0\n",
    "simalign.txt": "1\t0-0 1p1\n2\t1-0 0-1\n",
    "wpt.txt": "1 1 1 S\n1 2 2 P\n2 1 1\n",
    "xlwa.txt": "one two\teins zwei\t0-0 1-1\nthree .\tdrei .\t0-0\n",
}
TABLES = {
    "table.jsonl": [
        {"source_words": ["a", "b"], "target_words": ["c", "d"], "sure": ["0-0"], "possible": [[1, 1]]},
        {"source_words": ["a"], "target_words": ["c"], "sure": [[0, 0]], "pair": "eng-deu", "split": "test"},
    ],
    "pairs.jsonl": [
        {"source": f"नदी {i}", "target": f"دریا {i}", "source_lang": "hin_Deva", "target_lang": "urd_Arab"}
        for i in range(4)
    ],
    "wide.jsonl": [{"hin_Deva": f"नदी {i}", "urd": f"دریا {i}", "eng_Latn": f"river {i}"} for i in range(4)],
    "sts.jsonl": [{"sentence1": f"a {i}", "sentence2": f"b {i}", "score": i / 2} for i in range(4)],
    "words.jsonl": [
        {
            "source": "a b",
            "target": "c d",
            "source_words": ["a", "b"],
            "target_words": ["c", "d"],
            "alignment": [[0, 0], [1, 1]],
            "alignment_score": [0.5, 1.0],
        }
        for _ in range(3)
    ],
    "text.jsonl": [{"text": f"नदी {i}", "lang": "hin_Deva"} for i in range(4)],
}


# --- lines and tables ------------------------------------------------------------------------------------------------


def lines(folder: Path) -> Maker:
    """Pharaoh files, `a ||| b` files, and gold in the formats of lines."""
    from hf_xalign.aligners.gold import FORMATS, read_gold
    from hf_xalign.aligners.pharaoh import read_links, read_pairs
    from hf_xalign.demo.corpus import read_corpus

    sides = [(["a", "b"], ["c", "d"])] * 2

    def case(rng: random.Random) -> Case:
        kind = rng.choice(list(LINES))
        path = folder / nasty.file_name(rng, rng.choice((".txt", ".txt", ".txt.gz")))
        _write(rng, path, nasty.spoiled_bytes(rng, LINES[kind].encode()))
        if kind == "pharaoh.txt":
            return kind, lambda: read_links(path)
        if kind == "pairs.txt":
            raw = rng.random() < 0.5
            return kind, lambda: (read_pairs(path, raw=raw), read_corpus(path))
        format = rng.choice((None, rng.choice(FORMATS)))
        options = {"one_based": rng.random() < 0.3, "skip_bad": rng.random() < 0.3, "format": format}
        pairs = None if kind == "xlwa.txt" and rng.random() < 0.8 else sides
        return f"{kind} {options}", lambda: read_gold(path, pairs, **options).fingerprint()

    return case


def tables(folder: Path) -> Maker:
    """JSON Lines, JSON, TSV, CSV, text and Parquet as gold, as sources of a recipe and as test data."""
    from hf_xalign.aligners.gold import read_gold
    from hf_xalign.data.corpora import load_corpus
    from hf_xalign.evaluation.parallel_text import read_language_pairs, read_parallel
    from hf_xalign.evaluation.sts_data import read_sts

    def read(kind: str, path: Path, rng: random.Random) -> Any:
        if kind == "table.jsonl":
            return read_gold(path, format=rng.choice((None, "table")), skip_bad=rng.random() < 0.5).fingerprint()
        if kind == "sts.jsonl":
            return read_sts(str(path)).fingerprint()
        if kind == "wide.jsonl":
            pairs = rng.choice((["hin_Deva-urd_Arab"], ["hin-urd"], ["eng_Latn-*"], ["hin_Deva-eng", "eng-urd"]))
            return [text.fingerprint() for text in read_language_pairs(str(path), pairs)]
        if kind == "pairs.jsonl" and rng.random() < 0.5:
            return read_parallel(str(path), "hin_Deva-urd_Arab").fingerprint()
        source: dict[str, Any] = {"path": str(path)}
        if kind == "words.jsonl":
            source |= {"source_lang": "hin", "target_lang": "urd"}
            source["columns"] = {name: name for name in TABLES[kind][0]}
        if rng.random() < 0.2:
            source |= rng.choice(({"limit": 1}, {"min_words": 1}, {"take": {"count": 2}}, {"require": ["text"]}))
        if rng.random() < 0.1:
            spoiled = nasty.spoiled_tree(rng, source)
            # Nothing else of this machine is read.
            source = spoiled | {"path": str(path)} if isinstance(spoiled, dict) else spoiled
        kind = "pairs" if kind != "text.jsonl" else "text"
        return load_corpus([source], kind)

    def case(rng: random.Random) -> Case:
        kind = rng.choice(list(TABLES))
        ending = rng.choice((".jsonl", ".jsonl", ".json", ".tsv", ".csv", ".txt", ".parquet", ".parquet"))
        rows = TABLES[kind]
        if rng.random() < 0.6:
            rows = nasty.spoiled_tree(rng, rows)
            rows = [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
        path = folder / nasty.file_name(rng, ending + rng.choice(("", "", "", ".gz")) * (ending != ".parquet"))
        data = _table_bytes(rng, rows or TABLES[kind], ending)
        _write(rng, path, nasty.spoiled_bytes(rng, data) if rng.random() < 0.5 else data)
        return f"{kind} as {path.name!r}", lambda: read(kind, path, rng)

    return case


def _table_bytes(rng: random.Random, rows: list[dict], ending: str) -> bytes:
    if ending == ".jsonl":
        return b"".join(_json(row) + b"\n" for row in rows)
    if ending == ".json":
        return _json(rng.choice((rows, {"data": rows})))
    if ending == ".parquet":
        return _parquet(rng, rows)
    separator = {".tsv": "\t", ".csv": ",", ".txt": " "}[ending]
    names = list(rows[0])
    text = separator.join(map(str, names)) + "\n" if rng.random() < 0.8 else ""
    text += "".join(separator.join(str(row.get(name, "")) for name in names) + "\n" for row in rows)
    return text.encode("utf-8", "surrogatepass")


def _parquet(rng: random.Random, rows: list[dict]) -> bytes:
    names = list(dict.fromkeys(str(name) for row in rows for name in row)) or ["text"]
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        try:
            column = pa.array(values)
        except (pa.ArrowException, OverflowError, UnicodeError):
            column = pa.array([repr(value) for value in values])
        if rng.random() < 0.15:
            odd = (pa.binary(), pa.large_string(), pa.dictionary(pa.int32(), pa.string()), pa.int64(), pa.null())
            try:
                column = column.cast(rng.choice(odd))
            except pa.ArrowException:
                column = pa.nulls(len(values), pa.list_(pa.list_(pa.int8())))
        columns[name.encode("utf-8", "replace").decode()] = column
    sink = io.BytesIO()
    try:
        pq.write_table(pa.table(columns), sink, compression=rng.choice(("none", "snappy", "zstd", "gzip")))
    except pa.ArrowException:
        sink = io.BytesIO()
        pq.write_table(pa.table({"text": ["a"]}), sink)
    return sink.getvalue()


def _write(rng: random.Random, path: Path, data: bytes) -> None:
    if path.name.endswith(".gz"):
        # What comes out of the compression may be large, what goes in is not.
        data = gzip.compress(data, 1)
        if rng.random() < 0.4:
            data = nasty.spoiled_bytes(rng, data, changes=1)
    path.write_bytes(data)


def _json(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False).encode("utf-8", "surrogatepass")


# --- recipes ---------------------------------------------------------------------------------------------------------

RECIPE = {
    "train_data": [{"path": "a.txt", "lang": "hin_Deva", "limit": 10}],
    "selection_data": [{"path": "minicorpus:validation", "langs": ["hin_Deva", "urd_Arab"]}],
    "max_length": 24,
    "model_config": {"model_type": "xlm-roberta", "hidden_size": 16},
    "heads": {"mlm": {}, "tcm": {"temperature": 0.1}},
    "learning_rate": 1e-4,
    "max_steps": 3,
    "output_dir": "out",
    "report_to": "none",
    "use_cpu": True,
    "eval_strategy": "no",
}
SWEEP = {"recipe": "recipe.yaml", "grid": {"heads.tcm.temperature": [0.1, 0.2]}, "runs": [{}], "output_dir": "runs"}
# Small texts that grow, call or go round in circles.
BOMBS = (
    "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
    + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 10)}]\n" for a, b in zip("abcdefghij", "bcdefghijk", strict=True)),
    "a: &a {k: v}\n"
    + "".join(
        f"{b}: &{b} {{<<: [{','.join([f'*{a}'] * 9)}], {b}: [*{a}, *{a}, *{a}, *{a}]}}\n"
        for a, b in zip("abcdefghijklm", "bcdefghijklmn", strict=True)
    ),
    "a: &a [*a]\n",
    "&a ? *a\n: 1\n",
    "a: &a\n  b: *a\n",
    "[" * 5000,
    "{a: " * 3000,
    "- " * 3000,
    "? " * 2000,
    "a: !!python/object/apply:os.system ['touch {marker}']\n",
    "!!python/object/new:os.system ['touch {marker}']\n",
    "a: !!python/name:os.system\n",
    "a: !!python/module:os\n",
    "a: !!timestamp 2001-99-99\n",
    "a: !!int twelve\n",
    "a: !!float twelve\n",
    "a: !!bool maybe\n",
    "a: !!null 3\n",
    "a: !!binary '%%%'\n",
    "a: !!set {b, c}\n",
    "a: !!omap [b, c]\n",
    "a: !!pairs [b: c]\n",
    "a: !!map [b]\n",
    "a: !!seq {b: c}\n",
    "a: !unknown x\n",
    "%TAG ! tag:yaml.org,2002:python/\n--- !name:os.system\n",
    "%YAML 9.9\n---\na: b\n",
    "a: 1\n---\nb: 2\n",
    "a: " + "9" * 6000 + "\n",
    "a: 1e99999\n",
    "<<: [1, 2]\n",
    "<<: *nowhere\n",
    "? [a, b]\n: c\n",
    "? {a: b}\n: c\n",
    "a: 'x\n",
    'a: "\\ud800"\n',
    'a: "\\U00110000"\n',
    "\ta: b\n",
)


def recipes(folder: Path) -> Maker:
    """Recipes, sweep files and the command line's changes to them."""
    from hf_xalign.arguments import ModelArguments
    from hf_xalign.data.arguments import DataArguments
    from hf_xalign.data.preparation import read_sections
    from hf_xalign.recipe import dump_recipe, read_recipe
    from hf_xalign.sweep.file import read_sweep_file, settings_of
    from hf_xalign.train import check_arguments
    from hf_xalign.training_args import XAlignTrainingArguments

    kinds = (DataArguments, ModelArguments, XAlignTrainingArguments)
    (folder / "recipe.yaml").write_text(yaml.safe_dump(RECIPE))
    marker = folder / "executed"

    def options(rng: random.Random) -> list[str]:
        if rng.random() < 0.7:
            return []
        keys = ("heads.tcm.temperature", "train_data.0.limit", "train_data.7", "max_steps", "learning_rate", "heads")
        key = rng.choice((*keys, nasty.string(rng)))
        # What a command line can hold.
        return [f"--{key}", nasty.string(rng)[:100_000].replace("\0", "")]

    def read(path: Path, changes: list[str], sweep: bool) -> None:
        if sweep:
            settings_of(read_sweep_file(path, changes)[0])
            return
        arguments, resolved = read_recipe(path, changes, kinds)
        dump_recipe(resolved, folder / "written.yaml")
        read_sections(arguments[0])
        check_arguments(*arguments)

    def call(path: Path, changes: list[str], sweep: bool) -> None:
        try:
            read(path, changes, sweep)
        finally:
            if marker.exists():
                raise AssertionError("the recipe ran a command")

    def case(rng: random.Random) -> Case:
        sweep = rng.random() < 0.25
        path = folder / nasty.file_name(rng, ".yaml")
        kind = rng.random()
        if kind < 0.25:
            data = rng.choice(BOMBS).replace("{marker}", str(marker)).encode("utf-8", "surrogatepass")
        else:
            good = SWEEP if sweep else RECIPE
            tree = nasty.spoiled_tree(rng, good, plain=True) if kind < 0.8 else good
            data = yaml.safe_dump(tree, allow_unicode=True, sort_keys=False).encode("utf-8", "surrogatepass")
        path.write_bytes(nasty.spoiled_bytes(rng, data, changes=1) if rng.random() < 0.35 else data)
        changes = options(rng)
        return f"{'sweep' if sweep else 'recipe'} {[text[:60] for text in changes]}", lambda: call(
            path, changes, sweep
        )

    return case


# --- result files and cards ------------------------------------------------------------------------------------------


def results(folder: Path) -> Maker:
    """What `xalign report` reads, and every other result file."""
    from hf_xalign.evaluation import languages_results, mining_results, sts_results
    from hf_xalign.evaluation import results as pair_results
    from hf_xalign.evaluation.audit import results as audit_results
    from hf_xalign.evaluation.audit.report import build_audit_page
    from hf_xalign.evaluation.report.document import build_report
    from hf_xalign.evaluation.report.markdown import markdown_tables
    from hf_xalign.hub.export_record import read_export
    from tests.evaluation.languages_factory import make_languages
    from tests.evaluation.report_factory import make_results, make_trainer_state
    from tests.evaluation.test_audit_report import make_audit

    export = {"format": "hf_xalign/export-1", "source": "x", "layer": 1, "layers": 1, "layers_of_source": 2}
    export |= {"pooling": "mean", "normalized": False, "hf_xalign_version": "1"}
    good = {
        "results.json": make_results(dynamics=2, num_layers=3, errors=2, n=20),
        "languages.json": make_languages(n=20),
        "trainer_state.json": make_trainer_state(steps=4) | {"global_step": 4},
        "audit.json": make_audit(labels=("hin_Deva-urd_Arab",)),
        "xalign_export.json": export,
    }
    readers = {
        "results.json": pair_results.read_results,
        "languages.json": languages_results.read_languages,
        "audit.json": lambda path: build_audit_page(audit_results.read_audit(path)),
    }
    others = (mining_results.read_mining, sts_results.read_sts_results)

    def call(place: Path, name: str, other: int) -> None:
        path = place / name
        if name == "xalign_export.json":
            return read_export(place)
        if name != "audit.json":
            _either(lambda: build_report([place]), lambda: markdown_tables([place]))
        if name in readers:
            readers[name](path)
        return others[other](path)

    def case(rng: random.Random) -> Case:
        place = folder / nasty.file_name(rng, "")
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir()
        name = rng.choice([*good, "results.json", "results.json"])
        if name == "trainer_state.json":
            (place / "results.json").write_bytes(_json(good["results.json"]))
        tree = nasty.spoiled_tree(rng, good[name]) if rng.random() < 0.8 else good[name]
        data = _json(tree)
        (place / name).write_bytes(nasty.spoiled_bytes(rng, data) if rng.random() < 0.4 else data)
        other = rng.randrange(2)
        return name, lambda: call(place, name, other)

    return case


def _either(*calls: Callable[[], Any]) -> None:
    """Make all calls, also where one of them refuses."""
    refused = None
    for call in calls:
        try:
            call()
        except XAlignError as error:
            refused = error
    if refused is not None:
        raise refused


def cards(folder: Path) -> Maker:
    """The folder of a run, of which a card is made."""
    from hf_xalign.hub import render_card
    from hf_xalign.published_files import check_model
    from hf_xalign.resuming import _state
    from tests.hub.card_factory import PROVENANCE, RECIPE, make_run, run_results

    run = make_run(folder, results=run_results())
    good = {
        "provenance.json": PROVENANCE,
        "recipe.yaml": RECIPE,
        **{
            name: json.loads((run / name).read_text())
            for name in ("results.json", "trainer_state.json", "xalign_config.json", "config.json")
        },
    }
    kept = {name: (run / name).read_bytes() for name in good}

    def read() -> None:
        _either(lambda: str(render_card(run)), lambda: check_model(run), lambda: _state(str(run)))

    def case(rng: random.Random) -> Case:
        for name, data in kept.items():
            (run / name).write_bytes(data)
        name = rng.choice([*good, "provenance.json", "provenance.json", "recipe.yaml"])
        tree = nasty.spoiled_tree(rng, good[name], plain=name == "recipe.yaml")
        if name == "recipe.yaml":
            data = yaml.safe_dump(tree, allow_unicode=True).encode("utf-8", "surrogatepass")
        else:
            data = _json(tree)
        (run / name).write_bytes(nasty.spoiled_bytes(rng, data, changes=1) if rng.random() < 0.2 else data)
        return name, read

    return case


# --- checkpoints -----------------------------------------------------------------------------------------------------


class _Bomb:
    """A pickle that makes a file when it is opened."""

    def __init__(self, marker: Path):
        self.marker = marker

    def __reduce__(self):
        return Path.touch, (self.marker,)


def checkpoints(folder: Path) -> Maker:
    """Folders of models, of their tokenizers and of adapters: tensors, headers, configs and pickles."""
    import torch
    from safetensors.torch import load, save

    from hf_xalign import XAlignModel
    from hf_xalign.adapter_files import save_adapter
    from hf_xalign.evaluation.embeddings import sentence_embeddings
    from hf_xalign.loading import load_config, load_encoder, load_tokenizer
    from hf_xalign.peft_adapters import add_lora
    from tests.tiny import tiny_config, word_tokenizer

    torch.manual_seed(0)
    heads = {"mlm": {}, "tr": {"projection": "tanh"}}
    base, adapter, run = folder / "base", folder / "adapter", folder / "run"
    XAlignModel.from_encoder(tiny_config(layers=1), heads=heads).save_pretrained(base)
    word_tokenizer().save_pretrained(base)
    save_adapter(add_lora(XAlignModel.from_encoder(str(base), heads), {"r": 2}), adapter)
    word_tokenizer().save_pretrained(adapter)
    marker = folder / "executed"
    sentences = ["w1 w2", "w3", "", "w4 \u202e\u0301 \ud800"[:6]]

    def call() -> None:
        def own() -> None:
            XAlignModel.from_pretrained(run)

        def further() -> None:
            XAlignModel.from_encoder(str(run), {"mlm": {}})

        def plain() -> None:
            load_config(str(run))
            sentence_embeddings(load_encoder(str(run)), load_tokenizer(str(run)), sentences, layers=[1])

        try:
            _either(own, further, plain)
        finally:
            if marker.exists():
                raise AssertionError("a pickle was opened")

    def tensors(rng: random.Random, data: bytes) -> bytes:
        state = load(data)
        for key in rng.sample(sorted(state), min(len(state), rng.choice((1, 1, 2, 30)))):
            kind, old = rng.random(), state[key]
            if kind < 0.25:
                del state[key]
            elif kind < 0.5:
                shapes = ((0,), (1,), (3, 3), (*old.shape, 1), tuple(size + 1 for size in old.shape))
                state[key] = torch.zeros(rng.choice(shapes))
            elif kind < 0.7:
                state[key] = torch.full_like(old, rng.choice((float("nan"), float("inf"), 1e38)))
            elif kind < 0.85:
                state[key] = old.to(rng.choice((torch.int64, torch.bool, torch.float64, torch.float16)))
            else:
                state[nasty.string(rng)[:200].encode("utf-8", "replace").decode()] = state.pop(key)
        return save(state, metadata=rng.choice(({"format": "pt"}, None, {"format": "tf"})))

    def header(rng: random.Random, data: bytes) -> bytes:
        (length,) = struct.unpack("<Q", data[:8])
        tree, rest = json.loads(data[8 : 8 + length]), data[8 + length :]
        if rng.random() < 0.5:
            lie = rng.choice((0, 1, length - 1, length + 1, len(data), 2**31, 2**40, 2**63, 2**64 - 1))
            return struct.pack("<Q", lie) + data[8:]
        entry = tree[rng.choice([key for key in tree if key != "__metadata__"])]
        if rng.random() < 0.6:
            entry[rng.choice(("data_offsets", "shape"))] = rng.choice(
                ([0, 2**40], [8, 4], [0, 0], [-1, 4], [2**63, 2**64], [2**32, 2**32], [1e3, 4], None, [[]])
            )
        else:
            tree = nasty.spoiled_tree(rng, tree, changes=1)
        text = _json(tree)
        return struct.pack("<Q", len(text)) + text + rest

    def weights(rng: random.Random, path: Path) -> str:
        data, kind = path.read_bytes(), rng.random()
        if kind < 0.45:
            data, said = tensors(rng, data), "tensors"
        elif kind < 0.7:
            data, said = header(rng, data), "header"
        elif kind < 0.8:
            data, said = pickle.dumps(_Bomb(marker)), "pickle"
        else:
            data, said = nasty.spoiled_bytes(rng, data, changes=1), "bytes"
        path.write_bytes(data)
        return said

    def only_pickles(rng: random.Random) -> None:
        for path in run.glob("*.safetensors"):
            path.unlink()
        for name in ("pytorch_model.bin", "adapter_model.bin", "model.safetensors.index.json"):
            (run / name).write_bytes(pickle.dumps(_Bomb(marker)))
        if rng.random() < 0.5:
            torch.save({"weight": _Bomb(marker)}, run / "pytorch_model.bin")

    def index(rng: random.Random) -> None:
        state = load((run / "model.safetensors").read_bytes())
        (run / "model.safetensors").unlink()
        names = ("../base/model.safetensors", "/etc/passwd", "x.bin", "", "..", "\0", "a\nb", 3, None)
        tree = {"metadata": {"total_size": 1}, "weight_map": dict.fromkeys(state, rng.choice(names))}
        tree = nasty.spoiled_tree(rng, tree, changes=1) if rng.random() < 0.3 else tree
        (run / "model.safetensors.index.json").write_bytes(_json(tree))

    def no_mask() -> None:
        path = run / "tokenizer_config.json"
        told = {key: value for key, value in json.loads(path.read_text()).items() if key != "mask_token"}
        path.write_text(json.dumps(told))

    def case(rng: random.Random) -> Case:
        shutil.rmtree(run, ignore_errors=True)
        adapted = rng.random() < 0.35
        shutil.copytree(adapter if adapted else base, run)
        kind = rng.random()
        if kind < 0.5:
            path = rng.choice(sorted(run.glob("*.safetensors")))
            said = f"{path.name}: {weights(rng, path)}"
        elif kind < 0.55:
            only_pickles(rng)
            said = "only pickles"
        elif kind < 0.6 and not adapted:
            index(rng)
            said = "index"
        elif kind < 0.63:
            no_mask()
            said = "no mask token"
        else:
            path = rng.choice([path for path in sorted(run.glob("*.json")) if path.name != "tokenizer.json"])
            if rng.random() < 0.15:
                path = run / "tokenizer.json"
            tree = json.loads(path.read_text())
            if rng.random() < 0.8:
                path.write_bytes(_json(nasty.spoiled_tree(rng, tree, changes=rng.choice((1, 1, 2)))))
            else:
                path.write_bytes(nasty.spoiled_bytes(rng, path.read_bytes(), changes=1))
            said = path.name
        return f"{'adapter' if adapted else 'model'}: {said}", call

    return case


# --- text ------------------------------------------------------------------------------------------------------------


def text(folder: Path) -> Maker:
    """Sentences of all of Unicode: romanised, split into words, tokenised."""
    from hf_xalign.data.languages import parse_language
    from hf_xalign.data.tokenization import TokenizeViews
    from hf_xalign.data.transliteration import Transliterate, transliterate
    from hf_xalign.data.words import locate_words, split_words
    from hf_xalign.demo.writing import guess_language
    from hf_xalign.markdown import code, inline, one_line
    from tests.tiny import word_tokenizer

    views = TokenizeViews(word_tokenizer(), source="source", target="target", max_length=16)
    languages = (None, "hin", "urd", "ukr", "zho", "jpn", "kor", "tha", "amh", "heb", "bod")

    def call(sentence: str, language: str | None) -> None:
        words = split_words(sentence)
        assert all(words), "an empty word"
        if words:
            spans = locate_words(sentence, words)
            assert spans is not None and all(0 <= start < end <= len(sentence) for start, end in spans)
        for made in (one_line(sentence), inline(sentence), code(sentence)):
            assert "\n" not in made
            made.encode("utf-8")
        guess_language(sentence)
        _either(lambda: parse_language(sentence), lambda: _romanised(sentence, language), lambda: _ids(sentence))

    def _romanised(sentence: str, language: str | None) -> None:
        (romanised,) = transliterate([sentence], lang=language)
        assert isinstance(romanised, str)
        assert Transliterate("text", lang=language)({"text": [sentence]})["text_latn"] == [romanised]

    def _ids(sentence: str) -> None:
        found = views({"source": [sentence], "target": ["w1"]})
        assert len(found["source_input_ids"][0]) <= 16

    def case(rng: random.Random) -> Case:
        sentence = "".join(nasty.string(rng) for _ in range(rng.choice((1, 1, 2))))[: nasty.MEGABYTE]
        language = rng.choice(languages)
        return f"{language} {sentence[:40]!a} ({len(sentence)})", lambda: call(sentence, language)

    return case


# --- the command line ------------------------------------------------------------------------------------------------


def command(folder: Path) -> Maker:
    """Commands on spoiled files: status 0 or 2, and with 2 one line in which nothing steers a terminal."""
    import contextlib

    from hf_xalign.cli import main

    made = {name: GROUPS[name](_made(folder / name)) for name in ("lines", "tables", "recipes", "results")}

    def argv(name: str, place: Path, rng: random.Random) -> list[str]:
        files = sorted(path for path in place.rglob("*") if path.is_file())
        path = str(rng.choice(files)) if files else str(place)
        if name == "lines":
            links = ["align", path, "--audit", path, "--links", path]
            return rng.choice((links, ["transliterate", path, "--lang", "hin", "--output", str(folder / "out.txt")]))
        if name == "tables":
            model = str(folder / "nothing")
            return ["evaluate", model, "--data", path, "--pair", "hin_Deva-urd_Arab", "--output", str(folder / "out")]
        if name == "recipes":
            return ["prepare", path]
        return ["report", str(Path(path).parent), "--output", str(folder / "report.html")]

    def call(arguments: list[str]) -> None:
        written = io.StringIO()
        shown = io.StringIO()
        try:
            with contextlib.redirect_stderr(written), contextlib.redirect_stdout(shown):
                status = main(arguments)
        except SystemExit as error:  # argparse
            status = error.code
            assert status == 2, f"status {status}"
            return
        assert status in (0, 2), f"status {status}"
        if status == 2:
            told = [line for line in written.getvalue().split("\n") if f"xalign {arguments[0]}: error: " in line]
            assert len(told) == 1 and written.getvalue().endswith(told[0] + "\n"), written.getvalue()[-300:]
            bad = [c for c in told[0] if c < " " or "\x7f" <= c < "\xa0" or c in "\u202e\u2066\u2028\u2029"]
            assert not bad, f"{bad} in the message"
            assert len(told[0]) < 5000, f"a message of {len(told[0])} characters"

    def case(rng: random.Random) -> Case:
        name = rng.choice(list(made))
        place = folder / name
        shutil.rmtree(place)
        place.mkdir()
        if name == "recipes":
            (place / "recipe.yaml").write_text(yaml.safe_dump(RECIPE))
        made[name](rng)
        arguments = argv(name, place, rng)
        return f"xalign {arguments[0]} on {name}", lambda: call(arguments)

    return case


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder


# Group -> its maker, and its share of the cases.
GROUPS: dict[str, Callable[[Path], Maker]] = {
    "lines": lines,
    "tables": tables,
    "recipes": recipes,
    "results": results,
    "cards": cards,
    "checkpoints": checkpoints,
    "text": text,
    "command": command,
}
SHARES = {
    "lines": 15,
    "tables": 20,
    "recipes": 15,
    "results": 12,
    "cards": 8,
    "checkpoints": 10,
    "text": 15,
    "command": 5,
}
