"""Everything that plugins show, around the prompt of one session.

Promises    Drawing reads the mirror alone. A change is drawn at once, and however fast the mirror changes, it is drawn as often
            as ``pacing.py`` says, and only those widgets whose entries changed. Nothing of a plugin leaves
            the stage. Questions and components take the focus only when nothing was typed for a moment, and a component that
            is not over the rest has the stage as long as it is open.
Elsewhere   What it is connected to: ``session.py``.
"""

from collections.abc import Awaitable, Callable, Iterator, Sequence
from functools import partial
from typing import ClassVar, Final, NamedTuple

from textual import events
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.geometry import Size

from host.console.background import in_background
from host.console.guard import QUIET_S
from host.console.keys import canonical
from host.console.link import LinkError
from host.console.mirror import Changed, JsonObject, Key
from host.console.paint import own, plain
from host.console.stage.component import Component, frame_size
from host.console.stage.dialogs import KINDS, Dialog
from host.console.stage.frames import Framed
from host.console.stage.laid import LaidOut
from host.console.stage.lines import LinesView
from host.console.stage.lineup import Titles, Working
from host.console.stage.notices import Notices
from host.console.stage.pacing import Pace
from host.console.stage.prompt import Complete, Prompt
from host.console.stage.scene import Scene, Wanted, gone, shown_name
from host.console.stage.slots import Place, StatusLine, touches
from host.console.stage.transcript import Transcript

NARROW: Final = 60
"""Columns; below, what is beside the prompt stands beneath it."""
SHORT: Final = 12
"""Rows; below, there is room for the log, the line and what is asked."""


OWN_ROWS: Final = 2
"""Of every screen: the console's bar and its keys."""
TALL: Final = 20
LOG_ROWS: Final = 8
"""What the log keeps in a stage of :data:`TALL` rows, whatever plugins show; in a lower one a third."""


class Opened(NamedTuple):
    """What a frame was opened as."""

    place: str
    dialog: str = ""
    route: str = ""
    is_over: bool = False


class Stage(LaidOut, Vertical):
    """See the module's text."""

    DEFAULT_CSS = """
    Stage { height: 1fr; width: 100%; layers: base whole over; }
    Stage #middle { height: 1fr; }
    Stage #whole { layer: whole; position: absolute; width: 100%; height: 100%; display: none; background: $background; }
    Stage #whole.-filled { display: block; }
    Stage.-short #titles, Stage.-short #header, Stage.-short #footer, Stage.-short #above, Stage.-short #below { display: none; }
    Stage #sidebar { width: 28; height: 1fr; }
    Stage.-narrow #middle { layout: vertical; }
    Stage.-narrow #sidebar { width: 100%; height: auto; }
    Stage #log { width: 1fr; height: 1fr; min-height: 1; layers: base over told; align-horizontal: right; }
    Stage #overlay { layer: over; position: absolute; width: 75%; max-height: 100%; background: $surface; }
    Stage.-reader #overlay { layer: base; position: relative; width: 100%; max-height: 6; }
    """

    def __init__(self, scene: Scene, complete: Complete) -> None:
        super().__init__()
        self.scene = scene
        self.transcript = Transcript(scene, id="transcript")
        self.prompt = Prompt(scene, complete, id="prompt")
        self.notices = Notices(scene, id="notices")
        self.places = (
            Place(scene, "slot", "Header", "header", id="header"),
            Place(scene, "widget", "aboveEditor", "widget", id="above"),
            Place(scene, "widget", "belowEditor", "widget", id="below"),
            Place(scene, "slot", "Sidebar", "sidebar", id="sidebar"),
            Place(scene, "slot", "Footer", "footer", id="footer"),
            Place(scene, "slot", "Overlay", "overlay", id="overlay"),
        )
        self._titles = Titles(scene, id="titles")
        self._working = Working(scene, id="working")
        self._status = StatusLine(scene, id="status")
        self._whole = Vertical(id="whole")
        self._components: dict[Key, Component] = {}
        self._left: set[Key] = set()
        self._dialog: Dialog | None = None
        self._answered: set[str] = set()
        self._changed: set[Key] | None = set()
        self._pace = Pace(self, self._flush)
        self._fitted = Size(0, 0)
        self._is_giving = False
        self._on_stage: Component | None = None
        """The component that has the stage."""
        self._is_first = True
        self._end: Callable[[], None] = lambda: None
        self.flushes = 0
        """How often it was drawn so far."""
        self._is_seen = True
        self._has_more = False
        self.on_room: Callable[[bool], None] = lambda has_more: None
        """Called when a component needs the row of the panes' names, and when none does any more."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("f12", "leave", "leave", show=False),
        Binding("tab", "step(1)", show=False),
        Binding("shift+tab", "step(-1)", show=False),
    ]

    def compose(self) -> ComposeResult:
        """See :class:`textual.widget.Widget`."""
        header, above, below, sidebar, footer, overlay = self.places
        yield self._titles
        yield header
        with Horizontal(id="middle"):
            with Vertical(id="log"):  # what is over it is never over what is typed
                yield self.transcript
                yield overlay
                yield self.notices
            yield sidebar
        yield above
        yield self._working
        yield self.prompt
        yield below
        yield footer
        yield self._status
        yield self._whole

    def on_mount(self) -> None:
        """Draw what there is, and what comes."""
        self.set_class(self.scene.is_reader, "-reader")
        self._end = self.scene.mirror.listen(self._on_change)
        self.watch(self.app, "theme", self._on_theme, init=False)
        # No Resize comes for a size that was found because somebody asked where a widget is, before the screen was drawn.
        self.screen.screen_layout_refresh_signal.subscribe(self, lambda _: self._fit())
        self._on_change(None)
        self.focus_first()

    def on_unmount(self) -> None:
        """Hear no more."""
        self._end()
        self._pace.stop()

    def on_resize(self) -> None:
        """What is drawn for a size is drawn for the new one."""
        self._fit()

    def _fit(self) -> None:
        if self.size != self._fitted:
            is_wider = self.size.width != self._fitted.width
            self._fitted = self.size
            self.set_class(self.size.width < NARROW or self.scene.is_reader, "-narrow")
            self.set_class(self.size.height < SHORT, "-short")
            if is_wider:
                for place in self.places:
                    place.sync(None)
            self._share()
            self._put_over()
        self.transcript.fit()
        for component in self._components.values():
            component.fit()

    @property
    def room(self) -> tuple[int, int]:
        """How many columns and rows a component has that has the stage: the screen without the console's own."""
        width, height = self.screen.size
        beside, above = frame_size(is_reader=self.scene.is_reader)
        return max(1, width - beside), max(1, height - OWN_ROWS - above)

    def see(self, *, is_seen: bool) -> None:
        """Know whether the pane that it is in is the open one."""
        self._is_seen = is_seen
        self._give()
        if is_seen and self._changed != set():  # what changed while it was out of sight
            self._pace.soon(hurries=True)

    @property
    def is_due(self) -> bool:
        """Whether something changed that is not on the screen yet."""
        return self._pace.is_due

    # Drawing.

    def _on_theme(self, name: str) -> None:
        self.scene.theme = name
        self.scene.repaint(None)
        for view in self.query(LinesView):
            view.palette = self.scene.palette()
        self._on_change(None)

    def _on_change(self, changed: Changed) -> None:
        if changed is None:
            self._changed = None
        elif self._changed is not None:
            self._changed |= changed
        self._pace.soon(
            hurries=changed is None or self._is_awaited(changed), seen=self._is_seen
        )

    def _is_awaited(self, changed: frozenset[Key]) -> bool:
        """Whether a person waits for some of it: a question, what opens or goes, what has the focus."""
        focused = self.app.focused
        around = focused.ancestors_with_self if focused is not None else ()
        key_of_focus = next((one.key for one in around if isinstance(one, Framed)), None)
        return any(
            key.area == "dialog" or key == key_of_focus or self._turns(key)
            for key in changed
            if key.session in ("", self.scene.session)
        )

    def _turns(self, key: Key) -> bool:
        """Whether a component opens or goes. One that a person left is nothing to wait for."""
        is_there = self.scene.mirror.get(key) is not None and key not in self._left
        return key.area == "frame" and is_there != (key in self._components)

    def _flush(self) -> None:
        if self.app.return_code is not None:
            return  # it ends: widgets are taken away while those around them are still there
        changed = None if self._changed is None else frozenset(self._changed)
        self._changed = set()
        self.flushes += 1
        self.scene.repaint(changed)
        areas = None if changed is None else {key.area for key in changed}
        if areas is None or areas & {"slot", "widget", "plugin", "theme"}:
            for place in self.places:
                place.sync(changed)
        self._status.sync(changed)
        self._titles.sync(changed)
        self._working.sync(changed)
        self._share()
        if areas is None or "notice" in areas:
            for line in self.notices.sync(is_first=self._is_first):
                self.transcript.say(line)
        if areas is None or "editor" in areas:
            for plugin, told in self.prompt.sync(is_first=self._is_first):
                self.transcript.say([*own(plugin, "bold"), *own(f" {told}", "dim")])
        if areas is None or areas & {"frame", "dialog", "route", "plugin", "theme"}:
            self._sync_components(changed)
            self._sync_dialog(changed)
        self._is_first = not self.scene.mirror.version  # of this daemon

    def _share(self) -> None:
        """Share the rows that there are among the places, so that the log keeps its own."""
        height = self.size.height
        lines = (self._titles, self._working, self._status)
        taken = 1 + sum(min(len(view.rows), view.most) for view in lines)
        kept = LOG_ROWS if height >= TALL else height // 3
        if (
            self.scene.is_reader
        ):  # everything is one below the other, and has a line with its name
            kept = height // 5
        header, above, below, sidebar, footer, overlay = self.places
        places = [header, footer, above, below]
        if self.has_class("-narrow"):
            places.append(sidebar)
        elif sidebar.styles.max_height is not None:  # each setting lays the screen out anew
            sidebar.styles.max_height = None
        if self.scene.is_reader:
            places.append(overlay)
        shares = shared_out(max(0, height - taken - kept), [place.tall for place in places])
        for place, share in zip(places, shares, strict=True):
            place.styles.max_height = max(1, share)

    # Components.

    def opened(self) -> Iterator[tuple[Key, JsonObject, Opened]]:
        """Every frame that there is, with what it was opened as."""
        mirror, session = self.scene.mirror, self.scene.session
        dialogs, routes = (
            {
                Key(key.plugin, key.session, "frame", frame): key.key
                for key, value in mirror.seen_by(session, area)
                if isinstance(frame := value.get("frame"), str)
            }
            for area in ("dialog", "route")
        )
        for key, value in mirror.seen_by(session, "frame"):
            dialog, route = dialogs.get(key, ""), routes.get(key, "")
            if dialog in self._answered and dialog:
                continue
            place = f"view {route}" if route else "component"
            yield (
                key,
                value,
                Opened(place, dialog, route, value.get("overlay") is True and not route),
            )

    def _sync_components(self, changed: Changed) -> None:
        there = {key: (value, opened) for key, value, opened in self.opened()}
        frames = self.scene.mirror.seen_by(self.scene.session, "frame")
        self._left &= {key for key, _ in frames}  # its question may be gone before it is
        wanted = {key: one for key, one in there.items() if key not in self._left}
        had_focus: str | None = None
        for key, component in [*self._components.items()]:
            one = wanted.get(key)
            if one is not None and one[1].is_over == component.has_class("-over"):
                continue  # it stays what it is
            del self._components[key]
            had_focus = key.plugin if component.has_focus_within else had_focus
            component.remove()
        for key, (value, opened) in wanted.items():
            is_new = key not in self._components
            component = self._open(key, opened) if is_new else self._components[key]
            component.dialog, component.route = opened.dialog, opened.route
            if is_new or changed is None or touches(changed, key):
                component.show(value)
        self._put_over()
        self._give()
        if had_focus is not None:
            self._focus_after(had_focus)

    def _open(self, key: Key, opened: Opened) -> Component:
        component = Component(
            self.scene, key, opened.place, dialog=opened.dialog, route=opened.route
        )
        self._components[key] = component
        if opened.is_over:
            component.add_class("-over")
            self.mount(component)
        else:
            component.add_class("-whole")
            self._whole.mount(component)
        return component

    def _give(self, *, at_once: bool = False) -> None:
        """Give the stage to the newest component that is not over it: at once, or when the person does not type."""
        whole = [one for one in self._components.values() if not one.has_class("-over")]
        if self._on_stage not in whole:
            self._on_stage = None
        newest = whole[-1] if whole else None
        if newest is not None and newest is not self._on_stage:
            if at_once or not self._is_typing_for_another(newest.key.plugin):
                self._on_stage = newest
            elif not self._is_giving:
                self._is_giving = True
                self.set_timer(QUIET_S, self._give_later)
        for one in whole:
            one.set_class(one is self._on_stage, "-newest")
        is_given = self._on_stage is not None
        self._whole.set_class(is_given, "-filled")
        for child in self.children:
            if child is not self._whole and not isinstance(child, (Component, Dialog)):
                child.visible = (
                    not is_given
                )  # now, not with the next drawing: it may take the focus
        has_more = self._is_seen and bool(self._components)
        if has_more != self._has_more:
            self._has_more = has_more
            self.on_room(has_more)

    def _give_later(self) -> None:
        self._is_giving = False
        self._give()

    def _is_typing_for_another(self, plugin: str) -> bool:
        return self.scene.is_typing_for_another(plugin) and self.has_focus_within

    def _put_over(self) -> None:
        width, height = self.size
        for key, component in self._components.items():
            value = self.scene.mirror.get(key)
            if component.has_class("-over") and value is not None:
                component.put_over(value, width, height)
        if self._dialog is not None:
            self._dialog.stand_in(width, height)

    def on_component_leaving(self, event: Component.Leaving) -> None:
        """Take it away at once; the plugin is told, and has no say in it."""
        event.stop()
        component = event.component
        if component.dialog:
            self._send_answer(component.dialog, {"cancelled": True}, component.key)
        elif component.route:
            self.close_route(component.key.plugin, component.route)
        self._left.add(component.key)
        self._sync_components(frozenset())
        self.focus_first()

    def action_leave(self) -> None:
        """F12 from wherever the focus is: the question, else the newest component, goes."""
        if self._dialog is not None:
            self._dialog.action_cancel()
        elif self._components:
            [*self._components.values()][-1].leave()

    async def on_component_unused(self, event: Component.Unused) -> None:
        """Do with a key what the console does, if the person is still there."""
        event.stop()
        if not event.component.view.has_focus or self.app.screen is not self.screen:
            return
        bound = self.screen.active_bindings.get(event.pressed.textual)
        if bound is not None and bound.enabled:
            await self.app.run_action(bound.binding.action, bound.node)
        elif event.pressed.key == "escape":
            event.component.leave()
        else:
            self._press(event.pressed.key)

    # Views of a whole screen.

    def routes(self) -> list[tuple[str, str, str]]:
        """The views that plugins offer: plugin, name, title."""
        found = self.scene.mirror.seen_by(self.scene.session, "route")
        return [
            (key.plugin, key.key, plain(value.get("title")))
            for key, value in found
            if gone(value) is None
        ]

    def open_route(self, plugin: str, name: str) -> None:
        """Open one of them."""
        self._do(lambda: self.scene.acts.open_route(plugin, name, is_open=True))

    def close_route(self, plugin: str, name: str) -> None:
        """Close one of them."""
        self._do(lambda: self.scene.acts.open_route(plugin, name, is_open=False))

    # Questions.

    def _sync_dialog(self, changed: Changed) -> None:
        found = self.scene.mirror.seen_by(self.scene.session, "dialog")
        open_ = {key: value for key, value in found if value.get("kind") in KINDS}
        self._answered &= {key.key for key in self.scene.mirror.area("dialog")}
        waiting = sorted(
            (key for key in open_ if key.key not in self._answered),
            key=lambda key: _number(open_[key]),
        )
        now = self._dialog
        if now is not None and now.key not in waiting:
            before = now.key.plugin
            now.remove()
            self._dialog = now = None
            self._focus_after(before)
        if now is None and waiting:
            key = waiting[0]
            now = self._dialog = Dialog(self.scene, key, open_[key])
            now.stand_in(*self.size)
            self.mount(now)
        elif now is not None and (changed is None or now.key in changed):
            now.show(open_[now.key])
        if now is not None:
            now.queue(len(waiting) - 1)

    def on_dialog_answered(self, event: Dialog.Answered) -> None:
        """Send it on its way; the question is gone at once, and back if the answer was not taken."""
        event.stop()
        self._send_answer(event.dialog, event.answer)
        self._sync_dialog(frozenset())

    def _send_answer(self, dialog: str, answer: JsonObject, frame: Key | None = None) -> None:
        self._answered.add(dialog)

        async def send() -> None:
            try:
                await self.scene.acts.answer_dialog(dialog, answer)
            except LinkError:
                self._answered.discard(dialog)
                self._left -= {frame}
                self._on_change(None)
                raise

        in_background(self, send, group="acts")

    # Focus and keys.

    def focus_first(self) -> None:
        """Put the focus where the person is needed: the question, the newest component, the prompt."""
        if not self._is_seen:
            return
        self._give(at_once=True)
        if self._dialog is not None:
            self._dialog.focus_first()
        elif self._components:
            [*self._components.values()][-1].view.focus()
        else:
            self.prompt.line.focus()

    def _focus_after(self, plugin: str) -> None:
        """What *plugin* had on the screen is gone: what is being typed for it is for nobody else that asks."""
        next_ = self._dialog or next(reversed(self._components.values()), None)
        if next_ is None or next_.key.plugin == plugin or not self._is_seen:
            self.focus_first()
        elif self.scene.is_typing_for_another(next_.key.plugin):
            self._on_stage = None  # for as long as the line must be there to take the keys
            self._give()
            self.prompt.line.focus()
            self._focus_soon(next_.key.plugin)
        else:
            self.focus_first()

    def action_step(self, step: int) -> None:
        """From the prompt to the next list that a person can choose from, at last to the log."""
        views = [frame.view for place in self.places for frame in place.frames.values()]
        ring = [self.prompt.line, *(view for view in views if view.focusable), self.transcript]
        at = next((at for at, widget in enumerate(ring) if widget.has_focus), None)
        if at is not None:
            ring[(at + step) % len(ring)].focus()
        elif step > 0:
            self.screen.focus_next()
        else:
            self.screen.focus_previous()

    def on_wanted(self, event: Wanted) -> None:
        """Give it the focus, once the person has not typed for a moment; in another pane, say that it is there."""
        event.stop()
        if not self._is_seen:
            self.scene.acts.tell("a plugin asks or opens something in the Session pane: F3")
        self._focus_soon(event.plugin)

    def _focus_soon(self, plugin: str) -> None:
        if self._is_typing_for_another(plugin):
            self.set_timer(QUIET_S, partial(self._focus_soon, plugin))
        else:
            self.focus_first()

    def plugin_keys(self) -> list[tuple[str, str, str]]:
        """The keys that plugins have bound: key, plugin, what for."""
        found = self.scene.mirror.seen_by(self.scene.session, "keymap")
        return [
            (key.key, shown_name(key.plugin), plain(value.get("description")))
            for key, value in found
            if gone(value) is None and value.get("conflict") is None
        ]

    def on_key(self, event: events.Key) -> None:
        """A key that nothing of the console has taken may be a plugin's."""
        if event.key in self.screen.active_bindings:
            return
        key = canonical(event)
        if key is not None and self._press(key):
            event.stop()
            event.prevent_default()

    def _press(self, key: str) -> bool:
        if not any(bound == key for bound, _, _ in self.plugin_keys()):
            return False

        async def send() -> None:
            await self.scene.acts.press_key(key, session=self.scene.session)

        self._do(send)
        return True

    def _do(self, act: Callable[[], Awaitable[None]]) -> None:
        in_background(self, act, group="acts")


def _number(value: JsonObject) -> int:
    number = value.get("n")
    return number if isinstance(number, int) else 0


def shared_out(rows: int, wanted: Sequence[int]) -> list[int]:
    """Share *rows* among those who want so many: who wants little has it, the others have the same each."""
    shares = [0] * len(wanted)
    left = rows
    for done, at in enumerate(sorted(range(len(wanted)), key=lambda at: wanted[at])):
        shares[at] = min(wanted[at], left // (len(wanted) - done))
        left -= shares[at]
    return shares
