"""How long and how much is measured: a short run of some minutes, a full one, and one for comparisons."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mode:
    """How long and how much is measured. `ladder`: rates tried in turn until one cannot be sustained."""

    name: str
    warm_up: float
    runs: int  # of the rate that the budget is stated for; the median counts
    seconds: float  # a run of it
    rates: tuple[int, ...]  # besides; percentiles of each are reported
    ladder: tuple[int, ...]
    step: float  # seconds of a rate of the ladder
    batch: int  # events in lists
    batch_runs: int
    beside: float  # seconds of single requests while lists load; 0: there are none
    backfill: int  # events; 0: no kernels are measured
    compared: int  # events of backfill against other tools
    stages: tuple[int, ...] = ()  # sizes of batches whose events are timed stage by stage
    grows: bool = False  # whether it is measured how figures grow with history, features and trees


SHORT = Mode(
    name="short",
    warm_up=8,
    runs=3,
    seconds=8,
    rates=(),
    ladder=(150, 200, 300, 400, 500, 600, 700),
    step=5,
    batch=8_000,
    batch_runs=2,
    beside=10,
    backfill=200_000,
    compared=100_000,
)
FULL = Mode(
    name="full",
    warm_up=15,
    runs=3,
    seconds=20,
    rates=(50, 200, 400),
    ladder=(150, 200, 250, 300, 350, 400, 450, 500, 600, 700, 800, 1_000),
    step=10,
    batch=20_000,
    batch_runs=3,
    beside=20,
    backfill=1_000_000,
    compared=1_000_000,
    stages=(1, 64),
    grows=True,
)
BRIEF = Mode(
    name="brief",
    warm_up=8,
    runs=3,
    seconds=10,
    rates=(),
    ladder=(),
    step=0,
    batch=10_000,
    batch_runs=2,
    beside=0,
    backfill=0,
    compared=0,
)
MODES = {mode.name: mode for mode in (SHORT, FULL, BRIEF)}
