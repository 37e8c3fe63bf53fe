"""Pages run under a strict policy, and nothing we send is taken for another type."""

from hub.web.security_headers import CONTENT_SECURITY_POLICY
from tests.rigs.api import LiveHub


def test_pages_carry_a_strict_policy_and_everything_is_nosniff(live: LiveHub) -> None:
    client = live.stranger()
    headers = client.get("/").headers
    assert headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert "unsafe" not in CONTENT_SECURITY_POLICY
    assert "default-src 'none'" in CONTENT_SECURITY_POLICY
    assert (headers["referrer-policy"], headers["cache-control"]) == ("same-origin", "no-store")
    for path in ("/", "/healthz", "/api/v1/me", "/nowhere", "/static/hub.css"):
        assert client.get(path).headers["x-content-type-options"] == "nosniff"
    assert "content-security-policy" not in client.get("/healthz").headers
