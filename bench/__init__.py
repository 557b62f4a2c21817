"""Measures whole runs of shipper against helm: `make bench`."""
