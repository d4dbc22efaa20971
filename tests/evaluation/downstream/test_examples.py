"""Files of labelled sentences: which rows are read, which are refused, and how one split serves twice."""

from __future__ import annotations

import datasets
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hf_xalign.errors import XAlignError
from hf_xalign.evaluation import LabelledFile, read_task, task_settings
from tests.evaluation.downstream.factory import topic_rows, word_rows, write_rows


def opened(path, rows, task="pos", **changes) -> LabelledFile:
    return LabelledFile(write_rows(path / "data.jsonl", rows), task_settings(task, changes))


def pair_rows(count: int = 90) -> list[dict]:
    """XNLI's columns: three hypotheses for each premise, one labelled split."""
    labels = ("entailment", "neutral", "contradiction")
    return [
        {"split": "dev", "label": labels[n % 3]}
        | {f"premise_{code}": f"{code} {n // 3}" for code in ("hi", "ur")}
        | {f"hypothesis_{code}": f"{code} w{n}" for code in ("hi", "ur")}
        for n in range(count)
    ]


def test_a_row_per_language(tmp_path):
    file = opened(tmp_path, word_rows())
    found = file.read("hi", ["train", "dev"])
    assert [len(part) for part in found.values()] == [24, 24]
    assert found["train"].items[0].row == 0
    assert found["dev"].items[0].row == 24
    assert len(found["train"].items[0].parts) == len(found["train"].items[0].gold)
    assert not file.parallel


def test_parquet_gives_the_same(tmp_path):
    rows = word_rows()
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "data.parquet")
    parquet = LabelledFile(str(tmp_path / "data.parquet"), task_settings("pos"))
    lines = opened(tmp_path, rows)
    pair = [file.read("urd", ["test"])["test"] for file in (parquet, lines)]
    assert pair[0].items == pair[1].items
    assert pair[0].fingerprint() == pair[1].fingerprint()


def with_numbers(rows: list[dict], column: str) -> tuple[datasets.Dataset, list[str]]:
    """The rows as a data set whose labels are numbers with names."""
    labels = [label for row in rows for label in (row[column] if isinstance(row[column], list) else [row[column]])]
    names = sorted(set(labels))
    data = datasets.Dataset.from_list(rows)
    label = datasets.ClassLabel(names=names)
    is_list = isinstance(rows[0][column], list)
    return data.cast_column(column, datasets.List(label) if is_list else label), names


@pytest.mark.parametrize(
    ("task", "rows", "column"), [("pos", word_rows(), "upos"), ("sib200", topic_rows(), "category")]
)
def test_numbers_are_read_by_their_names(tmp_path, task, rows, column):
    data, names = with_numbers(rows, column)
    data.to_parquet(tmp_path / "data.parquet")
    stored = pq.read_table(tmp_path / "data.parquet")[column].to_pylist()
    assert set(np.ravel([np.max(value) for value in stored])) <= set(range(len(names)))
    numbers = LabelledFile(str(tmp_path / "data.parquet"), task_settings(task))
    texts = opened(tmp_path, rows, task)
    found = [file.read("hin", ["test"])["test"].items for file in (numbers, texts)]
    assert found[0] == found[1]


def test_numbers_without_a_name_or_a_label(tmp_path):
    rows = topic_rows()
    data, names = with_numbers(rows, "category")
    table = data.data.table.replace_schema_metadata(data.features.arrow_schema.metadata)
    place = table.schema.get_field_index("category")

    def file(*first: int) -> LabelledFile:
        column = [*first, *table["category"].to_pylist()[len(first) :]]
        changed = table.set_column(place, table.schema.field(place), pa.array(column, pa.int64()))
        pq.write_table(changed, tmp_path / "data.parquet")
        return LabelledFile(str(tmp_path / "data.parquet"), task_settings("sib200"))

    assert file(-1, -1).read("hin", ["train"])["train"].dropped == 2
    with pytest.raises(XAlignError, match=rf"row 2: category holds {len(names)}, but the file has {len(names)} names"):
        file(0, len(names)).read("hin", ["train"])
    pq.write_table(table.replace_schema_metadata(None), tmp_path / "data.parquet")
    with pytest.raises(XAlignError, match=r"label \d is not in the map"):
        LabelledFile(str(tmp_path / "data.parquet"), task_settings("sib200")).read("hin", ["train"])


def test_a_column_per_language(tmp_path):
    file = opened(tmp_path, topic_rows(), "sib200")
    first, second = (file.read(code, ["test"])["test"].items for code in ("hin", "urd_Arab"))
    assert [item.row for item in first] == [item.row for item in second]
    assert [item.gold for item in first] == [item.gold for item in second]
    assert first[0].parts != second[0].parts
    assert file.parallel


def test_other_names_of_a_split(tmp_path):
    rows = [row | {"split": row["split"].replace("dev", "validation")} for row in topic_rows()]
    assert len(opened(tmp_path, rows, "sib200").read("hin", ["dev"])["dev"]) == 24


def test_rows_without_text_or_label_are_counted(tmp_path):
    rows = topic_rows()
    rows[0]["category"] = rows[1]["hin_Deva"] = None
    rows[2]["hin_Deva"] = " "
    found = opened(tmp_path, rows, "sib200").read("hin", ["train"])["train"]
    assert (len(found), found.dropped) == (21, 3)


def test_one_split_that_serves_three_times(tmp_path):
    dev = {"train_split": "dev", "validation_split": "dev", "test_split": "dev"}
    data = read_task(opened(tmp_path, pair_rows(), "nli", **dev), "hin", ["hin", "urd"])
    assert (len(data.train), len(data.validation), [len(test) for test in data.tests]) == (72, 9, [9, 9])
    # No premise is in two parts, in no language.
    premises = [{item.row // 3 for item in part.items} for part in (data.train, data.validation, *data.tests)]
    assert premises[2] == premises[3]
    assert not premises[0] & premises[1] and not premises[2] & (premises[0] | premises[1])


def test_files_of_one_language_a_row_are_divided_only_where_needed(tmp_path):
    file = opened(tmp_path, word_rows(splits=("train", "dev")), validation_split="train", test_split="dev")
    data = read_task(file, "hin", ["hin", "urd"])
    assert len(data.train) + len(data.validation) == 24
    assert [len(test) for test in data.tests] == [24, 24]
    file = opened(tmp_path, word_rows(splits=("train", "dev")), test_split="dev")
    assert [len(part) for part in (*read_task(file, "hin", ["urd"]).tests, file.read("hin", ["dev"])["dev"])] == [
        24,
        24,
    ]
    assert len(read_task(file, "hin", ["urd"]).validation) == 24
    both = read_task(file, "hin", ["hin", "urd"])
    assert (len(both.validation), [len(test) for test in both.tests]) == (12, [12, 24])
    assert not {item.row for item in both.validation.items} & {item.row for item in both.tests[0].items}


def test_a_limit_holds_for_each_set(tmp_path):
    data = read_task(opened(tmp_path, word_rows()), "hin", ["urd"], limit=5)
    assert [len(part) for part in (data.train, data.validation, *data.tests)] == [5, 5, 5]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"upos": ["NOUN", "NUON"], "tokens": ["w1", "w2"]},
            "row 2: label 'NUON' is not in the map; did you mean 'NOUN'",
        ),
        ({"upos": ["NOUN"], "tokens": ["w1", "w2"]}, "row 2 has 2 tokens and 1 upos"),
        ({"upos": ["NOUN"], "tokens": []}, "row 2 has 0 tokens and 1 upos"),
        ({"tokens": ["w1", None], "upos": ["NOUN", "NOUN"]}, "row 2: tokens holds"),
    ],
)
def test_rows_that_are_refused(tmp_path, change, message):
    rows = word_rows()
    rows[1] |= change
    with pytest.raises(XAlignError, match=message):
        opened(tmp_path, rows).read("hin", ["train"])


def test_a_language_that_is_not_there(tmp_path):
    with pytest.raises(XAlignError, match=r"no rows of pol; its languages are hin, urd$"):
        opened(tmp_path, word_rows()).read("pol", ["train"])
    with pytest.raises(XAlignError, match=r"no column of pol; its languages are hin_Deva, urd_Arab$"):
        opened(tmp_path, topic_rows(), "sib200").read("pol", ["train"])
    with pytest.raises(XAlignError, match=r"no column of pol; its languages are hi, ur$"):
        opened(tmp_path, pair_rows(), "nli").read("pol", ["dev"])
    with pytest.raises(XAlignError, match="say which script of hin you mean"):
        opened(tmp_path, topic_rows(("hin_Deva", "hin_Latn")), "sib200").read("hin", ["train"])


def test_a_split_or_column_that_is_not_there(tmp_path):
    with pytest.raises(XAlignError, match=r"no split 'train' of hin, only dev; .* --set train_split=dev"):
        opened(tmp_path, word_rows(splits=("dev",))).read("hin", ["train"])
    with pytest.raises(XAlignError, match=r"no split 'gold' of hin, only dev, test, train$"):
        opened(tmp_path, word_rows()).read("hin", ["gold"])
    with pytest.raises(XAlignError, match="no column tags or ner_tags; it has lang, split, tokens, upos"):
        opened(tmp_path, word_rows(), "ner").read("hin", ["train"])
    with pytest.raises(XAlignError, match="no column 'split'"):
        opened(tmp_path, [{"text": "a", "label": "b"}])
    rows = [row | {"label": None} for row in pair_rows(6)]
    rows[0]["label"] = "neutral"
    with pytest.raises(XAlignError, match="no labelled rows of hin in the split 'dev': 5 rows without"):
        opened(tmp_path, [rows[0] | {"split": "train"}, *rows[1:]], "nli").read("hin", ["dev"])
