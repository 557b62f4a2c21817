"""Limits on what one template, and one run of many, may cost.

Every step of the evaluator, every loop over data and every text or list that is made is charged to a
`Budget` *before* it happens, so that nothing explodes first and is measured afterwards. What was charged is
never given back: the sum bounds time and memory alike.
"""

from __future__ import annotations

from typing import NamedTuple

from shipper.errors import LimitError

MIB = 1024 * 1024

MAX_SOURCE = MIB
"""Characters of one template's source."""

MAX_INTEGER_BITS = 14_000
"""Size of an integer in a template; 4,300 decimal digits are 14,285 bits."""

MAX_TOKENS = 150_000
"""Words and symbols inside the tags of one template: what the parser needs about a second for."""

LIST_ITEM_BYTES = 16
"""What one item of a list made by a template is charged."""

TEXT_BYTES = 64
"""What each new text costs beside its characters."""

MAX_NODES = 300_000
"""Nodes of YAML that one template may write: reading them back needs about a second."""

MAX_NESTING = 100
"""Depth of lists and maps in each other. Python itself crashes on the hash of a tuple that is nested too deeply."""

_SIZED = (str, list, tuple, dict)
_LIGHT = 1024
"""Characters of a text that weighs nothing."""
_SCALARS = frozenset({int, float, bool, type(None)})


class TemplateLimits(NamedTuple):
    """`steps`, `bytes` of text and lists made, and `output` bytes count for one template; `run` bytes of output for all."""

    steps: int = 200_000
    depth: int = 64
    bytes: int = 64 * MIB
    output: int = 16 * MIB
    run: int = 256 * MIB


class Run:
    """What all the templates of one run share: the bytes of output that are left."""

    __slots__ = ("left",)

    def __init__(self, limits: TemplateLimits = TemplateLimits()) -> None:
        self.left = limits.run


class Budget:
    """What is left for one template. `steps` is counted down by the evaluator directly, for speed."""

    __slots__ = ("bytes", "depth", "limits", "output", "run", "steps")

    def __init__(self, limits: TemplateLimits = TemplateLimits(), run: Run | None = None) -> None:
        self.limits = limits
        self.steps = limits.steps
        self.bytes = limits.bytes
        self.depth = limits.depth
        self.output = limits.output
        self.run = run or Run(limits)

    def steps_for(self, count: int) -> None:
        """Charge `count` steps (a negative count is none); LimitError when they run out."""
        if count > 0:
            self.steps -= count
        if self.steps < 0:
            raise LimitError(f"the template needs more than {self.limits.steps:,} steps")

    def bytes_for(self, count: int) -> None:
        """Charge text of `count` characters that is about to be made; LimitError when memory runs out."""
        if count > 0:
            self.bytes -= count
        if self.bytes < 0:
            raise LimitError(f"the template makes more than {self.limits.bytes // MIB:,} MiB of text and lists")
        if count > 1024:
            self.steps_for(count >> 10)

    def items_for(self, count: int) -> None:
        """Charge a list of `count` items that is about to be made; the items are there already."""
        self.steps_for(count >> 2)
        self.bytes_for(count * LIST_ITEM_BYTES)

    def texts_for(self, count: int) -> None:
        """Charge a list of `count` new texts, without their characters."""
        self.items_for(count)
        self.bytes_for(count * TEXT_BYTES)

    def weigh(self, *values: object) -> None:
        """Charge a walk over all that `values` hold, before they are compared, hashed, sorted or written.

        What is held twice counts twice: Python would walk it twice, too.
        """
        level: list[object] = [
            value
            for value in values
            if type(value) not in _SCALARS
            and isinstance(value, _SIZED)
            and not (isinstance(value, str) and len(value) < _LIGHT)
        ]
        if not level:
            return
        depth = 0
        while level:
            depth += 1
            if depth > MAX_NESTING:
                raise LimitError(f"lists and maps are nested deeper than {MAX_NESTING}")
            inner: list[object] = []
            for value in level:
                if isinstance(value, str):
                    self.steps_for(len(value) >> 10)
                elif isinstance(value, dict):
                    self.steps_for(1 + (len(value) >> 3))
                    inner += [item for pair in value.items() for item in pair if isinstance(item, _SIZED)]
                elif isinstance(value, (list, tuple)):
                    self.steps_for(1 + (len(value) >> 4))
                    inner += [item for item in value if isinstance(item, _SIZED)]
            self.steps_for(len(inner) >> 3)
            level = inner

    def output_for(self, count: int) -> None:
        """Charge `count` characters of output, to the template and to the run."""
        self.output -= count
        if self.output < 0:
            raise LimitError(f"the template prints more than {self.limits.output // MIB:,} MiB")
        self.run.left -= count
        if self.run.left < 0:
            raise LimitError(f"the templates print more than {self.limits.run // MIB:,} MiB in all")

    def enter(self) -> None:
        """Go one macro, include or recursive loop deeper."""
        self.depth -= 1
        if self.depth < 0:
            raise LimitError(f"macros, includes and loops are nested deeper than {self.limits.depth}")

    def leave(self) -> None:
        self.depth += 1


def text_size(text: str) -> int:
    """Bytes that `text` takes in memory, at most."""
    return len(text) if text.isascii() else 4 * len(text)


def check_integer(bits: int) -> None:
    """LimitError for an integer of more than `MAX_INTEGER_BITS` bits."""
    if bits > MAX_INTEGER_BITS:
        raise LimitError(f"an integer may have {MAX_INTEGER_BITS:,} bits at most")
