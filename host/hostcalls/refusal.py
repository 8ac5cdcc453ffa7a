"""How a hostcall is refused: an error that the plugin can catch, with a stable ``code``."""

import msgspec

from host.listener import HostcallRequest


def refuse(request: HostcallRequest, code: str, message: str) -> None:
    """Answer *request* with ``{"code", "message"}``, which the plugin gets as an Error."""
    # A path of the file system may hold bytes that are no text.
    message = message.encode("utf-8", "backslashreplace").decode()
    text = msgspec.json.encode({"code": code, "message": message}).decode()
    request.answer(text, is_error=True)
