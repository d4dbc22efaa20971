"""Whether token ids and a model's embeddings belong together: told once, and not by an index error in some step."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from hf_xalign.errors import XAlignError


if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

_ROWS_AT_A_TIME = 10_000


def embeddings_needed(tokenizer: PreTrainedTokenizerBase) -> int:
    """How many embeddings a model of this tokenizer must have; more than it has tokens where its ids have gaps."""
    return max(len(tokenizer), max(tokenizer.get_vocab().values(), default=-1) + 1)


def check_token_ids(largest: int, model: PreTrainedModel, told_by: str = "the tokenizer gives") -> None:
    """Refuse a token id that a model has no embedding for.

    Args:
        largest: the largest of the ids that it is to read.
        told_by: where it comes from, to be read before "token id".

    Raises:
        XAlignError: as said.
    """
    known = model.get_input_embeddings().num_embeddings
    if largest >= known:
        raise XAlignError(f"{told_by} token id {largest}, the encoder has {known} embeddings: not a pair")


def check_rows(rows: Any, model: PreTrainedModel, name: str) -> None:
    """Refuse a data set with token ids that a model has no embedding for, such as another tokenizer's.

    Args:
        rows: of [`TokenizeViews`]; its columns of token ids are read once. A data set of another class than
            `datasets.Dataset` passes.
        name: what the user calls it.

    Raises:
        XAlignError: as said.
    """
    from datasets import Dataset

    if not isinstance(rows, Dataset):
        return
    known = model.get_input_embeddings().num_embeddings
    for column in (column for column in rows.column_names if column.endswith("_input_ids")):
        # First with the rows that were left out by `select`, which are slow to leave out here.
        if _largest(rows.data[column].chunks) >= known:
            left = rows.select_columns(column).with_format("arrow").iter(_ROWS_AT_A_TIME)
            largest = _largest(table[column] for table in left)
            check_token_ids(largest, model, f"{column} of {name} has")


def _largest(lists: Iterable[Any]) -> int:
    """The largest number in Arrow lists of numbers; -1 where there is none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    # A column without a single row has no type.
    found = (pc.max(pc.list_flatten(numbers)).as_py() for numbers in lists if not pa.types.is_null(numbers.type))
    return max((number for number in found if number is not None), default=-1)
