"""Lists as the commands print them: a head, and one line for each thing, in columns."""

import sys
from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

import click

T = TypeVar("T")

PAGE = 200


def pages(page: Callable[[str | None], Sequence[T]], name_of: Callable[[T], str]) -> Iterator[T]:
    """Everything that `page` has; it is asked for what comes after a name."""
    before = None
    while found := page(before):
        yield from found
        before = name_of(found[-1])


def show(head: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """The first column names the thing, for scripts; an empty value is a dash."""
    cells = [[cell or "-" for cell in row] for row in (head, *rows)]
    widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
    for row in cells:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def confirm(question: str, is_sure: bool) -> None:
    """Ask where there is somebody to ask. Raises: click.Abort."""
    if not is_sure and sys.stdin.isatty():
        click.confirm(question, abort=True, err=True)
