"""Errors of the wire, named for whoever has to act on them."""


class IpcError(Exception):
    """Base of every error this package raises."""


class FrameError(IpcError):
    """The peer sent bytes that the protocol does not allow. Drop the channel.

    ``code`` is stable and fit for an audit record; the message is for the operator.
    """

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail


class ChannelClosedError(IpcError):
    """The other end is gone: end of file, or a broken pipe."""


class QueueFullError(IpcError):
    """The peer does not read fast enough: the bounded out-queue has no room for this frame."""


class TooLargeError(IpcError):
    """A frame that we were asked to send exceeds the limit; nothing was sent."""
