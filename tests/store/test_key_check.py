"""Whether a secret key fits the database, told by what it is to open."""

from hub.store import key_check
from hub.store.secrets import SecretBox
from tests.rigs.stage import Stage

OTHER = SecretBox(["another key"])


def test_any_key_fits_a_database_with_nothing_sealed(store: Stage) -> None:
    assert not store.read(key_check.needs_key)
    assert store.read(lambda: key_check.fits(store.box) and key_check.fits(OTHER))


def test_the_first_hubs_key_fits_from_then_on_and_no_other(store: Stage) -> None:
    store.do(lambda: key_check.remember(store.box))
    assert store.read(key_check.needs_key)
    assert store.read(lambda: key_check.fits(store.box))
    assert not store.read(lambda: key_check.fits(OTHER))
    store.do(lambda: key_check.remember(OTHER))
    assert store.read(lambda: key_check.fits(store.box))
    assert not store.read(lambda: key_check.fits(OTHER))


def test_a_key_that_replaces_the_old_one_beside_it_fits(store: Stage) -> None:
    store.do(lambda: key_check.remember(store.box))
    assert store.read(lambda: key_check.fits(SecretBox(["new", "a key of the tests"])))


def test_without_a_check_value_the_secrets_and_headers_of_hooks_tell(store: Stage) -> None:
    for sealed in ({"secret": "whsec_c2VjcmV0"}, {"headers": {"X-Key": "value"}}):
        hook_id = store.hook(**sealed)
        assert store.read(key_check.needs_key)
        assert store.read(lambda: key_check.fits(store.box))
        assert not store.read(lambda: key_check.fits(OTHER))
        store.set(hook_id, secrets=None, headers=None)
    assert not store.read(key_check.needs_key)
