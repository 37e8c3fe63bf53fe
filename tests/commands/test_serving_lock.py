"""One serving hub a SQLite file."""

from pathlib import Path

from tests.rigs.hubs import hookhub, serving


def test_a_second_hub_on_the_same_data_is_refused(tmp_path: Path) -> None:
    with serving(tmp_path):
        done = hookhub("serve", "--port", "0", "--data", str(tmp_path / "data"))
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)
    assert "Another hub serves" in done.stderr
