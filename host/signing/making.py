"""Signing: the list of a plugin's files and its signature, written where they travel with it."""

import os
import tempfile
from pathlib import Path
from time import time
from typing import TYPE_CHECKING

from host.errors import InputError
from host.signing.contents import Contents, ContentsError, Place, encode, hash_files, open_root
from host.signing.detached import sign

if TYPE_CHECKING:
    from minisign import SecretKey


def sign_plugin(place: Place, name: str, version: str, secret: "SecretKey") -> Contents:
    """Sign every file at *place* as the plugin *name* in *version*; return what was signed. Raises InputError."""
    try:
        root_fd = open_root(place)
        try:
            contents = Contents(name, version, hash_files(root_fd, place))
        finally:
            os.close(root_fd)
    except ContentsError as error:
        raise InputError(
            f"{place.told}: {error}; a plugin is signed with all its files, so take it away"
        ) from None
    data = encode(contents)
    comment = f"timestamp:{int(time())}\tfile:{place.contents}\thashed"
    signature = sign(data, secret, comment)
    try:
        # The list first: between the two the old signature does not hold, and says so.
        _write(place.root / place.contents, data)
        _write(place.root / place.signature, signature)
    except OSError as error:
        raise InputError(
            f"{place.root}: cannot be written to ({error.strerror}); sign a copy that is yours"
        ) from None
    return contents


def _write(path: Path, data: bytes) -> None:
    """Put a file of the plugin in its place, whole; what a link of that name leads to is left alone."""
    fd, temporary = tempfile.mkstemp(dir=path.parent, prefix=".jcode-plugin-")
    try:
        with open(fd, "wb") as file:
            os.fchmod(fd, 0o644)  # it is for everybody who has the plugin
            file.write(data)
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise
