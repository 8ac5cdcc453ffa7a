"""The settings in effect for one plugin: the operator's, else those it was installed with, else a variable's, else the
default; checked.

Promises    A value that does not fit its type stops the load with one line that names where it is written. A secret is
            held as a :class:`~policies.settings.Secret`, and no message here holds the value of one, nor of a
            variable, which may be anything.
Elsewhere   The types: ``policies/settings.py``. Where secrets are masked: ``plugin.py``.
"""

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from host.config import Config
from host.errors import PluginLoadError
from host.outcome import Json, JsonObject
from policies.capability import NameRequest
from policies.chain import Chain
from policies.decision import Source
from policies.manifest_values import Manifest, Setting
from policies.settings import Secret, judge, read_text

E_SETTINGS = "E_SETTINGS"


@dataclass(frozen=True, slots=True)
class Settings:
    """What a plugin is given. ``warnings`` are lines for whoever started it."""

    values: Mapping[str, Json | Secret]
    warnings: tuple[str, ...] = ()

    def revealed(self) -> JsonObject:
        """Return the values with their secrets: for the plugin's own worker and nobody else."""
        return {
            key: value.reveal() if isinstance(value, Secret) else value
            for key, value in self.values.items()
        }

    def secrets(self) -> frozenset[Secret]:
        """Return what must not be shown."""
        return frozenset(value for value in self.values.values() if isinstance(value, Secret))


NO_SETTINGS = Settings({})


def effective(
    manifest: Manifest,
    name: str,
    config: Config,
    given: Mapping[str, Json],
    variables: Mapping[str, str],
    chain: Chain,
    remembered: Mapping[str, Json] = MappingProxyType({}),
) -> Settings:
    """Return the settings of the plugin *name*: *given* by the embedding program, else the configuration's, else those
    *remembered* from its installation, else those of *variables* that *chain* lets it read, else the defaults of
    *manifest*.

    Raises PluginLoadError.
    """
    reader = _Reader(name, config, given)
    written = {**remembered, **config.settings.get(name, {}), **given}
    known = {setting.key: setting for setting in manifest.settings}
    values: dict[str, Json | Secret] = {}
    for key, value in written.items():
        setting = known.get(key)
        if setting is None:
            reader.unknown(key, known)
            values[key] = value
        else:
            reader.check(setting, value)
            values[key] = _held(setting, value)
    for setting in manifest.settings:
        if setting.key in written:
            continue
        value = reader.of_variable(setting, variables, chain)
        if value is None:
            value = setting.default
        if value is not None:
            values[setting.key] = _held(setting, value)
        elif setting.is_required:
            reader.warnings.append(f"{reader.path(setting.key)} is required and not set")
    return Settings(values, tuple(reader.warnings))


def _held(setting: Setting, value: Json) -> Json | Secret:
    return Secret(value) if setting.is_secret and isinstance(value, str) else value


class _Reader:
    """Messages about the settings of one plugin."""

    def __init__(self, name: str, config: Config, given: Mapping[str, Json]) -> None:
        self._name = name
        self._config = config
        self._given = given
        self.warnings: list[str] = []

    def path(self, *keys: str | int) -> str:
        """Return the way to a setting, as the configuration has it."""
        told = f'settings."{self._name}"'
        return told + "".join(f"[{k}]" if isinstance(k, int) else f".{k}" for k in keys)

    def _source(self, key: str) -> Source:
        if key in self._given:
            return Source("api")
        if key in self._config.settings.get(self._name, {}):
            return self._config.source_of("settings", self._name, key)
        return Source("consent", f"installing {self._name}")

    def check(self, setting: Setting, value: object) -> None:
        """Raise unless *value*, which somebody wrote, fits."""
        wrong = judge(setting, value)
        if wrong is not None:
            told = f"{self.path(setting.key, *wrong.place)}: {wrong.what}; correct it"
            raise self._error(self._source(setting.key), told)

    def _error(self, source: Source, told: str) -> PluginLoadError:
        if source.origin != "file":
            return PluginLoadError(E_SETTINGS, f"{told} (given by {source})")
        path, _, line = source.where.rpartition(":")
        return PluginLoadError(
            E_SETTINGS, told, path=path, line=int(line) if line.isdigit() else None
        )

    def unknown(self, key: str, known: Iterable[str]) -> None:
        """Note a setting that the manifest does not declare, if it declares any."""
        names = list(known)
        if names:
            near = difflib.get_close_matches(key, names, 1)
            hint = f"; did you mean {near[0]}?" if near else ""
            self.warnings.append(
                f"{self._source(key)}: {self.path(key)} is no setting of this plugin{hint}"
            )

    def of_variable(self, setting: Setting, variables: Mapping[str, str], chain: Chain) -> Json:
        """Return what the setting's variable says, if there is one that may be read; else None."""
        text = None if setting.env is None else variables.get(setting.env)
        if text is None or setting.env is None:
            return None
        decision = chain.decide(self._name, NameRequest("env", setting.env))
        if not decision.allowed:
            self.warnings.append(
                f"{self.path(setting.key)} is not taken from the variable {setting.env}, which this plugin may not "
                f'read; set it there, or allow it: [plugin.plugins."{self._name}".allow] env = ["{setting.env}"]'
            )
            return None
        try:
            value = read_text(setting, text)
        except ValueError as error:
            raise PluginLoadError(
                E_SETTINGS, f"{self.path(setting.key)}: {error} (variable {setting.env})"
            ) from None
        wrong = judge(setting, value)
        if wrong is not None:
            what = wrong.what.rpartition(", not ")[0] or wrong.what
            raise PluginLoadError(
                E_SETTINGS, f"{self.path(setting.key)}: {what} (variable {setting.env})"
            )
        return value
