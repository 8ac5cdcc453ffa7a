"""Which file runs, with which arguments, in which environment; what is decided is what is executed."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from host.audit import Kind
from host.programs.lookup import find_program, sane_path
from tests.hostcalls.exec.programs_support import ALL, Runner, runner

SHOW = "import sys; print(sys.argv[1:])"


@pytest.fixture
def programs(tmp_path: Path) -> Iterator[Runner]:
    """A plugin that may run everything."""
    with runner(tmp_path, commands=ALL) as made:
        yield made


def script(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)
    return path


# The file.


def test_a_name_is_looked_for_where_nobody_else_writes(tmp_path: Path) -> None:
    """Not in the project, nor beneath a relative or a missing directory, nor where everybody may write."""
    project, shared, mine = tmp_path / "project", tmp_path / "shared", tmp_path / "mine"
    for folder in (project, shared, mine):
        script(folder / "tool", "true")
    shared.chmod(0o777)
    (tmp_path / "link").symlink_to(project)
    path = (
        f"{project}:{project}/x:.::bin:{shared}:{tmp_path}/link:{tmp_path}/none:{mine}:/usr/bin"
    )

    assert sane_path(path, [str(project)]) == f"{mine}:/usr/bin"
    assert find_program("tool", sane_path(path, [str(project)]), "/") == f"{mine}/tool"
    assert sane_path(".:bin", []) == "/usr/local/bin:/usr/bin:/bin"


def test_a_tool_of_the_project_is_not_the_systems(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A project's own git at the head of PATH; the control is that a shell takes it."""
    script(tmp_path / "project" / "bin" / "git", "echo mine")
    monkeypatch.setenv("PATH", f"{tmp_path}/project/bin:{os.environ['PATH']}")
    with runner(tmp_path, commands=ALL) as programs:
        assert "git version" in str(programs.exec("git", "--version")["stdout"])
        assert programs.exec("./bin/git", "--version")["stdout"] == "mine\n"
    control = subprocess.run(["git", "--version"], capture_output=True, text=True, check=True)
    assert control.stdout == "mine\n"


def test_a_link_is_decided_by_where_it_leads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A link called git that leads to a shell is a shell: no wildcard covers it. An absolute rule is about the file."""
    folder = tmp_path / "tools"
    folder.mkdir()
    (folder / "git").symlink_to("/bin/sh")
    (folder / "say").symlink_to(shutil.which("echo") or "/bin/echo")
    monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
    real = os.path.realpath(folder / "say")
    with runner(tmp_path, commands=("git *", f"{real} *")) as programs:
        refused = programs.exec("git", "-c", "echo got a shell")
        said = programs.exec(str(folder / "say"), "hello")

    assert refused["code"] == "E_DENIED"
    assert said["stdout"] == "hello\n"


def test_relative_names_start_at_the_working_directory(tmp_path: Path) -> None:
    """And are covered by rules about the absolute file alone."""
    tool = script(tmp_path / "project" / "sub" / "tool", 'echo "$PWD"')
    with runner(tmp_path, commands=(str(tool), "tool")) as programs:
        here = programs.exec("./tool", options={"cwd": "sub"})
        there = programs.exec("sub/../sub/tool")
        bare = programs.exec("tool", options={"cwd": "sub"})

    assert here["stdout"] == f"{tool.parent}\n"
    assert there["stdout"] == f"{tool.parent.parent}\n"
    assert bare["code"] == 1
    assert "no such program" in str(bare["stderr"])


def test_whether_a_program_exists_is_not_told_to_everybody(tmp_path: Path) -> None:
    """Whoever may not run it learns only that."""
    with runner(tmp_path, commands=("echo *",)) as programs:
        there, missing = programs.exec("cat"), programs.exec("no-such-program")

    assert (there["code"], missing["code"]) == ("E_DENIED", "E_DENIED")
    assert str(there["message"]).replace("cat", "X") == str(missing["message"]).replace(
        "no-such-program", "X"
    )


# Its arguments.


@pytest.mark.parametrize(
    "argument",
    ["a b", "$(id)", "`id`", "; id", "* ?", "--", "-c", "", "\n", "\u00e9\U0001f600", "'\"\\"],
)
def test_arguments_arrive_as_they_were_given(programs: Runner, argument: str) -> None:
    """No shell sees them."""
    found = programs.exec(sys.executable, "-c", SHOW, argument, "end")

    assert found["stdout"] == f"{[argument, 'end']}\n"


def test_a_line_is_a_shells_and_needs_the_right_to_one(tmp_path: Path) -> None:
    """execSync("echo a; id") is sh -c, whatever it begins with."""
    with runner(tmp_path, commands=("echo *",)) as programs:
        assert programs.run('return cp.execFileSync("echo", ["a; id"]).toString()') == "a; id\n"
        refused = programs.run('return cp.execSync("echo a").toString()')

    assert isinstance(refused, dict)
    assert refused["code"] == "EACCES"
    assert "shell: sh -c echo a: not allowed" in str(refused["message"])


@pytest.mark.parametrize("code", ['["a\\0b"]', "[1, null].concat(Array(5000).fill('x'))"])
def test_arguments_that_no_system_takes(programs: Runner, code: str) -> None:
    """A NUL, or more than anybody needs."""
    found = programs.run(f'return await pi.exec("echo", {code})')

    assert isinstance(found, dict)
    assert found["code"] == "E_INVALID"


# Its environment.


def environment_of(programs: Runner, options: str = "{}") -> dict[str, str]:
    found = programs.run(f'return await pi.exec("env", [], {options})')
    assert isinstance(found, dict)
    lines = str(found["stdout"]).splitlines()
    return dict(
        line.split("=", 1) for line in lines if "=" in line and not line.startswith("GIT_")
    )


def test_the_environment_is_an_allow_list(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the host knows stays with it, but for what the plugin may read."""
    monkeypatch.setenv("SECRET_TOKEN", "s3cret")
    monkeypatch.setenv("OPEN_TOKEN", "open")
    monkeypatch.setenv("LD_PRELOAD", "")
    with runner(tmp_path, commands=("env",), variables=("OPEN_*", "LD_*")) as programs:
        found = environment_of(programs)

    assert found["OPEN_TOKEN"] == "open"
    assert found["TERM"] == "dumb"
    assert found["HOME"] == os.environ["HOME"]
    assert not {"SECRET_TOKEN", "LD_PRELOAD"} & found.keys()
    assert found.keys() <= {
        "PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TERM", "OPEN_TOKEN", "PAGER", "SSH_ASKPASS",
    } | {name for name in os.environ if name.startswith("LC_")}  # fmt: skip


@pytest.mark.parametrize(
    "name",
    ["LD_PRELOAD", "PATH", "BASH_ENV", "NODE_OPTIONS", "GIT_SSH_COMMAND", "PYTHONPATH", "HOME"],
)
def test_a_variable_that_steers_is_a_command(tmp_path: Path, name: str) -> None:
    """The right to read it is not the right to choose it; the right to that very command is."""
    options = json.dumps({"env": {name: "/x"}})
    code = f'return await pi.exec("echo", ["hi"], {options})'
    with runner(tmp_path, commands=("echo *",), variables=("*",)) as programs:
        refused = programs.run(code)
        (entry,) = programs.host.audit.recent(1, kind=Kind.DECISION)
    with runner(
        tmp_path, commands=("echo *", f"env {name}=/x echo hi"), variables=("*",)
    ) as programs:
        allowed = programs.run(code)

    assert isinstance(refused, dict)
    assert isinstance(allowed, dict)
    assert refused["code"] == "E_DENIED"
    assert f"env {name}=/x echo hi" in str(refused["message"])
    assert entry.data is not None
    assert entry.data["decision"] == "deny"
    assert allowed.get("stdout") == "hi\n"


def test_other_variables_are_the_plugins_to_choose(tmp_path: Path) -> None:
    """Harmless ones always; those that it may read; nothing else, and no name that is none."""
    with runner(tmp_path, commands=("env",), variables=("MY_*",)) as programs:
        found = environment_of(programs, '{env: {NO_COLOR: "1", MY_X: "2", TZ: "UTC"}}')
        refused = programs.run('return await pi.exec("env", [], {env: {OTHER: "1"}})')
        broken = programs.run('return await pi.exec("env", [], {env: {"A=B": "1"}})')

    assert (found["NO_COLOR"], found["MY_X"], found["TZ"]) == ("1", "2", "UTC")
    assert isinstance(refused, dict)
    assert isinstance(broken, dict)
    assert refused["message"] == "env: OTHER: not allowed (deny.mode)"
    assert broken["code"] == "E_INVALID"


# What it has of the system.


def test_it_has_no_terminal_no_descriptors_and_no_new_privileges(programs: Runner) -> None:
    """Three descriptors, a session of its own, no core, and setuid means nothing."""
    line = "ls /proc/self/fd | wc -l; grep NoNewPrivs /proc/self/status; ulimit -c; (: </dev/tty) 2>/dev/null || echo no tty; cut -d' ' -f6 /proc/$$/stat; echo $$"
    stdout = str(programs.exec("sh", "-c", line)["stdout"]).split()

    assert stdout[0] == "4"  # ls opens the directory itself
    assert stdout[1:6] == ["NoNewPrivs:", "1", "0", "no", "tty"]
    assert stdout[6] == stdout[7]


def test_a_missing_directory_is_told(programs: Runner) -> None:
    """As a program that could not be executed: a result."""
    found = programs.exec("echo", "hi", options={"cwd": "nowhere"})

    assert found["code"] == 1
    assert "nowhere: No such file or directory" in str(found["stderr"])


# How much.


def test_a_flood_is_cut_and_ended(programs: Runner) -> None:
    """Of both streams so much, and no more is waited for."""
    found = programs.exec("sh", "-c", "yes & yes >&2", options={"maxBytes": 10_000})

    assert (found["truncated"], found["killed"]) == (True, True)
    assert max(len(str(found["stdout"])), len(str(found["stderr"]))) == 10_000


def test_the_largest_output_arrives_whole(tmp_path: Path) -> None:
    """Four MiB of bytes that are no text, on each stream."""
    with runner(tmp_path, deadline_ms=90_000, commands=ALL) as programs:
        found = programs.run(
            'const r = cp.spawnSync("sh", ["-c", "head -c 4194304 /dev/zero; head -c 4194304 /dev/zero >&2"], {maxBuffer: 8388608});'
            "return [r.status, r.stdout.length, r.stderr.length, r.stdout[4194303], r.error]"
        )

    assert found == [0, 4194304, 4194304, 0, None]


def test_so_many_run_at_once(programs: Runner) -> None:
    """The seventeenth is refused, and may run when one has ended."""
    held = programs.run(
        'const all = Array.from({length: 17}, () => new Promise((r) => { const c = cp.spawn("sleep", ["100"]); globalThis.kept = (globalThis.kept ?? []); kept.push(c);'
        ' c.on("spawn", () => r("ran")); c.on("error", (e) => r(e.code)); }));'
        "const first = (await Promise.all(all)).sort(); kept.forEach((c) => c.kill('SIGKILL')); return [first[0], first[1], first[16]]"
    )
    again = programs.run(
        'await Promise.all(kept.map((c) => c.exitCode !== null || c.signalCode !== null || new Promise((r) => c.on("close", r))));'
        'return (await pi.exec("echo", ["again"])).stdout'
    )

    assert again == "again\n"
    assert held == ["EAGAIN", "ran", "ran"]


def test_input_is_given_whole(programs: Runner) -> None:
    """More than a pipe holds, to a program that reads slowly, and to one that does not read."""
    code = 'const text = "x".repeat(1_000_000); const r = await pi.exec("sh", ["-c", %s], {input: text}); return [r.code, r.stdout.trim()]'

    assert programs.run(code % '"wc -c"') == [0, "1000000"]
    assert programs.run(code % '"echo done"') == [0, "done"]


def test_a_command_is_allowed_in_the_project_and_nowhere_else(tmp_path: Path) -> None:
    """What a plugin put beside it elsewhere would be run: by its own path, by a link, by a way up."""
    other = tmp_path / "other"
    other.mkdir()
    (other / "build.sh").write_text("echo of a plugin")
    project = tmp_path / "project"
    project.mkdir()
    (project / "build.sh").write_text("echo of the project")
    (project / "link").symlink_to(other)
    (project / "sub").mkdir()
    (project / "sub" / "build.sh").write_text("echo of a part")
    wheres = (str(other), "link", "../other", "sub/../../other", str(tmp_path / "home"))
    with runner(tmp_path, commands=("sh build.sh", "ls")) as programs:
        here = programs.exec("sh", "build.sh")
        part = programs.exec("sh", "build.sh", options={"cwd": "sub"})
        elsewhere = [programs.exec("sh", "build.sh", options={"cwd": w}) for w in wheres]
        listed = programs.exec("ls", options={"cwd": str(other)})
    with runner(tmp_path, commands=("sh build.sh", f"env -C {other} sh build.sh")) as programs:
        control = programs.exec("sh", "build.sh", options={"cwd": "link"})

    assert (here["stdout"], part["stdout"]) == ("of the project\n", "of a part\n")
    assert {found["code"] for found in (*elsewhere, listed)} == {"E_DENIED"}
    assert control["stdout"] == "of a plugin\n"
