"""types/jcode-plugin.d.ts says what a worker has: no member more, none less; and the examples are written to it."""

import json
import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from host import BlockingPluginHost
from ipc.events import FIELDS, OUTPUTS, PluginEvent

ROOT = Path(__file__).parents[2]
DECLARATIONS = ROOT / "types" / "jcode-plugin.d.ts"
PAGE = (ROOT / "docs" / "api.md").read_text()
PACKAGES = ("typescript@5.9.3", "typebox@1.0.0")
"""The compiler, and the types of what the runtime gives in that package's place."""
_WITHIN_S = 240

Members = Mapping[str, Mapping[str, list[str]]]

LIVE = """
export default (pi) => {
  const members = (o) => Object.keys(o).sort();
  const inner = (v) => (typeof v === "object" && v !== null ? members(v) : []);
  pi.registerTool({ name: "members", description: "d", tier: "read", handler: (params, ctx) => {
    const names = Object.getOwnPropertyNames(Object.getPrototypeOf(ctx));
    return { output: {
      pi: Object.fromEntries(members(pi).map((name) => [name, inner(pi[name])])),
      ctx: Object.fromEntries(names.map((name) => [name, inner(ctx[name])])),
      same: pi === jcode,
    } };
  } });
};
"""

OPAQUE = {"settings", "signal"}
"""Members whose own members are somebody else's: the plugin's settings, the web's."""

pytestmark = pytest.mark.timeout(_WITHIN_S + 60)


@pytest.fixture(scope="module")
def typescript(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the compiler; no script of it was run."""
    folder = tmp_path_factory.mktemp("typescript")
    (folder / "package.json").write_text('{"private": true}')
    done = subprocess.run(
        ["npm", "install", "--ignore-scripts", "--no-audit", "--no-fund", *PACKAGES],
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    shutil.copy(Path(__file__).parent / "members.cjs", folder)
    return folder


@pytest.fixture(scope="module")
def declared(typescript: Path) -> Members:
    """What the declarations declare."""
    done = subprocess.run(
        ["node", "members.cjs", str(DECLARATIONS)],
        cwd=typescript,
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=True,
    )
    found: Members = json.loads(done.stdout)
    return found


@pytest.fixture(scope="module")
def live(tmp_path_factory: pytest.TempPathFactory) -> Members:
    """What a plugin finds in a real worker."""
    folder = tmp_path_factory.mktemp("live")
    (folder / "members.js").write_text(LIVE)
    with BlockingPluginHost(project_dir=folder, home=folder / "home") as host:
        host.load(folder / "members.js")
        result = host.call_tool("members", {}, session_id="s")
    assert isinstance(result.output, dict)
    assert result.output["same"] is True
    return result.output  # type: ignore[return-value]  # as LIVE makes it


@pytest.mark.parametrize(("name", "interface"), [("pi", "Pi"), ("ctx", "Ctx")])
def test_the_same_members(declared: Members, live: Members, name: str, interface: str) -> None:
    """Also of what they hold: pi.fs, pi.http, ctx.kv, ..."""
    assert set(declared[interface]) == set(live[name])
    for member, inner in live[name].items():
        if member not in OPAQUE and inner:
            assert sorted(declared[interface][member]) == inner, member


def test_the_same_events(declared: Members) -> None:
    """Their names, what each tells, what each takes."""
    names = {event.wire_name for event in PluginEvent}
    assert set(declared["EventFields"]) == set(declared["EventOutputs"]) == names
    for event in PluginEvent:
        assert declared["EventFields"][event.wire_name] == sorted(FIELDS[event])
        assert declared["EventOutputs"][event.wire_name] == sorted(OUTPUTS[event])


def test_the_same_events_of_pi() -> None:
    """Each name that the runtime has an adapter for, and no other: the rest never comes."""
    adapters = re.findall(
        r'^definePi\("(\w+)"',
        (ROOT / "worker" / "js" / "lazy" / "pi" / "format.js").read_text(),
        re.MULTILINE,
    )
    (union,) = re.findall(
        r"^export type PiEventName =\n([^;]+);", DECLARATIONS.read_text(), re.MULTILINE
    )

    assert re.findall(r'"(\w+)"', union) == sorted(adapters)


def compile_strictly(typescript: Path, *files: Path) -> str:
    """What the compiler says of *files*; empty when it has nothing to say."""
    config = {
        "compilerOptions": {
            "strict": True,
            "noEmit": True,
            "target": "es2023",
            "module": "esnext",
            "moduleResolution": "bundler",
            "lib": ["es2023", "dom"],
            "types": [],
            "resolveJsonModule": True,
            "allowImportingTsExtensions": True,
            "skipLibCheck": True,
            "paths": {
                "jcode-plugin": [str(DECLARATIONS)],
                "typebox": [str(typescript / "node_modules" / "typebox")],
            },
        },
        "files": [str(DECLARATIONS), *map(str, files)],
    }
    (typescript / "tsconfig.json").write_text(json.dumps(config))
    done = subprocess.run(
        ["node", "node_modules/typescript/bin/tsc", "-p", "."],
        cwd=typescript,
        capture_output=True,
        text=True,
        timeout=_WITHIN_S,
        check=False,
    )
    return done.stdout


def test_the_examples_compile(typescript: Path) -> None:
    """Strictly, as an author's editor reads them."""
    assert compile_strictly(typescript, *sorted((ROOT / "examples").rglob("*.ts"))) == ""


def test_the_guide_to_interfaces_compiles(typescript: Path, tmp_path: Path) -> None:
    """Each plugin of docs/interfaces.md, as its reader types it."""
    page = (ROOT / "docs" / "interfaces.md").read_text()
    files = []
    for name, source in re.findall(r"^```ts\n// (\S+)\n(.*?)^```$", page, re.M | re.S):
        files.append(tmp_path / name.replace("/", "-"))
        files[-1].write_text(source)

    assert len(files) >= 7
    assert compile_strictly(typescript, *files) == ""


@pytest.mark.parametrize(
    "line",
    [
        'pi.on("PreToolUse", () => ({ block: 7 }));',
        'pi.on("PreToolUsed", () => {});',
        'pi.on("PreToolUse", () => ({ decision: "allow" }));',
        "pi.nothing();",
        'pi.registerTool({ name: "x" });',
        "pi.callTool(7);",
    ],
)
def test_a_mistake_is_seen(typescript: Path, tmp_path: Path, line: str) -> None:
    """The control: what compiles is no proof unless something does not."""
    wrong = tmp_path / "wrong.ts"
    wrong.write_text(
        f'import type {{ Pi }} from "jcode-plugin";\nexport default (pi: Pi) => {{ {line} }};\n'
    )
    assert "error TS" in compile_strictly(typescript, wrong)


def test_the_page_names_every_member(live: Members) -> None:
    """docs/api.md: each of them in a row or a heading of its own, as an author would look for it."""
    named = set(re.findall(r"`((?:pi|ctx)(?:\.\w+)+)", PAGE))
    for name in ("pi", "ctx"):
        for member, inner in live[name].items():
            whole = f"{name}.{member}"
            if inner and name == "pi" and member not in OPAQUE:
                assert {f"{whole}.{one}" for one in inner} <= named
            else:
                assert whole in named


def test_the_page_names_nothing_else(live: Members) -> None:
    """What it names is there."""
    for found in re.findall(r"`((?:pi|ctx)(?:\.\w+)+)", PAGE):
        name, member, *inner = found.split(".")
        assert member in live[name], found
        if inner and member not in OPAQUE:
            assert inner[0] in live[name][member], found


def test_the_page_names_every_event() -> None:
    """With all its fields and outputs."""
    for event in PluginEvent:
        (row,) = re.findall(rf"^\| `{event.wire_name}` \|(.*)\|$", PAGE, re.MULTILINE)
        tells, takes = row.split("|")
        assert re.findall(r"`(\w+)`", tells) == list(FIELDS[event]), event.wire_name
        assert re.findall(r"`(\w+)`", takes) == list(OUTPUTS[event]), event.wire_name
