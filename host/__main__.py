"""``python -m host``: the command line without an installed script."""

import sys

from host.cli.main import main

sys.exit(main())
