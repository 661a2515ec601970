"""One owner for a port, whoever else wants it."""

import os
import socket
import threading
from contextlib import closing

import pytest

from serving import listening
from serving.listening import PortUnavailable, chosen_address, inherited, listen


def test_a_port_that_is_listened_at_is_an_error_that_names_it():
    with closing(listen("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortUnavailable, match=rf"127\.0\.0\.1:{port} .*ASSAY_PORT={port + 1}"):
            listen("127.0.0.1", port)


def test_a_port_that_is_about_to_be_given_up_is_waited_for():
    first = listen("127.0.0.1", 0)
    address = first.getsockname()
    closing_soon = threading.Timer(0.1, first.close)
    closing_soon.start()
    listen(*address, patience=60.0).close()
    closing_soon.join()


def test_a_port_that_stays_in_use_is_an_error_after_all():
    with closing(listen("127.0.0.1", 0)) as first, pytest.raises(PortUnavailable):
        listen(*first.getsockname(), patience=0.05)


def test_a_listener_that_would_share_its_port_is_not_joined():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortUnavailable):
            listen("127.0.0.1", other.getsockname()[1])


def test_nobody_else_can_share_the_port():
    with closing(listen("127.0.0.1", 0)) as first, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(first.getsockname())


def test_a_listener_on_all_addresses_takes_the_port_too():
    with closing(listen("0.0.0.0", 0)) as first, pytest.raises(PortUnavailable):  # noqa: S104
        listen("127.0.0.1", first.getsockname()[1])


def test_connections_of_a_server_that_has_ended_are_no_obstacle():
    first = listen("127.0.0.1", 0)
    address = first.getsockname()
    with socket.create_connection(address) as client:
        first.accept()[0].close()  # the server's end waits out its time
        client.recv(1)
    first.close()
    listen(*address).close()


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_a_number_that_is_no_port_is_said(port: int):
    with pytest.raises(PortUnavailable, match=str(port)):
        listen("127.0.0.1", port)


def test_a_host_that_is_not_here_is_said():
    with pytest.raises(PortUnavailable, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 8_000)


def test_a_supervisors_socket_is_taken_over_once(monkeypatch):
    with closing(listen("127.0.0.1", 0)) as held:
        monkeypatch.setenv(listening.FD_VARIABLE, str(os.dup(held.fileno())))
        with closing(inherited()) as taken:  # type: ignore[type-var]
            assert taken.getsockname() == held.getsockname()
        assert inherited() is None


def test_a_socket_meant_for_another_process_is_left_alone(monkeypatch):
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    assert inherited() is None


def test_the_address_is_what_the_environment_says():
    assert chosen_address({}) == ("127.0.0.1", 8_000)
    assert chosen_address({"ASSAY_HOST": "::1", "ASSAY_PORT": "8100"}) == ("::1", 8_100)
    with pytest.raises(PortUnavailable, match="'http'"):
        chosen_address({"ASSAY_PORT": "http"})
