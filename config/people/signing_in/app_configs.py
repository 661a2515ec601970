"""allauth's app of accounts, whose middleware wraps pages alone (`config.requests.middleware`)."""

from importlib import import_module

from allauth.account.apps import AccountConfig


class PageAccountsConfig(AccountConfig):
    """Without the demand that the middleware wraps every request: those of the API have no session."""

    def ready(self) -> None:
        import_module("allauth.account.checks")
