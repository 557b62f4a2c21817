"""The command line: each command parses its options, calls one function and prints what it returns.

Importing this package loads nothing; `shipper.cli.main.main` is the entry point.
"""
