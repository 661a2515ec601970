"""A small FTP server: a network-only file system for the offline store."""

import os
import socket
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

CHUNK = 1 << 16
FIXED_REPLIES = {"USER": (331, "who"), "PASS": (230, "in"), "TYPE": (200, "binary"), "QUIT": (221, "bye")}


class Session(socketserver.StreamRequestHandler):
    """One client: each line is a command, handled by methods such as `do_mlsd`. Transfers are passive."""

    listening: socket.socket | None = None
    renamed: str
    offset = 0
    server: "FtpServer"

    def handle(self) -> None:
        self.reply(220, "ready")
        while line := self.rfile.readline():
            command, _, argument = line.decode().rstrip("\r\n").partition(" ")
            answer = getattr(self, f"do_{command.lower()}", None)
            try:
                if answer:
                    answer(argument)
                else:
                    self.reply(*FIXED_REPLIES.get(command.upper(), (502, "not here")))
            except OSError as error:
                self.reply(550, str(error))
            if self.listening and command.upper() not in ("EPSV", "PASV", "REST"):
                self.listening.close()

    def reply(self, code: int, text: str) -> None:
        self.wfile.write(f"{code} {text}\r\n".encode())

    def path_of(self, name: str) -> str:
        return os.path.join(self.server.root, name.lstrip("/"))

    def do_epsv(self, _: str) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.reply(229, f"(|||{self.listening.getsockname()[1]}|)")

    def do_pasv(self, _: str) -> None:
        self.listening = socket.create_server(("127.0.0.1", 0))
        port = self.listening.getsockname()[1]
        self.reply(227, f"(127,0,0,1,{port >> 8},{port & 255})")

    def do_mlsd(self, name: str) -> None:
        with self.transfer(os.listdir(self.path_of(name))) as (client, names):
            for each in names:
                found = os.stat(self.path_of(f"{name}/{each}"))
                kind = "dir" if os.path.isdir(self.path_of(f"{name}/{each}")) else "file"
                changed = time.strftime("%Y%m%d%H%M%S", time.gmtime(found.st_mtime))
                client.sendall(f"type={kind};size={found.st_size};modify={changed}; {each}\r\n".encode())

    def do_retr(self, name: str) -> None:
        content, self.offset = Path(self.path_of(name)).read_bytes()[self.offset :], 0
        with self.transfer(content) as (client, _), suppress(OSError):  # the client may stop reading early
            client.sendall(content)

    def do_rest(self, offset: str) -> None:
        self.offset = int(offset)
        self.reply(350, "from there")

    def do_abor(self, _: str) -> None:
        self.reply(226, "ended")

    def do_stor(self, name: str) -> None:
        with open(self.path_of(name), "wb") as file, self.transfer(file) as (client, _):
            while received := client.recv(CHUNK):
                file.write(received)

    @contextmanager
    def transfer(self, content):
        self.reply(150, "go")
        client, _ = self.listening.accept()
        self.listening.close()
        with client:
            yield client, content
        self.reply(226, "done")

    def do_cwd(self, name: str) -> None:
        os.listdir(self.path_of(name))
        self.reply(250, "there")

    def do_size(self, name: str) -> None:
        self.reply(213, str(os.path.getsize(self.path_of(name))))

    def do_mkd(self, name: str) -> None:
        os.mkdir(self.path_of(name))
        self.reply(257, f'"{name}"')

    def do_rmd(self, name: str) -> None:
        os.rmdir(self.path_of(name))
        self.reply(250, "gone")

    def do_dele(self, name: str) -> None:
        os.remove(self.path_of(name))
        self.reply(250, "gone")

    def do_rnfr(self, name: str) -> None:
        self.renamed = self.path_of(name)
        self.reply(350, "to what")

    def do_rnto(self, name: str) -> None:
        os.rename(self.renamed, self.path_of(name))
        self.reply(250, "renamed")


class FtpServer(socketserver.ThreadingTCPServer):
    daemon_threads = True

    def __init__(self, root: Path) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.root = str(root)


@contextmanager
def serve_by_ftp(root: Path) -> Iterator[str]:
    """Serve a directory for the duration of the block; yields its address."""
    with FtpServer(root) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"ftp://anybody:any@127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
