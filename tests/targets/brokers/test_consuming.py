import pytest

from hub.errors import DeliveryError
from hub.rules.brokers import KINDS
from hub.targets.addresses import Addresses
from hub.targets.brokers import consuming
from hub.targets.brokers.client import Broker
from hub.targets.brokers.consuming import MODULES, Place


def test_each_kind_that_a_source_can_read_has_a_module() -> None:
    assert set(MODULES) == {key for key, kind in KINDS.items() if kind.source_place is not None}


def test_what_cannot_be_read_is_refused(addresses: Addresses) -> None:
    with pytest.raises(DeliveryError) as caught:
        consuming.make(Broker("b", "sqs", "https://sqs.example"), addresses, Place("orders", "g"))
    assert caught.value.fault == "refused"
