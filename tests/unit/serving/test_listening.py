"""A port has one owner."""

import os
import socket
import threading
from contextlib import closing

import pytest

from serving import listening
from serving.listening import PortUnavailable, inherit_socket, listen, read_address


def test_the_error_for_a_port_in_use_names_it():
    with closing(listen("127.0.0.1", 0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(PortUnavailable, match=rf"127\.0\.0\.1:{port} .*ASSAY_PORT={port + 1}"):
            listen("127.0.0.1", port)


def test_listen_waits_for_a_port_that_is_about_to_be_released():
    first = listen("127.0.0.1", 0)
    address = first.getsockname()
    closing_soon = threading.Timer(0.1, first.close)
    closing_soon.start()
    listen(*address, wait_seconds=60.0).close()
    closing_soon.join()


def test_a_port_that_stays_in_use_is_an_error_after_the_wait():
    with closing(listen("127.0.0.1", 0)) as first, pytest.raises(PortUnavailable):
        listen(*first.getsockname(), wait_seconds=0.05)


def test_a_port_is_not_shared_with_a_listener_that_would_allow_it():
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.bind(("127.0.0.1", 0))
        other.listen()
        with pytest.raises(PortUnavailable):
            listen("127.0.0.1", other.getsockname()[1])


def test_no_other_process_can_share_the_port():
    with closing(listen("127.0.0.1", 0)) as first, socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with pytest.raises(OSError, match="in use"):
            other.bind(first.getsockname())


def test_a_listener_on_all_addresses_takes_the_port_too():
    with closing(listen("0.0.0.0", 0)) as first, pytest.raises(PortUnavailable):  # noqa: S104
        listen("127.0.0.1", first.getsockname()[1])


def test_leftover_connections_of_a_stopped_server_do_not_block_its_port():
    first = listen("127.0.0.1", 0)
    address = first.getsockname()
    with socket.create_connection(address) as client:
        first.accept()[0].close()  # leaves the server's end in TIME_WAIT
        client.recv(1)
    first.close()
    listen(*address).close()


@pytest.mark.parametrize("port", [-1, 65_536, 10**9])
def test_an_invalid_port_number_is_named(port: int):
    with pytest.raises(PortUnavailable, match=str(port)):
        listen("127.0.0.1", port)


def test_an_address_of_another_host_is_named():
    with pytest.raises(PortUnavailable, match=r"192\.0\.2\.1"):
        listen("192.0.2.1", 8_000)


@pytest.mark.parametrize("host", ["not a host", "a..b", "x" * 70])
def test_a_host_that_is_not_one_is_named(host: str):
    with pytest.raises(PortUnavailable) as refused:
        listen(host, 8_000)
    assert str(refused.value) == (
        f"ASSAY_HOST={host!r} cannot be resolved to an address; use one of this machine, such as 127.0.0.1."
    )


@pytest.mark.parametrize("number", ["three", "99999", "-1"])
def test_a_number_that_is_not_a_sockets_is_named(number: str, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv(listening.FD_VARIABLE, number)
    with pytest.raises(PortUnavailable, match=f"^ASSAY_LISTEN_FD='{number}' is not the file descriptor of"):
        inherit_socket()


def test_a_supervisors_socket_is_inherited_once(monkeypatch):
    with closing(listen("127.0.0.1", 0)) as held:
        monkeypatch.setenv(listening.FD_VARIABLE, str(os.dup(held.fileno())))
        with closing(inherit_socket()) as taken:  # type: ignore[type-var]
            assert taken.getsockname() == held.getsockname()
        assert inherit_socket() is None


def test_a_socket_meant_for_another_process_is_left_alone(monkeypatch):
    monkeypatch.setenv("LISTEN_FDS", "1")
    monkeypatch.setenv("LISTEN_PID", str(os.getpid() + 1))
    assert inherit_socket() is None


def test_the_address_comes_from_the_environment():
    assert read_address({}) == ("127.0.0.1", 8_000)
    assert read_address({"ASSAY_HOST": "::1", "ASSAY_PORT": "8100"}) == ("::1", 8_100)
    with pytest.raises(PortUnavailable, match="'http'"):
        read_address({"ASSAY_PORT": "http"})
