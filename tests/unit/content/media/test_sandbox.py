"""A file that kills the process that reads it, or never lets it end, harms no other file."""

import os
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from scoring.content.media.processing import sandbox as module
from scoring.content.media.processing.protocol import Job, Outcome
from scoring.content.media.processing.sandbox import ReadingFailed, Sandbox

SCRIPT = Path(__file__).with_name("child_script.py")


@pytest.fixture
def sandbox(monkeypatch: pytest.MonkeyPatch) -> Iterator[Sandbox]:
    monkeypatch.setattr(module, "START_SECONDS", 1.0)
    made = Sandbox([sys.executable, str(SCRIPT)])
    yield made
    made.stop()


@pytest.fixture
def read(sandbox: Sandbox, tmp_path: Path) -> Callable[[str], Outcome]:
    """`read("crash")`: have a file read with which the process does this."""

    def read(what: str) -> Outcome:
        file = tmp_path / "file"
        file.write_text(what)
        return sandbox.read(Job(str(file), "image/png", "", "", soft_seconds=1.0, hard_seconds=1.0))

    return read


def test_one_process_reads_one_file_after_the_other(read: Any) -> None:
    assert read("fine") == read("fine")


def test_a_refusal_is_an_outcome(read: Any) -> None:
    assert read("refuse") == Outcome({}, "it is broken")


@pytest.mark.parametrize(
    ("what", "words"),
    [("crash", "signal 11"), ("hang", "more than"), ("nonsense", "nothing that can be read")],
)
def test_what_kills_or_blocks_the_process_fails_alone(read: Any, what: str, words: str) -> None:
    before = read("fine")
    with pytest.raises(ReadingFailed, match=words):
        read(what)
    after = read("fine")
    assert before.result["process"] != after.result["process"]
    with pytest.raises(ProcessLookupError):
        os.kill(before.result["process"], 0)


def test_the_process_is_replaced_after_many_files(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "FILES_PER_CHILD", 2)
    processes = [read("fine").result["process"] for _ in range(4)]
    assert processes[0] == processes[1] != processes[2] == processes[3]


def test_the_process_gets_no_secrets(read: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ASSAY_SECRET_KEY", "secret")
    monkeypatch.setenv("DATABASE_URL", "postgres://user:secret@db/assay")
    environment = read("environment").result
    assert "PATH" in environment
    assert not [name for name, value in environment.items() if "secret" in value]
