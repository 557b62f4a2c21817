"""Print the vendor's public keys in TRUST_KEY (PEM) as they go into the image; whatever is no key ends with a line.

PYTHONPATH=… TRUST_KEY=… python image/trust_key.py
"""

from __future__ import annotations

import os
import sys

from shipper.errors import ShipperError
from shipper.license.keys import parse_public_keys

try:
    sys.stdout.write("".join(key.to_pem() for key in parse_public_keys(os.environ["TRUST_KEY"] + "\n", "TRUST_KEY")))
except ShipperError as error:
    sys.exit(f"rootfs.sh: {error}")
