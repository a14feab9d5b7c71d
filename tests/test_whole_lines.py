"""What a cell printed in pieces stands in the book in whole lines."""

import importlib.util
from pathlib import Path

import pytest
from nbformat.v4 import new_output

pytest.importorskip("myst_nb", reason="the extra book is not installed")
SOURCE = Path(__file__).parents[1] / "book" / "_ext" / "whole_lines.py"


@pytest.fixture
def join():
    """The function by which the book joins the outputs of a cell."""
    spec = importlib.util.spec_from_file_location("whole_lines", SOURCE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.join


def printed(*pieces):
    """One output for each piece."""
    return [new_output("stream", name="stdout", text=piece) for piece in pieces]


@pytest.mark.parametrize(
    "pieces", [("a:", " 1\nb\n"), ("a: 1", "\nb\n"), ("a: 1\n", "b", "\n"), ("a: 1\nb\n",)]
)
def test_a_piece_is_not_a_line(join, pieces):
    outputs = printed(*pieces)
    for _ in range(2):
        assert [output["text"] for output in join(outputs)] == ["a: 1\nb\n"]


def test_other_outputs_keep_their_place(join):
    table = new_output("display_data", data={"text/plain": "table"})
    first, second = printed("a", "b\n")
    assert join([first, table, second]) == [*printed("ab\n"), table]


def test_no_output_stays_none(join):
    assert join([]) == []
