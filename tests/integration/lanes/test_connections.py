"""The connection to Redis outlasts what is waited for on it, and who asked for it."""

import gc

from scoring.decisions import connections


def test_the_longest_wait_that_is_allowed_is_not_taken_for_a_dead_server(settings):
    settings.API_MAX_WAIT = 30.0
    connections.client.cache_clear()
    assert connections.client().connection_pool.connection_kwargs["socket_timeout"] > 30.0
    connections.client.cache_clear()


def test_a_client_forgotten_meanwhile_leaves_a_pipeline_its_connection(online_redis):
    """As when threads ask for the first time together, and the client of one of them is not kept."""
    pipe = connections.client().pipeline(transaction=False)
    in_use = pipe.connection_pool.get_connection()
    connections.client.cache_clear()
    gc.collect()
    assert in_use.is_connected
    pipe.connection_pool.release(in_use)
    assert pipe.ping().execute() == [True]
