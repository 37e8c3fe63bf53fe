"""E-mail: what it looks like, and what a mail server's replies mean."""

import json
from email import message_from_bytes, policy

import pytest

from connectors.base import Answer, Batch, Context, Event, MailParcel
from connectors.formats.email import FORMAT


def made(data: object, text: str | None = None) -> tuple[dict[str, str], str, str]:
    """Headers, text and HTML."""
    event = Event("evt_1", "order.paid", "2026-11-23T21:04:06.123Z", "ACME", json.dumps(data).encode())
    parcel = FORMAT.request(event, Context("dlv_1", text=text, host="hub.example"))
    assert isinstance(parcel, MailParcel)
    assert parcel == FORMAT.request(event, Context("dlv_1", text=text, host="hub.example"))
    assert max(map(len, parcel.body.split(b"\r\n"))) <= 78
    assert b"\n" not in parcel.body.replace(b"\r\n", b"")
    whole = message_from_bytes(
        f"Content-Type: {parcel.headers['Content-Type']}\r\n\r\n".encode() + parcel.body,
        policy=policy.default,
    )
    plain, html = whole.get_body(["plain"]), whole.get_body(["html"])  # type: ignore[union-attr]
    texts = [part.get_content().replace("\r\n", "\n") for part in (plain, html)]
    return dict(parcel.headers), texts[0], texts[1]


def test_a_mail_says_what_happened_as_text_and_as_html() -> None:
    headers, text, html = made({"name": "Zoë <b>", "url": "https://shop.example/1?a=1&b=2", "total": 5})
    assert headers["Subject"]
    assert "<b>" not in html.replace("<b>", "", 1).replace("</b>", "", 1)
    assert "Zoë &lt;b&gt;" in html
    assert "Zoë <b>" in text
    assert "total" in text.lower()


def test_nothing_in_an_event_becomes_a_header() -> None:
    headers, _, _ = made({"name": "x\r\nBcc: eve@x.org\0\u2028"}, "Subject: a\rBcc: eve@x.org\nhi")
    assert not any(set(value) & set("\r\n\0\u2028") for value in headers.values())
    assert "Bcc" not in headers


def test_a_line_of_any_length_and_every_character_can_be_sent() -> None:
    _, text, _ = made({}, "日本語" * 1000 + "\ud800 end")
    assert text.startswith("日本語日本語")
    _, text, _ = made({}, "x" * 600_000)
    assert "x" * 600_000 in text


def test_a_template_makes_the_html_and_its_first_line_may_be_the_subject() -> None:
    headers, text, html = made({}, "Subject: Paid &amp; done\nDear <b>Ann</b>,\nthanks")
    assert headers["Subject"] == "Paid & done"
    assert text == "Dear Ann,\nthanks\n"
    assert "Dear <b>Ann</b>,<br>\nthanks" in html
    _, text, html = made({}, "<p>one</p>\n<p>two</p>")
    assert text == "one\ntwo\n"
    assert "<br>" not in html


@pytest.mark.parametrize(
    ("replies", "blames"),
    [
        (["DATA 250 Ok"], None),
        (["DATA 250 Ok", "RCPT 451 4.7.1 greylisted"], "later"),
        (["RCPT 552 5.2.2 mailbox full"], "later"),
        (["DATA 421 shutting down"], "later"),
        (["RCPT 550 5.1.1 no such user"], "gone"),
        (["RCPT 550 no such user", "RCPT 550 no such user"], "gone"),
        (["RCPT 550 no such user", "DATA 250 Ok"], None),
        (["RCPT 550 no such user", "RCPT 450 later"], "later"),
        (["DATA 552 too big"], "event"),
        (["MAIL 552 too big"], "event"),
        (["DATA 554 5.6.0 no", "DATA 250 Ok"], "event"),
        (["RCPT 550 5.7.1 you may not write to this list"], "receiver"),
        (["RCPT 530 5.7.0 log in first", "DATA 250 Ok"], "hub"),
    ],
)
def test_the_worst_reply_says_what_a_delivery_came_to(replies: list[str], blames: str | None) -> None:
    judged = FORMAT.judge(Answer(250, "", [(f"p{n}@x.org", reply) for n, reply in enumerate(replies)]))
    assert judged.blames == blames
    assert judged.after_s == (300 if blames == "later" else None)


def test_an_address_that_is_gone_is_named_although_the_others_have_the_mail() -> None:
    told = FORMAT.judge(Answer(550, "", [("a@x.org", "DATA 250 Ok"), ("b@x.org", "RCPT 550 5.1.1 nobody")]))
    assert (told.blames, told.reason) == (None, "b@x.org: RCPT 550 5.1.1 nobody")


def test_gathered_events_are_one_mail_with_a_line_each() -> None:
    events = [
        Event(
            f"evt_{n}", "order.paid", "2026-11-23T21:04:06.123Z", "ACME", json.dumps({"name": name}).encode()
        )
        for n, name in enumerate(("Zoë <b>", "Bob"))
    ]
    parcel = FORMAT.batch_request(Batch("bat_1", events), Context("bat_1", host="hub.example"))
    assert parcel.headers["Subject"] == "2 events in ACME"
    assert parcel.headers["Message-ID"] == "<bat_1@hub.example>"
    assert parcel.body.count(b"<li>") == 2
    assert b"Zo=C3=AB &lt;b&gt;" in parcel.body
    one = FORMAT.batch_request(Batch("bat_1", events[:1]), Context("bat_1"))
    assert one == FORMAT.request(events[0], Context("bat_1"))
