"""Files as a plugin sees them: pi.fs, its own directory, its data, paths that are relative, streams, what is refused."""

import json
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from host import BlockingPluginHost, Config
from host.audit import Kind
from host.config.model import Limits, Timeouts
from host.reactor import now_s
from tests.hostcalls.fs.conftest import allowing

IN = """
import * as fs from "node:fs";
import { readFile } from "fs/promises";
import path from "node:path";
const own = fs.readFileSync(new URL("./data.json", import.meta.url), "utf8");
const type = (value) => (value === undefined ? "undefined" : value);
export default (pi) => {
  pi.on("UserPromptSubmit", async (event, output, ctx) => {
    const attempt = async (body) => {
      try { return type(await body()); } catch (error) { return `${error.code}: ${error.message}`; }
    };
    return { modified_prompt: JSON.stringify(await attempt(async () => { BODY })) };
  });
};
"""
Run = Callable[..., object]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Return a function that runs the body of a handler in a package, in the project ``work``."""

    def in_worker(body: str, config: Config | None = None) -> object:
        work = tmp_path / "work"
        work.mkdir(exist_ok=True)
        package = tmp_path / "package"
        package.mkdir()
        (package / "package.json").write_text('{"name": "files", "main": "index.js"}')
        (package / "data.json").write_text('{"mine": true}')
        (package / "index.js").write_text(IN.replace("BODY", body))
        with BlockingPluginHost(config, project_dir=work, home=tmp_path / "home") as host:
            host.load(package)
            outcome = host.dispatch("UserPromptSubmit", {"content": ""})
            in_worker.audit = host.audit.recent(100)  # type: ignore[attr-defined]  # for the test
        told = outcome.output.get("modified_prompt")
        return json.loads(str(told)) if told else outcome.results

    return in_worker


def test_a_plugin_reads_its_own_directory_while_it_loads(run: Run) -> None:
    """By import.meta.url and by __dirname, without any permission; it does not write there."""
    body = """
      const refused = await attempt(() => fs.writeFileSync("/plugin/data.json", "x"));
      return [own, fs.readdirSync(path.dirname(import.meta.filename ?? "/plugin/index.js")).sort(), refused.slice(0, 7)];
    """

    assert run(body) == [
        '{"mine": true}',
        ["data.json", "index.js", "package.json"],
        "EACCES:",
    ]


def test_a_plugin_has_its_data_directory(run: Run, tmp_path: Path) -> None:
    """It is there when it is first named."""
    body = """
      const before = fs.existsSync(pi.dataDir);
      await pi.fs.writeText(`${pi.dataDir}/a/../notes.txt`, "x").catch(() => undefined);
      await pi.fs.mkdir(`${pi.dataDir}/deep/er`);
      await pi.fs.writeText(`${pi.dataDir}/deep/er/notes.txt`, "kept");
      return [before, await pi.fs.readText(`${pi.dataDir}/deep/er/notes.txt`)];
    """

    assert run(body) == [True, "kept"]
    assert len(list((tmp_path / "home").rglob("notes.txt"))) == 1


def test_pi_fs_does_what_it_says(run: Run, tmp_path: Path) -> None:
    """Every verb, relative to the project; codes are those of hostcalls."""
    body = """
      await pi.fs.mkdir("a/b");
      await pi.fs.writeText("a/b/t.txt", "one");
      await pi.fs.writeText("a/b/t.txt", "+two", { append: true });
      await pi.fs.writeBytes("a/b/b.bin", new Uint8Array([0, 255]));
      await pi.fs.copy("a/b/t.txt", "a/b/c.txt");
      await pi.fs.rename("a/b/c.txt", "a/b/r.txt");
      const info = await pi.fs.stat("a/b/t.txt");
      const found = [
        await pi.fs.readText("a/b/t.txt"), [...await pi.fs.readBytes("a/b/b.bin")], await pi.fs.exists("a/b/r.txt"),
        await pi.fs.exists("none"), await pi.fs.list("a/b"), [info.type, info.size, info.isFile, info.isDirectory],
        await attempt(() => pi.fs.remove("a")), await attempt(() => pi.fs.readText("none")),
        await attempt(() => pi.fs.writeText("a/b/t.txt", "x", { exclusive: true })),
      ];
      await pi.fs.remove("a", { recursive: true });
      return [...found, await pi.fs.exists("a")];
    """
    work = tmp_path / "work"

    assert run(body, allowing("$CWD")) == [
        "one+two",
        [0, 255],
        True,
        False,
        [{"name": name, "type": "file"} for name in ("b.bin", "r.txt", "t.txt")],
        ["file", 7, True, False],
        f"E_ISDIR: is a directory: {work}/a",
        f"E_NOT_FOUND: no such file or directory: {work}/none",
        f"E_EXIST: file exists: {work}/a/b/t.txt",
        False,
    ]


def test_a_refusal_names_the_capability_and_is_audited(run: Run, tmp_path: Path) -> None:
    """In node's words, in the hostcall's words, and in the audit; nothing was written."""
    body = """
      return [
        await attempt(() => fs.writeFileSync("x.txt", "x")), await attempt(() => readFile("/etc/passwd")),
        await attempt(() => pi.fs.exists("/etc/passwd")), fs.existsSync("/etc/passwd"),
      ];
    """
    work = tmp_path / "work"
    told = f"fs_write: {work}/x.txt: not allowed (deny.mode)"

    assert run(body) == [
        f"EACCES: EACCES: permission denied, open 'x.txt' ({told})",
        "EACCES: EACCES: permission denied, open '/etc/passwd' (fs_read: /etc/passwd: not allowed (deny.mode))",
        "E_DENIED: fs_read: /etc/passwd: not allowed (deny.mode)",
        False,
    ]
    audited = [entry for entry in run.audit if entry.kind is Kind.DECISION]  # type: ignore[attr-defined]  # see run
    denied = {
        (entry.code, entry.data["target"])
        for entry in audited
        if entry.data["decision"] == "deny"
    }
    assert denied == {("deny.mode", f"{work}/x.txt"), ("deny.mode", "/etc/passwd")}
    assert list(work.iterdir()) == []


def test_streams_carry_files(run: Run, tmp_path: Path) -> None:
    """Both ways, in pieces, from a place in the middle, and with an error where there is none."""
    body = """
      const text = "0123456789".repeat(20000);
      await new Promise((resolve, reject) => {
        const out = fs.createWriteStream("s.txt");
        out.on("finish", resolve).on("error", reject);
        out.write(text.slice(0, 7));
        out.end(text.slice(7));
      });
      const all = async (stream) => {
        let found = "";
        for await (const piece of stream) found += piece;
        return found;
      };
      return [
        await all(fs.createReadStream("s.txt", "utf8")) === text,
        await all(fs.createReadStream("s.txt", { encoding: "utf8", start: 3, end: 6 })),
        await attempt(() => all(fs.createReadStream("none"))),
      ];
    """

    assert run(body, allowing("$CWD")) == [
        True,
        "3456",
        "ENOENT: ENOENT: no such file or directory, open 'none'",
    ]


def test_a_quota_is_not_taken_for_an_absent_file(run: Run) -> None:
    """Or a plugin would write its defaults over what somebody keeps."""
    body = """
      fs.writeFileSync("kept.txt", "x");
      return attempt(() => { for (let i = 0; i < 50; i++) if (!fs.existsSync("kept.txt")) return "absent"; });
    """
    config = allowing("$CWD").model_copy(update={"limits": Limits(max_hostcalls_per_sec=1)})

    assert str(run(body, config)).startswith("EDQUOT: ")


def test_what_a_plugin_never_has_says_so_at_its_use(run: Run) -> None:
    """The names are there, as programs ask for them and go on without."""
    body = """
      return Promise.all(["watch", "watchFile", "linkSync", "chownSync"].map((name) => attempt(() => fs[name]("x", "y"))));
    """
    found = run(body, allowing("$CWD"))

    assert isinstance(found, list)
    assert all(str(told).startswith("E_NEVER: node:fs: ") for told in found)


def test_what_is_cancelled_is_given_up(tmp_path: Path) -> None:
    """A handler that waits for a file when its time is up unwinds with E_CANCELLED; its worker lives on."""
    work = tmp_path / "work"
    work.mkdir()
    source = tmp_path / "slow.js"
    source.write_text("""
      export default (pi) => {
        let seen = "nothing";
        pi.on("Stop", () => ({ reason: seen }));
        pi.on("UserPromptSubmit", async (event, output, ctx) => {
          try { for (;;) await ctx.fs.readText("a.txt"); } catch (error) { seen = error.code; throw error; }
        });
      };
    """)
    (work / "a.txt").write_text("x")
    config = allowing("$CWD").model_copy(update={"timeouts": Timeouts(actionable_ms=300)})
    config = config.model_copy(
        update={"limits": config.limits.model_copy(update={"max_hostcalls_per_sec": 100_000})}
    )
    with BlockingPluginHost(config, project_dir=work, home=tmp_path / "home") as host:
        host.load(source)
        outcome = host.dispatch("UserPromptSubmit", {"content": ""})
        stopped = host.dispatch("Stop", {"reason": "x"})

    assert outcome.results[0].status.value == "timed_out"
    assert stopped.output == {"reason": "E_CANCELLED"}


def test_work_goes_on_while_no_caller_waits(tmp_path: Path) -> None:
    """What a plugin began in a timer is done when the program does something else."""
    work = tmp_path / "work"
    work.mkdir()
    (work / "a.txt").write_text("x")
    source = tmp_path / "later.js"
    source.write_text("""
      export default (pi) => {
        pi.on("Stop", () => {
          setTimeout(async () => {
            let found = "";
            for (let i = 0; i < 5; i++) found += await pi.fs.readText("a.txt");
            await pi.fs.writeText("part", found);
            await pi.fs.rename("part", "done");
          }, 20);
        });
      };
    """)
    with BlockingPluginHost(allowing("$CWD"), project_dir=work, home=tmp_path / "home") as host:
        host.load(source)
        host.dispatch("Stop", {"reason": "x"})
        until, never = now_s() + 60, threading.Event()
        while not (work / "done").exists() and now_s() < until:
            never.wait(0.01)  # in no call of the host's

        assert (work / "done").read_text() == "xxxxx"


def test_a_person_is_asked_about_what_the_rules_leave_open(tmp_path: Path) -> None:
    """A yes opens this one file, a no keeps it shut; in a tree that was allowed nothing more is asked."""
    work = tmp_path / "work"
    (work / "tree" / "in").mkdir(parents=True)
    (work / "tree" / "in" / "a.txt").write_text("x")
    (work / "yes.txt").write_text("y")
    (work / "no.txt").write_text("n")
    source = tmp_path / "asks.js"
    source.write_text("""
      export default (pi) => pi.on("UserPromptSubmit", async () => {
        const found = [];
        for (const name of ["yes.txt", "no.txt"]) found.push(await pi.fs.readText(name).catch((error) => error.code));
        await pi.fs.remove("tree", { recursive: true });
        return { modified_prompt: found.join() };
      });
    """)
    asked = []

    def answer(question: object) -> str:
        asked.append(str(question))
        return "deny" if "no.txt" in asked[-1] else "once"

    host = BlockingPluginHost(
        Config(mode="prompt"),
        project_dir=work,
        home=tmp_path / "home",
        approver=answer,  # type: ignore[arg-type]  # a str of the few
    )
    with host:
        host.load(source)
        outcome = host.dispatch("UserPromptSubmit", {"content": ""})

    assert outcome.output == {"modified_prompt": "y,E_DENIED"}
    assert not (work / "tree").exists()
    assert len(asked) == 3
