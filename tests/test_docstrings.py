"""Every public name says what it is, what it takes, in which shapes, what it raises, and where it comes from."""

from __future__ import annotations

import ast
import dataclasses
import importlib
import inspect
import pkgutil
import re
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import hf_xalign
from hf_xalign.errors import XAlignError
from hf_xalign.heads.base import Head


# What measures something, and so was defined by somebody.
MEASURES = (
    "accuracy",
    "alignment_by_layer",
    "alignment_error_rate",
    "alignment_f1",
    "alignment_precision",
    "alignment_recall",
    "alignment_scores",
    "auroc",
    "auroc_interval",
    "average_neuron_correlation",
    "bootstrap_interval",
    "fit_linear_map",
    "gain_correlations",
    "language_similarity",
    "entity_f1",
    "lexical_overlap",
    "macro_f1",
    "linear_cka",
    "mean_centred",
    "mean_cosine",
    "mine_bitext",
    "mining_scores",
    "neuron_correlations",
    "partition_isotropy",
    "retrieval_accuracy",
    "sentence_similarities",
    "share_interval",
    "sts_correlation",
    "tune_threshold",
)


def public_packages() -> list[str]:
    """The package and those directly below it, and the losses, which are public as a module."""
    below = [f"hf_xalign.{info.name}" for info in pkgutil.iter_modules(hf_xalign.__path__) if info.ispkg]
    return ["hf_xalign", "hf_xalign.losses", *below]


def public_names(package: str) -> list[str]:
    module = importlib.import_module(package)
    if hasattr(module, "__all__"):
        return [name for name in module.__all__ if not name.startswith("__")]
    return [
        name
        for name, value in vars(module).items()
        if not name.startswith("_") and getattr(value, "__module__", None) == package
    ]


def is_ours(value: Any) -> bool:
    return (getattr(value, "__module__", None) or "").split(".")[0] in ("hf_xalign", "tests")


def own_doc(value: Any) -> str:
    """The docstring that somebody wrote: dataclasses and named tuples make one up."""
    doc = inspect.cleandoc(value.__doc__ or "")
    made_up = inspect.isclass(value) and re.match(rf"{value.__name__}\(", doc)
    return "" if made_up else doc


def function_of(member: Any) -> Callable | None:
    """The function under a method, class method or property."""
    if isinstance(member, property):
        return member.fget
    if isinstance(member, staticmethod | classmethod):
        return member.__func__
    return member if inspect.isfunction(member) else None


def raises_our_error(function: Callable) -> bool:
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    return any(
        isinstance(node, ast.Raise)
        and isinstance(node.exc, ast.Call)
        and getattr(node.exc.func, "id", None) == XAlignError.__name__
        for node in ast.walk(tree)
    )


def parameters_of(function: Callable) -> Iterator[tuple[str, str]]:
    """Names and annotations; what has no name of its own to the caller is left out."""
    for name, parameter in inspect.signature(function).parameters.items():
        variadic = parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD)
        if name not in ("self", "cls") and not name.startswith("_") and not variadic:
            yield name, str(parameter.annotation)


def of_bases(cls: type, name: str) -> set[str]:
    """Parameters of the methods that a method overrides, whose docstrings say what they are."""
    functions = [function_of(vars(base)[name]) for base in cls.__mro__[1:] if name in vars(base)]
    return set().union(*(inspect.signature(function).parameters for function in functions if function))


def is_written_in(function: Callable, module: Any) -> bool:
    """Not so for what `dataclasses` and its kind make up, nor for what comes from elsewhere."""
    return function.__code__.co_filename == module.__file__


def faults_of_text(where: str, doc: str, function: Callable, known: set[str] = frozenset()) -> Iterator[str]:
    """What a docstring keeps silent about a function's parameters, shapes and errors."""
    for name, annotation in parameters_of(function):
        if name in known:
            continue
        if not re.search(rf"\b{name}\b", doc):
            yield f"{where} does not say what {name!r} is"
        if re.match(r"(torch\.Tensor|np\.ndarray)\b", annotation) and not re.search(r"`\(\w+,[^)]*\)`|scalar", doc):
            yield f"{where} does not say the shape of {name!r}"
    if raises_our_error(function) and XAlignError.__name__ not in doc:
        yield f"{where} does not say when it raises {XAlignError.__name__}"


def faults_of_class(where: str, cls: type) -> Iterator[str]:
    ours = [base for base in cls.__mro__ if is_ours(base)]
    for base in ours:
        yield from faults_of_methods(f"{where}" if base is cls else f"{where}'s base {base.__name__}", base)
    # What a base says of an argument holds for the class.
    doc = "\n".join(own_doc(base) for base in ours)
    for name in ("__init__", "__new__", "__post_init__"):
        function = vars(cls).get(name)
        if inspect.isfunction(function) and is_written_in(function, inspect.getmodule(cls)):
            yield from faults_of_text(where, f"{doc}\n{function.__doc__ or ''}", function)
    if dataclasses.is_dataclass(cls) or hasattr(cls, "_fields"):
        for field in vars(cls).get("__annotations__", {}):
            if not field.startswith("_") and not re.search(rf"\b{field}\b", doc):
                yield f"{where} does not say what {field!r} is"


def faults_of_methods(where: str, cls: type) -> Iterator[str]:
    for name, member in vars(cls).items():
        function = function_of(member)
        if name.startswith("_") or function is None or not is_written_in(function, inspect.getmodule(cls)):
            continue
        if not inspect.getdoc(getattr(cls, name)):
            yield f"{where}.{name} has no docstring"
        elif function.__doc__:
            yield from faults_of_text(f"{where}.{name}", inspect.getdoc(function), function, of_bases(cls, name))
        # Else it keeps what a base promises, and needs no words of its own.


def faults(where: str, value: Any, package_doc: str = "") -> Iterator[str]:
    """What is missing from the documentation of a public name."""
    if not callable(value) or not is_ours(value):
        # A table cannot carry a docstring; that of its package names it.
        if where.rpartition(".")[2] not in package_doc:
            yield f"{where} is not in its package's docstring"
    elif not own_doc(value):
        yield f"{where} has no docstring"
    elif inspect.isclass(value):
        yield from faults_of_class(where, value)
    else:
        yield from faults_of_text(where, own_doc(value), value)


@pytest.mark.parametrize("package", public_packages())
def test_public_names_are_documented(package):
    module = importlib.import_module(package)
    assert own_doc(module), f"{package} has no docstring"
    found = [
        fault
        for name in public_names(package)
        for fault in faults(f"{package}.{name}", getattr(module, name), own_doc(module))
    ]
    assert not found, "\n".join(found)


def test_every_module_says_what_it_is():
    files = [path for path in Path(hf_xalign.__file__).parent.rglob("*.py") if "templates" not in path.parts]
    assert len(files) > 150
    silent = [path for path in files if not ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))]
    assert not silent, "no docstring in: " + ", ".join(map(str, silent))


def test_objectives_aligners_and_measures_name_their_source():
    from hf_xalign import aligners, evaluation, losses
    from hf_xalign.heads import HEADS

    values = [getattr(losses, name) for name in public_names("hf_xalign.losses") if name.endswith("_loss")]
    values += HEADS.values()
    values += [getattr(aligners, class_name) for _, class_name in aligners.ALIGNERS.values()]
    values += [getattr(evaluation, name) for name in MEASURES]
    assert len(values) > 30
    silent = [f"{value.__module__}.{value.__name__}" for value in values if not names_a_source(own_doc(value))]
    assert not silent, "no author and year in: " + ", ".join(silent)


def names_a_source(doc: str) -> bool:
    return re.search(r"[A-Z]\w+[^;]*?\b(19|20)\d\d\b", doc) is not None


# The checks themselves: each of these lacks one thing.


def _silent(values):
    return values


def _half(values, k):
    """Twice the values."""


def _shapeless(values: np.ndarray):
    """Twice the values."""


def _raising(k):
    """Twice k."""
    raise XAlignError("no")


@dataclasses.dataclass
class _MadeUp:
    size: int


@dataclasses.dataclass
class _Fields:
    """A thing."""

    size: int


class _Method:
    """A thing."""

    def double(self):
        return 2

    @property
    def half(self):
        return 2


class _Built:
    """A thing."""

    def __init__(self, k):
        self.k = k


class _Keeps(Head):
    """A thing that keeps what its base promises."""

    def forward(self, inputs):
        return inputs


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        (_silent, "has no docstring"),
        (_half, "does not say what 'k' is"),
        (_shapeless, "does not say the shape of 'values'"),
        (_raising, "does not say when it raises XAlignError"),
        (_MadeUp, "has no docstring"),
        (_Fields, "does not say what 'size' is"),
        (_Method, "x.double has no docstring"),
        (_Method, "x.half has no docstring"),
        (_Built, "does not say what 'k' is"),
        ({}, "is not in its package's docstring"),
    ],
)
def test_what_is_missing_is_seen(value, fault):
    assert any(fault in found for found in faults("x", value))


def test_what_a_base_promises_needs_no_words():
    assert not list(faults("x", _Keeps))
    assert not names_a_source("Mean of 2 vectors.") and names_a_source("SimAlign (Jalili Sabet et al., 2020)")
