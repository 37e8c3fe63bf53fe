"""Vendored files are what they were released as, with their licence beside them."""

import base64
import hashlib
import tomllib
from pathlib import Path

import pytest

VENDOR = Path(__file__).parents[2] / "hub" / "static" / "vendor"
FILES = tomllib.loads((VENDOR / "vendor.toml").read_text())["file"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file["path"])
def test_a_vendored_file_has_the_hash_that_is_written_down(file: dict[str, str]) -> None:
    digest = hashlib.sha384((VENDOR / file["path"]).read_bytes()).digest()
    assert base64.b64encode(digest).decode() == file["sha384"]
    assert file["path"].startswith(f"{file['name']}-{file['version']}/")
    assert file["licence"]
    assert len((VENDOR / file["licence_file"]).read_text()) > 500


def test_no_vendored_file_is_missing_from_the_list() -> None:
    listed = {file["path"] for file in FILES}
    found = {
        path.relative_to(VENDOR).as_posix()
        for path in VENDOR.rglob("*")
        if path.suffix in (".css", ".js", ".svg", ".woff2")
    }
    assert found == listed


def test_no_vendored_file_loads_a_map() -> None:
    for file in FILES:
        assert b"sourceMappingURL=" not in (VENDOR / file["path"]).read_bytes()
