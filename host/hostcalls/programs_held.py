"""``exec.read``, ``write``, ``close_stdin``, ``kill`` and ``wait``: programs that ``exec.start`` started for this plugin."""

import base64
import signal
from typing import TYPE_CHECKING, Final

import msgspec

from host.hostcalls.granted import ArgumentsError
from host.hostcalls.programs import how_it_ended
from host.hostcalls.programs_asked import read_data
from host.hostcalls.refusal import refuse
from host.listener import HostcallRequest
from host.outcome import Json
from host.programs.held import Held
from host.programs.program import StreamName

if TYPE_CHECKING:
    from host.instance import Instance

_MAX_CHUNK_BYTES: Final = 256 * 1024


def read(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id, stream}`` -> ``{data, done}``: base64 of what came next; done after the last of it."""
    held = _held(instance, args, request)
    if held is None:
        return
    stream = _stream(args)
    if stream is None:
        refuse(request, "E_INVALID", "exec.read takes a stream: stdout or stderr")
        return

    def take(data: bytes, is_done: bool) -> None:
        text = base64.b64encode(data).decode()
        request.answer(msgspec.json.encode({"data": text, "done": is_done}).decode())

    request.on_cancel(lambda: held.stop_reading(stream))
    if not held.read(stream, _MAX_CHUNK_BYTES, take):
        refuse(request, "E_INVALID", f"{stream} is being read already")


def write(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id, data | data_base64}`` -> ``{}`` once there is room for more."""
    held = _held(instance, args, request)
    if held is None:
        return
    try:
        data = read_data(args, "data")
    except ArgumentsError as error:
        refuse(request, "E_INVALID", str(error))
        return
    if not held.program.write(data or b"", lambda: request.answer("{}")):
        refuse(request, "E_BUSY", "the program has not read what was written before")


def close_stdin(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id}`` -> ``{}``: the program sees the end of its input after what was written."""
    held = _held(instance, args, request)
    if held is not None:
        held.program.end_input()
        request.answer("{}")


def kill(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id, signal?}`` -> ``{}``: signals the program itself; SIGKILL ends all that it started, too."""
    held = _held(instance, args, request)
    if held is None:
        return
    name = args.get("signal")
    number = (
        _SIGNALS.get("SIGTERM" if name is None else name)
        if isinstance(name, str | None)
        else None
    )
    if number is None:
        refuse(request, "E_INVALID", "exec.kill takes the name of a signal, such as SIGTERM")
        return
    if number == signal.SIGKILL:
        held.program.kill()
    else:
        held.program.send_signal(number)
    request.answer("{}")


def wait(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> None:
    """``{id}`` -> ``{code, signal, killed, timed_out, truncated}`` when it ended."""
    held = _held(instance, args, request)
    if held is not None:
        held.wait(
            lambda program: request.answer(msgspec.json.encode(how_it_ended(program)).decode())
        )


_SIGNALS: Final = {one.name: int(one) for one in signal.Signals}


def _held(instance: "Instance", args: dict[str, Json], request: HostcallRequest) -> Held | None:
    held = instance.plugin.runtime.programs.held(instance, args.get("id"))
    if held is None:
        refuse(request, "E_NOT_FOUND", "no such program of this plugin, or all of it was told")
    return held


def _stream(args: dict[str, Json]) -> StreamName | None:
    match args.get("stream"):
        case "stdout":
            return "stdout"
        case "stderr":
            return "stderr"
        case _:
            return None
