"""The client address: the connection's, or behind a proxy the one that the proxy added."""

import pytest
from django.test import RequestFactory

from scoring.api.client_address import client_address


@pytest.mark.parametrize(
    ("behind_proxy", "forwarded", "expected"),
    [
        (False, None, "192.0.2.1"),
        (False, "198.51.100.7", "192.0.2.1"),  # no proxy vouches for the header
        (True, "198.51.100.7", "198.51.100.7"),
        (True, "203.0.113.9, 198.51.100.7", "198.51.100.7"),  # the client may have forged the first one
        (True, "2001:db8::1", "2001:db8::1"),
        (True, "not an address", "192.0.2.1"),
        (True, None, "192.0.2.1"),
    ],
)
def test_the_address_of_a_client(settings, behind_proxy, forwarded, expected):
    settings.BEHIND_PROXY = behind_proxy
    headers = {} if forwarded is None else {"HTTP_X_FORWARDED_FOR": forwarded}
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="192.0.2.1", **headers)) == expected


def test_a_socket_has_no_address():
    assert client_address(RequestFactory().get("/", REMOTE_ADDR="")) == ""
