"""Stored versions of batch views."""

from datetime import datetime
from typing import Any

from scoring.batch.models import BatchVersion
from scoring.batch.views import BatchView


def store_version(view: BatchView, number: int, *, as_of: datetime, **values: Any) -> BatchVersion:
    """A version of the view up to `as_of`, valid and published at once, or as `values` say."""
    defaults: dict[str, Any] = {
        "definition": view.definition_hash,
        "log_position": 1,
        "valid_from": as_of,
        "published_at": as_of,
        "digest": "d",
        "rows": {},
        "seconds": 1.25,
    }
    return BatchVersion.objects.create(view=view.key, number=number, as_of=as_of, **(defaults | values))
