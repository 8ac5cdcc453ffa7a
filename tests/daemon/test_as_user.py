"""A user without privileges: a client starts that user's own daemon, which does not hear root."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pytest

from tests.daemon.running import HANG_S, ROOT
from tests.support import as_user

OF_A_USER: Final = """
import json, os, sys
sys.path.insert(0, sys.argv[1])
os.chdir(sys.argv[2])
from jcode_plugins import Client
with Client(start=True, connect_timeout_s=60) as client:
    outcome = client.dispatch("PreToolUse", {"tool_name": "bash"})
    pids = [pid for plugin in client.plugins() for pid in plugin.pids]
    owners = [os.stat(f"/proc/{pid}").st_uid for pid in (client.hello()["pid"], *pids)]
    print(json.dumps({"blocked_by": outcome.blocked_by, "owners": owners}), flush=True)
    sys.stdin.readline()
    print(json.dumps(client.stats()["cut_off"]), flush=True)
    client.stop()
"""
OF_ROOT: Final = """
import socket, sys
s = socket.socket(socket.AF_UNIX)
s.settimeout(60)
s.connect(sys.argv[1])
try:
    s.sendall(b'{"id": 1, "method": "hello"}\\n')
    print("heard" if s.recv(10) else "not heard")
except OSError:
    print("not heard")
"""


@pytest.fixture
def folder() -> Iterator[Path]:
    """A home of that user's."""
    folder = Path(tempfile.mkdtemp())
    (folder / "plugins").mkdir()
    (folder / "plugins" / "guard.js").write_text(
        'export default (pi) => { pi.on("PreToolUse", () => ({ block: "guarded" })); };\n'
    )
    with as_user.opened(str(folder)):
        yield folder
    shutil.rmtree(folder)


def test_a_user_has_a_daemon_of_its_own(folder: Path) -> None:
    """Started for it, as it, with its plugins; root, which may open everything, is not heard."""
    process = subprocess.Popen(
        as_user.command([sys.executable, "-I", "-S", "-c", OF_A_USER, str(ROOT), str(folder)]),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PATH": os.environ["PATH"], "HOME": str(folder), "JCODE_HOME": str(folder)},
    )
    assert process.stdout is not None
    told = json.loads(process.stdout.readline())
    root = subprocess.run(
        [sys.executable, "-I", "-c", OF_ROOT, str(folder / "run" / "daemon.sock")],
        capture_output=True,
        text=True,
        check=True,
        timeout=HANG_S,
    )
    cut_off, _ = process.communicate("\n", timeout=HANG_S)

    assert process.returncode == 0
    assert told["blocked_by"] == "guard"
    assert len(told["owners"]) == 2
    user = told["owners"][0]
    assert set(told["owners"]) == {user}
    if os.geteuid() == 0:
        assert user == as_user.UID
        assert root.stdout == "not heard\n"
        assert json.loads(cut_off) == {"E_STRANGER": 1}
    else:  # the control: our own user is
        assert root.stdout == "heard\n"
