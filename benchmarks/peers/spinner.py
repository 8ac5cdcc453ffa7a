"""An unrelated program that wants a core for itself. Started as ``python -I -S spinner.py NICE``."""

import os
import sys


def main() -> None:
    """Say that it runs, then never stop."""
    os.nice(int(sys.argv[1]))
    os.write(1, b"spinning\n")
    while True:
        pass


if __name__ == "__main__":
    main()
