"""Speed and size of lists in memory and in the database: `python -m benchmarks.lists [values]`.

Starts its own services in a temporary directory and fills four lists (cards, customers, networks, mail
domains) with 100,000 values each, or as many as given. Prints the size in memory, the time to load, and the
CPU time of the look-ups of one payment, whose values are on no list as they mostly are.
"""

import shutil
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from ipaddress import ip_network
from typing import Any

from django.conf import settings
from django.core.management import call_command

from benchmarks.django_setup import VAR
from embedded import services
from scoring.log import vault
from scoring.rules.lists.changing.defining import define_list
from scoring.rules.lists.changing.listing import add_checked
from scoring.rules.lists.changing.values import CheckedValue, parse_value
from scoring.rules.lists.index import NO_LISTS
from scoring.rules.lists.loading import load_index
from scoring.rules.lists.lookup import find_hits
from scoring.rules.ruleset.stream import current_version, iter_changes

VALUES, BATCH, ROUNDS = 100_000, 10_000, 20_000
NOW = datetime.now(UTC)
LISTS: dict[str, tuple[dict[str, str], Callable[[int], str]]] = {
    "cards": ({"kind": "card"}, lambda number: f"card-{number}"),
    "customers": ({"kind": "customer"}, lambda number: f"customer-{number}"),
    "networks": ({"kind": "ip", "match": "network"}, lambda number: str(ip_network((number << 8, 24)))),
    "domains": ({"kind": "customer", "match": "domain"}, lambda number: f"mail{number}.example"),
}
PAYMENT = {"card": "c-1", "customer": "ana@mail.shop.test", "merchant": "m-1", "device": "d-1"}
ADDRESS = "203.0.113.7"


def fill(values: int) -> float:
    """Fill the lists, and return the values added per second."""
    started = time.perf_counter()
    for name, (given, text_of) in LISTS.items():
        definition = define_list(name=name, title=name, action="block", actor="bench", now=NOW, **given)
        for start in range(0, values, BATCH):
            checked = [
                CheckedValue(parse_value(definition, text_of(number)), "bench", None, ())
                for number in range(start, min(start + BATCH, values))
            ]
            add_checked(definition, checked, actor="bench", now=NOW)
    return len(LISTS) * values / (time.perf_counter() - started)


def timed(work: Callable[[], Any], *, rounds: int) -> float:
    """Microseconds of CPU time a call, the best of five runs."""

    def run() -> Iterator[float]:
        for _ in range(5):
            started = time.process_time()
            for _ in range(rounds):
                work()
            yield (time.process_time() - started) / rounds * 1e6

    return min(run())


def measure(values: int) -> dict[str, float]:
    figures = {"lists_added_per_s": fill(values)}
    version = current_version()
    started = time.perf_counter()
    index = load_index(version)
    figures["lists_load_s"] = time.perf_counter() - started
    started = time.perf_counter()
    NO_LISTS.after(iter_changes(until=version))
    figures["lists_fold_s"] = time.perf_counter() - started
    figures["lists_mib"] = sum(table.stored.nbytes for table in index.tables.values()) / 2**20
    vault.store([("ip", ADDRESS)])
    digest = vault.digest_of("ip", ADDRESS)
    payment, revealed = {**PAYMENT, "ip": digest}, {digest: ADDRESS}
    keys = index.keys_of("payment", payment, revealed=revealed)
    figures["lists_keys_us"] = timed(
        lambda: index.keys_of("payment", payment, revealed=revealed), rounds=ROUNDS
    )
    figures["lists_hits_us"] = timed(lambda: index.hits(keys, NOW), rounds=ROUNDS)
    figures["lists_database_us"] = timed(
        lambda: find_hits("payment", payment, version=version, now=NOW), rounds=ROUNDS // 100
    )
    return figures


def main() -> None:
    settings.LOGGING_CONFIG = None
    services.start(VAR)
    try:
        call_command("migrate", verbosity=0)
        for name, figure in measure(int(sys.argv[1]) if len(sys.argv) > 1 else VALUES).items():
            sys.stdout.write(f"{name:20} {figure:12,.2f}\n")
    finally:
        services.stop(VAR)
        shutil.rmtree(VAR, ignore_errors=True)


if __name__ == "__main__":
    main()
