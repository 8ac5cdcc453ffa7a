"""The subcommands and their options. What they do is in modules of their own, imported when one runs."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from host.cli import app_install

app = typer.Typer(
    name="jcode-plugin",
    help="Run strangers' JavaScript plugins, each in a locked worker process of its own.",
    epilog="Exit codes: 0 fine, 1 an error of ours or of the input, 2 blocked or denied, 3 switched off.",
    add_completion=False,
    pretty_exceptions_enable=False,
    invoke_without_command=True,
    context_settings={"help_option_names": ["-h", "--help"]},
)

InputOption = Annotated[
    str | None,
    typer.Option(
        "--input",
        "-i",
        metavar="JSON|@FILE|-",
        help="A JSON object, a file that holds one, or standard input.",
    ),
]
PluginOption = Annotated[
    list[Path] | None,
    typer.Option(
        "--plugin",
        "-p",
        metavar="PATH",
        help="Load this plugin instead of the configured ones. Repeatable.",
    ),
]
GateOption = Annotated[
    bool,
    typer.Option(
        "--gate",
        help="Treat it as an agent's call: what is not approved is asked on the terminal, or denied.",
    ),
]
ModeOption = Annotated[
    str | None,
    typer.Option(
        "--permission-mode",
        metavar="MODE",
        help="default, plan, accept_edits, bypass_permissions, dont_ask or auto; for --gate.",
    ),
]
PluginModeOption = Annotated[
    str | None,
    typer.Option(
        "--plugin-mode",
        metavar="MODE",
        help="What becomes of requests that no rule speaks of: strict, prompt, permissive, disabled or interactive.",
    ),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]


@app.callback()
def _top(
    context: typer.Context,
    *,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> int:
    if show_version:
        from host.cli.run import version

        print(f"jcode-plugin {version()}")
        raise typer.Exit(0)
    if context.invoked_subcommand is None:
        from host.errors import InputError

        raise InputError("no command was given, for example demo; see jcode-plugin --help")
    return 0


app_install.add_to(app)


@app.command()
def demo(
    *,
    as_json: JsonOption = False,
    examples: Annotated[
        Path | None,
        typer.Option(
            metavar="DIR", help="Where the example plugins are, if not in this checkout."
        ),
    ] = None,
) -> int:
    """Watch a coding agent's session with the shipped examples. Changes nothing."""
    from host.cli.demo import run_demo

    return run_demo(examples, as_json=as_json)


@app.command()
def inspect(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A plugin's file or directory.")],
    *,
    plugin_mode: PluginModeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Build and load a plugin in the sandbox and show what it registers."""
    from host.cli.inspecting import run_inspect

    return run_inspect(path, plugin_mode, as_json=as_json)


@app.command()
def check(
    path: Annotated[
        Path,
        typer.Argument(
            metavar="PATH|NAME", help="A plugin's file or directory, or an installed plugin."
        ),
    ],
    *,
    as_json: JsonOption = False,
) -> int:
    """Read a plugin without running it: its manifest, what it would be allowed, what was noticed.

    Exits with 2 when preflight blocks it, or an installed one is not what was installed.
    """
    from host.cli.checking import run_check

    return run_check(path, as_json=as_json)


@app.command()
def dispatch(
    event: Annotated[
        str, typer.Argument(metavar="EVENT", help="An event's name, for example PreToolUse.")
    ],
    *,
    given: InputOption = None,
    plugins: PluginOption = None,
    plugin_mode: PluginModeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Send one event and show what the agent should do. Exits with 2 when it is blocked or denied."""
    from host.cli.calling import run_dispatch

    return run_dispatch(event, given, plugins or [], plugin_mode, as_json=as_json)


@app.command()
def call(
    tool: Annotated[
        str, typer.Argument(metavar="TOOL", help="plugin_NAME, plugin:NAME or NAME.")
    ],
    *,
    given: InputOption = None,
    plugins: PluginOption = None,
    gate: GateOption = False,
    mode: ModeOption = None,
    plugin_mode: PluginModeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Call a plugin's tool: typing it approves it. Exits with 2 when it is blocked or denied, with 1 when it fails."""
    from host.cli.calling import Gate, run_call

    return run_call(tool, given, plugins or [], Gate(gate, mode, plugin_mode), as_json=as_json)


@app.command()
def command(
    name: Annotated[
        str,
        typer.Argument(metavar="NAME", help="A registered command, with or without its slash."),
    ],
    args: Annotated[
        list[str] | None, typer.Argument(metavar="[ARGS]", help="Handed to it as one text.")
    ] = None,
    *,
    complete: Annotated[
        bool, typer.Option("--complete", help="Print what may follow ARGS; run nothing.")
    ] = False,
    plugins: PluginOption = None,
    gate: GateOption = False,
    mode: ModeOption = None,
    plugin_mode: PluginModeOption = None,
    as_json: JsonOption = False,
) -> int:
    """Run a command that a plugin registered: typing it approves it."""
    from host.cli.calling import Gate, run_command, show_completions

    words = " ".join(args or [])
    how = Gate(gate, mode, plugin_mode)
    if complete:
        return show_completions(name, words, plugins or [], how, as_json=as_json)
    return run_command(name, words, plugins or [], how, as_json=as_json)


@app.command()
def audit(
    *,
    recent: Annotated[
        int, typer.Option("--recent", "-n", min=0, metavar="N", help="How many entries.")
    ] = 50,
    follow: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with entries as they come.")
    ] = False,
    verify: Annotated[
        bool,
        typer.Option(
            "--verify", help="Check that the record is what was written. Exits with 1 if not."
        ),
    ] = False,
    plugin: Annotated[
        str | None, typer.Option(metavar="NAME", help="Only what is about this plugin.")
    ] = None,
    decision: Annotated[
        Literal["allow", "deny", "ask"] | None, typer.Option(help="Only what was decided so.")
    ] = None,
    kind: Annotated[
        str | None, typer.Option(metavar="KIND", help="Only entries of this kind.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object a line.")
    ] = False,
) -> int:
    """Show what was decided about plugins and what became of them, from the record on disk."""
    from host.cli.auditing import run_audit

    return run_audit(
        recent=recent,
        follow=follow,
        check=verify,
        plugin=plugin,
        decision=decision,
        kind=kind,
        as_json=as_json,
    )


@app.command()
def approvals(
    *,
    forget: Annotated[
        str | None, typer.Option(metavar="ID", help="Take this answer back.")
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """List the answers that hold for good, or take one back."""
    from host.cli.approving import run_approvals

    return run_approvals(forget, as_json=as_json)


@app.command()
def top(
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, also on a terminal.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Show the workers that live now: CPU, memory, hostcalls, restarts. Ctrl-C ends it."""
    from host.cli.top import run_top

    return run_top(once=once, as_json=as_json)


@app.command()
def keygen(
    *,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Where to put the secret key, instead of keys/signing.key."
        ),
    ] = None,
    no_password: Annotated[
        bool,
        typer.Option(
            "--no-password", help="Do not encrypt it: whoever reads the file can sign."
        ),
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Make a key to sign plugins with, and print its public half. minisign reads both."""
    from host.cli.signing import run_keygen

    return run_keygen(out, has_password=not no_password, as_json=as_json)


@app.command()
def sign(
    path: Annotated[Path, typer.Argument(metavar="PATH", help="A plugin's file or directory.")],
    *,
    key: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="The secret key, instead of keys/signing.key."),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Sign every file of a plugin, under its name and version. Nothing of it runs."""
    from host.cli.signing import run_sign

    return run_sign(path, key, as_json=as_json)


@app.command()
def verify(
    plugin: Annotated[
        str,
        typer.Argument(
            metavar="PATH|NAME", help="A plugin's file or directory, or an installed one."
        ),
    ],
    *,
    key: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="This public key, instead of those that are trusted."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> int:
    """Say who signed a plugin and whether it is what was signed. Exits with 2 when that does not hold."""
    from host.cli.signing import run_verify

    return run_verify(plugin, key, as_json=as_json)


@app.command()
def doctor(
    *,
    fix: Annotated[
        bool,
        typer.Option(
            "--fix",
            help="Close the state directory to other users, and remove what nobody can miss.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Look at a live worker from outside and at this machine. Exits with 1 when a required layer is missing."""
    from host.cli.doctor import run_doctor

    return run_doctor(fix=fix, as_json=as_json)


NameArgument = Annotated[str | None, typer.Argument(metavar="[NAME]", help="A plugin.")]
AllOption = Annotated[bool, typer.Option("--all", help="All plugins.")]
ForceOption = Annotated[
    bool,
    typer.Option(
        "--force", help="Also a name that is not known here: a running program may know it."
    ),
]


@app.command()
def trust(
    directory: Annotated[
        Path | None,
        typer.Argument(metavar="[DIR]", help="A project's directory; the current one if none."),
    ] = None,
    *,
    yes: Annotated[
        bool, typer.Option("--yes", "-y", help="Trust it without being asked.")
    ] = False,
    forget: Annotated[
        bool, typer.Option("--forget", help="Trust it no more: its plugins do not run.")
    ] = False,
    show_all: Annotated[
        bool, typer.Option("--list", help="Show which projects are trusted.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Show the plugins in a project's .jcode, and let them run as they are now. Exits with 2 when nobody agrees."""
    from host.cli.trusting import run_forget, run_list, run_trust
    from host.errors import InputError

    if show_all and (forget or yes or directory is not None):
        raise InputError("--list stands alone; it shows every project that is trusted")
    if forget and yes:
        raise InputError("--forget and --yes are opposites; give one of them")
    if show_all:
        return run_list(as_json=as_json)
    if forget:
        return run_forget(directory, as_json=as_json)
    return run_trust(directory, yes=yes, as_json=as_json)


@app.command()
def enable(
    name: NameArgument = None, *, everything: AllOption = False, as_json: JsonOption = False
) -> int:
    """Let a plugin run again that was disabled, killed, or taken out of service for a violation."""
    from host.cli.enabling import run_enable

    return run_enable(name, everything=everything, as_json=as_json)


@app.command()
def disable(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A plugin.")],
    *,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> int:
    """Switch a plugin off, in hosts that run as well, until it is enabled."""
    from host.cli.enabling import run_off

    return run_off("disable", name, everything=False, force=force, as_json=as_json)


@app.command()
def reload(
    name: Annotated[str, typer.Argument(metavar="NAME", help="A plugin.")],
    *,
    force: ForceOption = False,
    wait: Annotated[
        float,
        typer.Option(
            metavar="SECONDS", min=0, max=60, help="How long to listen for what comes of it."
        ),
    ] = 2.0,
    as_json: JsonOption = False,
) -> int:
    """Have every host that runs look at a plugin's source again. Exits with 1 when one tells that it does not work."""
    from host.cli.reloading import run_reload

    return run_reload(name, force=force, wait_s=wait, as_json=as_json)


@app.command()
def kill(
    name: NameArgument = None,
    *,
    everything: AllOption = False,
    force: ForceOption = False,
    as_json: JsonOption = False,
) -> int:
    """Stop a plugin, or all, in every host that runs; none starts it until it is enabled."""
    from host.cli.enabling import run_off

    return run_off("kill", name, everything=everything, force=force, as_json=as_json)


@app.command()
def serve(
    *,
    socket: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="Listen there; its directory is yours alone."),
    ] = None,
    idle_exit: Annotated[
        float | None,
        typer.Option(
            "--idle-exit",
            min=0.1,
            metavar="SECONDS",
            help="End when nobody was connected so long.",
        ),
    ] = None,
    background: Annotated[
        bool,
        typer.Option(
            "--background", help="Return when it listens; the log is beside the socket."
        ),
    ] = False,
    log_json: Annotated[
        bool, typer.Option("--log-json", help="Log one JSON object a line.")
    ] = False,
    stop: Annotated[bool, typer.Option("--stop", help="End the daemon that runs.")] = False,
) -> int:
    """Keep plugins loaded and answer agents over a Unix socket, until SIGTERM. SIGHUP reads the configuration again."""
    from host.cli.serving import run_serve, run_stop

    if stop:
        return run_stop(socket)
    return run_serve(socket, idle_exit, background=background, log_json=log_json)


@app.command()
def approve(
    id_: Annotated[
        str | None, typer.Argument(metavar="[ID]", help="Of one question; else each in turn.")
    ] = None,
    answer: Annotated[
        str | None,
        typer.Argument(metavar="[allow|deny|session|always]", help="Else it is asked."),
    ] = None,
    *,
    only_list: Annotated[
        bool, typer.Option("--list", "-l", help="Show what waits; answer nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Answer what plugins and agents of the daemon wait for. Only from a terminal of your own, beside the agent's."""
    from host.cli.approve import run_approve

    return run_approve(id_, answer, only_list=only_list, as_json=as_json)


@app.command()
def hook(
    agent: Annotated[
        str,
        typer.Argument(
            metavar="AGENT", help="claude, codex, gemini, jcode, jcode-v2 or opencode."
        ),
    ],
    *,
    install: Annotated[
        bool, typer.Option("--install", help="Add the hook to the agent's configuration.")
    ] = False,
    remove: Annotated[
        bool, typer.Option("--remove", help="Take the hook out of the agent's configuration.")
    ] = False,
    test: Annotated[
        bool,
        typer.Option(
            "--test", help="Give the hook one event of each kind and show the answers."
        ),
    ] = False,
    project: Annotated[
        bool,
        typer.Option(
            "--project", help="In this directory's configuration instead of the user's."
        ),
    ] = False,
    fail_closed: Annotated[
        bool,
        typer.Option("--fail-closed", help="Block what plugins could not be asked about."),
    ] = False,
    all_events: Annotated[
        bool,
        typer.Option("--all-events", help="Also those that come many times in one answer."),
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show the change and make none.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Answer an agent's event from standard input; or set the agent up for it."""
    from host.cli import hooking
    from host.errors import InputError

    known = hooking.read_agent(agent)
    if install + remove + test > 1:
        raise InputError("one of --install, --remove and --test at a time")
    if test:
        return hooking.run_test(known, fail_closed=fail_closed, as_json=as_json)
    if not (install or remove):
        return hooking.be_the_hook(known, fail_closed=fail_closed)
    command = (
        hooking.command_for(known, fail_closed=fail_closed, all_events=all_events)
        if install
        else None
    )
    return hooking.run_placing(
        known, command, project=project, dry_run=dry_run, as_json=as_json
    )


@app.command()
def mcp(
    *,
    project: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The project, if not the current directory."),
    ] = None,
) -> int:
    """Offer plugins' tools to a client of MCP over standard input and output."""
    from host.cli.mcp import run_mcp

    return run_mcp(project)


@app.command()
def tui(
    *,
    project: Annotated[
        Path | None,
        typer.Option(metavar="DIR", help="The project, if not the current directory."),
    ] = None,
    theme: Annotated[
        Literal["dark", "light", "plain"] | None,
        typer.Option(help="Colours; plain has none, and is what NO_COLOR means."),
    ] = None,
    no_attach: Annotated[
        bool,
        typer.Option("--no-attach", help="Plugins are not told of an interface; only look on."),
    ] = False,
    reader: Annotated[
        bool, typer.Option("--reader", help="For a screen reader: lines without borders.")
    ] = False,
) -> int:
    """Watch and steer plugins in the terminal: their interfaces, approvals, audit, logs. Starts the daemon if none runs."""
    from host.cli.tui import run_tui

    return run_tui(project, theme, attach=not no_attach, reader=reader)
