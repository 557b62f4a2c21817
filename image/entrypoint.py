#!/usr/bin/python3.11 -IXutf8
"""The image's `shipper`: no shell, no environment of Python's, no other folder than its own."""

import sys

sys.path.append("/opt/shipper")

from shipper.cli.main import main

sys.exit(main())
