"""Packages that tests install: a directory, or the archive that npm would make of it."""

import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from host.outcome import Json, JsonObject

GUARD = """
export default (pi) => {
  pi.on("PreToolUse", (event) => {
    if (event.tool_input.command === "bad") return { block: "guard VERSION says no" };
  });
  pi.registerTool({ name: "guard_scan", description: "scans", tier: "read", handler: () => "VERSION" });
};
"""
CAPABILITIES: JsonObject = {
    "events": {"PreToolUse": ["veto"]},
    "register_tools": ["guard_scan"],
    "register_commands": [],
}


def package(
    root: Path,
    *,
    name: str = "guard",
    version: str = "1.0.0",
    manifest: Mapping[str, Json] | None = None,
    source: str = GUARD,
    more: Mapping[str, Json] | None = None,
) -> Path:
    """Write a package into the new directory *root*; *more* are keys of its package.json."""
    root.mkdir(parents=True)
    own: JsonObject = {"capabilities": CAPABILITIES, **(manifest or {})}
    whole: JsonObject = {
        "name": name,
        "version": version,
        "jcode-plugin": {"v2": own},
        **(more or {}),
    }
    (root / "package.json").write_text(json.dumps(whole, indent=1))
    (root / "index.ts").write_text(source.replace("VERSION", version))
    return root


def archive(root: Path) -> Path:
    """Return the archive of the package in *root*, beside it."""
    path = root.with_name(f"{root.name}.tgz")
    with tarfile.open(path, "w:gz") as tar:
        for file in sorted(root.rglob("*")):
            if file.is_file():
                data = file.read_bytes()
                info = tarfile.TarInfo(f"package/{file.relative_to(root)}")
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    return path
