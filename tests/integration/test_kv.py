"""Key-value stores through real workers: durable, bounded, and shared by whoever runs the plugin."""

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config, Limits
from host.outcome import Json, JsonObject
from tests.integration.conftest import MakeHost
from tests.integration.host_support import Write, plugin

STORE = plugin("""
  const answer = (run) => async (args) => {
    try { return { output: (await run(JSON.parse(args || "{}"))) ?? null }; }
    catch (error) { return { output: { code: error.code, message: error.message } }; }
  };
  pi.registerCommand("set", { handler: answer(({ key, value }) => pi.kv.set(key, value)) });
  pi.registerCommand("fill", { handler: answer(({ key, chars }) => pi.kv.set(key, "x".repeat(chars))) });
  pi.registerCommand("get", { handler: answer(({ key }) => pi.kv.get(key)) });
  pi.registerCommand("delete", { handler: answer(({ key }) => pi.kv.delete(key)) });
  pi.registerCommand("list", { handler: answer(({ prefix }) => pi.kv.list(prefix)) });
  pi.registerCommand("race", { handler: answer(async () => {
    const writes = [];
    for (let n = 0; n < 100; n++) writes.push(pi.kv.set("n", n));
    const seen = pi.kv.get("n");
    await Promise.all(writes);
    return [seen, pi.kv.get("n")];
  }) });
""")


def run(host: BlockingPluginHost, name: str, session: str = "", **args: Json) -> Json:
    """Run a command of the store and return its output."""
    result = host.run_command(name, json.dumps(args), session_id=session)
    assert result.ok, result.error
    return result.output


VALUES: list[Json] = [
    0,
    -1.5,
    2**53 - 1,
    True,
    False,
    None,
    "",
    "text \u20ac \U0001f600 \n \0",
    [],
    {},
    {"a": [1, {"b": None}], "__proto__": 1, "": 2},
]


def test_what_was_set_survives_closing(make_host: MakeHost, write: Write) -> None:
    """Every kind of value, under odd keys, read back by another host."""
    path = write("store.js", STORE)
    host = make_host()
    host.load(path)
    keys = [f"key {n} \u20ac/../\0" for n in range(len(VALUES))] + ["__proto__", "constructor"]
    values = [*VALUES, "p", "c"]
    for key, value in zip(keys, values, strict=True):
        assert run(host, "set", key=key, value=value) is None
    host.close()

    host = make_host()
    host.load(path)

    assert [run(host, "get", key=key) for key in keys] == values
    assert run(host, "list") == sorted(keys)
    assert run(host, "list", prefix="key 1") == sorted(k for k in keys if k.startswith("key 1"))


def test_what_was_deleted_stays_deleted(make_host: MakeHost, write: Write) -> None:
    """Absent reads as null, now and after a restart; deleting it again is fine."""
    path = write("store.js", STORE)
    host = make_host()
    host.load(path)
    run(host, "set", key="k", value=1)
    for _ in range(2):
        assert run(host, "delete", key="k") is None
    assert run(host, "get", key="k") is None
    host.close()

    host = make_host()
    host.load(path)

    assert run(host, "get", key="k") is None
    assert run(host, "list") == []


def test_a_write_is_durable_when_it_resolves(make_host: MakeHost, write: Write) -> None:
    """The process that wrote it is killed right after; another one reads it."""
    path = write("store.js", STORE)
    project = path.parent.parent / "project"
    project.mkdir(exist_ok=True)
    script = f"""
import os, signal
from host import BlockingPluginHost
host = BlockingPluginHost(home={str(path.parent.parent / "home")!r}, project_dir={str(project)!r}).__enter__()
host.load({str(path)!r})
assert host.run_command("set", '{{"key": "k", "value": "kept"}}').ok
os.kill(os.getpid(), signal.SIGKILL)
"""
    root = Path(__file__).resolve().parents[2]
    killed = subprocess.run([sys.executable, "-c", script], check=False, cwd=root, timeout=60)
    assert killed.returncode == -9

    host = make_host()
    host.load(path)

    assert run(host, "get", key="k") == "kept"


def test_own_writes_are_read_before_they_are_durable(
    host: BlockingPluginHost, write: Write
) -> None:
    """A hundred unawaited writes: the last one is what is seen, at once and afterwards."""
    host.load(write("store.js", STORE))

    assert run(host, "race") == [99, 99]


def test_a_full_store_is_an_error_that_a_plugin_can_catch(
    make_host: MakeHost, write: Write
) -> None:
    """What was refused is not seen either, and the store shrinks and works on."""
    host = make_host(Config(limits=Limits(kv_bytes=2000)))
    host.load(write("store.js", STORE))
    assert run(host, "fill", key="a", chars=1000) is None

    refused = run(host, "fill", key="b", chars=1500)

    assert isinstance(refused, dict)
    assert refused["code"] == "E_QUOTA"
    assert run(host, "get", key="b") is None
    assert run(host, "list") == ["a"]
    run(host, "delete", key="a")
    assert run(host, "fill", key="b", chars=1500) is None


def test_a_quota_is_not_passed_by_writing_at_once(make_host: MakeHost, write: Write) -> None:
    """Writes of one transaction are counted together; those that fit are kept."""
    host = make_host(Config(limits=Limits(kv_bytes=2000)))
    many = plugin("""
      pi.registerCommand("many", { handler: async () => {
        const writes = [];
        for (let n = 0; n < 10; n++) writes.push(pi.kv.set(`k${n}`, "x".repeat(400)));
        const ended = await Promise.allSettled(writes);
        return { output: [
          ended.filter((one) => one.status === "fulfilled").length,
          [...new Set(ended.filter((one) => one.reason).map((one) => one.reason.code))],
          pi.kv.list().length,
        ] };
      } });
    """)
    host.load(write("many.js", many))

    assert host.run_command("many").output == [4, ["E_QUOTA"], 4]


@pytest.mark.parametrize(
    ("args", "code"),
    [
        ({"key": "", "value": 1}, "E_INVALID"),
        ({"key": 5, "value": 1}, "E_INVALID"),
        ({"key": "k" * 600, "value": 1}, "E_INVALID"),
        ({"key": "\u20ac" * 300, "value": 1}, "E_INVALID"),
        ({"key": "k"}, "E_INVALID"),
    ],
)
def test_a_bad_key_or_value_is_an_error_that_a_plugin_can_catch(
    host: BlockingPluginHost, write: Write, args: JsonObject, code: str
) -> None:
    """A rejection with a code, in words for the author."""
    host.load(write("store.js", STORE))

    told = run(host, "set", **args)

    assert isinstance(told, dict)
    assert told["code"] == code


def test_a_large_value_has_its_own_limit(host: BlockingPluginHost, write: Write) -> None:
    """Below the store's, so that one value does not take it all."""
    host.load(write("store.js", STORE))

    told = run(host, "fill", key="k", chars=1024 * 1024)

    assert isinstance(told, dict)
    assert told["code"] == "E_TOO_LARGE"
    assert run(host, "fill", key="k", chars=1024 * 1024 - 2) is None


def test_instances_of_one_project_see_each_others_writes(
    host: BlockingPluginHost, write: Write
) -> None:
    """Pushed: the one that has read before sees the change with its next event."""
    host.load(write("store.js", STORE), scope="session")
    assert run(host, "get", "a", key="k") is None
    assert run(host, "get", "b", key="k") is None

    for n in range(20):
        writer, reader = ("a", "b") if n % 2 else ("b", "a")
        run(host, "set", writer, key="k", value=n)
        assert run(host, "get", reader, key="k") == n

    run(host, "delete", "a", key="k")
    assert run(host, "get", "b", key="k") is None
    assert run(host, "list", "b") == []


def test_plugins_do_not_share_a_store(host: BlockingPluginHost, write: Write) -> None:
    """Two plugins, one key, two values."""
    one = STORE.replace('registerCommand("', 'registerCommand("one_')
    two = STORE.replace('registerCommand("', 'registerCommand("two_')
    host.load(write("one.js", one))
    host.load(write("two.js", two))
    run(host, "one_set", key="k", value=1)
    run(host, "two_set", key="k", value=2)

    assert (run(host, "one_get", key="k"), run(host, "two_get", key="k")) == (1, 2)


def until(host: BlockingPluginHost, wanted: Json, **args: Json) -> None:
    """Read *key* until it is *wanted*; a mirror is revalidated while its plugin is in use."""
    give_up = time.monotonic() + 20
    while (got := run(host, "get", **args)) != wanted:
        assert time.monotonic() < give_up, f"still {got!r}, never {wanted!r}"


def test_two_hosts_on_one_store_see_each_others_writes(
    make_host: MakeHost, write: Write
) -> None:
    """Neither loses what the other wrote, and mirrors that were read before follow."""
    path = write("store.js", STORE)
    one, two = make_host(), make_host()
    for host in (one, two):
        host.load(path)
        assert run(host, "get", key="from one") is None

    run(one, "set", key="from one", value=1)
    run(two, "set", key="from two", value=2)

    until(two, 1, key="from one")
    until(one, 2, key="from two")
    run(one, "delete", key="from two")
    until(two, None, key="from two")


def test_two_processes_on_one_store_see_each_others_writes(
    make_host: MakeHost, write: Write
) -> None:
    """As two agents in one project would."""
    path = write("store.js", STORE)
    host = make_host()
    host.load(path)
    assert run(host, "get", key="k") is None
    script = f"""
from host import BlockingPluginHost
with BlockingPluginHost(home={str(host.home)!r}, project_dir={str(host.workspace.project_dir)!r}) as host:
    host.load({str(path)!r})
    assert host.run_command("set", '{{"key": "k", "value": "theirs"}}').ok
    assert host.run_command("get", '{{"key": "k"}}').output == "theirs"
"""
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, "-c", script], check=True, cwd=root, timeout=60)

    until(host, "theirs", key="k")


def test_a_damaged_store_is_an_error_that_names_it(make_host: MakeHost, write: Write) -> None:
    """Nothing is deleted to get going again; the plugin can catch it and goes on."""
    path = write("store.js", STORE)
    host = make_host()
    host.load(path)
    run(host, "set", key="k", value=1)
    host.close()
    (database,) = host.home.glob("kv/**/*.sqlite")
    database.write_bytes(b"not a database" * 100)

    host = make_host()
    host.load(path)
    told = run(host, "get", key="k")

    assert isinstance(told, dict)
    assert told["code"] == "E_CORRUPT"
    assert database.read_bytes() == b"not a database" * 100
