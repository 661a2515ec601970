import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedded import places, services
from embedded.errors import ServiceUnusable


@pytest.fixture(autouse=True)
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """As any user but root; pytest's own directories are closed to others."""
    monkeypatch.setattr(places, "others_can_reach", lambda path: True)


def test_everything_lies_under_var_where_the_path_is_short() -> None:
    found = places.locate(Path("/srv/assay"))
    assert (found.home, found.run) == (Path("/srv/assay"), Path("/srv/assay/run"))
    assert services.database_url(Path("/srv/assay")) == "postgres://postgres@%2Fsrv%2Fassay%2Frun:5432/assay"
    assert services.redis_url(Path("/srv/assay")) == "unix:///srv/assay/run/redis.sock"


@pytest.mark.parametrize("length", [60, 79, 80, 81, 200])
def test_no_socket_path_is_longer_than_the_limit(length: int) -> None:
    found = places.locate(Path("/" + "d" * (length - 1)))
    assert len(os.fsencode(found.postgres_socket)) <= places.SOCKET_PATH_LIMIT
    assert len(os.fsencode(found.redis_socket)) <= places.SOCKET_PATH_LIMIT


def test_two_deep_directories_get_two_directories_for_sockets() -> None:
    first, second = (places.locate(Path("/" + letter * 150)).run for letter in "ab")
    assert first != second


def test_a_secret_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(lambda _: places.read_or_create_secret(tmp_path, "key"), range(32)))
    assert len(seen) == 1
    assert len(seen.pop()) >= 50
    assert stat.S_IMODE((tmp_path / "secrets" / "key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "secrets") == ["key"]


def test_directories_are_open_for_passing_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        places.make_directory(tmp_path / "a" / "b" / "c", mode=0o700)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / part).stat().st_mode) for part in ("a", "a/b", "a/b/c")]
    assert modes == [0o755, 0o755, 0o700]


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(ServiceUnusable, match="ASSAY_VAR"):
        places.make_directory(tmp_path / "a")
