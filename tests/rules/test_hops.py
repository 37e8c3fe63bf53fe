"""The count of circles, as publishers hand it on."""

import pytest

from hub.errors import Invalid
from hub.rules import hops


@pytest.mark.parametrize(
    ("value", "count"), [(None, 0), ("0", 0), ("1", 1), ("007", 7), ("999999999", 999_999_999)]
)
def test_it_reads_whole_numbers(value: str | None, count: int) -> None:
    assert hops.read(value) == count


@pytest.mark.parametrize("value", ["", "-1", "1.5", "one", "٣", "²", " 1", "1" * 10, "1, 2"])
def test_what_is_no_number_is_refused_by_name(value: str) -> None:
    with pytest.raises(Invalid) as refused:
        hops.read(value)
    assert refused.value.errors[0][0] == "x-hub-hops"
