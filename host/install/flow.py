"""From what the user named to a plan that can be shown and accepted: fetch, read, build, judge. Nothing is kept here.

Promises    Nothing of the plugin runs. What was fetched lies where nobody else reads it, and is gone when the plan is
            given up, by whatever way. A plan that comes out has passed preflight and names no other plugin.
Elsewhere   What is granted: ``policies/accepting.py``. Keeping the files and switching to them: ``keeping``.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from host.audit import printable
from host.blocking import BlockingPluginHost
from host.errors import InstallError, PluginDisabledError, PluginLoadError
from host.install.completing import completed
from host.install.contents import Contents, contents_of
from host.install.identity import Known, check_identity, id_of
from host.install.progress import Progress
from host.install.spec import ARCHIVES, GitSpec, NpmSpec, PathSpec, Spec
from host.install.staging import staging
from host.install.values import Fetched, Installed, Release
from host.outcome import Json
from host.plugin_spec import PluginSpec
from host.preflight import refuse_blocked
from host.project_code import SUFFIXES
from host.signing import loading as signing
from host.signing.keyring import Keyring
from policies.accepting import Pair, added, removed, to_accept
from policies.decision import Rule
from policies.manifest_values import Manifest
from policies.plugin_name import slug
from policies.preflight import Report
from policies.settings import judge
from policies.signing import may_follow

Features = tuple[str, ...] | None
_DEFAULT_NAME: Final = "plugin"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the user asks for. *track* is a branch that updates follow; *settings* are added to those that are kept.

    *features* None: those that were chosen before, else the plugin's own defaults.
    """

    spec: Spec
    track: str | None = None
    features: Features = None
    settings: Mapping[str, Json] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Plan:
    """One version of a plugin that lies ready, and what would come of installing it."""

    id: str
    fetched: Fetched
    built: PluginSpec
    report: Report
    contents: Contents
    features: Features
    settings: Mapping[str, Json]
    accept: tuple[Rule, ...]
    """All that the user would grant."""
    previous: Installed | None
    missing_tools: tuple[str, ...] = ()
    other_signer: str | None = None
    """What is surprising about who signed it, if anything is."""
    warnings: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """What the plugin is called here."""
        return self.built.name

    @property
    def version(self) -> str:
        """The version that would run."""
        return self.fetched.version or self.built.version

    @property
    def added(self) -> tuple[Rule, ...]:
        """What was not granted before."""
        return added(self.accept, self._accepted)

    @property
    def removed(self) -> tuple[Pair, ...]:
        """What was granted before and is not asked for any more."""
        return removed(self.accept, self._accepted)

    @property
    def needs_a_word(self) -> bool:
        """Whether it is another plugin to the user than the version before, so that they must be asked."""
        return self.previous is None or bool(self.added) or self.other_signer is not None

    @property
    def _accepted(self) -> tuple[Pair, ...]:
        return () if self.previous is None else self.previous.current.accepted

    @property
    def is_same(self) -> bool:
        """Whether all of it is installed already: this very version, with these features and settings."""
        if self.previous is None:
            return False
        now = self.previous.current
        return (
            now.tree == self.contents.tree
            and now.resolved == self.fetched.resolved
            and now.features == self.features
            and dict(self.previous.settings) == dict(self.settings)
            and self.previous.origin == self.fetched.origin
            and not self.added
        )


@contextmanager
def prepared(
    host: BlockingPluginHost, wish: Wish, known: Known, progress: Progress
) -> Iterator[Plan]:
    """Fetch what *wish* names and look at it. When the context is left, what was fetched is gone.

    *host* builds it, in a locked process; it must have nothing loaded. Raises InstallError, and PluginLoadError for
    a plugin that cannot be built or that preflight blocks.
    """
    with staging(host.runtime.home) as folder:
        into = folder / _hint(wish.spec)
        into.mkdir(mode=0o700)
        fetched = fetch(wish, into, progress)
        progress.step(f"looking at {into.name}")
        try:
            plan = look(host, fetched, wish, known)
        except PluginDisabledError:
            raise
        except PluginLoadError as error:
            raise _told_of(error, folder, into) from None
        yield replace(plan, warnings=tuple(_without(folder, line) for line in plan.warnings))


def fetch(wish: Wish, into: Path, progress: Progress) -> Fetched:
    """Bring what *wish* names into the empty directory *into*. Raises InstallError."""
    # Imported where they are used: a command that installs from a directory needs no client of any registry.
    match wish.spec:
        case NpmSpec() as spec:
            _no_track(wish)
            from host.install.npm import fetch_npm

            return fetch_npm(spec, into, progress)
        case GitSpec() as spec:
            from host.install.git import fetch_git

            return completed(fetch_git(spec, into, progress, track=wish.track), progress)
        case PathSpec() as spec:
            _no_track(wish)
            from host.install.directory import fetch_path

            return completed(fetch_path(spec, into), progress)


def look(host: BlockingPluginHost, fetched: Fetched, wish: Wish, known: Known) -> Plan:
    """Return what would come of installing what was *fetched*. Raises InstallError and PluginLoadError."""
    built = host.look_at(fetched.directory)
    previous = known.installed.get(built.name)
    id_ = id_of(fetched, built.name)
    check_identity(fetched, built, id_, known)
    features = _features(host, built, wish, previous)
    if features != built.features:  # only now is it known which of its parts run
        built = host.look_at(fetched.directory, installed=_as_if(fetched, built, id_, features))
    report = host.workspace.preflight(built)
    refuse_blocked(report, built.name)
    keyring = host.workspace.keyring
    signing.refuse(built.signature, keyring, fetched.directory.name)
    manifest = built.manifest
    settings, warnings = _settings(manifest, wish, previous)
    if keyring.word == "warn" and built.signature.problem:
        warnings = (*warnings, f"no valid signature: {built.signature.problem}")
    return Plan(
        id=id_,
        fetched=fetched,
        built=built,
        report=report,
        contents=contents_of(fetched.directory),
        features=features,
        settings=settings,
        accept=to_accept(manifest, features),
        previous=previous,
        missing_tools=_missing(manifest, known.tools(built.name)),
        other_signer=_other_signer(built, previous, keyring),
        warnings=(*manifest.warnings, *warnings),
    )


def _other_signer(
    built: PluginSpec, previous: Installed | None, keyring: Keyring
) -> str | None:
    """Return what is surprising about who signed it, compared with the version before; None: nothing is."""
    before = previous.current.signed_by if previous is not None else ""
    now = built.signature.signed_by
    if keyring.word == "off" or not before or may_follow(before, now, keyring.keys):
        return None
    who = f"is signed by {now}" if now else "is not signed by a trusted key"
    return f"the version before was signed by {before}, and this one {who}"


def _as_if(fetched: Fetched, built: PluginSpec, id_: str, features: Features) -> Installed:
    """The plugin as it would be installed, as far as building it depends on that."""
    release = Release(built.version, fetched.resolved, features=features)
    return Installed(built.name, id_, fetched.origin, release, True, 0.0, 0.0)


def _told_of(error: PluginLoadError, folder: Path, into: Path) -> PluginLoadError:
    """Return *error* with the paths of what was fetched as its author knows them: nobody finds our directory."""
    return PluginLoadError(
        error.code,
        _without(folder, error.message),
        path=None if error.path is None else _without(folder, str(into / error.path)),
        line=error.line,
        column=error.column,
        source_line=error.source_line,
    )


def _without(folder: Path, text: str) -> str:
    return text.replace(f"{folder}/", "")


def _hint(spec: Spec) -> str:
    """What the directory is called, and a plugin that gives itself no name: as the user wrote it."""
    told: str
    match spec:
        case NpmSpec(name=name):
            told = name.rpartition("/")[2]
        case GitSpec(url=url):
            told = url.rstrip("/").rpartition("/")[2].removesuffix(".git")
        case PathSpec(path=path):
            told = path.parent.name if path.stem == "index" else path.name
            for ending in (*ARCHIVES, *SUFFIXES):
                told = told.removesuffix(ending)
    return slug(told).replace("/", "-") or _DEFAULT_NAME


def _no_track(wish: Wish) -> None:
    if wish.track is not None:
        raise InstallError(
            "E_SPEC",
            f"only a git repository has branches to follow; leave out --track {wish.track}",
        )


def _features(
    host: BlockingPluginHost, built: PluginSpec, wish: Wish, previous: Installed | None
) -> Features:
    """Return which features run: as the operator has it, else chosen now, else before; None: nobody chose."""
    chosen = wish.features if wish.features is not None else wish.spec.features
    offered = [feature.name for feature in built.manifest.features]
    for name in chosen or ():
        if name != "*" and name not in offered:
            what = f"its features are {', '.join(offered)}" if offered else "it has none"
            raise InstallError(
                "E_SPEC", f"{built.name} has no feature {name}; {printable(what)}"
            )
    configured = host.config.features.get(built.name)
    if configured is not None:
        if chosen is not None and set(chosen) != set(configured):
            where = host.config.source_of("features", built.name)
            raise InstallError(
                "E_SPEC",
                f"the features of {built.name} are chosen by {where}; change them there",
            )
        return configured
    if chosen is None and previous is not None and previous.current.features is not None:
        before = previous.current.features
        return tuple(name for name in before if name == "*" or name in offered)
    return chosen


def _settings(
    manifest: Manifest, wish: Wish, previous: Installed | None
) -> tuple[Mapping[str, Json], tuple[str, ...]]:
    """Return the settings that are kept with the plugin, and lines about those that are not any more."""
    known = {setting.key: setting for setting in manifest.settings}
    kept: dict[str, Json] = {}
    warnings = []
    for key, value in (previous.settings if previous is not None else {}).items():
        wrong = judge(known[key], value) if key in known else None
        if key not in known or wrong is not None:
            warnings.append(f"the setting {key} does not fit this version; it is dropped")
        else:
            kept[key] = value
    for key, value in wish.settings.items():
        setting = known.get(key)
        if setting is None:
            offered = f"its settings are {', '.join(known)}" if known else "it has none"
            raise InstallError("E_SETTINGS", f"there is no setting {key}; {offered}")
        if setting.is_secret:
            place = f"set the variable {setting.env}, or " if setting.env else ""
            raise InstallError(
                "E_SETTINGS",
                f"{key} is a secret, which a command line shows to others; {place}write it into config.toml",
            )
        wrong = judge(setting, value)
        if wrong is not None:
            raise InstallError("E_SETTINGS", f"{key}: {wrong.what}; correct --set")
        kept[key] = value
    return kept, tuple(warnings)


def _missing(manifest: Manifest, known: Collection[str]) -> tuple[str, ...]:
    capabilities = manifest.capabilities
    wanted: Iterable[str] = capabilities.requires_tools if capabilities is not None else ()
    return tuple(tool for tool in wanted if tool not in known)


__all__ = ["Features", "Plan", "Wish", "fetch", "look", "prepared"]
