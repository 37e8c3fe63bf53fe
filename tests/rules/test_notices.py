"""When a mail with notices is due to somebody."""

import pytest

from hub.rules.notices import BETWEEN_S, GATHER_S, Choice, Kind, Told, is_due

NOW = 1_000_000.0
DAY_S = 86_400.0


@pytest.mark.parametrize(
    ("choice", "kind", "age_s", "last_mail_s", "due"),
    [
        ("at_once", "failing", GATHER_S - 1, None, False),
        ("at_once", "failing", GATHER_S, None, True),
        ("at_once", "failing", GATHER_S, BETWEEN_S - 1, False),
        ("at_once", "failing", GATHER_S, BETWEEN_S, True),
        ("hourly", "gone", GATHER_S, 3599, False),
        ("hourly", "gone", GATHER_S, 3600, True),
        ("daily", "gone", GATHER_S, DAY_S - 1, False),
        ("daily", "gone", GATHER_S, DAY_S, True),
        ("off", "gone", DAY_S, None, False),
        (None, "gone", GATHER_S, BETWEEN_S, True),
        (None, "auto_disabled", GATHER_S, BETWEEN_S, True),
        (None, "failing", GATHER_S, BETWEEN_S, False),
        (None, "failing", GATHER_S, DAY_S, True),
    ],
)
def test_storms_gather_and_nobody_is_told_more_often_than_they_want(
    choice: Choice | None, kind: Kind, age_s: float, last_mail_s: float | None, due: bool
) -> None:
    mailed_at = None if last_mail_s is None else NOW - last_mail_s
    told_until = None if mailed_at is None else mailed_at - 5
    news_at = NOW - age_s
    assert is_due(Told(choice, mailed_at, min(told_until or 0, news_at - 1)), [(kind, news_at)], NOW) is due


def test_what_has_been_told_is_no_reason_for_another_mail() -> None:
    told = Told("at_once", NOW - DAY_S, NOW - DAY_S)
    assert not is_due(told, [("gone", NOW - DAY_S - 1)], NOW)
    assert is_due(told, [("gone", NOW - DAY_S - 1), ("gone", NOW - GATHER_S)], NOW)
    assert not is_due(Told(), [], NOW)
