"""`python -m shipper`."""

from __future__ import annotations

import sys

from shipper.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
