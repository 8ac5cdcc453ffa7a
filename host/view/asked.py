"""What a dialog asks, as it is shown, and what may be answered to it. Pure."""

from dataclasses import dataclass
from typing import Final, Literal

import msgspec

from host.encode import NotEncodableError, encode_json
from host.errors import InputError
from host.outcome import Json, JsonObject
from host.view.limits import MAX_ANSWER_CHARS, MAX_DIALOG_BYTES, MAX_ITEMS, MAX_LINES
from host.view.shapes import RefusedValueError, id_of, lines_of, option_of, text_of

DialogKind = Literal["select", "confirm", "input", "editor", "quickpick", "custom"]
KINDS: Final[tuple[DialogKind, ...]] = (
    "select",
    "confirm",
    "input",
    "editor",
    "quickpick",
    "custom",
)
CANCELLED: Final[JsonObject] = {"cancelled": True}
_MAX_PLACEHOLDER_CHARS: Final = 512
_MAX_TIMEOUT_MS: Final = 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Wanted:
    """A dialog that a plugin wants. ``value`` is what is shown, without ``until`` and ``n``."""

    kind: DialogKind
    value: JsonObject
    options: int
    timeout_s: float | None

    @property
    def when_ended(self) -> JsonObject:
        """The answer when nobody gives one."""
        return {} if self.kind == "custom" else CANCELLED


def read_dialog(args: dict[str, Json]) -> Wanted:
    """Return what *args* of ``ui.dialog`` want. Raises :class:`RefusedValueError`."""
    kind = next((known for known in KINDS if known == args.get("kind")), None)
    if kind is None:
        raise RefusedValueError(f"a dialog's kind is one of {', '.join(KINDS)}")
    options = args.get("options", [])
    if not isinstance(options, list) or len(options) > MAX_ITEMS:
        raise RefusedValueError(f"options are a list of at most {MAX_ITEMS}")
    if kind in ("select", "quickpick") and not options:
        raise RefusedValueError(f"{kind} needs options to choose from")
    # pi asks in a title of several lines: what stands below the first is part of the question, never dropped.
    title, *below = lines_of(args.get("title")) or [[]]
    message = [*below, *lines_of(args.get("message"))][:MAX_LINES]
    frame = id_of(args.get("frame"))
    if (kind == "custom") != (frame is not None):
        raise RefusedValueError("custom, and nothing else, has a frame")
    value: JsonObject = {
        "kind": kind,
        "title": title,
        "message": message,
        "options": [option_of(option) for option in options],
        "placeholder": text_of(args.get("placeholder"), _MAX_PLACEHOLDER_CHARS).replace(
            "\n", " "
        ),
        "prefill": text_of(args.get("prefill")),
        "frame": frame,
        "overlay": args.get("overlay") is True,
    }
    if len(msgspec.json.encode(value)) > MAX_DIALOG_BYTES:
        raise RefusedValueError(f"a dialog of more than {MAX_DIALOG_BYTES} bytes")
    timeout = args.get("timeout_ms")
    if timeout is None:
        return Wanted(kind, value, len(options), None)
    if type(timeout) not in (int, float) or not 0 < timeout <= _MAX_TIMEOUT_MS:  # type: ignore[operator]
        raise RefusedValueError(f"timeout_ms is a number above 0, at most {_MAX_TIMEOUT_MS}")
    return Wanted(kind, value, len(options), float(timeout) / 1000)  # type: ignore[arg-type]


def read_answer(
    wanted: Wanted, value: Json, index: int | None, *, cancelled: bool
) -> JsonObject:
    """Return what the plugin is answered. Raises InputError for what is no answer to *wanted*."""
    if cancelled:
        if value is not None or index is not None:
            raise InputError("an answer has one of value, index and cancelled")
        return wanted.when_ended
    match wanted.kind:
        case "select" | "quickpick":
            if value is not None or type(index) is not int or not 0 <= index < wanted.options:
                raise InputError(f"answer with an index from 0 to {wanted.options - 1}")
            return {"index": index}
        case "confirm":
            if index is not None or not isinstance(value, bool):
                raise InputError("answer with a value that is true or false")
            return {"value": value}
        case "input" | "editor":
            if index is not None or not isinstance(value, str):
                raise InputError("answer with a value that is a text")
            if len(value) > MAX_ANSWER_CHARS:
                raise InputError(f"an answer has at most {MAX_ANSWER_CHARS} characters")
            try:
                encode_json(value)
            except NotEncodableError as error:
                raise InputError(f"the answer is no text: {error}") from None
            return {"value": value}
        case "custom":
            raise InputError(
                "a component is answered by its own keys; it can only be cancelled"
            )
