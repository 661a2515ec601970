"""The identity provider is read from the environment, whole or not at all."""

import pytest
from django.core.exceptions import ImproperlyConfigured

from config.identity_provider import read_identity_provider

COMPLETE = {
    "ASSAY_OIDC_ISSUER": "https://id.example.org/realms/fraud/",
    "ASSAY_OIDC_CLIENT_ID": "assay",
    "ASSAY_OIDC_CLIENT_SECRET": "secret",
    "ASSAY_OIDC_GROUPS": "cn=fraud=analyst, leads = data scientist",
}


@pytest.fixture
def complete(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in COMPLETE.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_without_an_issuer_there_is_none(complete):
    complete.delenv("ASSAY_OIDC_ISSUER")
    assert read_identity_provider() is None


def test_groups_are_mapped_by_the_last_equals_sign(complete):
    provider = read_identity_provider()
    assert provider.groups == {"cn=fraud": "analyst", "leads": "data scientist"}
    (app,) = provider.as_setting["openid_connect"]["APPS"]
    assert app["settings"]["server_url"] == "https://id.example.org/realms/fraud"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ASSAY_OIDC_CLIENT_SECRET", ""),
        ("ASSAY_OIDC_CLIENT_ID", ""),
        ("ASSAY_OIDC_ISSUER", "id.example.org"),
        ("ASSAY_OIDC_GROUPS", "fraud"),
    ],
)
def test_an_incomplete_one_stops_the_start(complete, name, value):
    complete.setenv(name, value)
    with pytest.raises(ImproperlyConfigured, match="ASSAY_OIDC"):
        read_identity_provider()
