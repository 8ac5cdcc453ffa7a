"""The chapter of ``demo`` in which a plugin is installed from an archive, as its author would hand it out."""

import io
import json
import tarfile
from pathlib import Path
from typing import Final

from host.audit import Kind
from host.blocking import BlockingPluginHost
from host.cli.demo import Telling
from host.cli.installing import open_installer
from host.cli.show import compact
from host.config import Config
from host.install.flow import Wish, prepared
from host.install.here import known_here
from host.install.keeping import keep
from host.install.progress import Quiet
from host.install.spec import PathSpec
from host.outcome import JsonObject
from policies.wording import meaning

EXAMPLE: Final = "standup.ts"
_MARKER: Final = "script-was-run"
_MANIFEST: Final[JsonObject] = {
    "name": "standup",
    "version": "1.0.0",
    "scripts": {"postinstall": f"touch {_MARKER}"},
    "jcode-plugin": {
        "v2": {
            "entry": EXAMPLE,
            "capabilities": {
                "events": [],
                "register_tools": [],
                "register_commands": ["standup"],
                "session_access": ["sendMessage"],
            },
        }
    },
}


def play(
    host: BlockingPluginHost, config: Config, telling: Telling, folder: Path, scratch: Path
) -> None:
    """Pack the example in *folder*, install it into the home of *host*, and use it."""
    telling.chapter("A plugin is installed")
    archive = scratch / "standup-1.0.0.tgz"
    _pack(folder / EXAMPLE, archive)
    home = host.runtime.home
    telling.say(f"jcode-plugin install ./{archive.name}", "cyan")
    with (
        open_installer(config, home) as builder,
        prepared(builder, Wish(PathSpec(archive)), known_here(config, home), Quiet()) as plan,
    ):
        telling.say(f"{plan.name} {plan.version}, {plan.contents.files} files; it gets:")
        for rule in plan.accept:
            telling.say(f"  {rule.kind:<10} {rule.pattern:<12} it {meaning(rule)}")
        telling.say(f"install {plan.name} {plan.version}? [y/N] yes")
        installed = keep(home, plan, host.audit)
    telling.check(
        "nothing of it ran before the answer, no script of the package ever",
        not list(scratch.rglob(_MARKER)),
    )
    archive.unlink()
    host.load(home / "cache" / "packages" / installed.current.tree, installed=installed)
    said = host.run_command("standup", "done the build is green")
    while telling.asked:  # sending a message is the user's word each time, as the mode has it
        question, answer = telling.asked.pop()
        telling.say(f"{question.plugin} asks for {question.tool}: {answer}")
    telling.say(f"/standup done the build is green -> {said.output}")
    telling.check(
        "it runs from a copy that is named by what is in it, and registers what was agreed to",
        said.ok and "standup" in host.commands(),
    )
    entries = host.audit.recent(1000, plugin="standup", kind=Kind.INSTALLED)
    for entry in entries:
        accepted = (entry.data or {}).get("accepted")
        told = f"{entry.kind.value:<10} {entry.plugin:<10} {compact(accepted)}"
        telling.say(f"{entry.seq:>3}  {told}")
    telling.check(
        "the audit has what was agreed to",
        len(entries) == 1
        and entries[0].data is not None
        and entries[0].data.get("accepted") == ["commands standup", "session sendMessage"],
    )
    host.unload("standup")


def _pack(source: Path, archive: Path) -> None:
    files = {"package.json": json.dumps(_MANIFEST).encode(), EXAMPLE: source.read_bytes()}
    with tarfile.open(archive, "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
