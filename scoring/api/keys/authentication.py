"""Authentication by API key: `Authorization: Bearer assay_...`."""

import logging

from django.utils import timezone
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.request import Request

from scoring.api.client_address import client_address
from scoring.api.keys.addresses import is_within
from scoring.api.keys.errors import AddressNotAllowed, ApiKeyRefused
from scoring.api.keys.issue import Sender, recognize_key, was_valid
from scoring.api.keys.refusals import check_brake, note_refusal

logger = logging.getLogger(__name__)


class ApiKeyAuthentication(BaseAuthentication):
    """Identifies the sender by its API key; `request.user` is then a `Sender`."""

    def authenticate(self, request: Request) -> tuple[Sender, str] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        address = client_address(request)
        try:
            sender = _sender_of(header, address)
        except ApiKeyRefused as refusal:
            note_refusal(address)
            logger.warning("API key refused: %s", refusal, extra={"address": address})
            raise
        if sender.networks and not is_within(address, sender.networks):
            logger.warning(
                "API key %s refused from another address", sender.prefix, extra={"address": address}
            )
            raise AddressNotAllowed(address)
        return sender, sender.prefix

    def authenticate_header(self, request: Request) -> str:
        invalid = ', error="invalid_token"' if request.META.get("HTTP_AUTHORIZATION") else ""
        return f'Bearer realm="assay"{invalid}'


def _sender_of(header: str, address: str) -> Sender:
    """The sender of the key in the header. Guessing addresses are throttled, recently valid keys are not."""
    scheme, _, key = header.partition(" ")
    if scheme.lower() != "bearer":
        check_brake(address)
        raise ApiKeyRefused("the Authorization header must be: Bearer <API key>")
    key = key.strip()
    if not was_valid(key):
        check_brake(address)
    return recognize_key(key, now=timezone.now())


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How the API key appears in the OpenAPI document."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, created in the admin or with `manage.py create_api_key`.",
        }
