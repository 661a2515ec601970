"""Errors of webhooks."""

from scoring.errors import ScoringError


class WebhookRefused(ScoringError):
    """An address to which webhooks may not be sent."""

    def __init__(self, host: str, reason: str) -> None:
        self.host = host
        super().__init__(f"webhooks may not be sent to {host or 'this address'}: {reason}")


class DeliveryFailed(ScoringError):
    """A message could not be handed over. `final`: another attempt would not help.

    `status`: the HTTP status that a receiver answered, None if none did.
    """

    def __init__(self, reason: str, *, final: bool = False, status: int | None = None) -> None:
        self.final, self.status = final, status
        super().__init__(reason)
