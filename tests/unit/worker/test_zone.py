"""Dates in the zone of the host: its rules from the C library, its name from where the library looks."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from tests.unit.worker.build_support import ROOT
from worker.zone import host_zone

WITHIN_S: Final = 60
BERLIN: Final = "CET-1CEST,M3.5.0,M10.5.0/3"  # as rules, so that no file of zones is needed
DATES: Final = """[0, 86399999, 1e9, 1711846799999, 1711846800000, 1729990799999, 1729990800000, 1735689600000, 2e12]
  .map((time) => [new Date(time).toLocaleString("en-US"), new Date(time).toLocaleDateString("en-US", { dateStyle: "full" }),
    new Intl.DateTimeFormat("en-US", { hour: "numeric", minute: "2-digit", hourCycle: "h23" }).format(time)].join(" / ").replace(/[\\u202f\\u00a0]/g, " "))"""


@pytest.mark.parametrize(
    ("target", "name"),
    [
        ("/usr/share/zoneinfo/Europe/Berlin", "Europe/Berlin"),
        (
            "../usr/share/zoneinfo/America/Argentina/Buenos_Aires",
            "America/Argentina/Buenos_Aires",
        ),
        ("/usr/share/zoneinfo/Etc/GMT+5", "Etc/GMT+5"),
        ("/usr/share/zoneinfo/", ""),
        ("/somewhere/else", ""),
        ('/usr/share/zoneinfo/A"b', ""),
        ("/usr/share/zoneinfo/" + "A" * 65, ""),
    ],
)
def test_the_name_is_the_end_of_the_link(target: str, name: str, tmp_path: Path) -> None:
    """Or none, when the link is not of a zone."""
    (tmp_path / "localtime").symlink_to(target)

    assert host_zone(str(tmp_path / "localtime")) == name


def test_without_a_zone_it_is_utc_and_a_copy_has_no_name(tmp_path: Path) -> None:
    """As the C library does it."""
    (tmp_path / "copy").write_bytes(b"TZif2")

    assert host_zone(str(tmp_path / "missing")) == "UTC"
    assert host_zone(str(tmp_path / "copy")) == ""


def test_dates_follow_the_zone_of_the_host() -> None:
    """The changes of its clock included, to the second; Node in the same zone agrees."""
    code = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.unit.worker.js_support import Js\n"
        "js = Js()\n"
        f"js.plugin('''pi.on(\"Stop\", () => ({{reason: JSON.stringify({DATES.replace(chr(92), chr(92) * 2)})}}))''')\n"
        "print(js.event('Stop')['output']['reason'])\n"
    )
    ours = _output([sys.executable, "-c", code], BERLIN)
    node = _output(["node", "-p", f"JSON.stringify({DATES})"], "Europe/Berlin")

    assert ours == node
    assert len(set(ours)) == len(ours)


def _output(command: list[str], zone: str) -> list[str]:
    done = subprocess.run(
        command,
        env={"TZ": zone, "PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    lines: list[str] = json.loads(done.stdout)
    return lines
