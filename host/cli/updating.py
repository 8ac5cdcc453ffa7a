"""``update``: every installed plugin from where it came from; asked about when it wants more than it has."""

from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from host.audit import printable
from host.blocking import BlockingPluginHost
from host.cli.failures import PluginFailed, Refusal, describe
from host.cli.installing import How, ask, get, open_installer, show
from host.cli.session import read_config, show_logs, warn
from host.cli.show import make_console, print_json, safe
from host.cli.summary import plan_json
from host.config import Config
from host.errors import HostError, InputError, InstallError, PluginDisabledError
from host.install.flow import Plan, Wish
from host.install.here import known_here
from host.install.keeping import keep
from host.install.spec import parse_spec
from host.install.store import Store
from host.install.values import Installed
from host.outcome import Json, JsonObject

FINE, ERROR, BLOCKED, DISABLED = 0, 1, 2, 3


def run_update(names: Sequence[str], how: How, *, is_all: bool) -> int:
    """Update the plugins called *names*, or all of them; return the exit code: the worst of each."""
    show_logs()
    config, home = read_config()
    plugins = _chosen(Store(home).read(), names, is_all=is_all)
    told: list[Json] = []
    codes = [FINE]
    if plugins:
        with open_installer(config, home) as host:
            for plugin in plugins:
                code, said = _update(host, config, home, plugin, how)
                codes.append(code)
                told.append(said)
    elif not how.as_json:
        make_console().print(safe("nothing is installed"))
    code = max(codes)
    if how.as_json:
        print_json({"ok": code == FINE, "error": _first_error(told), "plugins": told})
    return code


def _first_error(told: Sequence[Json]) -> Json:
    errors = (one.get("error") for one in told if isinstance(one, dict))
    return next((error for error in errors if error is not None), None)


def _chosen(
    installed: dict[str, Installed], names: Sequence[str], *, is_all: bool
) -> list[Installed]:
    if names and is_all:
        raise InputError("name plugins, or give --all; not both")
    if not names and not is_all:
        raise InputError("name the plugins to update, or give --all")
    for name in names:
        if name not in installed:
            raise InputError(f"{printable(name)} is not installed; see jcode-plugin list")
    wanted = sorted(installed) if is_all else dict.fromkeys(names)
    return [installed[name] for name in wanted]


def _update(
    host: BlockingPluginHost, config: Config, home: Path, plugin: Installed, how: How
) -> tuple[int, JsonObject]:
    """Update one plugin, whatever becomes of the others."""
    said: JsonObject = {"name": plugin.name, "version": plugin.current.version}
    if plugin.origin.type == "link":
        return _say(how, said, "is a link: it runs from where it lies")
    try:
        if _is_newest(plugin):
            return _say(how, said, "is up to date")
        with ExitStack() as stack:
            wish = Wish(parse_spec(plugin.origin.spec, home), plugin.origin.track)
            plan = get(host, wish, known_here(config, home), stack, how)
            if plan.name != plugin.name:
                raise _renamed(plugin, plan)
            return _apply(host, plan, how)
    except (HostError, PluginFailed, Refusal) as error:
        if host.switches.disable is not None:
            raise  # nothing of any plugin is to be read
        failure = describe(error)
        warn(f"{printable(plugin.name)} stays as it is: {failure.line}")
        return _code_of(error), said | failure.to_json() | {"changed": False}


def _code_of(error: Exception) -> int:
    if isinstance(error, PluginDisabledError):
        return DISABLED
    return BLOCKED if isinstance(error, Refusal) else ERROR


def _renamed(plugin: Installed, plan: Plan) -> InstallError:
    told = f"{plugin.name} calls itself {plan.name} now; uninstall it, and install it under that name"
    return InstallError("E_IDENTITY", told)


def _is_newest(plugin: Installed) -> bool:
    """Whether it is known without fetching that there is nothing newer: a registry says versions, git commits."""
    match plugin.origin.type:
        case "npm":
            from host.install import npm  # here: it takes a client of the registry

            return npm.newest(plugin.origin) == plugin.current.version
        case "git":
            from host.install import git

            return git.newest(plugin.origin) == plugin.current.integrity
        case _:
            return False


def _apply(host: BlockingPluginHost, plan: Plan, how: How) -> tuple[int, JsonObject]:
    said = plan_json(plan)
    if plan.is_same:
        return _say(how, said, "is up to date")
    asks = plan.needs_a_word and not how.yes and not how.only_plan
    show(plan, how, asks=asks)
    if how.only_plan:
        more = "; you will be asked about it" if plan.needs_a_word else ""
        told: JsonObject = {"available": True, "asks": plan.needs_a_word}
        return _say(how, said | told, f"is available{more}")
    if asks:
        ask(plan)
    keep(host.runtime.home, plan, host.audit)
    return _say(how, said, "is updated", is_changed=True)


def _say(
    how: How, said: JsonObject, what: str, *, is_changed: bool = False
) -> tuple[int, JsonObject]:
    if not how.as_json:
        make_console().print(safe(f"{said['name']} {said['version']} {what}"))
    return FINE, {"ok": True, "error": None, "changed": is_changed, **said}
