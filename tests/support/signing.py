"""Keys and signed plugins, as keygen and sign make them."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from host.outcome import Json
from host.signing.contents import Place
from host.signing.detached import make_key
from host.signing.making import sign_plugin

if TYPE_CHECKING:
    from minisign import SecretKey


@dataclass(frozen=True)
class Signer:
    """A key pair."""

    id: str
    public: str
    secret: "SecretKey"

    def trusted(self, **more: Json) -> dict[str, dict[str, Json]]:
        """The table of ``[plugin.trusted_keys]`` that names this key."""
        return {self.id: {"key": self.public, **more}}

    def sign(self, path: Path, name: str, version: str = "0.0.0") -> None:
        """Sign the plugin at *path*."""
        place = Place(path) if path.is_dir() else Place(path.parent, path.name)
        sign_plugin(place, name, version, self.secret)


def new_signer() -> Signer:
    """A key that nobody else has."""
    import minisign

    made = make_key(None)
    return Signer(made.id, made.public, minisign.SecretKey.from_bytes(made.secret))
