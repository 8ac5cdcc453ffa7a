"""What holds of the signature beside a plugin: who gave it, and whether the files are those that were signed.

Promises    Nothing of the plugin is parsed before its signer is known to be trusted and every file to be the one that
            was signed. Blocks for as long as it takes to hash the files: for a thread, or a command.
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from itertools import islice
from typing import Final

from host.audit import printable
from host.signing.contents import (
    MAX_CONTENTS_BYTES,
    Contents,
    ContentsError,
    Differences,
    Place,
    differences,
    hash_files,
    open_root,
    parse,
    read_beside,
)
from host.signing.detached import MAX_SIGNATURE_BYTES, SignatureError, signer_of, verify
from host.sources import Read
from policies.signing import Keys, TrustedKey

_TIMESTAMP: Final = re.compile(r"timestamp:([0-9]{1,12})(?:\t|\Z)")
_NO_DIFFERENCES: Final = Differences()


@dataclass(frozen=True, slots=True)
class Signature:
    """What is known of one plugin's signature. It holds if ``problem`` is empty.

    ``key_id``: whose it says it is. ``contents`` is what was signed, None until the signature is known to be that key's.
    ``signed_at``: seconds since the epoch by the signer's clock, 0 if not told.
    """

    problem: str = ""
    key_id: str = ""
    key: TrustedKey | None = None
    contents: Contents | None = None
    signed_at: int = 0
    differs: Differences = _NO_DIFFERENCES
    place: Place | None = None

    @property
    def signed_by(self) -> str:
        """The id of the key whose signature holds, or nothing."""
        return self.key_id if self.contents is not None and not self.problem else ""

    def covering(self, reads: Iterable[Read], package_json: str) -> "Signature":
        """Return the same if all that was built is signed: what *reads* found, and the hash of the package.json.

        This is about the bytes that were read for the build, whatever became of the files before and after. Each read
        must have found what it would have found among the files that were signed, and nothing where there is none.
        """
        if self.problem or self.contents is None:
            return self
        signed = self.contents.files
        found = {"package.json": package_json} if package_json else {}
        wanted = {name: signed[name] for name in ("package.json",) if name in signed}
        for read in reads:
            names = (self._named(os.path.normpath(path)) for path in read.candidates)
            wanted.update({name: signed[name] for name in islice(filter(signed.get, names), 1)})
            if read.chosen is not None and read.sha256 is not None:
                found[self._named(read.chosen)] = read.sha256
        differs = differences(wanted, found)
        return replace(self, problem=str(differs), differs=differs) if differs else self

    def _named(self, path: str) -> str:
        return path if self.place is None else self.place.named(path)

    def naming(self, name: str, version: str) -> "Signature":
        """Return the same if it was given to the plugin *name* in *version*, by a key that may sign that one."""
        if self.problem or self.contents is None:
            return self
        signed = (self.contents.name, self.contents.version)
        if signed != (name, version):
            problem = (
                f"the signature is for {signed[0]} {signed[1]}, and this is {name} {version}"
            )
        else:
            problem = self.key.why_not_for(name) if self.key is not None else ""
        return replace(self, problem=problem) if problem else self


NOT_LOOKED_AT: Final = Signature()


def today() -> date:
    """The day by which keys expire: of the wall clock, in UTC."""
    return datetime.now(UTC).date()


def examine(place: Place, keys: Keys, day: date) -> Signature:
    """Return what holds of the signature of the plugin at *place*, but for its name: see :meth:`Signature.naming`."""
    try:
        root_fd = open_root(place)
    except OSError as error:
        return Signature(f"{place.root}: {error.strerror}")
    try:
        return _examine(root_fd, place, keys, day)
    except ContentsError as error:
        return Signature(str(error))
    finally:
        os.close(root_fd)


def _examine(root_fd: int, place: Place, keys: Keys, day: date) -> Signature:
    signature = read_beside(root_fd, place.signature, MAX_SIGNATURE_BYTES)
    if signature is None:
        return Signature("it is not signed")
    data = read_beside(root_fd, place.contents, MAX_CONTENTS_BYTES)
    if data is None:
        return Signature(f"{place.contents} is missing, which its signature is about")
    try:
        key_id = signer_of(signature)
    except SignatureError as error:
        return Signature(f"{place.signature}: {error}")
    key = keys.get(key_id)
    if key is None:
        return Signature(f"it is signed by {key_id}, and no key of that id is trusted", key_id)
    why_not = key.why_not_now(day)
    if why_not:
        return Signature(why_not, key_id, key)
    try:
        comment = verify(data, signature, key.key)
        contents = parse(data)  # only now: it is the word of somebody who is trusted
    except SignatureError as error:
        return Signature(f"{place.signature}: {error}", key_id, key)
    except ContentsError as error:
        return Signature(str(error), key_id, key)
    stamp = _TIMESTAMP.match(comment)
    at = int(stamp[1]) if stamp else 0
    known = Signature("", key_id, key, contents, at, place=place)
    try:
        differs = differences(contents.files, hash_files(root_fd, place))
    except ContentsError as error:
        return replace(known, problem=str(error))
    return replace(known, problem=str(differs), differs=differs)


def told(signature: Signature) -> str:
    """One line about a signature that holds, or why it does not."""
    if signature.problem:
        return printable(signature.problem)
    if signature.contents is None:
        return ""
    return printable(f"signed by {signature.key or signature.key_id}")
