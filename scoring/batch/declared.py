"""The batch views that the catalog's event types declare."""

from scoring.batch.views import BatchView
from scoring.catalog.registry import event_types


def batch_views() -> dict[str, BatchView]:
    """Every declared batch view by key ("payment.customer_profile")."""
    declared = (view for member in event_types().values() for view in member.batch_views.values())
    return {view.key: view for view in declared if isinstance(view, BatchView)}
