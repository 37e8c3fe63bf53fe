"""A hook as the API shows it: the example is of the same shape as an answer, and no secret is in either."""

from hub.logs import MASK
from hub.web.api.hook_answers import HookAnswer, HookWithSecret, example_of
from tests.rigs.api import Client


def test_the_example_is_an_answer(api: Client) -> None:
    made = api.post(
        "/hooks",
        json={"target_url": "http://127.0.0.1:9009/", "event": "a.b", "headers": {"X-Api-Key": "hush"}},
    ).json()
    example = example_of(HookWithSecret)
    assert made.keys() == example.keys()
    assert made["origin"].keys() == example["origin"].keys()
    assert HookWithSecret.model_validate(example).model_dump() == example
    assert set(HookWithSecret.model_fields) - set(HookAnswer.model_fields) == {"secret"}


def test_a_header_shows_its_name_and_a_hook_its_secret_once(api: Client) -> None:
    made = api.post(
        "/hooks",
        json={"target_url": "http://127.0.0.1:9009/", "event": "a.b", "headers": {"X-Api-Key": "hush"}},
    ).json()
    shown = api.get(f"/hooks/{made['id']}").json()
    assert shown == {name: value for name, value in made.items() if name != "secret"}
    assert (shown["headers"], shown["has_secret"]) == ({"X-Api-Key": MASK}, True)
    assert example_of(HookAnswer)["headers"] == {"X-Api-Key": MASK}
