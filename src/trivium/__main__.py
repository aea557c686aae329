"""`python -m trivium` to the command line."""

import sys

from trivium.cli import main

sys.exit(main())
