"""`shipper`, with a license server whose clock is off by CLOCK_OFF seconds."""

from __future__ import annotations

import os
import sys
from functools import partial

from shipper.cli.main import main
from shipper.server import clockmark
from shipper.usage.clock import wall
from shipper.usage.times import SECOND

if __name__ == "__main__":
    off = int(os.environ["CLOCK_OFF"]) * SECOND
    clockmark.clock_of = partial(clockmark.clock_of, read=lambda: wall() + off)
    sys.exit(main(sys.argv[1:]))
