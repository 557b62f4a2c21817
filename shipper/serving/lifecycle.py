"""Whether a service is about to end: then it is not ready any more, while it still answers."""

from __future__ import annotations


class Lifecycle:
    """Whether the service is about to end."""

    def __init__(self) -> None:
        self.stopping = False

    def stop(self) -> None:
        """From now on it isn't ready."""
        self.stopping = True
