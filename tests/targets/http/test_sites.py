"""Which judged addresses a connection cache may use, and what libcurl is told of them."""

from hub.targets.http.sites import IDLE_S, Sites


def test_libcurl_is_told_once_and_again_when_they_were_judged_anew() -> None:
    sites = Sites(4)
    site = sites.pin(("a.example", 80), ["192.0.2.1", "2001:db8::1"], 0)
    assert sites.lines(site) == ["a.example:80:192.0.2.1,[2001:db8::1]"]
    assert sites.lines(site) is None
    assert sites.fresh(("a.example", 80), IDLE_S) is site
    assert sites.fresh(("a.example", 80), IDLE_S + 1) is None
    assert sites.lines(sites.pin(("a.example", 80), ["192.0.2.2"], IDLE_S + 1)) == ["a.example:80:192.0.2.2"]


def test_what_rests_longest_is_forgotten_here_and_there_but_nothing_under_way() -> None:
    sites = Sites(2)
    sites.pin(("rested.example", 80), ["192.0.2.1"], 0)
    busy = sites.pin(("busy.example", 80), ["192.0.2.1"], 0)
    sites.begin(busy)
    third = sites.pin(("third.example", 80), ["192.0.2.1"], 0)
    assert sites.places == [busy.place, third.place]
    assert sites.lines(third) == ["-rested.example:80", "third.example:80:192.0.2.1"]

    sites.pin(("fourth.example", 80), ["192.0.2.1"], 0)
    assert busy.place in sites.places
    assert len(sites.places) == 2
