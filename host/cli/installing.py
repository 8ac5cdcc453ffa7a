"""``install``: fetch, look, show, ask, keep."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from host.audit import Kind, printable
from host.blocking import BlockingPluginHost
from host.cli.failures import PluginFailed, Refusal
from host.cli.progress import showing
from host.cli.prompt import agree, is_attended
from host.cli.session import read_config, show_logs, warn
from host.cli.show import make_console, print_json, safe
from host.cli.summary import plan_json, print_plan
from host.config import Config
from host.errors import InputError, InstallError, PluginDisabledError, PluginLoadError
from host.install.flow import Features, Plan, Wish, prepared
from host.install.here import known_here
from host.install.identity import Known
from host.install.keeping import keep, make_whole
from host.install.spec import NpmSpec, Spec, parse_spec
from host.outcome import Json, JsonObject
from host.switching import check_enabled

FINE, BLOCKED = 0, 2
_DENIALS: Final = ("E_PREFLIGHT", "E_SIGNATURE")
"""Of a plugin that could be installed, and is not to be."""
_SUSPICIOUS: Final = ("E_IDENTITY", "E_DUPLICATE", "E_INTEGRITY", "E_SIGNATURE", "E_ARCHIVE")
"""Of what is not what it claims to be, or tries to be what it is not."""


@dataclass(frozen=True, slots=True)
class How:
    """What a person said of how to go about it."""

    yes: bool = False
    only_plan: bool = False
    as_json: bool = False


def run_install(
    text: str, track: str | None, features: str | None, settings: Sequence[str], how: How
) -> int:
    """Install what *text* names; return the exit code."""
    spec = parse_spec(text, Path.cwd())
    if (note := taken_for_npm(text, spec, Path.cwd())) is not None:
        warn(note)
    wish = Wish(spec, track, read_features(features), read_settings(settings))
    show_logs()
    config, home = read_config()
    with ExitStack() as stack:
        host = stack.enter_context(open_installer(config, home))
        plan = get(host, wish, known_here(config, home), stack, how)
        return finish(host, plan, how)


def taken_for_npm(text: str, spec: Spec, cwd: Path) -> str | None:
    """Return what to say about a bare word that may have been meant for what lies in *cwd*."""
    if isinstance(spec, NpmSpec) and ":" not in text and (cwd / spec.name).exists():
        return f"{spec.name} is taken from npm; what lies here is ./{spec.name}"
    return None


def get(host: BlockingPluginHost, wish: Wish, known: Known, stack: ExitStack, how: How) -> Plan:
    """Fetch and judge what *wish* names. Raises InstallError, PluginFailed, and Refusal for what preflight blocks."""
    try:
        with showing(quiet=how.as_json) as progress:
            return stack.enter_context(prepared(host, wish, known, progress))
    except PluginDisabledError:
        raise
    except InstallError as error:
        if error.code in _SUSPICIOUS:
            _note(host, wish, error.code, str(error))
        raise
    except PluginLoadError as error:
        if error.code in _DENIALS:
            _note(host, wish, error.code, str(error))
        failed = PluginFailed(error, None)
        raise (Refusal(failed) if error.code in _DENIALS else failed) from error


def _note(host: BlockingPluginHost, wish: Wish, code: str, why: str) -> None:
    """Have the audit say that something was kept out, and why."""
    host.audit.record(Kind.REFUSED, wish.spec.spec, code, f"not installed: {why}")


def finish(host: BlockingPluginHost, plan: Plan, how: How) -> int:
    """Show *plan*, ask about it unless nothing is to be asked, and install it; return the exit code."""
    if plan.is_same:
        return _already(host, plan, how)
    asks = not (how.yes or how.only_plan)
    show(plan, how, asks=asks)
    if how.only_plan:
        return _tell(plan, how, "would be installed; nothing was changed", is_changed=False)
    if asks:
        ask(plan)
    keep(host.runtime.home, plan, host.audit)
    done = "installed" if plan.previous is None else "updated"
    return _tell(plan, how, f"is {done}", is_changed=True)


def _already(host: BlockingPluginHost, plan: Plan, how: How) -> int:
    is_mended = not how.only_plan and make_whole(host.runtime.home, plan)
    what = "was damaged and is whole again" if is_mended else "is installed already"
    return _tell(plan, how, what, is_changed=is_mended)


def show(plan: Plan, how: How, *, asks: bool) -> None:
    """Print *plan* where it is read: whoever is asked sees it, wherever the output goes."""
    is_answered_elsewhere = asks and is_attended() and (how.as_json or not sys.stdout.isatty())
    if is_answered_elsewhere:
        print_plan(make_console(stderr=True), plan)
    elif not how.as_json:
        print_plan(make_console(), plan)
        sys.stdout.flush()  # before the question, which is on another stream


def ask(plan: Plan) -> None:
    """Ask the person at the terminal to agree to *plan*. Raises Refusal if nobody does."""
    verb = "install" if plan.previous is None else "update"
    answer = agree(f"{verb} {printable(plan.name)} {printable(plan.version)}?")
    if answer:
        return
    if answer is None:
        what = (
            f"{plan.name} was not {'installed' if verb == 'install' else 'updated'}: nobody is at a terminal to "
            "agree to it; look at what it gets, and give --yes"
        )
        raise Refusal(InstallError("E_UNATTENDED", what))
    raise Refusal(InstallError("E_DECLINED", f"{plan.name}: nothing was changed, as you said"))


def _tell(plan: Plan, how: How, what: str, *, is_changed: bool) -> int:
    if how.as_json:
        told: JsonObject = {"ok": True, "error": None, "changed": is_changed}
        print_json(told | plan_json(plan))
    else:
        make_console().print(safe(f"{plan.name} {plan.version} {what}"))
    return FINE


@contextmanager
def open_installer(config: Config, home: Path) -> Iterator[BlockingPluginHost]:
    """Start a host that builds what is to be installed and records it; nothing is loaded.

    Raises PluginDisabledError when all plugins are switched off.
    """
    host = BlockingPluginHost(_for_installing(config), project_dir=Path.cwd(), home=home)
    check_enabled(host.switches)
    host.workspace.variables = {}
    host.workspace.only_looks = True
    host.workspace.loads_configured = False
    with host:
        yield host


def _for_installing(config: Config) -> Config:
    """*config* for a host that builds; what it does not let run may be installed all the same. Kill switches hold."""
    plugins = {n: o.model_copy(update={"enable": True}) for n, o in config.plugins.items()}
    update = {"enable": config.enable is not False, "disable": (), "plugins": plugins}
    return config.model_copy(update=update)


def read_features(text: str | None) -> Features:
    """Return the names in *text*, which are separated by commas; ``*`` is all, and empty is none."""
    if text is None:
        return None
    return tuple(dict.fromkeys(name.strip() for name in text.split(",") if name.strip()))


def read_settings(pairs: Sequence[str]) -> dict[str, Json]:
    """Return the settings in *pairs*, ``KEY=VALUE`` each: a value of JSON, or a text. Raises InputError."""
    found: dict[str, Json] = {}
    for pair in pairs:
        key, equals, text = pair.partition("=")
        if not equals or not key.strip():
            raise InputError(f"--set {printable(pair)}: write KEY=VALUE")
        try:
            value: Json = json.loads(text)
        except (ValueError, RecursionError):
            value = text
        found[key.strip()] = value
    return found
