import pytest

from tests.factories.models import train_small_models
from tests.integration.lanes.conftest import _client_of_this_test, send, work  # noqa: F401 - fixtures
from tests.integration.lanes.test_arms import CATEGORIES, give_vocabulary


@pytest.fixture
def models(online_redis, settings, tmp_path) -> list[str]:
    """Two versions that code categories differently; neither is promoted."""
    settings.VAR_DIR = tmp_path / "var"
    settings.OFFLINE_URL = str(tmp_path / "offline")
    names = train_small_models(15, 25)
    give_vocabulary(names[1], CATEGORIES)
    return names
