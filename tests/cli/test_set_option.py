"""`--set KEY=VALUE` of any command."""

from __future__ import annotations

import pytest

from hf_xalign.cli.set_option import parse_settings
from hf_xalign.errors import XAlignError


def test_values_are_yaml():
    texts = ["a=1e-3", "b.c=[1, x]", "d=", "e = no", "f=a=b"]
    found = parse_settings(texts, example="a=1")
    assert found == {"a": 1e-3, "b.c": [1, "x"], "d": None, "e": "no", "f": "a=b"}
    assert isinstance(found["a"], float)


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        (["a"], r"--set a: write KEY=VALUE, as in --set b=1"),
        (["=1"], "write KEY=VALUE"),
        (["a=1", "a=2"], "--set a=2: a is given twice"),
        (["layer=2"], "layer is given twice"),
        (["a=["], "--set a"),
        (["a=!!python/object:os.system {}"], "--set a"),
    ],
)
def test_what_is_no_setting(texts, message):
    with pytest.raises(XAlignError, match=message):
        parse_settings(texts, example="b=1", given={"layer": 1})
