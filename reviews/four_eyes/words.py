"""Settings of four-eyes in words."""

from reviews.four_eyes.settings import ConfirmedLabel, FourEyesSettings


def settings_text(settings: FourEyesSettings) -> str:
    """Settings in one line: "the positive label from 500; outcomes block"; "none" without any."""
    parts = [text for each in settings.labels if (text := _label_text(each))]
    if settings.outcomes:
        parts.append(f"outcomes {', '.join(settings.outcomes)}")
    return "; ".join(parts) or "none"


def _label_text(label: ConfirmedLabel) -> str:
    if label.always:
        return f"the {label.name} label always"
    return f"the {label.name} label from {label.from_amount:,.10g}" if label.from_amount else ""
