"""The connection to Redis outlasts what is waited for on it."""

from scoring.decisions import connections


def test_the_longest_wait_that_is_allowed_is_not_taken_for_a_dead_server(settings):
    settings.API_MAX_WAIT = 30.0
    connections.client.cache_clear()
    assert connections.client().connection_pool.connection_kwargs["socket_timeout"] > 30.0
    connections.client.cache_clear()
