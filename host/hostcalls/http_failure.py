"""Why a request came to nothing, in words for the plugin's author."""


class Failure(Exception):  # noqa: N818 - it is an answer
    """*code* is stable: E_NETWORK, E_TIMEOUT, E_TOO_LARGE, E_CANCELLED or E_DENIED."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
