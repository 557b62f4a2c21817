"""`python -m shipper`."""

from __future__ import annotations

from shipper.cli.main import main

if __name__ == "__main__":
    main()
