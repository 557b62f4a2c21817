"""Licenses: the document, its signed envelope, keys and trust, and its state at a time (docs/license-format.md)."""
