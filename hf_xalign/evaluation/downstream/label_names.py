"""Labels that a Parquet file of `datasets` holds as numbers (`ClassLabel`), by their names."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa

from hf_xalign.errors import XAlignError


# What `datasets` writes where a row has no label.
_NO_LABEL = -1


def with_label_names(table: pa.Table, column: str, file: str) -> pa.Table:
    """The table with numbers in its label column, or in the lists there, made the names that the file tells.

    As it is, where they are no numbers or the file tells no names: a number means nothing by itself.

    Args:
        table: with the metadata of its file's schema.
        column: the labels, one a row or a list of them.
        file: its name in errors.

    Raises:
        XAlignError: a number that has no name.
    """
    place = table.schema.get_field_index(column)
    kind = table.schema.types[place]
    inner = kind.value_type if pa.types.is_list(kind) or pa.types.is_large_list(kind) else kind
    names = _class_names(table.schema, column)
    if names is None or not pa.types.is_integer(inner):
        return table

    def named(value: Any, row: int) -> Any:
        if value is None or value == _NO_LABEL:
            return None
        if not 0 <= value < len(names):
            raise XAlignError(f"{file}: row {row + 1}: {column} holds {value}, but the file has {len(names)} names")
        return names[value]

    labels = [
        [named(item, row) for item in value] if isinstance(value, list) else named(value, row)
        for row, value in enumerate(table[column].to_pylist())
    ]
    kind = pa.list_(pa.string()) if inner is not kind else pa.string()
    return table.set_column(place, column, pa.array(labels, kind))


def _class_names(schema: pa.Schema, column: str) -> list[str] | None:
    """The names of a `ClassLabel`, or of a list of them, in what `datasets` keeps beside the schema."""
    try:
        feature = json.loads((schema.metadata or {})[b"huggingface"])["info"]["features"][column]
        # A list of them is `{"feature": ..., "_type": "List"}`, of older versions `"Sequence"`, or in brackets.
        feature = feature[0] if isinstance(feature, list) else feature.get("feature", feature)
        names = feature["names"] if feature.get("_type") == "ClassLabel" else None
    except (KeyError, ValueError, TypeError, AttributeError, IndexError, RecursionError):
        return None
    return names if isinstance(names, list) and all(isinstance(name, str) for name in names) else None
