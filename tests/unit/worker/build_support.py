"""What the build step's tests share: files on disk as `Sources`, and both ways to run a module graph."""

import hashlib
import json
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import _quickjs

from worker.build import Found, build

ROOT = Path(__file__).resolve().parents[3]
LOADER = (ROOT / "worker" / "js" / "50_loader.js").read_text()

SNAPSHOT_ENDINGS = {".mts": ".ts", ".cts": ".ts", ".jsx": ".tsx"}
"""The endings that the compiler does not know, and what a snapshot copy of such a file must end in."""


class Folder:
    """Sources over a folder; copies files whose ending the compiler does not know."""

    def __init__(self, root: Path, copies: Path | None = None) -> None:
        self.root = root
        self.copies = copies
        self.asked: list[list[list[str]]] = []

    def fetch(self, wanted: list[list[str]]) -> list[Found | None]:
        self.asked.append(wanted)
        return [
            next((hit for name in names if (hit := self._find(name))), None) for names in wanted
        ]

    def _find(self, name: str) -> Found | None:
        assert not name.startswith("/"), name
        assert ".." not in name.split("/"), name
        path = self.root / name
        if not path.is_file():
            return None
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
        ending = SNAPSHOT_ENDINGS.get(path.suffix)
        if ending is None:
            return Found(name, str(path), digest)
        assert self.copies is not None, "this test needs copies"
        local = self.copies / f"{digest}{ending}"
        shutil.copyfile(path, local)
        return Found(name, str(local), digest)


def write_files(root: Path, files: Mapping[str, str | bytes]) -> None:
    """Create *files* beneath *root*."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)


def build_files(
    root: Path, files: Mapping[str, str | bytes], entry: str = "main.js"
) -> dict[str, object]:
    """Write *files* and build them."""
    write_files(root / "plugin", files)
    copies = root / "copies"
    copies.mkdir(exist_ok=True)
    return build(entry, Folder(root / "plugin", copies))


def split_files(text: str) -> dict[str, str]:
    """Return the files of a case: `--- name` starts one."""
    files: dict[str, str] = {}
    name = ""
    for line in text.strip().split("\n"):
        if line.startswith("--- "):
            name = line[4:].strip()
            files[name] = ""
        else:
            files[name] += line + "\n"
    return files


HARNESS = """
const settle = async (load) => {
  globalThis.log = [];
  let value;
  try {
    const ns = await load();
    value = await ns.default;
    if (value === undefined) value = null;
  } catch (error) {
    value = { threw: error instanceof Error ? error.name : error };
  }
  return { value, log: globalThis.log };
};
"""
"""``settle(load)``: what a graph comes to, as ``{value, log}``; whoever runs it."""

_WRAP = """(function () { "use strict";
%s
%s
const hosts = Object.create(null);
hosts["node:path"] = () => ({ __proto__: null, join: (...parts) => parts.join("/"), sep: "/" });
return (script, entry, done) => {
  const loader = makeLoader(hosts);
  (0, eval)(script)(loader);
  const boxed = { text: "" };
  settle(async () => {
    const { ns, promise } = loader.run(entry);
    if (promise !== null) await promise;
    return ns;
  }).then((result) => { boxed.text = JSON.stringify(result); });
  return () => boxed.text;
};
})()"""


def run_in_quickjs(artifact: dict[str, object], prelude: str = "") -> object:
    """Load the bundle in a fresh context with the real loader; return {"value", "log"}."""
    context = _quickjs.Context()
    context.eval(prelude or "0")
    start = context.eval(_WRAP % (LOADER, HARNESS))
    (entry,) = artifact["entries"]  # type: ignore[misc]
    answer = start(artifact["code"], entry)
    while context.execute_pending_job():
        pass
    text = answer()
    assert text, "the graph never settled"
    return json.loads(text)


@dataclass(frozen=True, slots=True)
class Case:
    """A module graph and what it must come to, in Node as in the worker."""

    name: str
    files: str
    expect: object


def run_in_node(folder: Path, cases: list[Case]) -> dict[str, object]:
    """Run every case's main.js in one Node process; a case sees a clean log."""
    (folder / "package.json").write_text('{"type": "module"}')
    for case in cases:
        write_files(folder / case.name, split_files(case.files))
    names = json.dumps([case.name for case in cases])
    (folder / "run.js").write_text(
        HARNESS + "const out = {};\n"
        f"for (const name of {names}) out[name] = await settle(() => import(`./${{name}}/main.js`));\n"
        "console.log(JSON.stringify(out)); process.exit(0);\n"
    )
    run = subprocess.run(
        ["node", "run.js"], cwd=folder, capture_output=True, text=True, check=True, timeout=60
    )
    results: dict[str, object] = json.loads(run.stdout)
    return results
