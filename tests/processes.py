"""What the real processes that tests start have in common."""

import os
from pathlib import Path

from django.conf import settings
from django.db import connection

from embedded import services


def environment_of_process(directory: Path) -> dict[str, str]:
    """The product's settings on the test's own database and Redis; its offline store is in `directory`."""
    url = services.database_url(settings.VAR_DIR)
    name = connection.settings_dict["NAME"]
    return os.environ | {
        "DJANGO_SETTINGS_MODULE": "config.settings",
        "DATABASE_URL": url.rsplit("/", 1)[0] + f"/{name}",
        "REDIS_URL": settings.REDIS_URL,
        "ASSAY_OFFLINE_URL": str(directory / "offline"),
        "ASSAY_SECRET_KEY": settings.SECRET_KEY,
        "ASSAY_VAULT_KEY": settings.VAULT_KEY,
    }
