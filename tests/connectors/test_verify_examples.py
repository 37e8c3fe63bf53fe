"""The programs of `docs/verify-signatures.md`, run as they stand there, and again with what a receiver must
refuse.
"""

import base64
import re
import shutil
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
from standardwebhooks import Webhook

from connectors.signing import signature_by_keys
from tests.rigs.waiting import DEADLINE_S

PAGE = (Path(__file__).parents[2] / "docs" / "verify-signatures.md").read_text(encoding="utf-8")
PROGRAMS = re.findall(r"^```(python|javascript|go|sh)\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
COMMANDS = {
    "python": ([sys.executable, "-W", "error"], "try.py"),
    "javascript": (["node"], "try.js"),
    "go": (["go", "run"], "try.go"),
    "sh": (["sh", "-eu"], "try.sh"),
}
SIGNATURE = "v1,QNT34+v7DxT3lD4TJzTbx3FIQRmOukor7R4za7j3P/A="
OLD_SIGNATURE = "v1,+bRXFtBJvkSmpl1t17j8Dw8i731JgV8cXwoBFD5Wyn8="
SECRET = "whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

# What is changed in the program's text, and what it must then say of the good body.
CHANGES = {
    "as it stands": ("", "", "true"),
    "two signatures while a secret changes": (SIGNATURE, f"{OLD_SIGNATURE} {SIGNATURE}", "true"),
    "the signature of another secret": (SIGNATURE, OLD_SIGNATURE, "false"),
    "an empty signature": (SIGNATURE, "", "false"),
    "a version and nothing more": (SIGNATURE, "v1,", "false"),
    "a signature cut short": (SIGNATURE, SIGNATURE[:-4], "false"),
    "another id": ("msg_1", "msg_2", "false"),
    "the secret as text": (SECRET, SECRET.removeprefix("whsec_"), "false"),
    "a text secret": (SECRET, "s3cret", "false"),
}


def run(language: str, program: str, folder: Path) -> list[str]:
    command, name = COMMANDS[language]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    (folder / name).write_text(program, encoding="utf-8")
    done = subprocess.run(
        [*command, name],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=DEADLINE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


def test_the_page_has_a_program_for_each_language() -> None:
    assert [language for language, _ in PROGRAMS] == ["python", "javascript", "go", "sh", "python"]


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("language", "program"), PROGRAMS[:4], ids=[language for language, _ in PROGRAMS[:4]]
)
def test_it_accepts_the_signature_and_nothing_else(
    language: str, program: str, change: str, tmp_path: Path
) -> None:
    old, new, expected = CHANGES[change]
    changed = program.replace(old, new)
    assert (changed != program) == bool(old)
    assert run(language, changed, tmp_path) == [expected, "false"]


@pytest.mark.parametrize(
    ("language", "program"), PROGRAMS[:3], ids=[language for language, _ in PROGRAMS[:3]]
)
def test_it_refuses_what_is_older_than_five_minutes(language: str, program: str, tmp_path: Path) -> None:
    later = re.sub(r"(now=|body, |Unix\(|\]\), )1614265330", r"\g<1>1614265631", program)
    assert later.count("1614265631") in (1, 2)
    assert run(language, later, tmp_path) == ["false", "false"]


def test_a_library_takes_a_text_secret_as_base64_of_its_bytes() -> None:
    """As the page says of the Standard Webhooks libraries."""
    at = datetime.now(UTC)
    theirs = Webhook(base64.b64encode(b"s3cret").decode()).sign("evt_1", at, "{}")
    assert theirs == signature_by_keys([b"s3cret"], "evt_1", int(at.timestamp()), b"{}")


def test_the_program_for_the_other_formats_runs(tmp_path: Path) -> None:
    assert run(*PROGRAMS[4], tmp_path) == ["true", "false"]
