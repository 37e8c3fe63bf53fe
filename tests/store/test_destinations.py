"""Destinations: what is sealed in a hook is opened for its sender, and for nobody else."""

from hub.store import destinations, hooks
from hub.store.secrets import SecretBox
from tests.rigs.stage import Stage


def test_secrets_and_headers_are_sealed_and_open_for_the_sender_only(store: Stage) -> None:
    hook_id = store.hook(secret="whsec_c2VjcmV0", headers={"X-Token": "credential"})
    row = store.row(hook_id)
    assert "c2VjcmV0" not in str(row.__data__)
    assert "credential" not in str(row.__data__)
    target = store.read(lambda: destinations.load(store.box, [hook_id]))[hook_id]
    assert isinstance(target, destinations.Destination)
    assert (target.secrets, target.headers, target.project_key) == (
        (("whsec_c2VjcmV0", None),),
        {"X-Token": "credential"},
        "DEMO",
    )


def test_a_row_that_cannot_be_read_spoils_no_other(store: Stage) -> None:
    good, bad = store.hook(secret="a"), store.hook(secret="b")
    store.set(bad, secrets=store.row(good).secrets)
    found = store.read(lambda: destinations.load(store.box, [good, bad]))
    assert isinstance(found[good], destinations.Destination)
    assert "sealed for another row" in str(found[bad])
    other = store.read(lambda: destinations.load(SecretBox(["another key"]), [good]))
    assert "HUB_SECRET_KEY" in str(other[good])


def test_a_rotation_signs_with_both_until_the_overlap_ends(store: Stage) -> None:
    hook_id = store.hook(secret="old")
    now = store.clock.now()

    def rotate(secret: str, overlap_s: float) -> None:
        hook = hooks.locked(store.database, hook_id)
        assert hook is not None
        hooks.rotate(store.box, hook, secret, overlap_s, store.clock.now())

    store.do(lambda: rotate("new", 100))
    target = store.read(lambda: destinations.load(store.box, [hook_id]))[hook_id]
    assert isinstance(target, destinations.Destination)
    assert target.live_secrets(now) == ["new", "old"]
    assert target.live_secrets(now + 100) == ["new"]
    store.do(lambda: rotate("newest", 1000))
    target = store.read(lambda: destinations.load(store.box, [hook_id]))[hook_id]
    assert isinstance(target, destinations.Destination)
    assert target.live_secrets(now) == ["newest", "new", "old"]
    assert target.live_secrets(now + 100) == ["newest", "new"], (
        "an overlap is not made longer by the next rotation"
    )
    store.do(lambda: rotate("only", 0))
    target = store.read(lambda: destinations.load(store.box, [hook_id]))[hook_id]
    assert isinstance(target, destinations.Destination)
    assert target.live_secrets(now) == ["only"]


def test_a_rotation_mends_a_hook_whose_secrets_another_key_has_sealed(store: Stage) -> None:
    hook_id = store.hook(secret="old")
    other = SecretBox(["another key"])

    def rotate() -> None:
        hook = hooks.locked(store.database, hook_id)
        assert hook is not None
        hooks.rotate(other, hook, "new", 100, store.clock.now())

    store.do(rotate)
    [destination] = store.read(lambda: destinations.load(other, [hook_id])).values()
    assert isinstance(destination, destinations.Destination)
    assert destination.live_secrets(store.clock.now()) == ["new"]
