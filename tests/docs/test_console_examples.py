"""How shown output is held against printed output."""

import pytest

from console_examples import difference, read_examples


def test_commands_and_what_they_print_are_read_from_blocks():
    page = (
        "# x\n\n```console\n$ albumnet card SET\none\ntwo\n$ albumnet split \\\n    SET\n```\n\n```\n$ not run\n```\n"
    )
    first, second = read_examples(page)
    assert (first.command, first.shown, first.line) == ("albumnet card SET", ("one", "two"), 4)
    assert (second.command, second.shown, second.line) == ("albumnet split SET", (), 7)


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["12 albums, ROC-AUC .731"], ["12 albums, ROC-AUC .742"]),
        (["a  b"], ["a b"]),
        (["first", "...", "last 1.50"], ["first", "x", "y", "last 1.52"]),
        (["first", "..."], ["first"]),
        (["took ... s"], ["took 12.3 s"]),
    ],
)
def test_what_agrees(shown, printed):
    assert difference(tuple(shown), printed) is None


@pytest.mark.parametrize(
    ("shown", "printed"),
    [
        (["12 albums"], ["13 albums"]),
        (["ROC-AUC .731"], ["ROC-AUC .931"]),
        (["a"], ["a", "b"]),
        (["a", "b"], ["a"]),
        (["first", "...", "last"], ["first", "x"]),
        (["moods"], ["mood"]),
    ],
)
def test_what_does_not_agree(shown, printed):
    assert difference(tuple(shown), printed) is not None
