"""The rules of one layer, sorted by kind and ready to be compared with a request.

Promises    A denial that cannot be read denies its whole kind; a permission that cannot be read permits nothing.
            :func:`problem` says which those are, so that loaders can refuse them with a line number.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from policies import commands, hosts, names, paths
from policies.capability import (
    KINDS,
    FileRequest,
    HostRequest,
    NameRequest,
    Request,
    ShellRequest,
)
from policies.decision import Rule
from policies.paths import NO_ALIASES, Aliases, PathSet, Places


@dataclass(frozen=True, slots=True)
class Subject:
    """A request in the form in which it is compared: ``names`` of a file (where it leads, then how it was
    written), ``host`` of a connection."""

    request: Request
    names: tuple[paths.Form, ...] = ()
    host: hosts.Host | None = None


def subject_of(request: Request) -> Subject | str:
    """Return *request* ready to be compared, or what is wrong with it."""
    match request:
        case FileRequest(path=path, named=named):
            forms = [paths.normalise(path)]
            if named and named != path:
                forms.append(paths.normalise(named))
            found = tuple(paths.Form(form) for form in forms if form is not None)
            if len(found) != len(forms):
                return "not an absolute path of a length that the system takes"
            return Subject(request, found)
        case HostRequest(host=written, port=port):
            host = hosts.normalise(written)
            if host is None or not 0 < port < 65536:
                return "not a host and port that a URL can hold"
            return Subject(request, host=host)
        case ShellRequest(argv=argv):
            if not argv or not argv[0] or len(argv) > commands.MAX_ARGUMENTS:
                return "not a command with its arguments"
            if any("\0" in word for word in argv):
                return "an argument holds a NUL"
            return Subject(request)
        case NameRequest(name=name):
            if not name or len(name) > names.MAX_NAME_CHARS:
                return "not a name"
            return Subject(request)


Find: TypeAlias = Callable[[Subject], Rule | None]


class RuleSet:
    """See the module's text. *denies* says which way doubt falls."""

    __slots__ = ("_counts", "_files", "_find")

    def __init__(
        self,
        rules: Iterable[Rule],
        places: Places,
        *,
        denies: bool,
        aliases: Aliases = NO_ALIASES,
    ) -> None:
        of_kind: dict[str, list[Rule]] = {}
        for rule in rules:
            if rule.kind in KINDS:
                of_kind.setdefault(rule.kind, []).append(rule)
            elif denies:  # nobody knows what it was meant to deny
                for kind in KINDS:
                    of_kind.setdefault(kind, []).append(Rule(kind, "*", rule.source))
        self._files: list[PathSet] = []
        self._counts: Final = {kind: len(rules) for kind, rules in of_kind.items()}
        self._find: Final[dict[str, Find]] = {
            kind: self._matcher(kind, rules, places, aliases, denies=denies)
            for kind, rules in of_kind.items()
        }

    def _matcher(
        self, kind: str, rules: list[Rule], places: Places, aliases: Aliases, *, denies: bool
    ) -> Find:
        match kind:
            case "fs_read" | "fs_write":
                files = PathSet(rules, places, denies=denies, aliases=aliases)
                self._files.append(files)
                return _any_name(files) if denies else _where_it_leads(files)
            case "http_hosts":
                return _of_host(hosts.HostSet(rules, denies=denies))
            case "shell":
                return _of_command(commands.CommandSet(rules, denies=denies))
            case "events":
                return _of_name(names.EventSet(rules, denies=denies))
            case "tools":
                return _of_name(names.ToolSet(rules, denies=denies))
            case _:
                return _of_name(names.NameSet(rules, denies=denies))

    def find(self, subject: Subject) -> Rule | None:
        """Return the first rule that covers *subject*."""
        find = self._find.get(subject.request.kind)
        return None if find is None else find(subject)

    def anchors(self) -> frozenset[str]:
        """Return the directories in which file patterns begin."""
        return frozenset().union(*(files.anchors for files in self._files))

    def summary(self, kind: str, verb: str) -> str:
        """Say in words that no rule of *kind* matched."""
        count = self._counts.get(kind, 0)
        if not count:
            return f"nothing here {verb} {kind}"
        return f"none of {count} {kind} pattern{'s' if count > 1 else ''} matches"


def _any_name(files: PathSet) -> Find:
    def find(subject: Subject) -> Rule | None:
        for name in subject.names:
            rule = files.find(name)
            if rule is not None:
                return rule
        return None

    return find


def _where_it_leads(files: PathSet) -> Find:
    return lambda subject: files.find(subject.names[0])


def _of_host(found: hosts.HostSet) -> Find:
    def find(subject: Subject) -> Rule | None:
        request = subject.request
        if subject.host is None or not isinstance(request, HostRequest):
            return None
        return found.find(subject.host, request.port)

    return find


def _of_command(found: commands.CommandSet) -> Find:
    def find(subject: Subject) -> Rule | None:
        request = subject.request
        return found.find(request) if isinstance(request, ShellRequest) else None

    return find


def _of_name(found: "names.NameSet | names.ToolSet | names.EventSet") -> Find:
    def find(subject: Subject) -> Rule | None:
        request = subject.request
        return found.find(request.name) if isinstance(request, NameRequest) else None

    return find


def problem(kind: str, pattern: str) -> str | None:
    """Return what is wrong with *pattern* as one of *kind*, and what to write; None when it can be read."""
    try:
        match kind:
            case "fs_read" | "fs_write":
                paths.expand(pattern, Places("/", "/", "/", "/"))
            case "http_hosts":
                hosts.read(pattern)
            case "shell":
                commands.read(pattern)
            case "events":
                return names.event_problem(pattern)
            case _ if kind in KINDS:
                return names.name_problem(pattern)
            case _:
                return f"there is no kind {kind}; the kinds are {', '.join(KINDS)}"
    except ValueError as error:
        return str(error)
    return None
