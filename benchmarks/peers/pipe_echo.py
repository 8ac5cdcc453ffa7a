"""The floor's other half: reads so many bytes and writes them back, and nothing else.

Started as ``python -I -S pipe_echo.py BYTES`` with pipes for stdin and stdout.
"""

import os
import sys


def main() -> None:
    """Echo whole messages of the given length until end of file."""
    size = int(sys.argv[1])
    while True:
        message = os.read(0, size)
        if not message:
            return
        os.write(1, message)


if __name__ == "__main__":
    main()
