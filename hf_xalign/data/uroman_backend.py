"""uroman itself: its tables, read once per process and fast.

`Uroman()` reads 4 MB of text with some 700 000 regular-expression calls. Here the tables it ends up with are kept as
JSON in the Hugging Face cache (under `HF_HOME`), named by a hash of uroman's own files, so that an old copy is never
read for a new uroman. Nothing is unpickled. The module is a private copy (the `uroman` that a user imports stays as it
is), in which the name `regex` stands for `_CompiledPatterns`, and one method does its work in linear time.
"""

from __future__ import annotations

import functools
import gc
import hashlib
import importlib.util
import json
import logging
import os
import tempfile
import unicodedata
from collections import defaultdict
from importlib.metadata import version
from pathlib import Path
from types import ModuleType

import regex


logger = logging.getLogger(__name__)

_FORMAT = 1

# SHA-256 of the `uroman.py` that `romanizer_lattice.py` follows: that of uroman 1.3.1.1.
UROMAN_KNOWN = "e00d126d66442a1677cf4ece3a8158f2a580b7d56969cd1e63eb1e614fc3c0e2"

# Tables with `(kind, text)` keys.
_PAIR_TABLES = ("dict_bool", "dict_str")
# What a `Uroman` holds besides its tables, as its constructor sets it.
_STATE = {
    "rom_cache": dict,
    "rom_cache_size": int,
    "rom_max_cache_size": int,
    "cache_p": bool,
    "hangul_rom": dict,
    "float2fraction": dict,
    "stats": functools.partial(defaultdict, int),
    "abugida_cache": dict,
    "n_error_messages_output": int,
    "n_non_utf8_characters": int,
}


@functools.cache
def backend_id() -> str:
    """Name and version of the romaniser, `uroman 1.3.1.1`; goes into fingerprints and data set cards."""
    return f"uroman {version('uroman')}"


class _CompiledPatterns:
    """What uroman uses of the `regex` module, each pattern compiled once.

    uroman calls `regex.match("pattern", text)` everywhere; half of its time goes into looking the pattern up.
    """

    IGNORECASE = regex.IGNORECASE

    def __init__(self) -> None:
        self._compiled = functools.cache(regex.compile)

    def match(self, pattern, string, flags=0):
        return self._compiled(pattern, flags).match(string)

    def search(self, pattern, string, flags=0):
        return self._compiled(pattern, flags).search(string)

    def sub(self, pattern, replacement, string):
        return self._compiled(pattern).sub(replacement, string)

    def split(self, pattern, string):
        return self._compiled(pattern).split(string)

    def findall(self, pattern, string):
        return self._compiled(pattern).findall(string)


class _Table(dict):
    """A `defaultdict` that does not keep the keys it is asked for: uroman asks for every substring of its input."""

    def __init__(self, default, items=()) -> None:
        super().__init__(items)
        self.default = default

    def __missing__(self, key):
        return self.default()


def _check_for_scripts(lattice) -> None:
    """`Lattice.check_for_scripts`, which looks for Braille in all of the text once for every character of it."""
    for character in set(lattice.s):
        lattice.contains_script[lattice.uroman.chr_script_name(character)] = True
        if lattice.char_is_braille(character):
            lattice.contains_script["Braille"] = True


@functools.cache
def uroman_module() -> ModuleType:
    """A private copy of uroman's module, with compiled patterns."""
    path = Path(importlib.util.find_spec("uroman").submodule_search_locations[0]) / "uroman.py"
    spec = importlib.util.spec_from_file_location("hf_xalign.data._private_uroman", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    module.regex = _CompiledPatterns()
    module.Lattice.check_for_scripts = _check_for_scripts
    return module


@functools.cache
def load_uroman():
    """The `Uroman` of this process, read from the saved tables or, the first time, from uroman's own files."""
    collecting = gc.isenabled()
    gc.disable()  # hundreds of thousands of small objects, none of them garbage
    try:
        path = tables_path()
        saved = _read(path)
        if saved is None:
            uroman = uroman_module().Uroman()
            saved = tables_of(uroman)
            if saved is None:
                logger.warning("%s holds tables that are not known here; they are read anew each time", backend_id())
                return uroman
            _write(path, saved)
        return uroman_from(saved)
    finally:
        if collecting:
            gc.enable()


@functools.cache
def source_digest() -> str:
    """SHA-256 of the installed `uroman.py`."""
    return hashlib.sha256(Path(uroman_module().__file__).read_bytes()).hexdigest()


def tables_path() -> Path:
    """Where the tables of the installed uroman are saved."""
    from huggingface_hub.constants import HF_HOME

    source = Path(uroman_module().__file__)
    digest = hashlib.sha256(f"{_FORMAT} {unicodedata.unidata_version} {regex.__version__}".encode())
    for file in (source, *sorted((source.parent / "data").iterdir())):
        digest.update(f"\n{file.name} {file.stat().st_size}\n".encode())
        digest.update(file.read_bytes())
    name = f"{backend_id().replace(' ', '-')}-{digest.hexdigest()[:20]}.json"
    return Path(HF_HOME) / "hf_xalign" / name


def tables_of(uroman) -> dict | None:
    """The tables of a loaded `Uroman` as JSON values; None where they would not come back as they are."""
    scripts: dict[int, tuple[dict, list[str]]] = {}
    for name, script in uroman.scripts.items():
        scripts.setdefault(id(script), (vars(script), []))[1].append(name)
    saved = {
        "rom_rules": [[key, [vars(rule) for rule in rules]] for key, rules in uroman.rom_rules.items()],
        "scripts": list(scripts.values()),
        "dict_int": uroman.dict_int,
        "dict_num": uroman.dict_num,
        "num_props": uroman.num_props,
        "dict_set": [[list(key), sorted(values)] for key, values in uroman.dict_set.items()],
        **{name: _grouped(getattr(uroman, name)) for name in _PAIR_TABLES},
        **{name: list(getattr(uroman, name)) for name in ("fraction_connectors", "minus_signs", "plus_signs")},
    }
    saved = json.loads(json.dumps(saved))
    return saved if _plain(uroman_from(saved)) == _plain(uroman) else None


def uroman_from(saved: dict):
    """A `Uroman` made of saved tables, without reading uroman's files."""
    module = uroman_module()
    uroman = module.Uroman.__new__(module.Uroman)
    uroman.data_dir = module.Uroman.default_data_dir()
    for name, make in _STATE.items():
        setattr(uroman, name, make())

    def rebuilt(kind, attributes):
        made = kind.__new__(kind)
        made.__dict__ = attributes
        return made

    rule = module.RomRule
    uroman.rom_rules = _Table(list, {key: [rebuilt(rule, one) for one in rules] for key, rules in saved["rom_rules"]})
    uroman.scripts = _Table(module.Script)
    for attributes, names in saved["scripts"]:
        uroman.scripts.update(dict.fromkeys(names, rebuilt(module.Script, attributes)))
    uroman.dict_int = _Table(int, saved["dict_int"])
    uroman.dict_num = _Table(lambda: None, saved["dict_num"])
    uroman.num_props = _Table(dict, saved["num_props"])
    uroman.dict_set = _Table(set, {tuple(key): set(values) for key, values in saved["dict_set"]})
    for name, default in zip(_PAIR_TABLES, (bool, str), strict=True):
        table = _Table(default)
        for kind, value, characters, longer in saved[name]:
            table.update({(kind, text): value for text in (*characters, *longer)})
        setattr(uroman, name, table)
    for name in ("fraction_connectors", "minus_signs", "plus_signs"):
        setattr(uroman, name, dict.fromkeys(saved[name], True))
    return uroman


def _grouped(table: dict) -> list:
    """`{(kind, text): value}` -> for each kind and value `[kind, value, "single characters", [longer texts]]`."""
    groups: dict[tuple, tuple[list[str], list[str]]] = {}
    for (kind, text), value in table.items():
        groups.setdefault((kind, value), ([], []))[len(text) != 1].append(text)
    return [[kind, value, "".join(short), longer] for (kind, value), (short, longer) in groups.items()]


def _plain(uroman) -> dict:
    """All attributes of a `Uroman` as values that compare by content."""
    plain = dict(vars(uroman))
    plain["rom_rules"] = {key: [vars(rule) for rule in rules] for key, rules in plain["rom_rules"].items() if rules}
    plain["scripts"] = {name: vars(script) for name, script in plain["scripts"].items()}
    return plain


def _read(path: Path) -> dict | None:
    try:
        checksum, _, body = path.read_bytes().partition(b"\n")
    except FileNotFoundError:
        return None
    except OSError as error:
        logger.warning("cannot read %s (%s); reading uroman's own files instead", path, error)
        return None
    if hashlib.sha256(body).hexdigest().encode() != checksum:
        logger.warning("%s is damaged; reading uroman's own files instead", path)
        return None
    return json.loads(body)


def _write(path: Path, saved: dict) -> None:
    body = json.dumps(saved, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")
    temporary = None
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=path.name, suffix=".tmp", delete=False) as file:
            temporary = file.name
            file.write(hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
        os.replace(temporary, path)
    except OSError as error:
        logger.warning("cannot save uroman's tables as %s (%s); each process will read uroman's files", path, error)
        if temporary is not None:
            Path(temporary).unlink(missing_ok=True)
