"""The OpenID Connect provider by which people may sign in, from the environment."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from django.core.exceptions import ImproperlyConfigured

from config.environment import check_http_url, env, read, read_list

PROVIDER_ID = "oidc"  # part of the callback's address: /admin/account/oidc/login/callback/


class IdentityProvider(NamedTuple):
    """`groups`: the group here by the group that `groups_claim` of the provider names; empty: not mapped."""

    name: str
    issuer: str
    client_id: str
    secret: str
    groups_claim: str
    groups: Mapping[str, str]

    @property
    def as_setting(self) -> dict[str, Any]:
        """The provider in the form of allauth's SOCIALACCOUNT_PROVIDERS."""
        app = {
            "provider_id": PROVIDER_ID,
            "name": self.name,
            "client_id": self.client_id,
            "secret": self.secret,
            "settings": {"server_url": self.issuer.rstrip("/"), "oauth_pkce_enabled": True},
        }
        return {"openid_connect": {"APPS": [app], "OAUTH_PKCE_ENABLED": True}}


def read_identity_provider() -> IdentityProvider | None:
    """The provider, None without `ASSAY_OIDC_ISSUER`. Raises ImproperlyConfigured for an incomplete one."""
    issuer = read(env.str, "ASSAY_OIDC_ISSUER", "", validate=check_http_url)
    if not issuer:
        return None
    client_id, secret = env.str("ASSAY_OIDC_CLIENT_ID", ""), env.str("ASSAY_OIDC_CLIENT_SECRET", "")
    if not (client_id and secret):
        raise ImproperlyConfigured(
            "ASSAY_OIDC_ISSUER is set; set ASSAY_OIDC_CLIENT_ID and ASSAY_OIDC_CLIENT_SECRET as well."
        )
    return IdentityProvider(
        name=env.str("ASSAY_OIDC_NAME", "") or "single sign-on",
        issuer=issuer,
        client_id=client_id,
        secret=secret,
        groups_claim=env.str("ASSAY_OIDC_GROUPS_CLAIM", "") or "groups",
        groups=dict(map(_pair, read_list("ASSAY_OIDC_GROUPS"))),
    )


def _pair(item: str) -> tuple[str, str]:
    theirs, equals, ours = map(str.strip, item.rpartition("="))
    if not (theirs and equals and ours):
        raise ImproperlyConfigured(
            f"ASSAY_OIDC_GROUPS is invalid: {item!r}. Write their-group=our group, with commas between pairs."
        )
    return theirs, ours
