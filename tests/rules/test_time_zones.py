"""The names of time zones."""

from hub.rules.time_zones import is_time_zone


def test_only_names_of_the_tz_database_are_known() -> None:
    assert is_time_zone("Europe/Berlin")
    assert is_time_zone("UTC")
    assert not any(map(is_time_zone, ["", "Berlin", "../../etc/passwd", "/usr/share/zoneinfo/UTC", "a\0b"]))
