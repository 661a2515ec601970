"""A request as the environment dictionary of a WSGI application (PEP 3333)."""

import sys
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import IO, Any
from urllib.parse import unquote_to_bytes

from serving.responses import FileWrapper

# Headers about the transfer of the body, which has been read and has a length by now.
FRAMING = frozenset({b"content-length", b"transfer-encoding", b"expect"})
CUT_OFF = "serving.body_cut_off"


@dataclass(slots=True)
class Request:
    """One HTTP request. `length` is the size of its body, or the declared size if that is too large."""

    method: bytes
    target: bytes
    version: str
    headers: list[tuple[bytes, bytes]]
    keeps_alive: bool
    chunks: list[bytes] = field(default_factory=list)
    length: int = 0
    held: int = 0  # bytes counted against the budget for received bodies
    is_complete: bool = False
    limit: int = 0
    is_too_large: bool = False
    is_cut_off: bool = False  # too large and without a declared length, so that its size is unknown
    spool: IO[bytes] | None = None  # the file that holds the body instead of `chunks`

    @property
    def path(self) -> str:
        return self.target.partition(b"?")[0].decode("latin-1")

    def body(self) -> IO[bytes]:
        """The complete body, to be read from its beginning."""
        if self.spool is None:
            return BytesIO(b"".join(self.chunks))
        self.spool.seek(0)
        return self.spool

    def discard_body(self) -> None:
        """Free the memory of the body, and delete its file."""
        self.chunks.clear()
        if self.spool is not None:
            self.spool.close()
            self.spool = None


def build_environ(request: Request, *, server: tuple[str, int], client: str) -> dict[str, Any]:
    """The WSGI environment of a fully read request."""
    path, _, query = request.target.partition(b"?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method.decode("ascii"),
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(path).decode("latin-1"),
        "QUERY_STRING": query.decode("latin-1"),
        "SERVER_PROTOCOL": f"HTTP/{request.version}",
        "SERVER_NAME": server[0],
        "SERVER_PORT": str(server[1]),
        "REMOTE_ADDR": client,
        "CONTENT_LENGTH": str(request.length),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": request.body(),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": True,
        "wsgi.multiprocess": True,
        "wsgi.run_once": False,
        "wsgi.input_terminated": True,
        "wsgi.file_wrapper": FileWrapper,
    }
    if request.is_cut_off:
        environ[CUT_OFF] = True
    add_headers(environ, request.headers)
    return environ


def add_headers(environ: dict[str, Any], headers: Iterable[tuple[bytes, bytes]]) -> None:
    """Add the headers; repeated ones are joined by commas, cookies by semicolons."""
    for name, value in headers:
        if variable := variable_of(name):
            text = value.decode("latin-1")
            if variable in environ:
                text = f"{environ[variable]}{'; ' if variable == 'HTTP_COOKIE' else ','}{text}"
            environ[variable] = text


@lru_cache(maxsize=512)
def variable_of(name: bytes) -> str:
    """The WSGI variable for a lowercase header name; "" for a header that is left out.

    A name with an underscore would pass as the name with a dash, which a trusted proxy may have set.

    >>> variable_of(b"x-forwarded-proto"), variable_of(b"x_forwarded_proto"), variable_of(b"content-type")
    ('HTTP_X_FORWARDED_PROTO', '', 'CONTENT_TYPE')
    """
    if name in FRAMING or b"_" in name:
        return ""
    variable = name.decode("latin-1").upper().replace("-", "_")
    return variable if variable == "CONTENT_TYPE" else f"HTTP_{variable}"
