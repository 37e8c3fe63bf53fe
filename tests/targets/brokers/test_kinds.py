import re

import pytest

from hub.errors import DeliveryError
from hub.rules.brokers import KINDS, BrokerKind
from hub.targets.addresses import Addresses
from hub.targets.brokers import kinds
from hub.targets.brokers.client import Broker
from hub.targets.resolver import Resolver

ABSENT = BrokerKind(
    "none",
    "None MQ",
    "none://mq",
    {"none": 1},
    frozenset(),
    "none",
    "no_such_package_here",
    re.compile("x"),
    "x",
    "never",
)


def test_each_kind_has_a_module_of_its_own() -> None:
    assert set(kinds.MODULES) == set(KINDS)
    assert len(set(kinds.MODULES.values())) == len(KINDS)


def test_every_extra_is_installed_where_the_tests_run() -> None:
    assert [kind.key for kind in KINDS.values() if not kinds.is_installed(kind)] == []


def test_a_missing_package_is_named_with_what_to_type() -> None:
    assert not kinds.is_installed(ABSENT)
    assert "pip install 'hookhub[none]'" in kinds.missing(ABSENT)


def test_a_kind_that_nobody_knows_is_refused_and_not_counted() -> None:
    with pytest.raises(DeliveryError) as caught:
        kinds.make(Broker("b", "carrier-pigeon", "pigeon://loft"), Addresses((), Resolver()))
    assert caught.value.fault == "refused"
