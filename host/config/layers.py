"""Where configuration comes from, and in which order.

Order       ``~/.jcode/config.toml`` is the user's word. The project's ``.jcode/config.toml`` may only tighten it.
            ``JCODE_PLUGIN_MODE``, else ``--plugin-mode``, takes the place of the mode that comes of both. The ceiling,
            ``/etc/jcode/plugin.toml``, is laid over all of it last.
Promises    Nothing runs on a configuration that could not be read: every mistake is a :class:`ConfigError` of one
            line that says where. What a project may not set is ignored with a warning; what a ceiling cannot
            express is an error, because whoever wrote it relies on it.
"""

import os
import stat
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from host.config.files import CeilingFile, Files
from host.config.model import Config
from host.config.places import Where
from host.config.reading import parse, read_file, read_regular
from host.config.tighten import SILENCING, Tightened, tighten
from host.errors import ConfigError
from policies.decision import Source
from policies.modes import MODES, OLDER_MODES, read_mode
from policies.signing import Keys, bound
from policies.switch_words import DIR, MODE

_MAX_WARNINGS: Final = 50


def load_config(
    home: Path,
    *,
    project_dir: Path | None = None,
    variables: Mapping[str, str] | None = None,
    mode: str | None = None,
    ceiling: CeilingFile | None = None,
) -> Config:
    """Return the configuration of a host: of *home*, of *project_dir*, of *variables* and *mode*, within the ceiling.

    *mode* is the flag's. Kill switches are read elsewhere, and again while the host runs. What was ignored is in
    :attr:`Config.warnings`, a line each. Raises :class:`ConfigError` with one line.
    """
    files = Files(home / "config.toml", ceiling or CeilingFile())
    most, own = read_ceiling(files.ceiling), files.user
    config = read_file(own)
    warnings = list(config.warnings)
    project = None if project_dir is None else project_dir / ".jcode" / "config.toml"
    if project is not None and not _is_same(project, own):
        theirs = read_file(project)
        warnings += theirs.warnings
        keeps_guards = config.fail_closed or (most is not None and most.fail_closed)
        config, told = _with_project(config, theirs, keeps_guards=keeps_guards)
        warnings += told
    config = _with_mode(config, variables or {}, mode)
    config, told = _within(config, most)
    given = (variables or {}).get(DIR, "").strip()
    plugin_dir = Path(given).expanduser().absolute() if given else home / "plugins"
    config = config.looking_in(plugin_dir).read_from(files)
    return config.told(config.places, _bounded([*warnings, *told]))


def read_keys(files: Files) -> Keys:
    """Return the trusted keys as :func:`load_config` would find them in *files* now. Raises ConfigError."""
    own, most = read_file(files.user), read_ceiling(files.ceiling)
    return own.keys() if most is None else bound(own.keys(), most.keys())


def _bounded(warnings: list[str]) -> tuple[str, ...]:
    """A stranger's file must not bury the other lines that a person is told."""
    more = len(warnings) - _MAX_WARNINGS
    if more <= 0:
        return tuple(warnings)
    return (
        *warnings[:_MAX_WARNINGS],
        f"{more} more warnings about the configuration; correct these first",
    )


def within_ceiling(config: Config) -> Config:
    """Return *config*, which may have been made in code, within the ceiling of this machine. Raises ConfigError."""
    return _within(config, config.ceiling or read_ceiling(CeilingFile()))[0]


def read_ceiling(file: CeilingFile) -> Config | None:
    """Return what no other source may exceed, or None if this machine has no ceiling.

    Raises :class:`ConfigError` for one that anybody but its owner could change, and for whatever a ceiling cannot say:
    ignoring it would leave open what somebody believes to be closed.
    """
    path = file.path
    found = read_regular(path)
    if found is None:
        return None
    data, status = found
    _check_owner(path, status, file.owner)
    _check_owner(path.parent, path.parent.stat(), file.owner)
    ceiling = parse(path, data)
    if ceiling.warnings:
        raise ConfigError(f"{ceiling.warnings[0]}; a ceiling must be understood: correct it")
    if not ceiling.model_fields_set:
        raise ConfigError(f"{path}:1: no [plugin] table; write the ceiling under [plugin]")
    laid = tighten(Config(), ceiling)
    if laid.unsettable:
        where = laid.unsettable[0]
        raise ConfigError(
            f"{_place(ceiling, where)}: {_dotted(where)} cannot be set in a ceiling, which only forbids; "
            "take it out"
        )
    return ceiling


def _check_owner(path: Path, status: os.stat_result, owner: int) -> None:
    if status.st_uid != owner:
        who = "root" if owner == 0 else f"user {owner}"
        raise ConfigError(
            f"{path}: belongs to user {status.st_uid}; it must belong to {who}: chown it"
        )
    if status.st_mode & (stat.S_IWGRP | stat.S_IWOTH):
        raise ConfigError(f"{path}: others may write to it; take that away: chmod go-w {path}")


def _with_project(
    user: Config, project: Config, *, keeps_guards: bool
) -> tuple[Config, list[str]]:
    """Return *user* with what *project* tightens, and what of it did not count.

    Whoever fails closed wants events to stop where a guard is missing, and no checkout to take the guard away.
    """
    # Whom to trust is the user's to say: a checkout may ask for signatures, and name nobody who gives them.
    left = {"skip_hooks", "trusted_keys"}
    laid = tighten(user, project, left, keeps_guards=keeps_guards)
    told: list[str] = []
    for where in laid.unsettable:
        why = "a project's file cannot set it"
        if where[0] == "skip_hooks" or (
            keeps_guards and where[0] in (*SILENCING, "mode", "deny")
        ):
            why = "a project's file cannot take guards away"
            why += " under fail_closed" if keeps_guards else ""
        told.append(f"{_place(project, where)}: {_dotted(where)} is ignored: {why}")
    told += [
        f"{_place(project, where)}: {_dotted(where)} is ignored: a project's file may only tighten, and "
        f"{_stands(user, where)}"
        for where in (*laid.looser, *laid.clashes)
    ]
    return laid.config, told


def _stands(user: Config, where: Where) -> str:
    source = user.source_of(*map(str, where))
    return f"{source} is no looser" if source.where else "what holds is no looser"


def _with_mode(config: Config, variables: Mapping[str, str], flag: str | None) -> Config:
    """Return *config* with the mode of the environment, else of the flag. It decides alone: no default of a file."""
    for word, source in (
        (variables.get(MODE, "").strip(), Source("switch", MODE)),
        (flag, Source("flag", "--plugin-mode")),
    ):
        if not word:
            continue
        mode = read_mode(word.lower())
        if mode is None:
            known = ", ".join((*MODES, *OLDER_MODES))
            raise ConfigError(f"{source.where}: {word!r} is no mode; use one of {known}")
        places = {w: s for w, s in config.places.items() if w[0] != "global_default"}
        update = {"mode": mode, "global_default": None}
        return config.model_copy(update=update).told(
            {**places, ("mode",): source}, config.warnings
        )
    return config


def _within(config: Config, ceiling: Config | None) -> tuple[Config, list[str]]:
    if ceiling is None:
        return config, []
    laid = tighten(config, ceiling)
    for where in laid.clashes:
        raise ConfigError(
            f"{_place(config, where)}: {_dotted(where)} cannot be united with {_place(ceiling, where)}; "
            "set it to what the ceiling says"
        )
    told = [
        f"{_place(config, where)}: {_dotted(where)} exceeds the ceiling, {_place(ceiling, where)}, which holds"
        for where in _explicit(config, laid)
    ]
    return laid.config.within(ceiling), told


def _explicit(config: Config, laid: Tightened) -> list[Where]:
    return [where for where in laid.overruled if where in config.places]


def _place(config: Config, where: Where) -> str:
    return config.source_of(*map(str, where)).where or "the embedding program"


def _dotted(where: Where) -> str:
    return ".".join(map(str, where))


def _is_same(one: Path, two: Path) -> bool:
    """Whether the project is the home directory itself, and its file the user's own."""
    try:
        return os.path.samefile(one, two)
    except OSError:
        return False


def jcode_home(env: Mapping[str, str]) -> Path:
    """Return where our state lives: ``JCODE_HOME``, or ``.jcode`` in the home directory."""
    given = env.get("JCODE_HOME")
    if given:
        return Path(given).expanduser().absolute()
    home = env.get("HOME")
    return (Path(home) if home else Path.home()) / ".jcode"
