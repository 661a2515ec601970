from tests.integration.lanes.conftest import _client_of_this_test, send, work  # noqa: F401 - fixtures
