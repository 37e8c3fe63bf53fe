"""`hookhub source`."""

import re

from tests.rigs.commands import lines_of, run


def test_a_source_is_made_listed_and_deleted(data: str) -> None:
    run("project", "create", "TRAVEL", "--data", data)
    code, out, err = run(
        "source", "create", "token", "--project", "TRAVEL", "--name", "ci", "--setting", "type=order.paid",
        "--data", data,
    )  # fmt: skip
    assert (code, err) == (0, "")
    address, secret = out.splitlines()
    source_id = address.rpartition("/in/")[2]
    assert re.fullmatch(r"src_[0-9a-f]{32}", source_id)
    assert len(secret) == 43
    listed = lines_of("source", "list", "--project", "TRAVEL", "--data", data)
    assert listed == [[source_id, "token", "-", "0", "0", "-", "ci"]]
    assert run("source", "delete", source_id, "--project", "TRAVEL", "--yes", "--data", data)[0] == 0
    assert lines_of("source", "list", "--project", "TRAVEL", "--data", data) == []


def test_what_cannot_be_made_is_told(data: str) -> None:
    run("project", "create", "TRAVEL", "--data", data)
    code, _, err = run("source", "create", "shopify", "--project", "TRAVEL", "--data", data)
    assert code == 2
    assert "settings.shop: is missing" in err
    code, out, _ = run("source", "create", "stripe", "--project", "TRAVEL", "--data", data)
    assert (code, len(out.splitlines())) == (0, 1)
