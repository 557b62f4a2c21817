"""Templates in repl by chance, from a seed: the grammar of Go's text/template with its own functions, `list` and `dict`."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

LARGEST = "9223372036854775807"
"""An integer to format; the Go of today would range over it."""
INTEGERS = (
    "0", "1", "-1", "3", "42", "0x1F", "0b101", "0o17", "017", "1_000", "'a'", "'é'",
)  # fmt: skip
FLOATS = (
    "0.0", "1.0", "2.5", "-0.5", "1e3", "1e6", "123456.0", "1234567.0", "123456789.5", "1e20", "1e21", "1e-4", "1e-5",
    "3.14159", "0x1p-2",
)  # fmt: skip
STRINGS = (
    '""', '"a"', '"b"', '"0"', '"false"', '"é"', '"a b"', '"10"', '"9"', r'"x\ty\n"', '"<a&\\"b\'>"', "`raw\\n`",
    '"\\u2028\\x01"', '"日本"', '"a=b/c?d"',
)  # fmt: skip
SCALARS = (*INTEGERS, *FLOATS, *STRINGS, "true", "false")
KEYS = ("a", "b", "c")
TEXTS = ("", "-", " ", "x", "\n", "{{ .Values.x }}", "a: ", "é")
VERBS = "vdsqtTboOxXcUeEfFgG%zw"


class Maker:
    """One template's choices. `variables` are those that can be seen, `loops` how many ranges are around."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)
        self.scalars: tuple[str, ...] = SCALARS
        self.variables: list[str] = []
        self.loops = 0
        self.dots = 0

    def pick(self, *makers: Callable[[int], str], depth: int) -> str:
        return self.random.choice(makers)(depth - 1)

    # --- values

    def scalar(self, _depth: int = 0) -> str:
        return self.random.choice(self.scalars)

    def variable(self, depth: int) -> str:
        return self.random.choice(self.variables) if self.variables else self.scalar(depth)

    def dot(self, depth: int) -> str:
        return "." if self.dots else self.scalar(depth)

    def field(self, depth: int) -> str:
        owner = self.pick(self.variable, self.dictionary, depth=depth)
        names = "".join(f".{self.random.choice((*KEYS, 'nope'))}" for _ in range(self.random.choice((1, 1, 2))))
        return f"{owner}{names}" if owner[0] in "$(" else owner

    def listing(self, depth: int) -> str:
        return f"(list {' '.join(self.operand(depth) for _ in range(self.random.randrange(4)))})"

    def dictionary(self, depth: int) -> str:
        keys = self.random.sample(KEYS, self.random.randrange(len(KEYS) + 1))
        pairs = " ".join(f'"{key}" {self.operand(depth)}' for key in keys)
        return f"(dict {pairs})"

    def operand(self, depth: int) -> str:
        if depth <= 0:
            return self.scalar()
        return self.pick(
            self.scalar, self.scalar, self.variable, self.dot, self.field, self.listing, self.dictionary,
            self.parenthesized, lambda _depth: "nil", depth=depth,
        )  # fmt: skip

    def operands(self, depth: int, count: int) -> str:
        return " ".join(self.operand(depth) for _ in range(count))

    def parenthesized(self, depth: int) -> str:
        return f"({self.pipeline(depth)})"

    def comparison(self, depth: int) -> str:
        name = self.random.choice(("eq", "eq", "ne", "lt", "le", "gt", "ge"))
        count = 2 if name != "eq" else self.random.choice((2, 2, 3))
        if self.random.random() < 0.1:
            return f"{name} {self.operands(depth, count)}"
        alike = self.random.choice((INTEGERS, FLOATS, STRINGS))
        return " ".join([name, *self.random.choices(alike, k=count)])

    def logic(self, depth: int) -> str:
        name = self.random.choice(("and", "or", "not"))
        return f"{name} {self.operands(depth, 1 if name == 'not' else self.random.randrange(1, 4))}"

    def printing(self, depth: int) -> str:
        name = self.random.choice(("print", "println", "html", "js", "urlquery", "print", "list"))
        return f"{name} {self.operands(depth, self.random.randrange(4))}".strip()

    def looking(self, depth: int) -> str:
        if self.random.random() < 0.1:
            return f"{self.random.choice(('len', 'index'))} {self.operands(depth, 2)}"
        if self.random.random() < 0.5:
            return f"len {self.pick(self.listing, self.dictionary, self.string, depth=depth)}"
        if self.random.random() < 0.5:
            return f'index {self.dictionary(depth - 1)} "{self.random.choice(KEYS)}"'
        items = self.operands(depth - 1, 3)
        return f"index (list {items}) {self.random.randrange(3)}"

    def string(self, _depth: int) -> str:
        return self.random.choice(STRINGS)

    def verb(self) -> str:
        flags = "".join(self.random.sample("+-# 0", self.random.choice((0, 0, 1, 1, 2, 3))))
        width = self.random.choice(("", "", "", "1", "5", "12", "*"))
        precision = self.random.choice(("", "", "", ".0", ".1", ".3", ".10", ".*", "."))
        index = self.random.choice(("",) * 12 + ("[1]", "[2]", "[9]", "[x]", "["))
        return f"%{flags}{index}{width}{precision}{self.random.choice(VERBS)}"

    def formatting(self, depth: int) -> str:
        count = self.random.randrange(1, 4)
        template = "".join(f"{self.verb()}|" for _ in range(count))
        given = self.operands(min(depth, 2), max(0, count + self.random.choice((-1, 0, 0, 0, 0, 1))))
        return f'printf "{template}" {given}'.strip()

    def command(self, depth: int) -> str:
        return self.pick(
            self.value, self.comparison, self.logic, self.printing, self.looking, self.formatting, depth=depth + 1
        )

    def value(self, depth: int) -> str:
        """An operand that can stand alone."""
        found = self.operand(depth)
        return self.scalar() if found == "nil" else found

    def pipeline(self, depth: int) -> str:
        first = self.command(depth)
        if self.random.random() < 0.2:
            stage = (
                "print",
                "len",
                "not",
                "html",
                'printf "%v"',
                'printf "%q"',
                "eq 1",
                "or 0",
                "list",
                "index (list 1 2)",
            )
            return f"{first} | {self.random.choice(stage)}"
        return first

    # --- statements

    def action(self, body: str) -> str:
        left = "- " if self.random.random() < 0.05 else ""
        right = " -" if self.random.random() < 0.05 else ""
        return f"{{{{repl {left}{body}{right}}}}}"

    def template(self, depth: int = 3) -> str:
        known = len(self.variables)
        made = "".join(self.statement(depth) for _ in range(self.random.randrange(1, 4)))
        del self.variables[known:]
        return made

    def statement(self, depth: int) -> str:
        makers: list[Callable[[int], str]] = [self.text, self.print_action, self.print_action, self.set_variable]
        if depth > 0:
            makers += [self.if_block, self.range_block, self.with_block]
        if self.loops:
            makers.append(lambda _depth: self.action(self.random.choice(("break", "continue"))))
        return self.random.choice(makers)(depth)

    def text(self, _depth: int) -> str:
        return self.random.choice(TEXTS)

    def print_action(self, depth: int) -> str:
        return self.action(self.pipeline(depth))

    def set_variable(self, depth: int) -> str:
        if self.variables and self.random.random() < 0.4:
            return self.action(f"{self.random.choice(self.variables)} = {self.pipeline(depth)}")
        value = self.pipeline(depth)
        name = self.random.choice(("$x", "$y", "$z"))
        self.variables.append(name)
        return self.action(f"{name} := {value}")

    def block(self, head: str, body: Callable[[], str], depth: int, declared: list[str]) -> str:
        known = len(self.variables)
        self.variables += declared
        made = self.action(head) + body()
        if self.random.random() < 0.5:
            made += self.action("else") + self.template(depth - 1)
        del self.variables[known:]
        return made + self.action("end")

    def if_block(self, depth: int) -> str:
        value = self.pipeline(depth)
        if self.random.random() < 0.2:
            return self.block(f"if $x := {value}", lambda: self.template(depth - 1), depth, ["$x"])
        more = self.action(f"else if {self.pipeline(depth)}") if self.random.random() < 0.3 else ""
        first = (
            self.action(f"if {value}") + self.template(depth - 1) + (more + self.template(depth - 1) if more else "")
        )
        last = self.action("else") + self.template(depth - 1) if self.random.random() < 0.5 else ""
        return first + last + self.action("end")

    def range_block(self, depth: int) -> str:
        items = self.pick(self.listing, self.dictionary, self.listing, self.variable, depth=depth)
        if not items.startswith(("(", "$")):
            items = "(list 1 2)"
        variables = self.random.choice(([], ["$v"], ["$i", "$v"]))
        sign = ":="
        if variables and len(self.variables) >= 2 and self.random.random() < 0.2:
            variables, sign = self.random.sample(self.variables, len(variables)), "="
        head = f"range {', '.join(variables)} {sign} {items}" if variables else f"range {items}"
        return self.block(head, self.looped(depth), depth, variables if sign == ":=" else [])

    def looped(self, depth: int) -> Callable[[], str]:
        def body() -> str:
            self.loops += 1
            self.dots += 1
            made = self.template(depth - 1)
            self.loops -= 1
            self.dots -= 1
            return made

        return body

    def with_block(self, depth: int) -> str:
        variable = ["$w"] if self.random.random() < 0.4 else []

        def body() -> str:
            self.dots += 1
            made = self.template(depth - 1)
            self.dots -= 1
            return made

        return self.block(f"with {'$w := ' if variable else ''}{self.pipeline(depth)}", body, depth, variable)


def random_template(seed: int) -> str:
    """One template; most are fine, some are errors in Go."""
    return Maker(seed).template()


def random_format(seed: int) -> str:
    """One call of printf."""
    maker = Maker(seed)
    maker.scalars = (*SCALARS, LARGEST, f"-{LARGEST}")
    return maker.action(maker.formatting(1))
