"""Model providers that plugins define: checked definitions, for the embedding agent to use."""

from dataclasses import dataclass
from typing import Final

import msgspec

from host.outcome import Json, JsonObject

MAX_DEFINITION_BYTES: Final = 64 * 1024
MAX_MODELS: Final = 256
_TEXTS: Final = ("baseUrl", "api", "apiKey", "displayName")
_SCHEMES: Final = ("https://", "http://")


@dataclass(frozen=True, slots=True)
class ProviderInfo:
    """A provider as *plugin* defines it. ``definition`` is plain data, as the plugin wrote it."""

    name: str
    plugin: str
    definition: JsonObject


def provider_problem(definition: JsonObject) -> str | None:
    """Return what keeps *definition* from being used, in one line, or None."""
    if len(msgspec.json.encode(definition)) > MAX_DEFINITION_BYTES:
        return f"its definition has more than {MAX_DEFINITION_BYTES} bytes"
    for key in _TEXTS:
        if not isinstance(definition.get(key, ""), str):
            return f"{key} is a text"
    url = definition.get("baseUrl")
    if isinstance(url, str) and not url.startswith(_SCHEMES):
        return "baseUrl is an http or https address"
    models: Json = definition.get("models", [])
    if not isinstance(models, list) or len(models) > MAX_MODELS:
        return f"models is a list of {MAX_MODELS} at most"
    for model in models:
        name = model.get("id") if isinstance(model, dict) else model
        if not isinstance(name, str) or not name:
            return "each model is a name, or an object with an id"
    return None
