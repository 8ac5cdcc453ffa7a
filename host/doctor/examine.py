"""The whole examination: every layer of a real worker, the machine, the packages, the state, what is protected."""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host.cgroup import Groups
from host.config import Config, load_config, required_layers
from host.doctor.installed import check_installed, check_keys
from host.doctor.machine import check_machine, not_available
from host.doctor.outside import Seen, look
from host.doctor.packages import check_packages
from host.doctor.remains import check_remains
from host.doctor.rows import Row, State
from host.doctor.specimen import Specimen, specimen
from host.doctor.state import check_state
from host.doctor.trial import is_denied_by_landlock
from host.errors import ConfigError, HostError
from host.layers import ADVICE
from host.outcome import JsonObject
from host.surroundings import read_surroundings, require_linux
from ipc.layers import LAYERS
from policies import protected_rows

_UNSEEN: Final = "there is no worker to look at"


@dataclass(frozen=True, slots=True)
class LayerRow:
    """One layer: ``why_not`` says why this machine does not offer it, empty if it does."""

    name: str
    why_not: str
    seen: Seen
    is_required: bool

    @property
    def state(self) -> State:
        """bad: required and missing; warn: offered and missing all the same."""
        if self.seen.applied:
            return "ok"
        if self.is_required:
            return "bad"
        return "note" if self.why_not else "warn"

    @property
    def todo(self) -> str:
        """One line, for a layer that does not hold."""
        if self.seen.applied:
            return ""
        advice = ADVICE.get(self.name, "report this: any Linux has it")
        return advice if self.is_required else f"not required; to have it: {advice}"

    def to_json(self) -> JsonObject:
        """Plain data."""
        told: JsonObject = {
            "available": not self.why_not,
            "required": self.is_required,
            **self.seen.to_json(),
        }
        if self.why_not:
            told["why_not_available"] = self.why_not
        return told | {"todo": self.todo} if self.todo else told


@dataclass(frozen=True, slots=True)
class Report:
    """What was found. ``pid`` is that of the worker that was looked at, 0 if there was none."""

    layers: tuple[LayerRow, ...]
    rows: tuple[Row, ...]
    pid: int

    @property
    def ok(self) -> bool:
        """Whether nothing is bad: every required layer holds, and everything needed is there."""
        states = [row.state for row in self.layers] + [row.state for row in self.rows]
        return "bad" not in states

    def to_json(self) -> JsonObject:
        """What ``doctor --json`` prints."""
        return {
            "ok": self.ok,
            "error": None,
            "worker": {"pid": self.pid or None},
            "layers": {row.name: row.to_json() for row in self.layers},
            "checks": [row.to_json() for row in self.rows],
            "protected": [
                {
                    "name": row.name,
                    "kinds": list(row.kinds),
                    "patterns": list(row.patterns),
                    "reason": row.reason,
                }
                for row in protected_rows.ROWS
            ],
        }


def examine(home: Path, project_dir: Path, variables: Mapping[str, str]) -> Report:
    """Examine this machine for a host in *project_dir* whose state is in *home*. Starts one worker and ends it.

    Raises :class:`IsolationError` on a system that is not Linux.
    """
    require_linux()
    read: Config | ConfigError
    try:
        read = load_config(home, project_dir=project_dir, variables=variables)
    except ConfigError as error:
        read = error  # told by a row of its own
    config = Config() if isinstance(read, ConfigError) else read
    around = read_surroundings()
    groups = Groups(config.sandbox.cgroup)
    required = required_layers(config, is_root=around.is_root, has_cgroups=not groups.why_not)
    pid, seen, trouble = _see_layers(config)
    layers = tuple(
        LayerRow(layer, not_available(layer, around, groups), seen[layer], layer in required)
        for layer in LAYERS
    )
    rows = [
        *check_packages(),
        *check_machine(around, groups),
        *check_state(home, read),
        check_keys(config),
        *check_installed(home, config, variables),
        *check_remains(home, config, project_dir),
    ]
    if trouble:
        rows.insert(
            0, Row("worker", "bad", trouble, "see the rows below; without one nothing runs")
        )
    return Report(layers, tuple(rows), pid)


def _see_layers(config: Config) -> tuple[int, dict[str, Seen], str]:
    """Return the worker's process id, its layers, and what kept it from starting."""
    try:
        with (
            tempfile.TemporaryDirectory(prefix="jcode-doctor-") as scratch,
            specimen(config, Path(scratch)) as worker,
        ):
            return worker.pid, _layers_of(worker), ""
    except (HostError, OSError) as error:
        return 0, dict.fromkeys(LAYERS, Seen(False, "worker", _UNSEEN)), str(error)


def _layers_of(worker: Specimen) -> dict[str, Seen]:
    seen = look(worker.pid, worker.told, zygote_pid=worker.zygote_pid, limits=worker.limits)
    # The two that no file shows are tried: it is nobody's worker, so it may be stopped and ended.
    if seen["landlock"].applied:
        denied = is_denied_by_landlock(worker.pid)
        if denied is not None:
            detail = (
                "opening a directory is denied" if denied else "a directory could be opened"
            )
            seen["landlock"] = Seen(denied, "tried by a tracer", detail)
    if seen["pdeathsig"].applied:
        outlived = worker.outlives_its_zygote()
        detail = "it outlived its zygote" if outlived else "it ended with its zygote"
        seen["pdeathsig"] = Seen(not outlived, "zygote ended", detail)
    return seen
