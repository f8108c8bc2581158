"""What is said of options that have nothing to do."""

import pytest

from sedicfmt.pipeline.idle import told_idle
from sedicfmt.pipeline.pack_options import PackOptions
from sedicfmt.pipeline.unpack import UnpackOptions


@pytest.mark.parametrize(
    ("names", "told"),
    [
        ([], []),
        (["a"], ["why: a has nothing to do"]),
        (["a", "b"], ["why: a and b have nothing to do"]),
        (["a", "b", "c"], ["why: a, b and c have nothing to do"]),
    ],
)
def test_one_has_and_many_have(names, told):
    assert told_idle(names, "why") == told


def test_options_that_are_idle():
    assert UnpackOptions("reference", restorer="diffusers:a").unused("reference") == [
        "the reference picture is not restored: restorer has nothing to do"
    ]
    assert PackOptions(objects=0, words_overall=0, describe="openai:m", segment="sam").unused() == [
        "no words and no objects are asked for: describe and segment have nothing to do"
    ]
