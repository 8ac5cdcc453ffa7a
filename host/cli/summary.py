"""What a person sees of a plugin before it is installed or updated, and what programs see: one plan, two forms."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

from host.audit import printable
from host.cli.show import compact, finding_line, safe, table
from host.install.flow import Plan
from host.outcome import Json, JsonObject
from host.preflight import finding_json
from policies.decision import Rule
from policies.manifest_values import Manifest, Setting
from policies.preflight import RULES, Finding
from policies.wording import Weight, meaning, spelled, weight

_WEIGHTS: Final[tuple[Weight, ...]] = ("heavy", "notable", "plain")
_STYLES: Final[dict[Weight, str]] = {"heavy": "bold red", "notable": "yellow", "plain": ""}
_MAX_LISTED: Final = 12
_MAX_CHARS: Final = 300
_KIB: Final = 1024


def plan_json(plan: Plan) -> JsonObject:
    """Return *plan* as plain data; what came with the plugin is as it was written there."""
    manifest, previous = plan.built.manifest, plan.previous
    new = set(plan.added)
    return {
        "name": plan.name,
        "version": plan.version,
        "previous_version": None if previous is None else previous.current.version,
        "id": plan.id,
        "source": plan.fetched.origin.spec,
        "resolved": plan.fetched.resolved,
        "integrity": plan.fetched.integrity or None,
        "signed_by": plan.built.signature.signed_by or None,
        "other_signer": plan.other_signer,
        "notes": list(plan.fetched.notes),
        "description": manifest.description,
        "author": manifest.author,
        "license": manifest.license,
        "files": plan.contents.files,
        "size_bytes": plan.contents.bytes,
        "packages": list(plan.contents.packages),
        "lacks": list(plan.built.externals()),
        "declares_capabilities": manifest.capabilities is not None,
        "capabilities": [
            {
                "kind": rule.kind,
                "pattern": rule.pattern,
                "meaning": meaning(rule),
                "weight": weight(rule),
                "new": rule in new,
            }
            for rule in plan.accept
        ],
        "no_longer": [{"kind": kind, "pattern": pattern} for kind, pattern in plan.removed],
        "provides_tools": list(manifest.provides_tools),
        "missing_tools": list(plan.missing_tools),
        "features": _features_json(manifest, plan.features),
        "settings": dict(plan.settings),
        "preflight": [finding_json(finding) for finding in plan.report.findings],
        "warnings": list(plan.warnings),
    }


def _features_json(manifest: Manifest, chosen: tuple[str, ...] | None) -> list[Json]:
    enabled = {feature.name for feature in manifest.enabled_features(chosen)}
    return [
        {
            "name": feature.name,
            "description": feature.description,
            "enabled": feature.name in enabled,
        }
        for feature in manifest.features
    ]


def print_plan(console: Console, plan: Plan) -> None:
    """Print what would be installed and what that grants."""
    previous = plan.previous
    before = ""
    if previous is not None and previous.current.version != plan.version:
        before = f"{printable(previous.current.version)} -> "
    console.print(
        Text.assemble((printable(plan.name), "bold"), f" {before}{printable(plan.version)}")
    )
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="dim")
    grid.add_column(overflow="fold")
    for title, lines in _facts(plan):
        for at, line in enumerate(lines):
            grid.add_row(title if at == 0 else "", line)
    console.print(grid)
    console.print()
    if plan.accept:
        console.print(_grants(plan))
    else:
        console.print(safe("it asks for nothing"))
    gone = ", ".join(f"{kind} {pattern}" for kind, pattern in plan.removed)
    if gone:
        console.print(safe(f"no longer asked for: {gone}", "dim"))
    heavy = [f"{rule.kind} {spelled(rule)}" for rule in plan.accept if weight(rule) == "heavy"]
    if heavy:  # last, next to the question, however long the table is
        told = f"as good as your own rights: {_listed([_cut(one) for one in heavy])}"
        console.print(safe(told, _STYLES["heavy"]))
    if plan.built.manifest.capabilities is None:
        console.print(
            safe(
                "it does not declare what it needs: beyond this it has what you allow it by name, in config.toml",
                "dim",
            )
        )


def _facts(plan: Plan) -> Iterable[tuple[str, list[Text]]]:
    manifest, fetched = plan.built.manifest, plan.fetched
    packages = plan.contents.packages
    by = ", ".join(part for part in (manifest.author, manifest.license) if part)
    facts: list[tuple[str, Sequence[str]]] = [
        ("source", [fetched.resolved]),
        ("integrity", [fetched.integrity] if fetched.integrity else []),
        ("", _lines(fetched.notes)),
        ("signed", [_signed(plan)] if plan.built.signature.signed_by else []),
        ("about", [_cut(manifest.description)] if manifest.description else []),
        ("by", [_cut(by)] if by else []),
        ("size", [f"{_size(plan.contents.bytes)} in {_count(plan.contents.files, 'file')}"]),
        ("brings", [_listed(packages)] if packages else []),
        ("tools", [_listed(manifest.provides_tools)] if manifest.provides_tools else []),
        ("features", _lines(map(_feature_line, _features_json(manifest, plan.features)))),
        ("settings", _lines(_setting_line(plan, setting) for setting in manifest.settings)),
    ]
    for title, lines in facts:
        if lines:
            yield title, [safe(line) for line in lines]
    missing = [
        safe(f"{tool}: nothing installed says that it provides it", "yellow")
        for tool in plan.missing_tools
    ]
    yield "needs tools", missing
    if plan.other_signer is not None:
        yield "signer", [safe(plan.other_signer, "bold red")]
    yield (
        "lacks",
        [
            safe(f"{name}: it is not there or too large, and importing it fails", "yellow")
            for name in plan.built.externals()[:_MAX_LISTED]
        ],
    )
    yield "warnings", [safe(line, "yellow") for line in _lines(plan.warnings)]
    yield "preflight", list(_findings(plan.report.findings))


def _signed(plan: Plan) -> str:
    signature = plan.built.signature
    return f"by {signature.key or signature.key_id}"


def _findings(findings: Sequence[Finding]) -> Iterable[Text]:
    """What is serious in its own code line by line; the rest, and what it brings along, by rule."""
    serious = [finding for finding in findings if finding.severity != "info"]
    own = [finding for finding in serious if not _is_brought(finding)]
    for finding in own[:_MAX_LISTED]:
        yield finding_line(finding)
    if len(own) > _MAX_LISTED:
        yield safe(f"... and {len(own) - _MAX_LISTED} more (--json lists them)", "yellow")
    brought = Counter(finding.rule for finding in serious if _is_brought(finding))
    if brought:
        told = ", ".join(f"{rule} {count}" for rule, count in brought.most_common())
        yield safe(f"in the packages that it brings (--json lists them): {told}", "yellow")
    for rule, found in _by_rule(findings).items():
        first = found[0]
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        granted = "" if rule == "unavailable-global" else "; nothing grants that unless you do"
        yield safe(f"{RULES[rule]}: {first.file}:{first.line}{more}{granted}", "dim")


def _is_brought(finding: Finding) -> bool:
    return "node_modules/" in finding.file


def _by_rule(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity == "info":
            found.setdefault(finding.rule, []).append(finding)
    return found


def _grants(plan: Plan) -> Table:
    new = set(plan.added)
    is_update = plan.previous is not None
    rows = []
    for first, rules, told in sorted(_grouped(plan.accept), key=_by_weight):
        heaviest = min((weight(rule) for rule in rules), key=_WEIGHTS.index)
        style = _STYLES[heaviest]
        is_new = is_update and any(rule in new for rule in rules)
        rows.append(
            [
                safe("new" if is_new else "", "bold yellow"),
                safe(first.kind),
                safe(told),
                safe("; ".join(meaning(rule) for rule in _told_apart(rules)), style),
            ]
        )
    return table(("", "it gets", "", "which means that it"), rows)


def _grouped(rules: Iterable[Rule]) -> Iterable[tuple[Rule, list[Rule], str]]:
    """Rights of one event are one row."""
    events: dict[str, list[Rule]] = {}
    for rule in rules:
        if rule.kind == "events":
            events.setdefault(rule.pattern.partition(":")[0], []).append(rule)
        else:
            yield rule, [rule], spelled(rule)
    for event, of_event in events.items():
        rights = ", ".join(
            right for right in (rule.pattern.partition(":")[2] for rule in of_event) if right
        )
        yield of_event[0], of_event, f"{event}: {rights}" if rights else event


def _told_apart(rules: list[Rule]) -> list[Rule]:
    """Without being told of an event, where more than that is said."""
    more = [rule for rule in rules if not rule.pattern.endswith(":observe")]
    return more if rules[0].kind == "events" and more else rules


def _by_weight(row: tuple[Rule, list[Rule], str]) -> tuple[int, str]:
    return min(_WEIGHTS.index(weight(rule)) for rule in row[1]), row[0].kind


def _feature_line(feature: Json) -> str:
    if not isinstance(feature, dict):
        return ""
    state = "on" if feature["enabled"] else "off"
    told = f": {feature['description']}" if feature["description"] else ""
    return f"{feature['name']} ({state}){told}"


def _setting_line(plan: Plan, setting: Setting) -> str:
    parts: list[str] = [setting.type]
    if setting.is_secret:
        parts.append("secret")
    if setting.env:
        parts.append(f"from {setting.env}")
    told = f"{setting.key} ({', '.join(parts)})"
    if setting.key in plan.settings:
        told += f" = {compact(plan.settings[setting.key])}"
    return f"{told}: {setting.description}" if setting.description else told


def _cut(text: str) -> str:
    """Return the beginning of *text*: what its author writes must not push what it gets out of sight."""
    return text if len(text) <= _MAX_CHARS else f"{text[:_MAX_CHARS]}..."


def _lines(told: Iterable[str]) -> list[str]:
    """Return the first of the lines that are *told*, cut; how many there are more is the last."""
    lines = [_cut(line) for line in told]
    more = len(lines) - _MAX_LISTED
    return [*lines[:_MAX_LISTED], f"... and {more} more (--json)"] if more > 0 else lines


def _listed(names: Sequence[str]) -> str:
    shown = ", ".join(names[:_MAX_LISTED])
    return f"{shown} and {len(names) - _MAX_LISTED} more" if len(names) > _MAX_LISTED else shown


def _size(count: int) -> str:
    if count < _KIB:
        return f"{count} bytes"
    return f"{count / _KIB:.1f} KiB" if count < _KIB**2 else f"{count / _KIB**2:.1f} MiB"


def _count(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
