"""What strangers' files may hold: nasty strings, nasty values, and ways to spoil a good file."""

from __future__ import annotations

import contextlib
import copy
import random
from typing import Any


MEGABYTE = 1 << 20
TURNS = "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"
INVISIBLE = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u180e\u034f\U000e0001\U000e0041"
CONTROLS = "".join(map(chr, [*range(32), 127, *range(128, 160)])) + "\u2028\u2029"
MARKS = "\u0300\u0301\u0308\u0327\u0345\u064b\u0651\u05b0\u093c\u0901\u094d\u0e31\u0f71\u20dd\ufe0f\U0001f3fb"
PLAIN = (
    "0-0 1-1 2p1",
    "||| a",
    "a ||| b ||| c",
    "12\t0-0 1p2",
    "<script>window.hacked = 1</script>",
    "\"'><img src=x onerror=window.hacked=2>",
    "{{ 7 * 7 }}{% include '/etc/passwd' %}",
    "name\n---\nlicense: mit\n---\n# Taken over",
    "../../../../etc/passwd",
    "/dev/null",
    "~/.ssh/id_rsa",
    "${HOME}",
    "$(id)",
    "%s%n%x",
    "!!python/object/apply:os.system ['true']",
    "!!python/name:os.system",
    "!!timestamp 2001-99-99",
    "&a [*a, *a]",
    "=cmd|' /C calc'!A0",
    "con",
    "\x1b[2J\x1b]0;title\x07",
    "\ud800",
    "\udfff\ud800",
    "\udc80",
    "NaN",
    "-Infinity",
    "1e999",
    "9" * 5000,
    "0x" + "f" * 300,
    "",
    " ",
    "\u3000",
    "\0",
    "null",
    "__proto__",
    "__class__",
    "minicorpus:test",
    "hin_Deva",
    "hin_Deva-urd_Arab",
    "\ufffe\uffff",
    "\U0010ffff",
    "ﷺ" * 30,
    "e" + "\u0301" * 2000,
    MARKS,
    TURNS,
    INVISIBLE,
    CONTROLS,
)


def string(rng: random.Random) -> str:
    """A nasty string; one in fifty is a megabyte long."""
    if rng.random() < 0.02:
        return rng.choice(("a", "अ", "\u0301", "\u202e", "[", "0", "a ", "7-7 ", "|||")) * rng.choice(
            (10_000, MEGABYTE)
        )
    if rng.random() < 0.35:
        return any_characters(rng, rng.randint(1, 40))
    return rng.choice(PLAIN)


def any_characters(rng: random.Random, count: int) -> str:
    """Characters of all of Unicode: some from one block of 128, some from anywhere, lone surrogates now and then."""
    block = rng.randrange(0, 0x110000, 128)
    drawn = []
    for _ in range(count):
        kind = rng.random()
        code = block + rng.randrange(128) if kind < 0.6 else rng.randrange(0x3000 if kind < 0.9 else 0x110000)
        drawn.append(" " if kind < 0.1 else chr(code))
    return "".join(drawn)


def value(rng: random.Random, *, plain: bool = False) -> Any:
    """A value that no reader expects; `plain` leaves out what YAML cannot write."""
    choices = [None, True, False, 0, -1, 1, 3, 1.5, -0.0, 1e308, 1e-320, 2**31, 2**63, 2**64, -(2**63) - 1, 10**40]
    choices += [float("nan"), float("inf"), -float("inf"), [], {}, [[]], [{}], {"": None}, [None], "", [1, "a", {}]]
    kind = rng.random()
    if kind < 0.5:
        return copy.deepcopy(rng.choice(choices))
    if kind < 0.9 or plain:
        return string(rng)
    return nested(rng.choice((5, 50, 400)), rng.random() < 0.5)


def nested(depth: int, lists: bool) -> Any:
    found: Any = "end"
    for _ in range(depth):
        found = [found] if lists else {"a": found}
    return found


def spoiled_tree(rng: random.Random, tree: Any, *, changes: int | None = None, plain: bool = False) -> Any:
    """A copy of a tree of dicts and lists with a few parts replaced, removed, renamed, doubled or swapped."""
    root = [copy.deepcopy(tree)]
    for _ in range(changes if changes is not None else rng.choice((1, 1, 1, 2, 3, 8))):
        places = _places(root)
        # Deep places are many: half of the time a high one is taken, which decides more.
        holder, key = rng.choice(places if rng.random() < 0.5 else places[: max(1, len(places) // 8)])
        kind = rng.random()
        if kind < 0.6 or holder is root:
            holder[key] = value(rng, plain=plain)
        elif kind < 0.75:
            del holder[key]
        elif kind < 0.85 and isinstance(holder, dict):
            holder[string(rng)[:100]] = holder.pop(key)
        elif kind < 0.95:
            other, place = rng.choice(places)
            # An earlier change may have taken it away.
            with contextlib.suppress(KeyError, IndexError):
                holder[key] = copy.deepcopy(other[place])
        elif isinstance(holder, list):
            holder.extend(holder[key : key + 1] * rng.choice((1, 2, 300)))
    return root[0]


def _places(root: list) -> list[tuple[Any, Any]]:
    """Every place of a tree, the high ones first."""
    found: list[tuple[Any, Any]] = [(root, 0)]
    for holder, key in found:
        child = holder[key]
        if isinstance(child, dict):
            found.extend((child, name) for name in child)
        elif isinstance(child, list):
            found.extend((child, index) for index in range(min(len(child), 50)))
        if len(found) > 4000:
            break
    return found


def spoiled_bytes(rng: random.Random, data: bytes, *, changes: int | None = None) -> bytes:
    """Bytes with a few of them flipped, cut out, doubled, moved, or nasty ones put between them."""
    for _ in range(changes if changes is not None else rng.choice((1, 1, 2, 4, 16))):
        start = rng.randint(0, len(data))
        end = min(len(data), start + rng.choice((1, 2, 8, 64, 1000)))
        kind = rng.random()
        if kind < 0.25:
            data = data[:start] + bytes(rng.randrange(256) for _ in range(min(end - start, 8))) + data[end:]
        elif kind < 0.4:
            data = data[:start] + data[end:]
        elif kind < 0.5:
            data = data[:end] + data[start:end] * rng.choice((1, 2, 50)) + data[end:]
        elif kind < 0.58:
            data = data[:start]
        elif kind < 0.9:
            data = data[:start] + string(rng).encode("utf-8", "surrogatepass") + data[start:]
        elif kind < 0.95:
            encoding = rng.choice(("utf-16", "utf-32", "utf-16-le", "cp1251", "utf-7"))
            data = data.decode("utf-8", "replace").encode(encoding, "replace")
        else:
            data = data[:start] + rng.randbytes(rng.choice((1, 16, 4096))) + data[end:]
        data = data[: 4 * MEGABYTE]
    return data


def file_name(rng: random.Random, ending: str) -> str:
    """A name that a file system takes."""
    names = (
        "good",
        "a b",
        "-rf",
        "..hidden",
        "x\u202egnp",
        "a\nb",
        "\x1b[31m",
        "zero\u200bwidth",
        "e\u0301",
        "${HOME}",
    )
    names += ("a|b<script>", "'\"", "\udcff", "%s", "#", "नदी")
    name = rng.choice(names) if rng.random() < 0.2 else "good"
    return name + ending
