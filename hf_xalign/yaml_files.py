"""Reading and writing YAML strictly: no Python objects, no duplicate keys, the scalars of YAML 1.2."""

from __future__ import annotations

import math
import re
import typing
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

from hf_xalign.errors import XAlignError
from hf_xalign.files import write_text
from hf_xalign.messages import kind_of


class _Loader(yaml.SafeLoader):
    """`yaml.SafeLoader` with the scalars of YAML 1.2 and without duplicate keys.

    YAML 1.1 reads `1e-4` as a string, `no` (Norwegian, or "never") as false and `12:30` as 750.
    """

    yaml_implicit_resolvers: typing.ClassVar[dict] = {}

    def construct_mapping(self, node, deep=False):
        if not isinstance(node, yaml.MappingNode):  # `!!map [a]`
            raise yaml.constructor.ConstructorError(None, None, "no mapping can be read here", node.start_mark)
        seen = set()
        for key_node, _ in node.value:
            if key_node.tag == "tag:yaml.org,2002:merge":
                continue
            key = self.construct_object(key_node, deep=True)
            if not isinstance(key, str | int):
                raise yaml.constructor.ConstructorError(None, None, f"{key!r} cannot be a key", key_node.start_mark)
            if key in seen:
                raise yaml.constructor.ConstructorError(None, None, f"duplicate key {key!r}", key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep=deep)

    def construct_object(self, node, deep=False):
        try:
            return super().construct_object(node, deep=deep)
        except (ValueError, KeyError, AttributeError) as error:  # `!!int twelve`, or thousands of digits
            kind = node.tag.removeprefix("tag:yaml.org,2002:")
            raise yaml.constructor.ConstructorError(
                None, None, f"no {kind} can be read here", node.start_mark
            ) from error


# Plain data and nothing else: no dates, sets, bytes or pairs.
_Loader.yaml_constructors = {
    tag: construct
    for tag, construct in yaml.SafeLoader.yaml_constructors.items()
    if tag is None or tag.rpartition(":")[2] in ("null", "bool", "int", "float", "str", "seq", "map")
}


class _Dumper(yaml.SafeDumper):
    """`yaml.SafeDumper` that quotes what either YAML 1.1 or `_Loader` would not read as a string."""


# Values that a file may stand for by its anchors, each use counted: small files can stand for billions.
_MOST_VALUES = 100_000
_FLOAT = re.compile(
    r"[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$|[-+]?[0-9]+[eE][-+]?[0-9]+$"
    r"|[-+]?\.(?:inf|Inf|INF)$|\.(?:nan|NaN)$"
)

for _tag, _pattern, _first in (
    ("null", re.compile(r"(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]),
    ("bool", re.compile(r"(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")),
    ("int", re.compile(r"[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")),
    ("float", _FLOAT, list("-+0123456789.")),
    ("merge", re.compile(r"<<$"), ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", _pattern, _first)
_Dumper.add_implicit_resolver("tag:yaml.org,2002:float", _FLOAT, list("-+0123456789."))
_Dumper.ignore_aliases = lambda self, data: True


def dump_yaml(value: Any, path: Path, *, comments: Sequence[str] = ()) -> None:
    """Write plain data as YAML that `load_yaml`, and any YAML 1.1 reader, reads back to the same; atomic."""
    header = "".join(f"# {' '.join(line.split())}\n" for line in comments)
    text = yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=119)
    write_text(path, header + text)


def load_yaml(path: Path) -> dict[str, Any]:
    """The mapping that a YAML file holds; anything else is an `XAlignError` that names the line."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise XAlignError(f"{path}: no such file") from None
    except IsADirectoryError:
        raise XAlignError(f"{path} is a folder; a recipe is a YAML file") from None
    except UnicodeDecodeError as error:
        raise XAlignError(f"{path}: not UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise XAlignError(f"{path}: {error.strerror}") from None
    recipe = parse_yaml(text, str(path))
    if not isinstance(recipe, dict):
        raise XAlignError(f"{path}: a recipe is a mapping of keys to values, not {kind_of(recipe)}")
    return recipe


def parse_yaml(text: str, where: str) -> Any:
    """The value that YAML text holds; `where` is what an error names."""
    try:
        loader = _Loader(text)  # a SafeLoader: no Python objects
        try:
            node = loader.get_single_node()
            if node is None:
                return None
            _check_size(node)
            return unshared(loader.construct_document(node))
        finally:
            loader.dispose()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = f", line {mark.line + 1}" if mark else ""
        raise XAlignError(f"{where}{line}: {error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise XAlignError(f"{where}: {' '.join(str(error).split())}") from None
    except RecursionError:
        raise XAlignError(f"{where}: nested too deeply, or an anchor contains itself") from None
    except (ValueError, OverflowError) as error:  # an escape beyond Unicode
        raise XAlignError(f"{where}: not YAML ({error})") from None


def _check_size(root: yaml.Node) -> None:
    """Refuse anchors that contain themselves, or whose uses stand for more values than anybody writes."""
    sizes: dict[int, float] = {}

    def size(node: yaml.Node) -> float:
        if id(node) not in sizes:
            sizes[id(node)] = math.inf  # until it is known: an anchor in itself has no end
            parts = [part for entry in node.value for part in entry] if isinstance(node, yaml.MappingNode) else []
            parts = node.value if isinstance(node, yaml.SequenceNode) else parts
            sizes[id(node)] = 1 + sum(map(size, parts))
        return sizes[id(node)]

    whole = size(root)
    if whole > max(_MOST_VALUES, 2 * len(sizes)):
        told = f"the anchors stand for more than {_MOST_VALUES:,} values"
        problem = "an anchor contains itself" if whole == math.inf else told
        raise yaml.constructor.ConstructorError(None, None, problem, root.start_mark)


def unshared(value: Any) -> Any:
    """A copy that shares nothing, so that a change to one use of a YAML anchor leaves the others alone."""
    if isinstance(value, dict):
        return {key: unshared(item) for key, item in value.items()}
    if isinstance(value, list):
        return [unshared(item) for item in value]
    return value
