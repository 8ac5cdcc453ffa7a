"""Limits of one plugin beside those of all: in the kernel, on its link, at its log."""

from collections.abc import Callable
from pathlib import Path

import psutil
import pytest

from host import BlockingPluginHost, Config
from host.audit import Kind
from host.config import load_config
from host.errors import ConfigError
from host.outcome import Status
from tests.integration.host_support import Write, audited, bash, on, pid_of, plugin, result_of

MakeHost = Callable[..., BlockingPluginHost]
MIB = 1 << 20


def limits_of(pid: int) -> tuple[int, int, int]:
    """Data bytes, descriptors and niceness, as the kernel has them; hard limits and soft alike."""
    lines = Path(f"/proc/{pid}/limits").read_text().splitlines()
    found = []
    for name in ("Max data size", "Max open files"):
        (line,) = [line for line in lines if line.startswith(name)]
        soft, hard, *_ = line[len(name) :].split()
        assert soft == hard
        found.append(int(hard))
    return found[0], found[1], psutil.Process(pid).nice()


def test_the_kernel_has_the_limits_of_each_plugin(make_host: MakeHost, write: Write) -> None:
    """One with its own, one with those of all, read back from the live workers."""
    host = make_host(
        Config.model_validate(
            {
                "limits": {"data_bytes": 96 * MIB},
                "plugins": {
                    "small": {
                        "limits": {"data_bytes": 48 * MIB, "niceness": 15, "descriptors": 9}
                    }
                },
            }
        )
    )
    for name in ("small", "other"):
        host.load(write(f"{name}.js", on("PreToolUse", "")))
    ours = psutil.Process().nice()

    assert limits_of(pid_of(host, "small")) == (48 * MIB, 9, min(ours + 15, 19))
    assert limits_of(pid_of(host, "other")) == (96 * MIB, 5, min(ours + 10, 19))


def test_a_heap_of_its_own_is_what_the_engine_gives(make_host: MakeHost, write: Write) -> None:
    """What fits into 64 MiB does not fit into the 8 of the one that has less."""
    config = Config.model_validate({"plugins": {"small": {"limits": {"heap_bytes": 8 * MIB}}}})
    host = make_host(config)
    body = "const kept = []; for (let i = 0; i < 24; i++) kept.push('x'.repeat(1e6) + i); return { block: String(kept.length) };"
    for name in ("small", "other"):
        host.load(write(f"{name}.js", on("PreToolUse", body)))

    outcome = host.dispatch("PreToolUse", bash())

    assert result_of(outcome, "other").status is Status.ANSWERED
    assert outcome.reason == "24"
    assert result_of(outcome, "small").status is Status.FAILED
    assert "out of memory" in (result_of(outcome, "small").error or "")


def test_limits_above_what_the_wire_carries_in_bytes_reach_the_worker(
    make_host: MakeHost, write: Write
) -> None:
    """The configuration allows 8 GiB; a field of a message ends below two."""
    host = make_host(Config.model_validate({"limits": {"data_bytes": 6 << 30}}))
    host.load(write("large.js", on("PreToolUse", "")))

    assert limits_of(pid_of(host, "large"))[0] == 6 << 30


FRAME = 64 * 1024


@pytest.fixture
def narrow(make_host: MakeHost) -> BlockingPluginHost:
    """A host in which the plugin named narrow has frames of 64 KiB."""
    return make_host(
        Config.model_validate({"plugins": {"narrow": {"limits": {"frame_bytes": FRAME}}}})
    )


def test_a_frame_to_a_plugin_is_bounded_by_its_own_limit(
    narrow: BlockingPluginHost, write: Write
) -> None:
    """What the other one gets whole is not cut for this one: it vetoes, so the tool does not run."""
    for name in ("narrow", "other"):
        narrow.load(write(f"{name}.js", on("PreToolUse", "")))

    small = narrow.dispatch("PreToolUse", bash("x" * (FRAME // 2)))
    large = narrow.dispatch("PreToolUse", bash("x" * FRAME))

    assert not small.blocked
    assert result_of(large, "other").status is Status.ANSWERED
    assert "E_UNDELIVERED" in (result_of(large, "narrow").error or "")
    assert large.blocked


def test_a_frame_from_a_plugin_is_bounded_by_its_own_limit(
    narrow: BlockingPluginHost, write: Write
) -> None:
    """An answer of 100 KiB ends the worker of the one and is a block of the other."""
    body = "return { modified_prompt: 'y'.repeat(100 * 1024) };"
    prompt = {"content": "x", "session_id": "s"}
    narrow.load(write("other.js", on("UserPromptSubmit", body)))
    outcome = narrow.dispatch("UserPromptSubmit", prompt)
    assert outcome.output == {"modified_prompt": "y" * 100 * 1024}

    narrow.load(write("narrow.js", on("UserPromptSubmit", body)))
    outcome = narrow.dispatch("UserPromptSubmit", prompt)

    assert result_of(outcome, "narrow").status is Status.KILLED
    (entry,) = audited(narrow, Kind.VIOLATION, "narrow")
    assert entry.code == "E_LENGTH"


def test_lines_above_the_rate_are_dropped_and_counted(
    make_host: MakeHost, write: Write, caplog: pytest.LogCaptureFixture
) -> None:
    """Of 1000 lines in one event those of two seconds pass; the audit says so once."""
    config = Config.model_validate({"plugins": {"chatty": {"limits": {"logs_per_s": 5}}}})
    host = make_host(config)
    source = plugin(
        "pi.on('PreToolUse', () => { for (let i = 0; i < 1000; i++) pi.logger.warn('line ' + i); });"
    )
    for name in ("chatty", "other"):
        host.load(write(f"{name}.js", source))
    with caplog.at_level("WARNING", "jcode_plugins"):
        for _ in range(2):
            host.dispatch("PreToolUse", bash())

    def passed(name: str) -> int:
        return sum(f"[{name}] line" in record.getMessage() for record in caplog.records)

    assert 10 <= passed("chatty") < passed("other")
    (entry, *_) = audited(host, Kind.REFUSED, "chatty")
    assert (entry.code, entry.detail) == ("E_LOG_RATE", "it logs more than 5 lines a second")


@pytest.mark.parametrize(
    ("line", "bound"),
    [
        ("niceness = 20", "19"),
        ("descriptors = 4", "5"),
        ("descriptors = 65", "64"),
        ("logs_per_s = 0", "0"),
        ("logs_per_s = 4001", "4000"),
        ("frame_bytes = 16777217", "16777216"),
        ("data_bytes = 1024", "16777216"),
        ("heap_bytes = 8589934592", "4294967296"),
    ],
)
def test_nothing_lies_beyond_the_ceilings(tmp_path: Path, line: str, bound: str) -> None:
    """For one plugin as for all: an error that names the line and the bound."""
    for table in ("plugin.limits", 'plugin.plugins."x".limits'):
        (tmp_path / "config.toml").write_text(f"[{table}]\n{line}\n")
        with pytest.raises(ConfigError, match=rf"config\.toml:2: .*limits\.\w+: .*\b{bound}\b"):
            load_config(tmp_path)
