"""What a hundred idle plugins weigh."""

from benchmarks.families.hosting import config, rollup_kib
from benchmarks.names import IDLE_PSS, IDLE_USS
from benchmarks.payload import PLUGINS
from benchmarks.results import Figure
from benchmarks.row import Gauge, SkipRowError
from benchmarks.stats import median
from host import BlockingPluginHost

_WORKERS = 100


class IdleMemory(Gauge):
    """The median worker of a host with a hundred of them, after its plugin has loaded."""

    name = "memory of idle workers"

    def measure(self) -> list[Figure]:
        """Return USS (what its end would give back) and PSS (with its share of what is shared)."""
        with BlockingPluginHost(config()) as host:
            workers = [
                pid
                for number in range(_WORKERS)
                for pid in host.load(PLUGINS / "noop.ts", name=f"noop-{number}").pids
            ]
            try:
                sizes = [rollup_kib(pid) for pid in workers]
            except PermissionError:
                raise SkipRowError(
                    "workers are not dumpable, so only root may read their memory maps"
                ) from None
        note = f"{len(sizes)} workers, median"
        uss = [size["Private_Clean"] + size["Private_Dirty"] for size in sizes]
        pss = [size["Pss"] for size in sizes]
        return [
            Figure(IDLE_USS, round(median(uss) / 1024, 3), "MiB", note),
            Figure(IDLE_PSS, round(median(pss) / 1024, 3), "MiB", note),
        ]


def gauges() -> list[Gauge]:
    """One, for now."""
    return [IdleMemory()]
