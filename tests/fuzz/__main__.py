"""The command: so many frames, in so many processes, each with a seed of its own."""

import argparse
import os
import sys
import tempfile
import traceback
from pathlib import Path
from time import monotonic

import multiprocess

from tests.fuzz.decoder import Decoding
from tests.fuzz.play import Playing

_CHUNK = 100_000
_SHARE_OF_HOST = 0.25


def main() -> int:
    """Return 0 when nothing but the protocol's own errors came out, 1 otherwise."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--frames", type=int, default=10_000_000, help="in all (10 million)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="processes")
    parser.add_argument("--seed", type=int, help="of the first process; the others count on")
    given = parser.parse_args()
    seed = int.from_bytes(os.urandom(4), "big") if given.seed is None else given.seed
    share = -(-given.frames // given.jobs)
    jobs = [
        multiprocess.Process(target=_work, args=(seed + number, share))
        for number in range(given.jobs)
    ]
    for job in jobs:
        job.start()
    for job in jobs:
        job.join()
    return int(any(job.exitcode for job in jobs))


def _work(seed: int, frames: int) -> None:
    try:
        _run(seed, frames)
    except Exception:  # noqa: BLE001 - whatever it was, the seed must be told
        print(f"seed {seed} found something:", file=sys.stderr)
        traceback.print_exc()
        raise SystemExit(1) from None


def _run(seed: int, frames: int) -> None:
    began = monotonic()
    for_host = int(frames * _SHARE_OF_HOST)
    decoding = Decoding(seed)
    while decoding.frames < frames - for_host:
        decoding.run(min(_CHUNK, frames - for_host - decoding.frames))
        print(f"seed {seed}: {decoding.frames} frames decoded", flush=True)
    with (
        tempfile.TemporaryDirectory(prefix="jcode-fuzz-") as folder,
        Playing(Path(folder), seed) as playing,
    ):
        while playing.frames < for_host:
            playing.play(min(_CHUNK, for_host - playing.frames))
            print(
                f"seed {seed}: {playing.frames} frames in {playing.conversations} conversations,"
                f" {len(playing.lines)} lines of the host seen",
                flush=True,
            )
    total = decoding.frames + playing.frames
    print(f"seed {seed}: {total} frames in {monotonic() - began:.0f} s, nothing found")
    for how, count in (decoding.seen + playing.seen).most_common():
        print(f"  {count:9} {how}")


if __name__ == "__main__":
    sys.exit(main())
