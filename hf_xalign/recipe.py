"""Recipes: one flat YAML file is one complete run.

The keys of a recipe are the fields of a few dataclasses (data, model, training arguments), read through
`transformers.HfArgumentParser`. The command line overrides the file; `${NAME}` in a value is the environment's NAME.
"""

from __future__ import annotations

import dataclasses
import os
import re
import types
import typing
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from hf_xalign.errors import XAlignError
from hf_xalign.messages import did_you_mean, kind_of
from hf_xalign.yaml_files import dump_yaml, load_yaml, parse_yaml, unshared


# Never written to a file, whatever the recipe or the command line says.
SECRET_KEYS = frozenset({"hub_token"})

_HALF_CHARACTER = re.compile("[\ud800-\udfff]")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


def read_recipe(
    path: str | Path,
    overrides: Sequence[str],
    dataclass_types: tuple[type, ...],
    *,
    also_known: tuple[type, ...] = (),
    expand: bool = True,
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Read a recipe and the command line's changes to it.

    Args:
        path: the YAML file. Its top-level keys are fields of `dataclass_types` and `also_known`.
        overrides: `["--key", "value", "--key=value", ...]`. A dotted key reaches into dicts and lists
            (`--heads.tcm.temperature 0.1`, `--train_data.0.limit 100`); the value `null` after a dotted key removes
            that entry. A key with no value means `true`.
        dataclass_types: the dataclasses to build.
        also_known: dataclasses whose fields may stand in the recipe although they are not built here.
        expand: replace `${NAME}` by the environment variable of that name. Without it, values stay as written, which
            is enough to check a recipe on a machine that has no data.

    Returns:
        The instances, in the order of `dataclass_types`, and the resolved recipe: a plain dict of the file's keys and
        the command line's, with values as written (`${NAME}` is kept, so that the file can be used elsewhere) and
        without secrets.

    Raises:
        XAlignError: the file cannot be read or is no mapping, a key is unknown (the nearest known one is named), a
            value does not fit its field, a variable is not set, or the arguments refuse each other.
    """
    path = Path(path)
    fields = _fields_of(dataclass_types + also_known)
    if not path.exists():
        raise XAlignError(f"{path}: no such file (the recipe comes first, then --key value)")
    recipe = load_yaml(path)
    for key in recipe:
        if key not in fields:
            raise XAlignError(f"{path}: unknown key {key!r}{did_you_mean(key, fields)}")
    apply_overrides(recipe, overrides, fields)
    _check_characters(recipe, path)
    resolved = {key: value for key, value in recipe.items() if key not in SECRET_KEYS}
    values = {key: _expand(value, key, path) if expand else value for key, value in recipe.items()}
    return _build(path, dataclass_types, values), unshared(resolved)


def dump_recipe(resolved: dict[str, Any], path: str | Path, *, comments: Sequence[str] = ()) -> None:
    """Write a resolved recipe as YAML that `read_recipe` reads back to the same values; the write is atomic.

    `comments` are lines that stand above it.
    """
    safe = {key: value for key, value in resolved.items() if key not in SECRET_KEYS}
    dump_yaml(safe, Path(path), comments=comments)


def _check_characters(value: Any, path: Path) -> None:
    """Refuse what no file could be written with."""
    if isinstance(value, dict):
        for key, item in value.items():
            _check_characters(key, path)
            _check_characters(item, path)
    elif isinstance(value, list):
        for item in value:
            _check_characters(item, path)
    elif isinstance(value, str) and _HALF_CHARACTER.search(value):
        raise XAlignError(f"{path}: {value[:40]!r} holds half a surrogate pair, which is no character")


def _expand(value: Any, key: str, path: Path) -> Any:
    if isinstance(value, dict):
        return {name: _expand(item, f"{key}.{name}", path) for name, item in value.items()}
    if isinstance(value, list):
        return [_expand(item, f"{key}.{index}", path) for index, item in enumerate(value)]
    if not isinstance(value, str):
        return value

    def replace(match: re.Match) -> str:
        try:
            return os.environ[match[1]]
        except KeyError:
            raise XAlignError(f"{path}: {key} needs the environment variable {match[1]}, which is not set") from None

    return _VARIABLE.sub(replace, value)


# --- the command line's changes --------------------------------------------------------------------------------------


def apply_overrides(recipe: dict[str, Any], overrides: Sequence[str], fields: dict[str, dataclasses.Field]) -> None:
    """Change `recipe` in place as the command line says (see `read_recipe`)."""
    for option, text in option_pairs(overrides):
        first, *rest = option.split(".")
        first = first.replace("-", "_")
        if first not in fields:
            raise XAlignError(f"--{option}: unknown key {first!r}{did_you_mean(first, fields)}")
        value = parse_yaml(text, f"--{option}")
        if rest:
            root = recipe[first] if first in recipe else _default_of(fields[first])
            recipe[first] = _set(unshared(root), rest, value, option)
        else:
            recipe[first] = value


def option_pairs(overrides: Sequence[str]) -> list[tuple[str, str]]:
    """`["--key", "value", "--key=value", "--key"]` as keys and texts; a key with no value is `true`."""
    pairs = []
    position = 0
    while position < len(overrides):
        option = overrides[position]
        position += 1
        if not option.startswith("--") or option == "--":
            raise XAlignError(f"{option!r} follows no option; a change to the recipe is written --key value")
        key, equals, text = option[2:].partition("=")
        if not equals:
            if position < len(overrides) and not overrides[position].startswith("--"):
                text = overrides[position]
                position += 1
            else:
                text = "true"
        pairs.append((key, text))
    return pairs


def _default_of(field: dataclasses.Field) -> Any:
    return None if field.default_factory is dataclasses.MISSING else field.default_factory()


def _set(container: Any, keys: list[str], value: Any, option: str) -> Any:
    """`container` with the entry that `keys` lead to replaced, added, or (for None) removed."""
    key, *rest = keys
    if container is None:
        container = {}
    if isinstance(container, list):
        if not key.isdecimal() or int(key) > len(container):
            raise XAlignError(f"--{option}: {key!r} is no index into a list of {len(container)}")
        index = int(key)
        old = container[index] if index < len(container) else None
        new = _set(old, rest, value, option) if rest else value
        container[index : index + 1] = [] if new is None else [new]
        return container
    if not isinstance(container, dict):
        raise XAlignError(f"--{option}: {key!r} would be a part of {container!r}, which has none")
    new = _set(container.get(key), rest, value, option) if rest else value
    if new is None:
        container.pop(key, None)
    else:
        container[key] = new
    return container


# --- dataclasses -----------------------------------------------------------------------------------------------------


def _fields_of(dataclass_types: Iterable[type]) -> dict[str, dataclasses.Field]:
    return {field.name: field for kind in dataclass_types for field in dataclasses.fields(kind) if field.init}


def _build(path: Path, dataclass_types: tuple[type, ...], values: dict[str, Any]) -> tuple[Any, ...]:
    from transformers import HfArgumentParser

    class Parser(HfArgumentParser):
        def error(self, message: str) -> typing.NoReturn:
            # argparse says "argument --max_length/--max-length: ..."
            said = re.sub(r"^argument --(\w+)[^:]*", r"\1", message)
            raise XAlignError(f"{path}: {said}")

    parser = Parser(dataclass_types, prog="xalign", add_help=False, allow_abbrev=False)
    hints = {name: hint for kind in dataclass_types for name, hint in typing.get_type_hints(kind).items()}
    fields = _fields_of(dataclass_types)
    arguments = []
    for key, value in values.items():
        if key not in fields:
            continue
        value = _fit(path, fields[key], hints[key], value)
        if isinstance(value, str):
            # argparse converts ("1e-4" to a float, "steps" to an enum) and checks choices.
            arguments.append(f"--{key}={value}")
        else:
            parser.set_defaults(**{key: value})
            for action in parser._actions:
                if action.dest == key:
                    action.required = False
    try:
        return parser.parse_args_into_dataclasses(arguments, look_for_args_file=False)
    except XAlignError:
        raise
    except (ValueError, TypeError, KeyError, ImportError) as error:
        # TrainingArguments checks itself; its messages can be long.
        raise XAlignError(f"{path}: {' '.join(str(error).split())}") from None


def _fit(path: Path, field: dataclasses.Field, hint: Any, value: Any) -> Any:
    """`value` as the field's type wants it, or as a string for argparse to convert."""
    key = field.name
    members = typing.get_args(hint) if typing.get_origin(hint) in (typing.Union, types.UnionType) else (hint,)
    kinds = {typing.get_origin(member) or member for member in members}
    if value is None:
        if types.NoneType in kinds or field.default is None:
            return None
        raise XAlignError(f"{path}: {key} must have a value")
    if isinstance(value, dict | list):
        if type(value) not in kinds:
            raise XAlignError(f"{path}: {key} must not be {kind_of(value)}")
        return value
    if kinds <= {dict, list, types.NoneType}:
        wanted = "a list" if list in kinds else "a mapping"
        raise XAlignError(f"{path}: {key} must be {wanted}, not {kind_of(value)}")
    if type(value) in kinds:
        return value
    if isinstance(value, bool | str):
        return str(value)
    if isinstance(value, int) and float in kinds:
        return float(value)
    if isinstance(value, float) and int in kinds:
        if not value.is_integer():
            raise XAlignError(f"{path}: {key} must be a whole number, not {value}")
        return int(value)
    if isinstance(value, float):
        # 1.10 has already become 1.1.
        raise XAlignError(f"{path}: {key} is text; put {value} in quotes")
    return str(value)
