"""`hookhub token`."""

import json
import re

from tests.rigs.commands import lines_of, query, run
from tests.rigs.hubs import hookhub

TOKEN = re.compile(r"hub_[\w-]{43}\n")


def test_a_token_is_printed_and_nothing_else(data: str) -> None:
    run("project", "create", "TRAVEL", "--data", data)
    done = hookhub(
        "token",
        "create",
        "--project",
        "TRAVEL",
        "--scope",
        "publish",
        "--scope",
        "read",
        "--name",
        "ci",
        "--data",
        data,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert TOKEN.fullmatch(done.stdout)
    [(name, scopes, ending)] = query(data, "SELECT name, scopes, ending FROM token")
    assert (name, json.loads(str(scopes)), ending) == ("ci", ["publish", "read"], done.stdout.strip()[-4:])
    dump = "".join(map(str, query(data, "SELECT * FROM token") + query(data, "SELECT * FROM audit")))
    assert done.stdout.strip() not in dump


def test_a_token_of_an_app_switches_its_connector_on(data: str) -> None:
    run("project", "create", "TRAVEL", "--data", data)
    code, out, err = run(
        "token", "create", "--project", "TRAVEL", "--app", "zapier", "--scope", "subscribe", "--data", data
    )
    assert (code, err) == (0, "")
    assert TOKEN.fullmatch(out)
    assert query(data, "SELECT connector FROM project_connector ORDER BY 1") == [("webhooks",), ("zapier",)]


def test_a_server_wide_token_needs_no_project(made: str) -> None:
    code, out, _ = run("token", "create", "--scope", "admin", "--data", made)
    assert code == 0
    assert TOKEN.fullmatch(out)
    assert query(made, "SELECT project_id FROM token") == [(None,)]


def test_tokens_are_listed_and_revoked(made: str) -> None:
    where = ("--data", made)
    text = run("token", "create", "--project", "OLD", "--scope", "read", "--name", "ci", *where)[1].strip()
    run("token", "create", "--scope", "admin", *where)
    rows = lines_of("token", "list", *where)
    assert [row[1:] for row in rows] == [
        ["-", "-", "admin", rows[0][4], "-", "-", "-"],
        ["OLD", "-", "read", f"…{text[-4:]}", "-", "-", "ci"],
    ]
    assert lines_of("token", "list", "--project", "OLD", *where) == rows[1:]
    assert text not in str(rows)
    token_id = rows[1][0]
    assert run("token", "revoke", token_id, *where) == (0, f"{token_id}\n", "")
    assert "revoked" in lines_of("token", "list", "--project", "OLD", *where)[0]
    assert run("token", "revoke", token_id, *where)[0] == 1
