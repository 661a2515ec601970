import os
import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from embedded import paths, services
from embedded.errors import ServiceUnusable


@pytest.fixture(autouse=True)
def reachable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Behave as for a user other than root: pytest's own directories are inaccessible to others."""
    monkeypatch.setattr(paths, "others_can_reach", lambda path: True)


def test_everything_is_under_var_if_its_path_is_short() -> None:
    found = paths.service_paths(Path("/srv/assay"))
    assert (found.home, found.run) == (Path("/srv/assay"), Path("/srv/assay/run"))
    assert services.database_url(Path("/srv/assay")) == "postgres://postgres@%2Fsrv%2Fassay%2Frun:5432/assay"
    assert services.redis_url(Path("/srv/assay")) == "unix:///srv/assay/run/redis.sock"


@pytest.mark.parametrize("length", [60, 79, 80, 81, 200])
def test_no_socket_path_is_longer_than_the_limit(length: int) -> None:
    found = paths.service_paths(Path("/" + "d" * (length - 1)))
    assert len(os.fsencode(found.postgres_socket)) <= paths.SOCKET_PATH_LIMIT
    assert len(os.fsencode(found.redis_socket)) <= paths.SOCKET_PATH_LIMIT


def test_two_deep_directories_get_different_socket_directories() -> None:
    first, second = (paths.service_paths(Path("/" + letter * 150)).run for letter in "ab")
    assert first != second


def test_a_secret_is_created_once_and_readable_only_by_its_owner(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        seen = set(pool.map(lambda _: paths.read_or_create_secret(tmp_path, "key"), range(32)))
    assert len(seen) == 1
    assert len(seen.pop()) >= 50
    assert stat.S_IMODE((tmp_path / "secrets" / "key").stat().st_mode) == 0o600
    assert os.listdir(tmp_path / "secrets") == ["key"]


def test_parent_directories_are_searchable_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o077)
    try:
        paths.make_directory(tmp_path / "a" / "b" / "c", mode=0o700)
    finally:
        os.umask(before)
    modes = [stat.S_IMODE((tmp_path / part).stat().st_mode) for part in ("a", "a/b", "a/b/c")]
    assert modes == [0o755, 0o755, 0o700]


def test_an_error_for_a_file_in_place_of_a_directory_names_the_setting(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("")
    with pytest.raises(ServiceUnusable, match="ASSAY_VAR"):
        paths.make_directory(tmp_path / "a")
