"""What every format is by default: a format of its own says only what differs."""

from connectors.base import Answer, Context, Event, Format, Judgement

DATA = '{"class":"Story","id":23,"name":"Hébergement","effort":1.10}'.encode()
EVENT = Event(
    id="evt_1", type="story.create", timestamp="2026-11-23T21:04:06.123Z", project="TRAVEL", data=DATA
)


class Shout(Format):
    """What a chat's format is: its text, its limits, and the answers that mean something else there."""

    key = "shout"
    content_type = "text/plain"

    def body(self, event: Event) -> bytes:
        return self.escape(event.type).encode()

    def escape(self, text: str) -> str:
        return text.upper().replace("<", "&lt;")

    def judge(self, answer: Answer) -> Judgement:
        if answer.status == 200 and answer.body != b"ok":
            return Judgement("event", answer.body.decode())
        return super().judge(answer)


def test_a_format_of_its_own_says_only_what_differs() -> None:
    parcel = Shout().request(Event("evt_1", "a<b", EVENT.timestamp, "TRAVEL", b"{}"), Context("dlv_1"))
    assert (parcel.body, parcel.headers) == (b"A&lt;B", {"Content-Type": "text/plain"})
    assert Shout().judge(Answer(200, body=b"ok")) == Judgement()
    assert Shout().judge(Answer(200, body=b"no such room")) == Judgement("event", "no such room")
    assert Shout().judge(Answer(404)).blames == "receiver"
