"""``python -m host``: the command line without an installed script."""

import sys

from jcode_plugin_start import main

sys.exit(main())
