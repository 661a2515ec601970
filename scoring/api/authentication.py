"""Who is asking: `Authorization: Bearer assay_...`."""

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from scoring.api.keys import Sender, find_sender


class ApiKeyAuthentication(BaseAuthentication):
    """Recognises the sender by its API key; `request.user` is then a `Sender`."""

    def authenticate(self, request: Request) -> tuple[Sender, str] | None:
        header = request.META.get("HTTP_AUTHORIZATION", "")
        if not header:
            return None
        scheme, _, key = header.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed("the Authorization header has to read: Bearer <API key>")
        sender = find_sender(key.strip())
        if sender is None:
            raise AuthenticationFailed("this API key does not exist or was revoked")
        return sender, sender.prefix

    def authenticate_header(self, request: Request) -> str:
        invalid = ', error="invalid_token"' if request.META.get("HTTP_AUTHORIZATION") else ""
        return f'Bearer realm="assay"{invalid}'


class ApiKeyScheme(OpenApiAuthenticationExtension):
    """How the API key appears in the OpenAPI document."""

    target_class = ApiKeyAuthentication
    name = "apiKey"

    def get_security_definition(self, auto_schema: object) -> dict[str, str]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "An API key, made by `manage.py create_api_key`.",
        }
