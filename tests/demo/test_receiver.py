"""The receiver of the demo checks signatures by the published examples, not by our own code."""

from hub.demo.receiver import Arrival, icescrum_fault, standard_fault

STANDARD = Arrival(
    "/",
    {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    },
    b'{"test": 2432232314}',
    204,
)
STANDARD_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


def test_its_receiver_knows_the_published_example_of_standard_webhooks() -> None:
    assert standard_fault(STANDARD, STANDARD_SECRET, now=1614265330) is None
    assert (
        standard_fault(STANDARD, "whsec_" + STANDARD_SECRET[:5:-1], now=1614265330)
        == "webhook-signature does not match"
    )
    assert (
        standard_fault(STANDARD, STANDARD_SECRET, now=1614265330 + 301) == "webhook-timestamp is 1614265330"
    )


def test_its_receiver_knows_a_wrong_icescrum_signature() -> None:
    # The HMAC-SHA1 example that RFC 2202 §3 gives as its second.
    right = Arrival(
        "/",
        {"x-icescrum-signature": "effcdf6ae5eb2fa2d27416d5f184df9c259a7c79"},
        b"what do ya want for nothing?",
        204,
    )
    assert icescrum_fault(right, "Jefe") is None
    assert icescrum_fault(right, "jefe") is not None
