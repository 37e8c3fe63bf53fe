"""Commands for tests of the command line: run in this process, and looked at in the database that they
leave.
"""

import os
import sqlite3
from pathlib import Path

from click.testing import CliRunner

from hub import cli


def run(*arguments: str, stdin: str = "", **environ: str) -> tuple[int, str, str]:
    """One command in this process, with these of the hub's variables; exit code, stdout, stderr. Never where
    a hub runs in the same process: the models of a process know one database.
    """
    runner = CliRunner()
    inherited = dict.fromkeys(name for name in os.environ if environ and name.startswith("HUB_"))
    with runner.isolation(stdin, {**inherited, **environ}) as (out, err, _):
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
