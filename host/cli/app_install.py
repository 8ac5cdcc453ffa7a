"""The subcommands about what is installed, and their options."""

from typing import Annotated

import typer

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
YesOption = Annotated[
    bool, typer.Option("--yes", "-y", help="Agree to what it gets, without a question.")
]
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="An installed plugin; list shows them.")
]


def add_to(app: typer.Typer) -> None:
    """Register them with *app*."""
    for command in (install, update, uninstall, rollback, listing, info, link):
        app.command(name="list" if command is listing else None)(command)


def install(
    spec: Annotated[
        str,
        typer.Argument(
            metavar="SPEC",
            help="npm:NAME or npm:NAME@RANGE, a git repository, a directory, a file or an archive.",
        ),
    ],
    *,
    yes: YesOption = False,
    track: Annotated[
        str | None,
        typer.Option(
            metavar="BRANCH", help="The branch of a git repository that updates follow."
        ),
    ] = None,
    features: Annotated[
        str | None,
        typer.Option(metavar="A,B", help="Which of its optional parts are on; * is all."),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="A setting of it. Repeatable."),
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Show what it would get; change nothing.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Install a plugin, after showing what it gets. Nothing of it runs before you agree.

    Exits with 2 when preflight blocks it, or nobody agrees.
    """
    from host.cli.installing import How, run_install

    return run_install(spec, track, features, settings or [], How(yes, dry_run, as_json))


def update(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="Installed plugins.")
    ] = None,
    *,
    is_all: Annotated[bool, typer.Option("--all", help="All that are installed.")] = False,
    yes: YesOption = False,
    check: Annotated[
        bool, typer.Option("--check", help="Only tell what could be updated.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Update installed plugins. You are asked when a new version wants more than the old one."""
    from host.cli.installing import How
    from host.cli.updating import run_update

    return run_update(names or [], How(yes, check, as_json), is_all=is_all)


def uninstall(
    name: NameArgument,
    *,
    purge: Annotated[
        bool, typer.Option("--purge", help="Remove its data as well, for good.")
    ] = False,
    as_json: JsonOption = False,
) -> int:
    """Remove an installed plugin. Its data stays, unless --purge is given."""
    from host.cli.removing import run_uninstall

    return run_uninstall(name, purge=purge, as_json=as_json)


def rollback(name: NameArgument, *, as_json: JsonOption = False) -> int:
    """Go back to the version that ran before."""
    from host.cli.removing import run_rollback

    return run_rollback(name, as_json=as_json)


def listing(*, as_json: JsonOption = False) -> int:
    """List the plugins that are here: installed, linked, loaded by hand, of this project."""
    from host.cli.installed import run_list

    return run_list(as_json=as_json)


def info(name: NameArgument, *, as_json: JsonOption = False) -> int:
    """Show an installed plugin: where it came from, what you agreed to, where it keeps things."""
    from host.cli.installed import run_info

    return run_info(name, as_json=as_json)


def link(
    path: Annotated[
        str, typer.Argument(metavar="PATH", help="The plugin's directory or file.")
    ],
    *,
    as_json: JsonOption = False,
) -> int:
    """Have a plugin run from where it lies, as it is there each time: for its author."""
    from host.cli.linking import run_link

    return run_link(path, as_json=as_json)
