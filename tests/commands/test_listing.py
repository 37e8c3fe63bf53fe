"""Lists as the commands print them."""

from hub.commands import listing


def test_a_list_is_not_cut_at_a_page() -> None:
    def page(before: str | None) -> list[str]:
        return {None: ["c", "b"], "b": ["a"], "a": []}[before]

    assert list(listing.pages(page, str)) == ["c", "b", "a"]
