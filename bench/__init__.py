"""Measures whole runs of shipper against helm; see the module `render`."""
