"""Limits of groups in words."""

from scoring.admin_kit.row_rules.limits import Limits


def limits_text(limits: Limits) -> str:
    """Limits in one line.

    >>> limits_text(Limits.of(["payment"], {"payment": ["fraud"]}))
    'sees payment; labels of payment: fraud'
    >>> limits_text(Limits())
    'sees all event types and may use all labels'
    """
    if limits.is_nothing:
        return "sees all event types and may use all labels"
    seen = "all event types" if limits.event_types is None else ", ".join(sorted(limits.event_types))
    labels = [f"labels of {name}: {', '.join(sorted(used))}" for name, used in sorted(limits.labels.items())]
    return "; ".join([f"sees {seen}", *labels])
