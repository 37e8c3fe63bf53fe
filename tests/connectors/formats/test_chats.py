"""Chats: what each is sent, how its limits are kept, what nobody's event may do there, and what answers mean."""

import json
from typing import Any

import pytest

from connectors.base import Answer, Batch, Context, Event, HttpParcel
from connectors.formats.chat import ChatFormat, markdown
from connectors.icescrum.catalogue import examples
from connectors.registry import format_keys, format_of

CHATS = [key for key in format_keys() if format_of(key).makes == "text"]
SETTINGS = {
    "chat_id": "-100",
    "room_id": "!a:b.org",
    "access_token": "sesame",
    "token": "sesame",
    "channel": "news",
}
NASTY = "<!channel> @here @everyone <users/all> *b* _i_ `c` [x](http://evil.example) <b>&amp;</b> | ~s~"


def chat(key: str) -> ChatFormat:
    found = format_of(key)
    assert isinstance(found, ChatFormat)
    return found


def sent(
    key: str, data: dict[str, Any] | bytes, code: str = "order.paid", text: str | None = None
) -> HttpParcel:
    raw = data if isinstance(data, bytes) else json.dumps(data).encode()
    event = Event("evt_1", code, "2026-11-23T21:04:06.123Z", "WEB", raw)
    return chat(key).request(event, Context("dlv_1", ("s3cret",), text, SETTINGS))


def said(key: str, data: dict[str, Any] | bytes, code: str = "order.paid", text: str | None = None) -> str:
    """The text that people read, in the chat's markup."""
    parcel = sent(key, data, code, text)
    if key == "ntfy":
        return parcel.query.get("title", "") + "\n" + parcel.body.decode()
    body = json.loads(parcel.body)
    if key == "teams":
        return json.dumps(body["attachments"][0]["content"]["body"], ensure_ascii=False)
    return str(body.get("title", "")) + str(
        body.get("text") or body.get("content") or body.get("formatted_body") or body.get("message")
    )


STORY = examples("story.state")


@pytest.mark.parametrize(
    ("key", "first_line"),
    [
        ("slack", "<https://icescrum.example/p/TRAVEL-17|*Story 17 Hébergement with a car 🚗 is planned*>"),
        (
            "discord",
            "[**Story 17 Hébergement with a car 🚗 is planned**](https://icescrum.example/p/TRAVEL-17)",
        ),
        (
            "mattermost",
            "[**Story 17 Hébergement with a car 🚗 is planned**](https://icescrum.example/p/TRAVEL-17)",
        ),
        (
            "rocketchat",
            "[Story 17 Hébergement with a car 🚗 is planned](https://icescrum.example/p/TRAVEL-17)",
        ),
        (
            "google_chat",
            "<https://icescrum.example/p/TRAVEL-17|Story 17 Hébergement with a car 🚗 is planned>",
        ),
        (
            "telegram",
            '<a href="https://icescrum.example/p/TRAVEL-17"><b>Story 17 Hébergement with a car 🚗 is planned</b></a>',
        ),
        ("ntfy", "Story 17 Hébergement with a car 🚗 is planned"),
    ],
)
def test_a_message_begins_with_what_happened_and_leads_there(key: str, first_line: str) -> None:
    assert said(key, STORY, "story.state").split("\n")[0] == first_line


@pytest.mark.parametrize("key", CHATS)
def test_a_message_tells_the_facts_and_never_json(key: str) -> None:
    text = said(key, STORY, "story.state")

    assert "Réservation" in text
    assert '"class"' not in text
    assert "creator" not in text


def test_what_goes_around_the_text() -> None:
    assert json.loads(sent("discord", STORY).body)["allowed_mentions"] == {"parse": []}
    assert sent("discord", STORY).query == {"wait": "true"}
    assert json.loads(sent("telegram", STORY).body)["chat_id"] == "-100"
    assert json.loads(sent("mattermost", STORY).body)["channel"] == "news"
    assert sent("gotify", STORY).headers["X-Gotify-Key"] == "sesame"
    assert json.loads(sent("gotify", STORY).body)["title"].startswith("Order paid")
    card = json.loads(sent("teams", STORY, "story.state").body)["attachments"][0]
    assert card["contentType"] == "application/vnd.microsoft.card.adaptive"
    assert card["content"]["version"] == "1.4"
    assert card["content"]["actions"] == [
        {"type": "Action.OpenUrl", "title": "Open", "url": "https://icescrum.example/p/TRAVEL-17"}
    ]
    assert sent("ntfy", STORY, "story.state").query["click"] == "https://icescrum.example/p/TRAVEL-17"


def test_matrix_is_sent_to_the_room_under_the_deliverys_own_id() -> None:
    parcel = sent("matrix", STORY, "story.state")

    assert parcel.method == "PUT"
    assert parcel.path == "/_matrix/client/v3/rooms/%21a%3Ab.org/send/m.room.message/dlv_1"
    assert parcel.headers["Authorization"] == "Bearer sesame"
    body = json.loads(parcel.body)
    assert body["body"].startswith("Story 17 Hébergement with a car 🚗 is planned\nFeature: Réservation")
    assert body["formatted_body"].startswith('<a href="https://icescrum.example/p/TRAVEL-17"><b>Story')
    assert body["m.mentions"] == {}


@pytest.mark.parametrize(
    ("key", "harmless"),
    [
        ("slack", "&lt;!channel&gt; @here"),
        ("google_chat", "&lt;users/all&gt;"),
        ("discord", r"\*b\* \_i\_ \`c\` \[x\](http://evil.example) \<b\>"),
        ("mattermost", "@\u200bhere @\u200beveryone"),
        ("rocketchat", "@\u200bhere @\u200beveryone"),
        ("telegram", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
        ("telegram", "@\u200bhere @\u200beveryone"),
        ("matrix", "&lt;b&gt;&amp;amp;&lt;/b&gt;"),
        ("teams", r"\\*b\\* \\_i\\_ \\`c\\` \\[x\\]\\(http"),
        ("ntfy", NASTY),
    ],
)
def test_nothing_in_an_event_is_markup_or_rings_for_anybody(key: str, harmless: str) -> None:
    assert harmless in said(key, {"name": NASTY})


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "https://a b", "ftp://x", "https://", "https://x\n.org", 7]
)
@pytest.mark.parametrize("key", CHATS)
def test_only_a_plain_web_address_becomes_a_link(key: str, url: Any) -> None:
    parcel = sent(key, {"name": "x", "url": url})

    assert "javascript:" not in parcel.body.decode()
    assert "click" not in parcel.query
    assert not any(sign in said(key, {"name": "x", "url": url}) for sign in ("](", "<a", "|"))


@pytest.mark.parametrize("key", CHATS)
def test_a_long_message_is_cut_to_what_the_chat_takes(key: str) -> None:
    data = {
        "name": "n" * 5_000,
        "body": "\n".join("é<&*" * 100 for _ in range(200)),
        **{f"f{n}": "<&>" * 20 for n in range(20)},
    }
    text = said(key, data)
    most = chat(key).limits.text_max or 100_000

    assert len(text) <= most
    assert len(sent(key, data).body) <= 40_000
    assert "n…" in text


@pytest.mark.parametrize("key", [key for key in CHATS if format_of(key).limits.text_max])
def test_a_template_that_makes_too_much_is_cut_at_a_character(key: str) -> None:
    most = chat(key).limits.text_max or 0
    parcel = sent(key, {}, text="é&amp;" * most)
    body = parcel.body.decode()  # no half character, else this raises
    text = body if key == "ntfy" else json.dumps(json.loads(body), ensure_ascii=False)

    length = len(text.encode()) if chat(key).limits.unit == "bytes" else len(text)
    copies = 2 if key == "matrix" else 1
    assert length <= copies * most + 2_000, "the envelope is small"
    assert "…" in text
    assert "&am…" not in text
    assert "&amp…" not in text


@pytest.mark.parametrize("key", [key for key in CHATS if format_of(key).limits.text_max])
def test_a_template_that_is_cut_keeps_the_link_that_it_uses(key: str) -> None:
    most, url = chat(key).limits.text_max or 0, "https://x.example/1?a=1&b=2"
    link = chat(key).escape(url)
    text = said(key, {"url": url}, text="é" * most + link)
    without = said(key, {"url": url}, text="é" * most + "no link")

    shown = json.dumps(link, ensure_ascii=False)[1:-1] if key == "teams" else link
    assert f"… {url if key == 'telegram' else shown}" in text
    assert "x.example" not in without


def test_telegram_counts_an_emoji_as_two() -> None:
    text = json.loads(sent("telegram", {}, text="a" + "\U0001f600" * 3_000).body)["text"]

    assert text.endswith("\U0001f600…")
    assert len(text.encode("utf-16-le")) // 2 == 4_096


def test_telegram_gives_up_its_markup_before_a_tag_is_cut_in_two() -> None:
    body = json.loads(sent("telegram", {}, text="<b>" + "x" * 5_000 + "</b>").body)

    assert "parse_mode" not in body
    assert body["text"].startswith("xxx")
    assert len(body["text"]) == 4_096


@pytest.mark.parametrize("key", CHATS)
def test_a_template_is_sent_as_it_is(key: str) -> None:
    assert "*mine* <b>" in said(key, {}, text="*mine* <b>")


@pytest.mark.parametrize("key", CHATS)
@pytest.mark.parametrize(
    "data", [b"[]", b"1", b'"x"', b"{}", b"null", b'{"name":{"a":[1]},"url":[],"user":5}']
)
def test_any_event_makes_a_message(key: str, data: bytes) -> None:
    assert "rder paid" in said(key, data)


@pytest.mark.parametrize("key", CHATS)
def test_no_chat_is_sent_a_signature(key: str) -> None:
    assert not chat(key).is_signed
    assert "s3cret" not in str(sent(key, {}))


@pytest.mark.parametrize(
    ("key", "status", "body", "blames", "after_s"),
    [
        ("slack", 200, b"ok", None, None),
        ("slack", 410, b"channel_is_archived", "gone", None),
        ("slack", 404, b"no_service", "gone", None),
        ("slack", 404, b"<html>not here</html>", "receiver", None),
        ("slack", 403, b"action_prohibited", "gone", None),
        ("slack", 400, b"invalid_payload", "event", None),
        ("slack", 400, b"invalid_token", "gone", None),
        ("slack", 429, b"", "later", None),
        ("discord", 204, b"", None, None),
        ("discord", 429, b'{"retry_after": 0.65}', "later", 0.65),
        ("discord", 429, b'{"retry_after": "soon"}', "later", None),
        ("discord", 404, b'{"message": "Unknown Webhook"}', "gone", None),
        ("discord", 400, b"{}", "event", None),
        ("teams", 202, b"", None, None),
        ("teams", 404, b"", "gone", None),
        ("mattermost", 200, b"ok", None, None),
        ("mattermost", 500, b"Couldn't find the channel", "gone", None),
        ("mattermost", 400, b"Unable to parse incoming data", "event", None),
        ("rocketchat", 200, b'{"success":true}', None, None),
        ("rocketchat", 200, b'{"success":false}', "event", None),
        ("rocketchat", 404, b"", "gone", None),
        ("google_chat", 200, b"{}", None, None),
        ("google_chat", 403, b"{}", "gone", None),
        ("telegram", 200, b'{"ok":true}', None, None),
        ("telegram", 200, b'{"ok":false,"description":"no"}', "event", None),
        ("telegram", 429, b'{"parameters":{"retry_after":7}}', "later", 7),
        ("telegram", 403, b'{"description":"Forbidden: bot was kicked"}', "gone", None),
        ("telegram", 400, b'{"description":"Bad Request: chat not found"}', "gone", None),
        ("telegram", 400, b'{"description":"Bad Request: can\'t parse"}', "event", None),
        ("telegram", 400, b'{"parameters":{"migrate_to_chat_id":-77}}', "receiver", None),
        ("ntfy", 429, b"", "later", None),
        ("ntfy", 401, b"", "gone", None),
        ("gotify", 401, b"", "gone", None),
        ("matrix", 200, b'{"event_id":"x"}', None, None),
        ("matrix", 429, b'{"retry_after_ms":1500}', "later", 1.5),
        ("matrix", 403, b"", "gone", None),
        ("matrix", 502, b"\xff\xfe", "receiver", None),
    ],
)
def test_what_an_answer_means(
    key: str, status: int, body: bytes, blames: str | None, after_s: float | None
) -> None:
    judged = chat(key).judge(Answer(status, body=body))

    assert (judged.blames, judged.after_s) == (blames, after_s)
    assert (judged.reason is None) == (blames is None)


def test_telegram_says_which_id_the_group_has_now() -> None:
    judged = chat("telegram").judge(Answer(400, body=b'{"parameters":{"migrate_to_chat_id":-77}}'))

    assert judged.reason == "the group has a new id: set the hook's chat_id to -77"


def test_markdown_is_escaped_at_the_start_of_lines_too() -> None:
    assert markdown("# a\n- b\n1. c\n1.5 d - e") == "\\# a\n\\- b\n1\\. c\n1.5 d - e"


@pytest.mark.parametrize(
    ("key", "first"),
    [
        ("slack", "<https://x.example/1|Order paid: Send *now*>"),
        ("google_chat", "<https://x.example/1|Order paid: Send *now*>"),
        ("rocketchat", r"[Order paid: Send \*now\*](https://x.example/1)"),
    ],
)
def test_a_star_in_a_title_does_not_end_its_bold_text(key: str, first: str) -> None:
    form = format_of(key)
    data = b'{"name": "Send *now*", "url": "https://x.example/1"}'
    event = Event("evt_1", "order.paid", "2026-11-23T21:04:06.123Z", "WEB", data)
    parcel = form.request(event, Context("dlv_1"))
    assert isinstance(parcel, HttpParcel)
    assert json.loads(parcel.body)["text"].split("\n")[0] == first


@pytest.mark.parametrize("key", CHATS)
def test_gathered_events_are_a_line_each_and_the_rest_is_counted(key: str) -> None:
    form = chat(key)

    def lines(count: int, text: str | None = None) -> list[str]:
        told = [f"{n} {NASTY}" for n in range(count)]
        made = [
            Event(
                f"evt_{n}",
                "order.paid",
                "2026-11-23T21:04:06.123Z",
                "WEB",
                json.dumps({"name": one}).encode(),
            )
            for n, one in enumerate(told)
        ]
        parcel = form.batch_request(Batch("bat_1", made), Context("bat_1", (), text, SETTINGS))
        assert isinstance(parcel, HttpParcel)
        assert form.limits.text_max is None or len(parcel.body) < 4 * form.limits.text_max
        if key == "ntfy":
            said = parcel.body.decode()
        elif key == "teams":
            [block] = json.loads(parcel.body)["attachments"][0]["content"]["body"]
            said = block["text"]
        else:
            body = json.loads(parcel.body)
            said = next(body[n] for n in ("text", "content", "formatted_body", "message") if n in body)
        return said.replace("<br>", "\n").replace("\n\n", "\n").split("\n")

    head, *few = lines(3)
    assert "3 events in WEB" in head
    assert [line.startswith("• ") for line in few] == [True] * 3
    _, *many, last = lines(500)
    assert last == f"and {500 - len(many)} more" or (len(many), last[0]) == (499, "•")
    assert lines(2, "its own text") == ["its own text"]


@pytest.mark.parametrize("key", CHATS)
def test_one_event_that_gathered_alone_is_the_message_that_it_always_is(key: str) -> None:
    event = Event("evt_1", "order.paid", "2026-11-23T21:04:06.123Z", "WEB", b'{"name":"A"}')
    context = Context("bat_1", (), None, SETTINGS)
    assert chat(key).batch_request(Batch("bat_1", [event]), context) == chat(key).request(event, context)
