"""Hot reload: a newer version of a plugin takes the place of the one that runs.

Promises    The newer version is built, judged, started and has registered what it offers before anything changes. Then
            one snapshot is published in which it stands where the older one stood; whatever began before belongs to the
            older one, which takes nothing new and ends with the last of it. A version that fails in any way leaves
            everything as it was. Whoever asks for a reload gets one that looked at the source after they asked.
Elsewhere   What the older one still has to do: ``plugin.py``, ``holding.py``. What sessions hear: ``reload_news.py``.
"""

import logging
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from host.audit import Kind, printable
from host.errors import InputError, IsolationError, PluginDisabledError, PluginLoadError
from host.halves import plugin_of
from host.plugin import Plugin
from host.plugin_info import PluginInfo
from host.plugin_spec import PluginSpec
from host.waits import Wait, start

if TYPE_CHECKING:
    from host.tui_half import TuiHalf
    from host.workspace import Workspace

_logger = logging.getLogger("jcode_plugins")


@dataclass(frozen=True, slots=True)
class Reloaded:
    """What came of a reload: whether another version runs now, and what is known of the one that does."""

    changed: bool
    info: PluginInfo


class Reloads:
    """The reloads of one workspace."""

    def __init__(self, workspace: "Workspace") -> None:
        self._workspace = workspace
        self._running: dict[str, Wait[Reloaded]] = {}
        self._next: dict[str, Wait[Reloaded]] = {}
        self._staged: dict[str, Plugin] = {}

    async def reload(self, name: str) -> Reloaded:
        """Reload *name*; together with whoever else asks while one is under way, in one more that follows it."""
        self._workspace.plugin(name)
        running = self._running.get(name)
        if running is None:
            return await self._begin(name)
        following = self._next.get(name)
        if following is None:
            # What is under way may have read the source before it changed for the last time.
            following = self._next[name] = Wait()
            running.when_done(lambda: self._follow(name))
        return await following

    def _begin(self, name: str) -> Wait[Reloaded]:
        # On its own: it is not given up because the first who asked for it goes away.
        work = start(self._reload(name))
        if not work.is_done:
            self._running[name] = work
            work.when_done(lambda: self._ended(name, work))
        return work

    def _ended(self, name: str, work: Wait[Reloaded]) -> None:
        if self._running.get(name) is work:
            del self._running[name]

    def _follow(self, name: str) -> None:
        following, work = self._next.pop(name), self._begin(name)
        work.when_done(lambda: following.take(work))

    async def _reload(self, name: str) -> Reloaded:
        workspace = self._workspace
        reactor = workspace.runtime.reactor
        reactor.demand += 1  # it goes on also when nobody waits for it
        try:
            while True:
                old = workspace.find(name)
                if old is None:
                    raise InputError(f"{name} was unloaded before it could be reloaded")
                done = await self._replace(old)
                if done is not None:
                    return done
        finally:
            reactor.demand -= 1

    async def _replace(self, old: Plugin) -> Reloaded | None:
        """Replace *old*, or find that there is no need; None when somebody else has replaced it meanwhile."""
        workspace = self._workspace
        if not old.loaded.is_done:  # its first load is under way, and may yet fail
            await old.loaded
        try:
            spec = await workspace.loads.look_again(old)
            if workspace.find(old.name) is not old:
                return None
            if is_same(old, spec):
                old.reload_error = ""
                if _is_moved(old.spec, spec) and len(old.users) == 1:
                    # The same code on other lines: what is told of them is right again.
                    old.spec = replace(old.spec, artifact=spec.artifact, tui=spec.tui)
                    beside = workspace.halves.of(old.name)
                    if spec.tui is not None and beside is not None:
                        beside.spec = replace(beside.spec, artifact=spec.tui.artifact)
                return Reloaded(False, workspace.info(old))
            new = await self._start(old, spec)
            if new is None:
                return None
            half = await self._start_half(new, spec)
            if workspace.find(old.name) is not old:
                _give_up(new, half)
                return None
        except PluginDisabledError:
            raise  # told where it was found; nothing is wrong with the plugin
        except PluginLoadError as error:
            if workspace.find(old.name) is old:
                self._failed(old, error)
            if error.code == "E_LOCKDOWN":
                raise IsolationError(error.message) from None
            raise
        except IsolationError as error:
            self._failed(old, PluginLoadError("E_LOCKDOWN", str(error)))
            raise
        _switch(workspace, old, new, half, spec)
        return Reloaded(True, workspace.info(new))

    async def _start(self, old: Plugin, spec: PluginSpec) -> Plugin | None:
        """Return a version that is ready, or None when *old* is not in its place any more."""
        workspace, runtime = self._workspace, self._workspace.runtime
        new = plugin_of(workspace, spec)
        shared = runtime.shared.get(new.shared_key) if new.scope == "global" else None
        if shared is not None and shared is not old:
            await shared.loaded  # another workspace runs this very version
            return shared if workspace.find(old.name) is old else None
        new.stage(old)
        self._staged[old.name] = new
        try:
            await new.start()
            if workspace.find(old.name) is not old:
                new.stop()
                return None
            workspace.check_may_run(new)  # what came up while it loaded counts, too
        except BaseException:
            new.stop()
            raise
        finally:
            self._staged.pop(old.name, None)
        return new

    async def _start_half(self, new: Plugin, spec: PluginSpec) -> "TuiHalf | None":
        """Return the TUI half that comes with *new*, ready. If it fails, nothing of either is left."""
        half = self._workspace.halves.make(new, spec)
        if half is None:
            return None
        half.is_staged = True
        self._staged[half.shown_as] = half
        try:
            await half.start()
            self._workspace.check_may_run(half)
        except BaseException:
            _give_up(new, half)
            raise
        finally:
            self._staged.pop(half.shown_as, None)
        return half

    def _failed(self, old: Plugin, error: PluginLoadError) -> None:
        old.reload_error = str(error)
        _logger.warning(
            "%s was not reloaded and goes on as it is: %s", old.name, printable(str(error))
        )
        self._workspace.runtime.audit.record(
            Kind.RELOAD_FAILED, plugin=old.name, code=error.code, detail=str(error)
        )

    def others(self) -> list[Plugin]:
        """Versions that are not in their place: not yet, or not any more."""
        replaced = self._workspace.runtime.replaced
        return [
            *self._staged.values(),
            *(one for one in list(replaced) if self._workspace in one.users),
        ]

    def leave(self, name: str | None = None) -> None:
        """End versions of the plugin *name*, or of all, that are not in their place."""
        for other in self.others():
            if name in (None, other.name):
                if other.is_staged:
                    other.stop()
                else:
                    other.leave(self._workspace)


def is_same(old: Plugin, spec: PluginSpec) -> bool:
    """Whether a worker that loads *spec* would do what one of *old* does."""
    was = old.spec
    return (
        _code_of(spec) == _code_of(was)
        and spec.manifest == was.manifest
        and spec.settings.values == was.settings.values
        and spec.scope == was.scope
        and spec.signature.signed_by == was.signature.signed_by
        and (spec.root == was.root or old.scope == "global")
        and spec.given_rights == was.given_rights
        and (spec.loaded, spec.accepted, spec.features)
        == (was.loaded, was.accepted, was.features)
    )


def _code_of(spec: PluginSpec) -> list[tuple[str, tuple[int, ...]]]:
    return [(built.code, built.entries) for built in spec.artifacts()]


def _is_moved(was: PluginSpec, spec: PluginSpec) -> bool:
    """Whether anything of the same code stands elsewhere in its source."""
    return [built.raw for built in spec.artifacts()] != [built.raw for built in was.artifacts()]


def _give_up(new: Plugin, half: "TuiHalf | None") -> None:
    for one in (new, half):
        if one is not None and one.is_staged:  # else another workspace runs this version
            one.stop()


def _switch(
    workspace: "Workspace", old: Plugin, new: Plugin, half: "TuiHalf | None", spec: PluginSpec
) -> None:
    """Have *new* in the place of *old*, for everybody who shares it, and *half* beside it here; *old* is left with what
    it began."""
    runtime = workspace.runtime
    moving = list(old.users) if old.scope == new.scope == "global" else [workspace]
    staying = [user for user in old.users if user not in moving]
    if (
        staying
    ):  # it was shared and the newer version is not: whoever else uses it reloads by itself
        old.users = staying
    else:
        old.forget_shared()
        runtime.replaced[old] = None
        new.replace(old)
    new.users = moving if new.is_staged else [*new.users, *moving]
    new.take_place()
    if new.scope == "global":
        runtime.shared[new.shared_key] = new
    for user in moving:
        user.put(new.name, new)
        user.halves.replace(new, half if user is workspace else user.halves.make(new, spec))
    runtime.decisions.forget(new.name)
    for user in moving:
        user.publish()
    runtime.audit.record(
        Kind.RELOADED,
        plugin=new.name,
        code="reloaded",
        detail=f"{new.spec.content} instead of {old.spec.content}",
    )
    old.end_idle()
