"""The amount of measurement: a short run of some minutes, a full one, and a brief one for comparisons."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mode:
    """The amount of measurement. `ladder`: rates tried in turn until one cannot be sustained."""

    name: str
    warm_up: float
    runs: int  # at the rate of the budget; the median is reported
    seconds: float  # per run
    rates: tuple[int, ...]  # further rates whose percentiles are reported
    ladder: tuple[int, ...]
    step: float  # seconds per rate of the ladder
    batch: int  # events in lists
    batch_runs: int
    during_lists: float  # seconds of single requests while lists load; 0: not measured
    backfill: int  # events; 0: kernels are not measured
    compared: int  # events of the comparison with other tools
    fitted: int = 0  # rows that a model is fitted to; 0: training is not measured
    stages: tuple[int, ...] = ()  # batch sizes for which each stage is timed
    grows: bool = False  # whether to measure growth with history, features and trees


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
    during_lists=10,
    backfill=200_000,
    compared=100_000,
    fitted=200_000,
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
    during_lists=20,
    backfill=1_000_000,
    compared=1_000_000,
    fitted=1_000_000,
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
    during_lists=0,
    backfill=0,
    compared=0,
)
MODES = {mode.name: mode for mode in (SHORT, FULL, BRIEF)}
