"""Lines of the daemon's socket: whatever they hold, they are requests or garbage, and both sides read alike."""

import json
from contextlib import suppress
from typing import Final

from hypothesis import given
from hypothesis import strategies as st

from host.daemon.wire import GarbageError, Request, read_request, result_line
from jcode_plugins.wire import decode_line, encode_line

ANY_TEXT: Final = st.text(st.characters(exclude_categories=[]))
"""Halves of surrogate pairs, too."""
JSON: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(ANY_TEXT, inner, max_size=4),
    max_leaves=20,
)
FIELDS: Final = (
    "id",
    "method",
    "params",
    "deadline_ms",
    "cwd",
    "env",
    "switches",
    "session_id",
)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_request_or_garbage(line: bytes) -> None:
    """Nothing else is raised."""
    with suppress(GarbageError):
        assert isinstance(read_request(line), Request)


@given(st.dictionaries(st.sampled_from(FIELDS) | ANY_TEXT, JSON, max_size=8))
def test_any_object_is_a_request_or_garbage(fields: dict[str, object]) -> None:
    """Whatever its fields hold; and a request says what they held."""
    try:
        request = read_request(json.dumps(fields).encode())
    except GarbageError:
        return
    assert request.id == fields["id"]
    assert request.params == (fields.get("params") or {})
    assert set(request.context or {}) == {"cwd", "env", "switches"} & fields.keys()


@given(st.dictionaries(ANY_TEXT, JSON, max_size=5))
def test_the_daemon_reads_what_a_client_writes(params: dict[str, object]) -> None:
    """Every value that JSON has."""
    line = encode_line({"id": 1, "method": "x", "params": params})

    assert line.count(b"\n") == 1
    assert read_request(line[:-1]).params == params


def test_a_result_that_is_no_line_is_an_error() -> None:
    """Too deep, or not JSON: the one who asked has an answer all the same."""
    deep: list[object] = []
    for _ in range(100_000):
        deep = [deep]
    for result in (deep, object()):
        answer = decode_line(result_line(7, result))  # type: ignore[arg-type]
        assert answer["id"] == 7
        assert answer["error"]["code"] == "E_INTERNAL"  # type: ignore[index, call-overload]


@given(JSON)
def test_a_client_reads_what_the_daemon_writes(result: object) -> None:
    """Every value that JSON has."""
    line = result_line(1, result)  # type: ignore[arg-type]

    assert line.count(b"\n") == 1
    assert decode_line(line) == {"id": 1, "result": result}
