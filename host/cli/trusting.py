"""``trust``: what the plugins of a project are, and a person's word that they may run, as they are now."""

import os
import shlex
import sys
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from host.audit import Kind, printable
from host.blocking import BlockingPluginHost
from host.cli.checking import plugin_json, print_plugin
from host.cli.declared import Foreseen, foreseen
from host.cli.failures import PluginFailed, Refusal, describe
from host.cli.prompt import agree, is_attended
from host.cli.session import look_at_found, open_scratch_host
from host.cli.show import make_console, print_json, safe, table
from host.config import Config, jcode_home, load_config
from host.discovery import Found, of_project
from host.errors import InputError, TrustError
from host.install.tree import tree_of
from host.outcome import Json, JsonObject
from host.plugin_spec import PluginSpec
from host.project_code import ProjectCode, changed, project_code
from host.trusting import Trust, TrustedProject
from policies.preflight import Report

_MAX_CHANGES = 50


@dataclass(frozen=True, slots=True)
class _Seen:
    """One plugin of the project as it was looked at; *problem* is why that could not be."""

    found: Found
    spec: PluginSpec | None = None
    report: Report | None = None
    items: tuple[Foreseen, ...] = ()
    problem: str = ""

    @property
    def name(self) -> str:
        return self.found.path.name if self.spec is None else self.spec.name

    def declared(self) -> tuple[str, ...]:
        """What its manifest asks for, as lines to be kept."""
        return tuple(f"{item.rule.kind} {item.rule.pattern}" for item in self.items)

    def to_json(self) -> JsonObject:
        """The object that ``check --json`` prints, or what is wrong."""
        if self.spec is None or self.report is None:
            told: JsonObject = {
                "ok": False,
                "error": self.problem,
                "path": str(self.found.path),
            }
        else:
            told = plugin_json(self.spec, self.report, list(self.items))
        return told | {"tool_file": self.found.is_tool}


def run_trust(directory: Path | None, *, yes: bool, as_json: bool) -> int:
    """Show the plugins of the project in *directory* and trust them if a person says so; return the exit code."""
    config, home = _own()
    code = _code_in(directory or Path.cwd(), home, config.plugin_dir)
    files = code.files()
    trust = Trust(home)
    before = trust.read().get(str(code.root))
    if before is not None and before.tree == tree_of(files):
        return _tell(code, [], before, as_json=as_json, is_changed=False)
    seen = _look(code, files)  # from the very bytes that will be trusted, or not at all
    news = [] if before is None else list(changed(before.files, files))
    if not as_json:
        _print(make_console(), code, seen, news)
    if not yes:
        if as_json and is_attended():
            _print(make_console(stderr=True), code, seen, news)
        sys.stdout.flush()
        _ask(code)
    project = TrustedProject(
        str(code.root),
        tree_of(files),
        files,
        time.time(),
        {one.name: one.declared() for one in seen},
    )
    trust.add(project)
    _record(config, home, str(code.root), "trusted", f"{len(files)} files, tree {project.tree}")
    return _tell(code, seen, project, as_json=as_json, is_changed=True)


def run_forget(directory: Path | None, *, as_json: bool) -> int:
    """Trust the project in *directory* no more; return the exit code."""
    config, home = _own()
    project = str((directory or Path.cwd()).resolve())
    if not Trust(home).forget(project):
        raise InputError(f"{project} is not trusted; jcode-plugin trust --list names what is")
    _record(config, home, project, "forgotten", "its plugins run no more")
    if as_json:
        print_json({"ok": True, "error": None, "forgotten": project})
    else:
        make_console().print(safe(f"{project} is trusted no more"))
    return 0


def run_list(*, as_json: bool) -> int:
    """Show which projects are trusted and whether they still are as they were; return the exit code."""
    config, home = _own()
    trust = Trust(home)
    projects = [
        (project, trust.state_of(project, config.plugin_dir))
        for project in trust.read().values()
    ]
    if as_json:
        listed: list[Json] = [
            {
                "project": project.project,
                "state": state,
                "trusted_at": project.trusted_at,
                "files": len(project.files),
                "plugins": {name: list(lines) for name, lines in project.shown.items()},
            }
            for project, state in projects
        ]
        print_json({"ok": True, "error": None, "projects": listed})
    elif projects:
        rows = [
            [
                safe(project.project),
                safe(state, "green" if state == "trusted" else "yellow"),
                safe(_date(project.trusted_at)),
                safe(", ".join(project.shown)),
            ]
            for project, state in projects
        ]
        make_console().print(table(("project", "state", "since", "plugins"), rows))
    else:
        make_console().print(safe("no project is trusted"))
    return 0


def _code_in(directory: Path, home: Path, plugin_dir: Path | None) -> ProjectCode:
    if not directory.is_dir():
        raise InputError(f"{directory}: there is no such directory; check the path")
    code = project_code(directory, home, plugin_dir)
    if code is None:
        raise InputError(
            f"{directory}: no plugin of a project is there: nothing to run in .jcode/plugins and .jcode/tools"
        )
    return code


def _look(code: ProjectCode, files: dict[str, str]) -> list[_Seen]:
    seen = []
    with open_scratch_host(project_dir=code.root) as host:
        for found in of_project(code, files):
            try:
                spec = look_at_found(host, found)
            except PluginFailed as error:
                if error.error.code == "E_INTEGRITY":
                    raise
                seen.append(_Seen(found, problem=describe(error).line))
                continue
            report = host.workspace.preflight(spec)
            seen.append(_Seen(found, spec, report, tuple(foreseen(host, spec))))
    return seen


def _print(console: Console, code: ProjectCode, seen: list[_Seen], news: list[str]) -> None:
    for one in seen:
        if one.spec is None or one.report is None:
            console.print(safe(one.found.path.name, "bold"))
            console.print(safe(f"does not load: {one.problem}", "yellow"), soft_wrap=True)
        else:
            print_plugin(one.spec, one.report, list(one.items), console)
        console.print()
    for line in news[:_MAX_CHANGES]:
        console.print(safe(f"since it was trusted: {line}", "yellow"))
    if len(news) > _MAX_CHANGES:
        console.print(safe(f"and {len(news) - _MAX_CHANGES} more", "yellow"))
    hand = "what they register takes part in every session there, as if you had put it into your own directory"
    console.print(safe(f"{_count(code)} of {code.root}: {hand}", "dim"), soft_wrap=True)


def _ask(code: ProjectCode) -> None:
    """Ask the person at the terminal. Raises Refusal if nobody agrees."""
    answer = agree(f"trust {printable(str(code.root))}, as it is now?")
    if answer:
        return
    if answer is None:
        raise Refusal(
            TrustError(
                f"{code.root} was not trusted: nobody is at a terminal to agree to it; look at what it has, and "
                f"give --yes"
            )
        )
    raise Refusal(TrustError(f"{code.root} is not trusted, as you said"))


def _tell(
    code: ProjectCode,
    seen: list[_Seen],
    project: TrustedProject,
    *,
    as_json: bool,
    is_changed: bool,
) -> int:
    if as_json:
        plugins: list[Json] = (
            [one.to_json() for one in seen] if is_changed else [*sorted(project.shown)]
        )
        told: JsonObject = {
            "ok": True,
            "error": None,
            "changed": is_changed,
            "project": project.project,
            "tree": project.tree,
            "files": len(project.files),
            "trusted_at": project.trusted_at,
            "plugins": plugins,
        }
        print_json(told)
        return 0
    how = (
        "is trusted" if is_changed else f"is trusted already, since {_date(project.trusted_at)}"
    )
    command = f"jcode-plugin trust --forget {shlex.quote(project.project)}"
    make_console().print(
        safe(f"{project.project} {how}: {_count(code)} will run there; to end it: {command}"),
        soft_wrap=True,
    )
    return 0


def _count(code: ProjectCode) -> str:
    return f"{code.count} {'plugin' if code.count == 1 else 'plugins'}"


def _date(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).date().isoformat()


def _record(config: Config, home: Path, project: str, code: str, detail: str) -> None:
    # Through a host, so that the audit has it.
    host = BlockingPluginHost(config, home=home)
    host.workspace.loads_configured = False
    with host:
        host.audit.record(Kind.TRUST, plugin="", code=code, detail=f"{project}: {detail}")


def _own() -> tuple[Config, Path]:
    """The user's configuration, in which no project has a part, and where our state lives."""
    home = jcode_home(os.environ)
    return load_config(home, variables=os.environ), home
