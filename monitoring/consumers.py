"""The consumers that keep monitoring's windows."""

from monitoring.quality.windows import QUALITY
from monitoring.windows.arms import ARMS
from monitoring.windows.batch_views import BATCH_VIEWS
from monitoring.windows.hourly import WINDOWS
from monitoring.windows.model_windows import MODEL_WINDOWS
from monitoring.windows.senders import SENDER_WINDOWS
from scoring.log.consumers.registry import register

register(ARMS)
register(WINDOWS)
register(MODEL_WINDOWS)
register(SENDER_WINDOWS)
register(BATCH_VIEWS)
register(QUALITY)
