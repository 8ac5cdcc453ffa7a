"""Bundle the declared packages: ``python worker/vendor/build.py [--check]``.

Promises    The same bytes on every machine: versions and integrity come from ``package-lock.json``, the bundler's own
            included, and no script of any package is run. ``dist/vendored.json`` names, for each bundle, its
            SHA-256 and the packages in it with version, integrity and licence; ``dist/LICENSES.txt`` has their texts.
            ``--check`` builds anew elsewhere and tells what differs; it changes nothing.
Relies on   npm and the packages of a registry. Nothing here is imported by a worker.
"""

import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
DIST = HERE / "dist"
_WITHIN_S = 600
_ON_NODE = ("node_stream", "string_decoder")
_NODE_PARTS = (
    # what these packages find in node, and bring along elsewhere: here it is the runtime's own
    "--alias:abort-controller=./shims/abort.cjs",
    "--alias:buffer=node/buffer",
    "--alias:events=node/events",
    "--alias:process=./shims/process.cjs",
    "--alias:safe-buffer=node/buffer",
)
_INTL = (
    "--alias:@formatjs/intl-localematcher=./shims/localematcher.js",
    "--inject:./shims/intl.js",
)


def main(arguments: list[str]) -> int:
    """Return 0 when ``dist`` is as it must be, 1 otherwise."""
    with tempfile.TemporaryDirectory(prefix="jcode-vendor-") as folder:
        made = Path(folder) / "dist"
        _build(Path(folder), made)
        if "--check" in arguments:
            return _compare(made)
        shutil.rmtree(DIST, ignore_errors=True)
        shutil.copytree(made, DIST)
    print(f"written: {', '.join(sorted(path.name for path in DIST.iterdir()))}")
    return 0


def _build(folder: Path, made: Path) -> None:
    for name in ("package.json", "package-lock.json"):
        shutil.copy(HERE / name, folder)
    for name in ("entries", "shims"):
        shutil.copytree(HERE / name, folder / name)
    # "ci" installs exactly what is locked and checks its integrity.
    _run(folder, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund")
    made.mkdir()
    lock = json.loads((folder / "package-lock.json").read_text())["packages"]
    bundles = {}
    licences: dict[str, str] = {}
    for entry in sorted((folder / "entries").glob("*.js")):
        packages = _bundle(folder, entry, made / entry.name)
        data = (made / entry.name).read_bytes()
        bundles[entry.stem] = {
            "sha256": hashlib.sha256(data).hexdigest(),
            "bytes": len(data),
            "packages": [_about(folder, path, lock[path], licences) for path in packages],
        }
    (made / "vendored.json").write_text(json.dumps(bundles, indent=2) + "\n")
    texts = [f"{name}\n\n{text.strip()}\n" for name, text in sorted(licences.items())]
    (made / "LICENSES.txt").write_text(f"\n{'-' * 80}\n\n".join(texts))


def _bundle(folder: Path, entry: Path, out: Path) -> list[str]:
    """Bundle one entry; return the folders of the packages that went into it."""
    meta = folder / "meta.json"
    _run(
        folder,
        "node_modules/.bin/esbuild",
        str(entry.relative_to(folder)),
        "--bundle",
        "--format=cjs",
        "--platform=neutral",
        "--main-fields=module,main",
        *(() if entry.stem == "idna" else ("--alias:tr46=./shims/tr46.js",)),
        *(_NODE_PARTS if entry.stem in _ON_NODE else ()),
        *(("--inject:./shims/url.js",) if entry.stem == "inspect" else ()),
        "--external:node/*",
        *(_INTL if entry.stem.startswith("intl_") else ()),
        "--external:vendor/*",  # loaded when it is needed, by the worker's own require
        "--external:web/*",
        "--target=es2022",
        "--minify-whitespace",
        "--minify-syntax",
        "--legal-comments=none",  # they are in LICENSES.txt, whole
        "--log-level=error",
        f"--outfile={out}",
        f"--metafile={meta}",
    )
    inputs = json.loads(meta.read_text())["inputs"]
    packages = set()
    for path in inputs:
        before, found, after = path.rpartition("node_modules/")
        if found:
            parts = after.split("/")
            packages.add(before + found + "/".join(parts[: 2 if after.startswith("@") else 1]))
    return sorted(packages)


def _about(
    folder: Path, path: str, locked: dict[str, str], licences: dict[str, str]
) -> dict[str, str]:
    manifest = json.loads((folder / path / "package.json").read_text())
    name, version = manifest["name"], manifest["version"]
    text = next(
        (
            file.read_text()
            for file in sorted((folder / path).iterdir())
            if file.name.lower().startswith(("license", "licence"))
        ),
        None,
    )
    if text is None:
        raise SystemExit(f"{name} {version} ships no licence text; it cannot be vendored")
    licences[f"{name} {version} ({manifest['license']})"] = text
    return {
        "name": name,
        "version": version,
        "integrity": locked["integrity"],
        "license": manifest["license"],
    }


def _run(folder: Path, *command: str) -> None:
    done = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, timeout=_WITHIN_S, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:2])} failed: {done.stderr.strip()[-2000:]}")


def _compare(made: Path) -> int:
    names = {path.name for path in made.iterdir()} | {path.name for path in DIST.iterdir()}
    wrong = [
        name
        for name in sorted(names)
        if not (made / name).is_file()
        or not (DIST / name).is_file()
        or (made / name).read_bytes() != (DIST / name).read_bytes()
    ]
    for name in wrong:
        print(
            f"error: dist/{name} is not what package-lock.json gives; run worker/vendor/build.py"
        )
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
