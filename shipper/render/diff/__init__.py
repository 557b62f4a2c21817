"""Comparing two renderings: `compare` gathers what differs, `patch` writes it for `git apply`."""
