"""HTTP clients from npm in a real worker: each does what it is known for, as under Node."""

import json
import subprocess
from pathlib import Path
from typing import Final

import pytest

from tests.hostcalls.http.server import Server, answer, redirect
from tests.hostcalls.http.test_fetch import mirror, run
from tests.support.npm import install_locked

HERE: Final = Path(__file__).resolve().parent / "packages"
_WITHIN_S: Final = 240
_NODE: Final = """
const url = process.argv[2];
(async () => {{ {body} }})().then((value) => {{ console.log(JSON.stringify(value)); process.exit(0); }});
"""
PROGRAMS: Final = {
    "axios": """
      const axios = (await import("axios")).default;
      const { status, data, headers } = await axios.post(url + "mirror", { a: 1 }, { headers: { "X-Own": "1" }, params: { q: 1 } });
      const moved = await axios.get(url + "moved");
      const error = await axios.get(url + "missing").catch((caught) => caught);
      return [status, data.method, data.target, data.body, data.headers["x-own"], headers["content-type"], moved.data, error.name, error.response.status, error.code];
    """,
    "cross-fetch": """
      const { fetch } = await import("cross-fetch");
      return await (await fetch(url + "moved")).text();
    """,
    "follow-redirects": """
      const { http } = (await import("follow-redirects")).default;
      return await new Promise((resolve, reject) => http.get(url + "moved", (res) => {
        let text = "";
        res.on("data", (part) => (text += part));
        res.on("end", () => resolve([res.statusCode, text, res.responseUrl === url]));
      }).on("error", reject));
    """,
    "ky": """
      const ky = (await import("ky")).default;
      const echo = await ky.post(url + "mirror", { json: { a: 1 }, searchParams: { q: 1 } }).json();
      const error = await ky.get(url + "missing", { retry: 0 }).catch((caught) => caught);
      return [echo.method, echo.target, echo.body, error.name, error.response.status];
    """,
    "node-fetch": """
      const { default: fetch, Headers } = await import("node-fetch");
      const response = await fetch(url + "mirror", { method: "POST", body: "hi", headers: new Headers({ "X-Own": "1" }) });
      const echo = await response.json();
      return [response.status, echo.body, echo.headers["x-own"], await (await fetch(url + "moved")).text()];
    """,
    "ofetch": """
      const { ofetch } = await import("ofetch");
      const echo = await ofetch(url + "mirror", { method: "POST", body: { a: 1 }, query: { q: 1 } });
      const error = await ofetch(url + "missing", { retry: 0 }).catch((caught) => caught);
      return [echo.method, echo.target, echo.body, error.name, error.status];
    """,
}

pytestmark = pytest.mark.timeout(_WITHIN_S + 60)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with every package of the lock file; no script of any was run."""
    folder = tmp_path_factory.mktemp("clients")
    install_locked(HERE, folder, _WITHIN_S)
    return folder


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_client_works(installed: Path, name: str) -> None:
    """As it was published, through the host."""
    script = installed / "program.cjs"
    script.write_text(_NODE.format(body=PROGRAMS[name]))
    handlers = {"/": answer(b"hello"), "/mirror": mirror, "/moved": redirect("/")}
    with Server(handlers) as server:
        here = run(server, installed, PROGRAMS[name])
        done = subprocess.run(
            ["node", script.name, server.url()],
            cwd=installed,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 0, done.stderr
    assert here == json.loads(done.stdout)
    assert not isinstance(here, dict), "it failed in both"


def test_every_package_is_tried() -> None:
    """And no other."""
    assert set(json.loads((HERE / "package.json").read_text())["dependencies"]) == set(PROGRAMS)
