"""What ``pi.kv`` acknowledged is there, whoever is killed and however many write: whole hosts in processes of their own."""

import os
import random
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

from host import BlockingPluginHost
from tests.integration.host_support import plugin

ROOT: Final = Path(__file__).parents[2]
WRITES: Final = 10_000
IN_FLIGHT: Final = 200
TOLD_AT_ONCE: Final = 20
HOSTS: Final = 4
EACH: Final = 150

FILLS = plugin("""
  pi.registerCommand("fill", { handler: async (args) => {
    const [name, count, inFlight] = args.split(" ");
    let next = 0, told = [];
    const writer = async () => {
      while (next < +count) {
        const key = `${name}${next++}`;
        await pi.kv.set(key, { key });
        told.push(key);
        if (told.length === TOLD) { pi.logger.info(`kept ${told.join(" ")}`); told = []; }
      }
    };
    await Promise.all(Array.from({ length: +inFlight }, writer));
    pi.logger.info(`kept ${told.join(" ")}`);
    return { output: "done" };
  } });
  pi.registerCommand("see", { handler: async (wanted) => {
    while (pi.kv.list().length < +wanted) await pi.sleep(50);
    return { output: pi.kv.list().length };
  } });
""").replace("TOLD", str(TOLD_AT_ONCE))

HOST = """
import logging, sys
from host import BlockingPluginHost, Config

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
config = Config.model_validate({"limits": {"logs_per_s": 4000}})
path, home, name, count, in_flight, wanted = sys.argv[1:]
with BlockingPluginHost(config, project_dir=sys.argv[2] + "/project", home=home) as host:
    host.load(path)
    assert host.run_command("see", "0").ok
    print("pid", host.plugins()[0].pids[0], flush=True)
    sys.stdin.readline()
    print("done", host.run_command("fill", f"{name} {count} {in_flight}").ok, flush=True)
    print("seen", host.run_command("see", wanted).output, flush=True)
"""


class Child:
    """A host in a process of its own, whose plugin writes and says what was acknowledged."""

    def __init__(
        self, folder: Path, name: str, count: int, in_flight: int, wanted: int
    ) -> None:
        (folder / "home" / "project").mkdir(parents=True, exist_ok=True)
        (folder / "fills.js").write_text(FILLS)
        self.process = subprocess.Popen(
            [
                sys.executable,
                "-c",
                HOST,
                str(folder / "fills.js"),
                str(folder / "home"),
                name,
                str(count),
                str(in_flight),
                str(wanted),
            ],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        word, pid = self.process.stdout.readline().split()
        assert word == "pid"
        self.worker_pid = int(pid)

    def go(self) -> None:
        """Let it write."""
        assert self.process.stdin is not None
        self.process.stdin.write("go\n")
        self.process.stdin.flush()

    def lines(self, most: int | None = None) -> list[str]:
        """Return whole lines that it says, at most so many; or all until its end."""
        assert self.process.stdout is not None
        said = []
        while most is None or len(said) < most:
            line = self.process.stdout.readline()
            if not line.endswith("\n"):
                break
            said.append(line)
        return said

    def end(self) -> None:
        """Reap it."""
        self.process.kill()
        self.process.communicate()


def kept(lines: list[str]) -> set[str]:
    """The keys of *lines*."""
    return {
        key for line in lines if " kept " in line for key in line.split(" kept ")[1].split()
    }


def found(folder: Path) -> set[str]:
    """What a fresh host finds, value by value."""
    source = plugin(
        'pi.registerCommand("all", { handler: () => '
        "({ output: pi.kv.list().filter((key) => pi.kv.get(key).key === key) }) });"
    )
    path = folder / "fills.js"
    path.write_text(source)
    with BlockingPluginHost(
        project_dir=folder / "home" / "project", home=folder / "home"
    ) as host:
        host.load(path)
        output = host.run_command("all").output
    assert isinstance(output, list)
    return {str(key) for key in output}


@pytest.mark.parametrize("victim", ["host", "worker"])
@pytest.mark.parametrize("attempt", range(3))
def test_a_kill_loses_no_acknowledged_write(tmp_path: Path, victim: str, attempt: int) -> None:
    """Ten thousand writes, and SIGKILL somewhere among them."""
    child = Child(tmp_path, "k", WRITES, IN_FLIGHT, 0)
    try:
        child.go()
        after = random.randrange(1, WRITES // TOLD_AT_ONCE)  # noqa: S311 - a moment, no secret
        lines = child.lines(after)
        pid = child.process.pid if victim == "host" else child.worker_pid
        os.kill(pid, signal.SIGKILL)
        lines += child.lines()  # what it had said already, until it is gone or done
    finally:
        child.end()

    acknowledged = kept(lines)
    assert len(acknowledged) >= after * TOLD_AT_ONCE
    there = found(tmp_path)
    assert acknowledged - there == set(), f"killed after {after} lines"
    assert len(there) <= WRITES


def test_an_unharmed_host_keeps_all_of_them(tmp_path: Path) -> None:
    """The control: without a kill there is nothing to lose, and everything is said and found."""
    child = Child(tmp_path, "k", WRITES, IN_FLIGHT, WRITES)
    try:
        child.go()
        lines = child.lines()
    finally:
        child.end()

    assert lines[-1] == f"seen {WRITES}\n"
    assert kept(lines) == found(tmp_path) == {f"k{n}" for n in range(WRITES)}


def test_hosts_on_one_directory_lose_nothing_and_see_each_other(tmp_path: Path) -> None:
    """Several processes write at once; every one of them sees what all have written."""
    children = [Child(tmp_path, name, EACH, 10, HOSTS * EACH) for name in "abcd"]
    try:
        for child in children:
            child.go()
        lines = [line for child in children for line in child.lines()]
    finally:
        for child in children:
            child.end()

    assert lines.count(f"seen {HOSTS * EACH}\n") == HOSTS
    written = {f"{name}{n}" for name in "abcd" for n in range(EACH)}
    assert kept(lines) == found(tmp_path) == written
