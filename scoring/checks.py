"""What `manage.py check` says of the catalog."""

from typing import Any

from django.core.checks import CheckMessage, Error, register

from scoring.errors import CatalogError
from scoring.features.plan import check_catalog


@register("catalog")
def check_declarations(**_: Any) -> list[CheckMessage]:
    """Every event type and feature compiles; a bad declaration is named by module and line."""
    try:
        check_catalog()
    except CatalogError as error:
        return [Error(str(error), id="scoring.E001")]
    return []
