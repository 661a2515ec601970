"""How far back labels are counted and compared."""

from datetime import timedelta
from typing import Final

HISTORY: Final = timedelta(weeks=26)
DAY_SECONDS: Final = 86_400.0
