"""Commands for tests of the command line: run in this process, and looked at in the database that they
leave.
"""

import sqlite3
from pathlib import Path

from click.testing import CliRunner

from hub import cli


def run(*arguments: str, stdin: str = "") -> tuple[int, str, str]:
    """One command in this process; exit code, stdout, stderr."""
    runner = CliRunner()
    with runner.isolation(stdin) as (out, err, _):
        code = cli.run(arguments)
        return code, out.getvalue().decode(), err.getvalue().decode()


def lines_of(*arguments: str) -> list[list[str]]:
    """What a list prints below its head, in words."""
    code, out, err = run(*arguments)
    assert (code, err) == (0, "")
    return [line.split() for line in out.splitlines()[1:]]


def query(data: str, sql: str) -> list[tuple[object, ...]]:
    connection = sqlite3.connect(Path(data) / "hub.db")
    try:
        return connection.execute(sql).fetchall()
    finally:
        connection.close()
