"""Methods of the daemon under any parameters: a result or a refusal that says why, never a mistake of ours."""

from collections.abc import Iterator
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from host.daemon.methods import METHODS
from tests.daemon.running import Daemon, Raw
from tests.property.test_daemon_wire import ANY_TEXT, JSON

PLUGIN: Final = """
export default (pi) => {
  pi.registerCommand("greet", { description: "", getArgumentCompletions: () => ["x"], handler: () => {} });
};
"""
# Not what ends the daemon, or switches off what is tried here.
TRIED: Final = sorted(METHODS.keys() - {"stop", "kill", "reload", "hook"})
NAMES: Final = sorted({name for method in METHODS.values() for name in method.params})
LIKELY: Final = st.sampled_from(
    ["garbage", "greet", "PreToolUse", "fs_read", "http_hosts", "shell", "env", "veto", "/", "x:1"]
) | st.integers(-1, 1001)  # fmt: skip


@pytest.fixture(scope="module")
def raw(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Raw]:
    """A connection to one daemon, which outlives everything that is tried."""
    base = tmp_path_factory.mktemp("methods")
    daemon = Daemon(base / "home", base / "project")
    daemon.write("", {"garbage": PLUGIN})
    daemon.start()
    with daemon.raw() as connection:
        yield connection
        connection.request(-1, "hello")
        while connection.answer().get("id") != -1:
            pass
    assert daemon.end() == 0


@pytest.mark.slow
@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.sampled_from(TRIED),
    st.dictionaries(
        st.sampled_from(NAMES) | ANY_TEXT, LIKELY | JSON | st.lists(LIKELY), max_size=6
    ),
)
def test_any_parameters_have_an_answer(
    raw: Raw, method: str, params: dict[str, object]
) -> None:
    """With its own id, and no error that is a mistake of ours."""
    known = {name: params[name] for name in METHODS[method].params if name in params}
    for sent in (params, known):
        raw.request(1, method, **sent)
        while (answer := raw.answer()).get("id") != 1 or "event" in answer:
            pass
        error = answer.get("error")
        assert error is not None or "result" in answer
        if isinstance(error, dict):
            assert error["code"] != "E_INTERNAL", error
