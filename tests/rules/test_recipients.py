"""Whom a `mailto:` URL names, and what it may not hold."""

import pytest

from hub.rules import recipients
from hub.rules.addresses import TargetRefused


def test_addresses_are_separated_by_commas_and_count_once() -> None:
    assert recipients.of_url("mailto:ann@x.org,o'neil+hub@sub.x.org,ANN@x.org") == (
        "ANN@x.org",
        "o'neil+hub@sub.x.org",
    )
    assert recipients.of_url("MailTo:root@localhost") == ("root@localhost",)


@pytest.mark.parametrize(
    "rest",
    [
        "",
        "ann@x.org,",
        "ann",
        "@x.org",
        "ann@",
        "ann@x..org",
        "ann@-x.org",
        "ann@[127.0.0.1]",
        ".ann@x.org",
        "a" * 65 + "@x.org",
        "ann@" + "x" * 250 + ".org",
        "ann@x.org?bcc=eve@y.org",
        "ann%0d%0aBcc:eve@x.org",
        "ann@x.org\r\nBcc: eve@y.org",
        "ann@x.org ,bob@x.org",
        "<ann@x.org>",
        '"ann eve"@x.org',
        "änn@x.org",
        "ann@x.org;bob@x.org",
        "//x.org",
        ",".join(f"a{n}@x.org" for n in range(21)),
    ],
)
def test_everything_else_is_refused(rest: str) -> None:
    with pytest.raises(TargetRefused):
        recipients.of_url(f"mailto:{rest}")


def test_twenty_are_not_too_many() -> None:
    assert len(recipients.of_url("mailto:" + ",".join(f"a{n}@x.org" for n in range(20)))) == 20
