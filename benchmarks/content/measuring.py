"""What is measured of content: latency with and without media beside, lists, media, memory."""

import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import psutil

from benchmarks.arrivals import percentile, summary
from benchmarks.bench import at_rate, measure_memory, medians
from benchmarks.content.installation import BANK, EVENT_TYPE
from benchmarks.driver import Bench, wait_until
from benchmarks.installation import SOURCE
from benchmarks.report import say_rate
from benchmarks.stack import MIB, memory_of
from scoring.content.media.models import AwaitedMedia, MediaItem, MediaJob
from scoring.content.media.processing.sandbox import CHILD
from scoring.log.models import LogEntry
from scoring.rules.banks.models import BankMatch

RATE, ATTACHED_RATE = 100, 5
FILES_AT_ONCE = 80
Figures = dict[str, Any]
ATTACHED = "benchmarks.content.attached"


def measure_posts(bench: Bench, *, runs: int, seconds: float) -> Figures:
    """Latency of posts without media, the median of some runs, and CPU time of a post by process."""
    found, spent, events = [], dict[str, float](), 0
    for _ in range(runs):
        before = bench.stack.usage()
        outcome = bench.offer(rate=RATE, seconds=seconds)
        for name, used in bench.stack.usage().cpu_since(before).items():
            spent[name] = spent.get(name, 0.0) + used
        events += len(outcome.due)
        found.append(summary(outcome))
        say_rate(RATE, outcome)
    cpu = {f"cpu_ms_per_event_{name}": used / events * 1e3 for name, used in spent.items()}
    return at_rate(RATE, medians(found)) | cpu | {"cpu_ms_per_event": sum(cpu.values())}


def measure_beside_media(bench: Bench, *, seconds: float) -> Figures:
    """Posts without media while others with a fresh file are sent, one file in twenty a bad one."""
    plan = {"rate": ATTACHED_RATE, "seconds": seconds, "first": _new_number(bench)}
    loader = bench.begin(generator=ATTACHED, **plan)
    outcome = bench.offer(rate=RATE - ATTACHED_RATE, seconds=seconds)
    files = bench.finish(loader)["files"]
    settle(files)
    plain = summary(outcome)
    return {
        "sync_p50_ms_beside_media": plain["p50_ms"],
        "sync_p99_ms_beside_media": plain["p99_ms"],
        "sync_undecided_beside_media": plain["undecided"],
        **figures_of_files(files),
    }


def measure_throughput(bench: Bench) -> Figures:
    """Files a second that are accepted, and processed with their events decided again."""
    began = time.monotonic()
    plan = {"rate": 0, "count": FILES_AT_ONCE, "connections": 4, "first": _new_number(bench)}
    loader = bench.begin(generator=ATTACHED, **plan)
    files = bench.finish(loader)["files"]
    settle(files)
    items = MediaItem.objects.filter(pk__in=[each["media"] for each in files])
    times = [(item.received_at, item.settled_at) for item in items]
    received, settled = [at for at, _ in times], [at for _, at in times]
    return {
        "uploads_per_s": len(times) / (max(received) - min(received)).total_seconds(),
        "images_enriched_per_s": len(times) / (max(settled) - min(received)).total_seconds(),
        "media_run_s": time.monotonic() - began,
    }


def settle(files: Sequence[Mapping[str, Any]]) -> None:
    """Wait until every file is settled and every post that waited for one is decided again."""
    ids = [each["media"] for each in files]
    wait_until(lambda: not MediaItem.objects.filter(pk__in=ids, status="pending").exists())
    wait_until(lambda: not AwaitedMedia.objects.filter(settled=False).exists())
    wait_until(lambda: not MediaJob.objects.exists())
    streams = waiting_streams(files)
    revised = LogEntry.objects.filter(stream__in=streams, type="decision.revised")
    wait_until(lambda: revised.values("stream").distinct().count() == len(streams))


def figures_of_files(files: Sequence[Mapping[str, Any]]) -> Figures:
    """Latency of uploads and of posts whose file was pending; what became of the files. Raises SystemExit."""
    refused = [each for each in files if (each["upload_status"], each["post_status"]) != (201, 201)]
    if refused:
        raise SystemExit(f"{len(refused)} posts with a file were not decided: {refused[0]}")
    pending = waiting_streams(files)
    waited = [each for each in files if stream_of(each) in pending]
    matches = BankMatch.objects.filter(bank_name=BANK, event_stream__in=map(stream_of, files))
    items = MediaItem.objects.in_bulk([each["media"] for each in files])
    return {
        "attached_posts": len(files),
        "attached_pending": len(waited),
        **_percentiles("upload_ms", [each["upload_ms"] for each in files]),
        **_percentiles("pending_post_ms", [each["post_ms"] for each in waited]),
        **_percentiles("upload_to_revised_ms", list(_until_revised(waited, items))),
        "files_failed": sum(item.status == "failed" for item in items.values()),
        "bank_matches": matches.count(),
    }


def waiting_streams(files: Sequence[Mapping[str, Any]]) -> set[str]:
    """The streams of the posts that were received before their file was processed."""
    awaited = AwaitedMedia.objects.filter(event_stream__in=map(stream_of, files))
    return set(awaited.values_list("event_stream", flat=True))


def _new_number(bench: Bench) -> int:
    """The number of a first file that no earlier run uploaded."""
    return bench.sessions * 1_000


def stream_of(file: Mapping[str, Any]) -> str:
    """The stream of the post that a file is attached to."""
    return f"{EVENT_TYPE}/{SOURCE}/{file['event']}"


def measure_child(bench: Bench) -> Figures:
    """Memory of the process that reads files, and of everything in the group; there must be one."""
    sizes = bench.stack.usage()
    children = [process for process in sizes.groups["media"] if CHILD in " ".join(_command(process))]
    [info] = [memory_of(process) for process in children]
    child = {"media_child_rss_mib": info.rss / MIB, "media_child_pss_mib": info.pss / MIB}
    return measure_memory(bench) | child


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def _percentiles(name: str, values: Iterable[float]) -> Figures:
    found = np.array(list(values))
    return {f"{name}_p{share}": percentile(found, share) for share in (50, 99)} if len(found) else {}


def _until_revised(files: Sequence[Mapping[str, Any]], items: Mapping[str, MediaItem]) -> Iterable[float]:
    """Milliseconds from the receipt of each file until its post was decided again."""
    revised = LogEntry.objects.filter(stream__in=map(stream_of, files), type="decision.revised")
    times = dict(revised.order_by("-stream_version").values_list("stream", "recorded_at"))
    for file in files:
        yield (times[stream_of(file)] - items[file["media"]].received_at).total_seconds() * 1e3
