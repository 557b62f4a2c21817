"""`shipper`, with a license server that looks at its license file 50 times a second."""

from __future__ import annotations

import sys

from shipper.cli.main import main
from shipper.license import watched

if __name__ == "__main__":
    watched.LOOK_SECONDS = 0.02
    sys.exit(main(sys.argv[1:]))
