import pytest

from connectors import registry
from hub.rules import pace
from hub.rules.pace import Digest, Pace, RateLimit

WHOLE = Pace(RateLimit(20, 60), 30.0, "fifo", "hold", (1.5, 60))
GATHERED = Digest(300, 100)
USUAL = (5, 60, 300, 1800, 7200, 18000, 36000, 86400)


def test_a_pace_is_stored_and_read_again() -> None:
    assert pace.stored(WHOLE.json) == WHOLE
    assert Pace().json is None
    assert pace.stored(None) == Pace()
    gathered = Pace(digest=GATHERED)
    assert pace.stored(gathered.json) == gathered
    never = Pace(retry_schedule_s=())
    assert pace.stored(never.json) == never


@pytest.mark.parametrize(
    ("rate", "words"),
    [
        (RateLimit(20, 60), "up to 20 at once, then one every 3 s"),
        (RateLimit(1, 1), "one a second"),
        (RateLimit(5, 1), "up to 5 at once, then 5 a second"),
        (RateLimit(1, 120), "one every 2 minutes"),
        (RateLimit(100, 86_400), "up to 100 at once, then one every 864 s"),
        (RateLimit(24, 86_400), "up to 24 at once, then one every hour"),
    ],
)
def test_a_rate_is_said_as_what_it_does(rate: RateLimit, words: str) -> None:
    assert pace.rate_words(rate) == words


def test_all_that_is_special_is_said() -> None:
    assert pace.words(WHOLE, "standard", USUAL) == [
        "up to 20 at once, then one every 3 s",
        "each event 30 s after it came in",
        "in order: one event can stop the others for up to 2 minutes, then the hook stops",
        "tried again after 1.5 s, 1 minute",
    ]
    assert pace.words(Pace(ordering="fifo"), "standard", USUAL) == [
        "in order: one event can stop the others for up to 42 hours, then it is given up"
    ]
    assert pace.words(Pace(retry_schedule_s=()), "standard", USUAL) == ["tried again never"]
    assert pace.words(Pace(), "standard", USUAL) == []
    assert pace.words(Pace(digest=GATHERED), "standard", USUAL) == [
        "events of 5 minutes in one request, at once when there are 100"
    ]
    assert pace.words(Pace(), "slack", USUAL) == ["one a second, as Slack takes them"]


def test_a_chat_has_the_rate_that_its_service_takes_until_somebody_sets_another() -> None:
    rates = {key: pace.rate_of(Pace(), key) for key in registry.format_keys()}
    assert (rates["slack"], rates["telegram"]) == (RateLimit(1, 1), RateLimit(20, 60))
    assert rates["standard"] is None
    assert pace.rate_of(WHOLE, "slack") == RateLimit(20, 60)
    assert pace.rate_of(Pace(), "a format of a package that is gone") is None


@pytest.mark.parametrize(
    ("given", "path"),
    [
        ({"rate_limit": RateLimit(0, 1)}, "rate_limit.count"),
        ({"rate_limit": RateLimit(1.5, 1)}, "rate_limit.count"),  # type: ignore[arg-type]
        ({"rate_limit": RateLimit(10_001, 1)}, "rate_limit.count"),
        ({"rate_limit": RateLimit(1, 0)}, "rate_limit.per_s"),
        ({"rate_limit": RateLimit(1, float("nan"))}, "rate_limit.per_s"),
        ({"delay_s": -1}, "delay_s"),
        ({"delay_s": 86_401}, "delay_s"),
        ({"ordering": "lifo"}, "ordering"),
        ({"fifo_on_failure": "skip"}, "fifo_on_failure"),
        ({"retry_schedule_s": (1, -1)}, "retry_schedule_s[1]"),
        ({"retry_schedule_s": (1,) * 51}, "retry_schedule_s"),
    ],
)
def test_what_is_wrong_is_named_by_its_path(given: dict[str, object], path: str) -> None:
    assert [field for field, _ in pace.errors_in(given)] == [path]


def test_the_longest_legal_values_are_taken() -> None:
    longest = {
        "rate_limit": RateLimit(10_000, 86_400),
        "delay_s": 86_400,
        "retry_schedule_s": (86_400.0,) * 50,
    }
    assert pace.errors_in(longest) == []
    assert pace.errors_in({"rate_limit": None, "delay_s": None, "retry_schedule_s": None}) == []
