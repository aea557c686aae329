"""`python -m bench` to the side-by-side table."""

import sys

from bench.run import main

sys.exit(main())
