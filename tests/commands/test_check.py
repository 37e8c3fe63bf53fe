"""`hookhub check` and `config`."""

import os
import re
import resource
import signal
import sqlite3
from pathlib import Path

import pytest

from hub.commands import check
from hub.config import NAMES, Config, load
from tests.rigs.commands import query, run
from tests.rigs.hubs import hookhub, serving
from tests.rigs.mail import MailServer
from tests.rigs.waiting import until


def test_config_hides_secrets_and_names_everything(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_SECRET_KEY", "k" * 40)
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:correct-horse@127.0.0.1:1/hub")
    code, out, err = run("config", "--data", data)
    assert (code, err) == (0, "")
    assert [line.partition("=")[0] for line in out.splitlines()] == list(NAMES)
    assert "k" * 40 not in out
    assert "correct-horse" not in out


def test_check_finds_a_good_set_up_good(made: str) -> None:
    code, out, err = run("check", "--data", made)
    assert (code, err) == (0, "")
    for subject in (
        "database:",
        "clock:",
        "workers:",
        "data directory:",
        "disk:",
        "secret key:",
        "base URL:",
        "outbound:",
        "mail:",
        "open files:",
    ):
        assert subject in out


def test_check_does_not_migrate(made: str) -> None:
    connection = sqlite3.connect(Path(made) / "hub.db")
    with connection:
        connection.execute("DELETE FROM schema_migration WHERE name = '0002_what_was_sent'")
    connection.close()
    assert "due at the next start: 0002_what_was_sent" in run("check", "--data", made)[1]
    assert query(made, "SELECT name FROM schema_migration WHERE name = '0002_what_was_sent'") == []


def test_check_fails_when_the_key_does_not_fit(made: str) -> None:
    assert re.search(r"^ok +secret key: .* fits the database", run("check", "--data", made)[1], re.MULTILINE)
    key = Path(made) / "secret_key"
    key.write_text("k" * 40)
    code, out, _ = run("check", "--data", made)
    assert code == 1
    assert re.search(r"^error +secret key: .* does not fit the database", out, re.MULTILINE)
    key.unlink()
    code, out, _ = run("check", "--data", made)
    assert code == 1
    assert re.search(r"^error +secret key: .* is missing", out, re.MULTILINE)
    assert not key.exists()


def test_check_fails_when_the_database_is_away(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HUB_DATABASE_URL", "postgresql://hub:correct-horse@127.0.0.1:1/hub")
    code, out, err = run("check", "--data", data)
    assert (code, err) == (1, "")
    assert re.search(r"^error +database: .*HUB_DATABASE_URL", out, re.MULTILINE)
    assert re.search(r"^warning +secret key: .*HUB_SECRET_KEY", out, re.MULTILINE)


def configured(tmp_path: Path, **values: str) -> Config:
    return load({"HUB_DATA_DIR": str(tmp_path / "data"), **values})


@pytest.mark.parametrize(
    ("values", "mark"),
    [
        ({}, "ok"),
        ({"HUB_HOST": "0.0.0.0"}, "warning"),
        ({"HUB_BASE_URL": "http://hub.example"}, "warning"),
        ({"HUB_BASE_URL": "https://hub.example", "HUB_HOST": "0.0.0.0"}, "ok"),
        ({"HUB_BASE_URL": "https://hub.example"}, "ok"),
    ],
)
def test_check_judges_the_base_url(tmp_path: Path, values: dict[str, str], mark: str) -> None:
    assert check.base_url(configured(tmp_path, **values)).mark == mark


def test_check_warns_of_a_data_directory_that_others_may_read(tmp_path: Path) -> None:
    loaded = configured(tmp_path)
    loaded.data_dir.mkdir(mode=0o700)
    assert next(check.data_directory(loaded)).mark == "ok"
    loaded.data_dir.chmod(0o755)
    found = next(check.data_directory(loaded))
    assert (found.mark, "chmod 700" in found.text) == ("warning", True)


def test_check_warns_of_too_few_open_files_and_of_a_hub_that_reaches_everything(tmp_path: Path) -> None:
    assert check.open_files(1024).mark == "warning"
    assert check.open_files(65_536).mark == check.open_files(resource.RLIM_INFINITY).mark == "ok"
    assert check.outbound(configured(tmp_path, HUB_OUTBOUND_ALLOW="0.0.0.0/0")).mark == "warning"
    assert "10.0.0.0/8" in check.outbound(configured(tmp_path, HUB_OUTBOUND_ALLOW="10.0.0.0/8")).text


def test_check_says_whether_it_looked_at_the_running_hub(tmp_path: Path) -> None:
    where = {"HUB_DATA_DIR": str(tmp_path / "data")}
    with serving(tmp_path) as hub:
        until(lambda: "answers and is ready" in run("check", HUB_BASE_URL=hub.url, **where)[1])
        # As a process: nothing of the hub's is in it.
        done = hookhub("check", HUB_BASE_URL=hub.url, **where)
        assert (
            f"ok       running hub: process {hub.process.pid} at {hub.url} answers and is ready"
            in done.stdout
        )
        assert "started with the base URL" not in done.stdout
        told_otherwise = run("check", HUB_BASE_URL="https://hub.example", **where)[1]
        assert f"it was started with the base URL {hub.url}" in told_otherwise
        os.kill(hub.process.pid, signal.SIGSTOP)
        try:
            code, stopped, _ = run("check", HUB_BASE_URL=hub.url, **where)
        finally:
            os.kill(hub.process.pid, signal.SIGCONT)
        assert code == 1
        assert f"error    running hub: process {hub.process.pid} at {hub.url} does not answer" in stopped
    code, gone, err = run("check", **where)
    assert (code, err) == (0, "")
    assert f"running hub: none serves {tmp_path / 'data'} now" in gone


def test_check_says_why_a_running_hub_is_not_ready(tmp_path: Path) -> None:
    with serving(tmp_path, "--workers", "0"):
        code, out, _ = run("check", HUB_DATA_DIR=str(tmp_path / "data"))
    assert code == 1
    assert "is not ready: database ok, workers none" in out


def test_check_speaks_to_the_mail_relay(tmp_path: Path) -> None:
    assert check.mail(configured(tmp_path)).mark == "ok"
    with MailServer({"AUTH": "535 5.7.8 wrong"}) as server:
        given = {"HUB_SMTP_URL": f"smtp://127.0.0.1:{server.port}", "HUB_MAIL_FROM": "hub@x.org"}
        assert check.mail(configured(tmp_path, **given)).text.endswith("mails are from hub@x.org")
        given |= {"HUB_SMTP_URL": f"smtp://ada@127.0.0.1:{server.port}", "HUB_SMTP_PASSWORD": "s3cret"}
        refused = check.mail(configured(tmp_path, **given))
    assert refused.mark == "error"
    assert "refuses the login" in refused.text
    assert "s3cret" not in refused.text
