"""What the daemon counts, in the text format that Prometheus reads."""

from collections.abc import Iterator
from typing import Final

from host.outcome import Json, JsonObject

_BOUNDS_S: Final = (
    0.0005,
    0.001,
    0.0025,
    0.005,
    0.01,
    0.025,
    0.05,
    0.1,
    0.25,
    0.5,
    1,
    2.5,
    5,
    10,
)
_PREFIX: Final = "jcode_plugins_"


class Histogram:
    """How long calls took."""

    def __init__(self) -> None:
        self._counts = [0] * (len(_BOUNDS_S) + 1)
        self._sum = 0.0

    def add(self, seconds: float) -> None:
        """Count one."""
        self._sum += seconds
        for at, bound in enumerate(_BOUNDS_S):
            if seconds <= bound:
                self._counts[at] += 1
                return
        self._counts[-1] += 1

    def lines(self, name: str) -> Iterator[str]:
        """As a histogram called *name*."""
        total = 0
        for bound, count in zip(_BOUNDS_S, self._counts, strict=False):
            total += count
            yield f'{name}_bucket{{le="{bound}"}} {total}'
        total += self._counts[-1]
        yield f'{name}_bucket{{le="+Inf"}} {total}'
        yield f"{name}_sum {self._sum:.6f}"
        yield f"{name}_count {total}"


_GAUGES: Final = (
    ("uptime_s", "uptime_seconds", "Since the daemon began."),
    ("connections", "connections", "Clients that are connected."),
    ("calls", "calls", "Requests that are under way."),
    ("projects", "projects", "Workspaces: directories with their variables and switches."),
    ("workers", "workers", "Processes that run a plugin."),
    ("pending_approvals", "pending_approvals", "Questions that wait for a person."),
    ("watchers", "watchers", "Clients that are told what happens."),
)


def render(stats: JsonObject, durations: Histogram, version: str) -> str:
    """Return the text of one scrape."""
    lines = [
        *_head("info", "gauge", "The daemon's version."),
        f'{_PREFIX}info{{version="{_label(version)}"}} 1',
    ]
    for key, name, told in _GAUGES:
        lines += [*_head(name, "gauge", told), f"{_PREFIX}{name} {stats[key]}"]
    lines += _head("zygote_restarts_total", "counter", "Zygotes that died and were replaced.")
    lines.append(f"{_PREFIX}zygote_restarts_total {stats['zygote_restarts']}")
    lines += _by("plugins", "gauge", "Loaded plugins by state.", "state", stats["plugins"])
    lines += _by(
        "cut_off_total", "counter", "Connections that were ended.", "code", stats["cut_off"]
    )
    lines += _by("audit_total", "counter", "Audit entries by kind.", "kind", stats["audit"])
    lines += _head("requests_total", "counter", "Requests by method and result.")
    requests = stats["requests"]
    for method, codes in requests.items() if isinstance(requests, dict) else ():
        for code, n in codes.items() if isinstance(codes, dict) else ():
            labels = f'method="{_label(method)}",code="{_label(code)}"'
            lines.append(f"{_PREFIX}requests_total{{{labels}}} {n}")
    lines += _head("request_seconds", "histogram", "From a request's line to its answer.")
    lines += durations.lines(f"{_PREFIX}request_seconds")
    return "\n".join(lines) + "\n"


def _head(name: str, kind: str, told: str) -> list[str]:
    return [f"# HELP {_PREFIX}{name} {told}", f"# TYPE {_PREFIX}{name} {kind}"]


def _by(name: str, kind: str, told: str, label: str, counts: Json) -> list[str]:
    found = counts.items() if isinstance(counts, dict) else ()
    return [
        *_head(name, kind, told),
        *(f'{_PREFIX}{name}{{{label}="{_label(key)}"}} {n}' for key, n in found),
    ]


def _label(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
