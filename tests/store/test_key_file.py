"""The secret key's file: made once, whole, and its owner's alone."""

import stat
import string
import threading
from pathlib import Path

import pytest

from hub.errors import ConfigError
from hub.store import key_file
from tests.rigs.waiting import DEADLINE_S


def test_a_key_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    assert key_file.read(tmp_path) is None
    first = key_file.read_or_make(tmp_path)
    assert len(first.encode()) >= 32
    assert set(first) <= set(string.ascii_letters + string.digits + "-_")
    assert key_file.read_or_make(tmp_path) == key_file.read(tmp_path) == first
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_a_key_that_a_copy_loosened_is_tightened(tmp_path: Path) -> None:
    key = key_file.read_or_make(tmp_path)
    (tmp_path / "secret_key").chmod(0o644)
    assert key_file.read(tmp_path) == key
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_hubs_that_start_together_agree_on_the_key(tmp_path: Path) -> None:
    """Every starter is held between "there is no key" and "here is mine" until all of them got that far."""
    together = threading.Barrier(8)
    keys: list[str] = []

    def new_key() -> str:
        together.wait(DEADLINE_S)
        return key_file.new_key()

    def start() -> None:
        keys.append(key_file.read_or_make(tmp_path, new_key))

    starters = [threading.Thread(target=start) for _ in range(8)]
    for starter in starters:
        starter.start()
    for starter in starters:
        starter.join(DEADLINE_S)
    assert len(keys) == 8
    assert set(keys) == {(tmp_path / "secret_key").read_text().strip()}
    assert [path.name for path in tmp_path.iterdir()] == ["secret_key"]


@pytest.mark.parametrize("content", [b"", b"short\n", b"\xff" * 64])
def test_a_damaged_key_is_never_replaced(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "secret_key").write_bytes(content)
    for use in (key_file.read, key_file.read_or_make):
        with pytest.raises(ConfigError, match=r"secret_key"):
            use(tmp_path)
    assert (tmp_path / "secret_key").read_bytes() == content


def test_a_key_that_cannot_be_made_is_told_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="HUB_SECRET_KEY"):
        key_file.read_or_make(tmp_path / "nowhere")
