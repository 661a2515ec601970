"""The load generator's client against a scripted server."""

import asyncio
from collections.abc import Awaitable, Callable

from benchmarks.load import Pool, complete_status

ANSWER = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}"
Reader, Writer = asyncio.StreamReader, asyncio.StreamWriter


def run(
    server: Callable[[Reader, Writer], Awaitable[None]], client: Callable[[Pool], Awaitable[None]]
) -> None:
    served: list[asyncio.Task[None]] = []

    async def serve(reader: Reader, writer: Writer) -> None:
        served.append(asyncio.current_task())
        await server(reader, writer)
        writer.close()
        await writer.wait_closed()

    async def both() -> None:
        listening = await asyncio.start_server(serve, "127.0.0.1", 0)
        pool = Pool(2)
        await pool.open("127.0.0.1", listening.sockets[0].getsockname()[1])
        await asyncio.wait_for(client(pool), 10)
        pool.close()
        listening.close()
        await asyncio.gather(*served)

    asyncio.run(both())


def test_a_response_is_complete_with_the_last_byte_of_its_body():
    assert [complete_status(ANSWER[:size]) for size in range(len(ANSWER))] == [None] * len(ANSWER)
    assert complete_status(ANSWER) == 201


def test_requests_wait_for_a_free_connection_and_connections_are_reused():
    connections = []

    async def serve(reader: Reader, writer: Writer) -> None:
        connections.append(writer)
        while await reader.read(1_000):
            writer.write(ANSWER[:30])
            await writer.drain()
            await asyncio.sleep(0.001)
            writer.write(ANSWER[30:])

    async def ask(pool: Pool) -> None:
        assert await asyncio.gather(*(pool.send(b"POST") for _ in range(10))) == [201] * 10

    run(serve, ask)
    assert len(connections) == 2


def test_a_lost_connection_is_a_missing_response_and_is_replaced():
    requests = []

    async def serve(reader: Reader, writer: Writer) -> None:
        while await reader.read(1_000):
            requests.append(writer)
            if len(requests) == 1:
                writer.close()
                return
            writer.write(ANSWER)

    async def ask(pool: Pool) -> None:
        assert await pool.send(b"POST") == 0
        assert await asyncio.gather(*(pool.send(b"POST") for _ in range(5))) == [201] * 5

    run(serve, ask)
