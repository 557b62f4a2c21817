"""The statements of a template: `if`, `range`, `with` and their ends, declarations, and Go's scopes of variables."""

from __future__ import annotations

from typing import NamedTuple

from jinja2 import nodes

from shipper.errors import LimitError, shown
from shipper.template.limits import MAX_NESTING
from shipper.template.repl import tree
from shipper.template.repl.fault import Fault
from shipper.template.repl.pipelines import Pipelines

_UNSUPPORTED = {
    "define": "put the text where it is wanted, or its values in variables",
    "template": "put the text where it is wanted, or its values in variables",
    "block": "leave out block and its end: the text between them is printed where it stands",
}
KEPT = "$ with"
"""The name under which `with` keeps its value where the author gave it none."""
SETS = frozenset({"declare", "assign", "comma"})
OPENERS = '"if", "range" or "with"'


class Head(NamedTuple):
    """What stands behind `if`, `range` or `with`: variables with their places, whether they are new, the value."""

    variables: list[tuple[str, int]]
    new: bool
    value: nodes.Expr


class Block:
    """An open `if`, `range` or `with`, whose keyword stands at `at`.

    `outer` is the list of statements around it, `rest` that of its `else`, `branch` the node of an `if`. A `joined` one is
    an `else if` of the one around it and ends with it. `declared` is how many variables there were before it.
    """

    __slots__ = ("at", "branch", "declared", "in_else", "joined", "outer", "rest", "word")

    def __init__(self, word: str, at: int, outer: list[nodes.Node], declared: int, *, joined: bool) -> None:
        self.word = word
        self.at = at
        self.outer = outer
        self.declared = declared
        self.joined = joined
        self.rest: list[nodes.Node] = []
        self.branch: nodes.If | None = None
        self.in_else = False


class Statements(Pipelines):
    """Adds statements to `body`, the list that is open; `printed` are the nodes of its last output."""

    __slots__ = ("blocks", "body", "declared", "printed", "ranges")

    def __init__(self, text: str) -> None:
        super().__init__(text)
        self.body: list[nodes.Node] = []
        self.printed: list[nodes.Expr] | None = None
        self.blocks: list[Block] = []
        self.declared: list[str] = []
        self.ranges = 0

    def emit(self, node: nodes.Expr) -> None:
        """Print `node`."""
        if self.printed is None:
            self.printed = [node]
            self.body.append(tree.output(self.printed, node.lineno))
        else:
            self.printed.append(node)

    def add(self, *statements: nodes.Node) -> None:
        self.body.extend(statements)
        self.printed = None

    def enter(self, body: list[nodes.Node]) -> None:
        """Let `body` be the open list."""
        self.body = body
        self.printed = None

    # --- variables

    def declare(self, variable: str) -> None:
        self.declared.append(variable)
        self.variables[variable] = self.variables.get(variable, 0) + 1

    def forget(self, declared: int) -> None:
        """Leave only the first `declared` variables."""
        for variable in self.declared[declared:]:
            self.variables[variable] -= 1
            if not self.variables[variable]:
                del self.variables[variable]
        del self.declared[declared:]

    def head(self, most: int) -> Head:
        """`[$x[, $y] :=|=] pipeline`, with `most` variables before the sign."""
        variables: list[tuple[str, int]] = []
        new = True
        while True:
            kind, name, at, _ = self.tokens[self.index]
            if kind != "variable" or self.tokens[self.index + 1][0] not in SETS:
                break
            sign, _, place, spaced = self.tokens[self.index + 1]
            variables.append((name, at))
            if len(variables) > most:
                what = "two variables" if most > 1 else "one variable"
                raise Fault(f"only {what} can be set here", at)
            if sign == "comma":
                if most == 1:
                    raise Fault("only one variable can be set here", place, "two are for range")
                if self.tokens[self.index + 2][0] != "variable" or self.tokens[self.index + 3][0] not in SETS:
                    raise Fault('a second variable and ":=" are missing behind the comma', place)
                self.index += 2
                continue
            if sign == "assign" and not spaced:
                raise Fault(f'a blank is missing between {shown(name)} and "="', place)
            new = sign == "declare"
            self.index += 2
            break
        if self.tokens[self.index][0] in {"close", "trim"}:
            raise Fault("a value is missing", self.tokens[self.index][2])
        value = self.pipeline()
        for name, at in variables:
            if new:
                self.declare(name)
            elif name not in self.variables:
                fault = self.undefined(name, at)
                fault.hint = fault.hint or 'use ":="'
                raise fault
        return Head(variables, new, value)

    def assignment(self) -> None:
        """`$x := pipeline` or `$x = pipeline`."""
        (name, at), *_ = (head := self.head(1)).variables
        self.add(tree.assign(_target(name, at, new=head.new), head.value, at))

    # --- blocks

    def keyword(self, word: str, at: int) -> None:
        """The action that begins with the keyword `word`."""
        if word in _UNSUPPORTED:
            raise Fault(f'"{word}" is not supported', at, _UNSUPPORTED[word])
        self.index += 1
        if word in {"if", "range", "with"}:
            self.open(word, at)
        elif word == "else":
            self.turn(at)
        elif word == "end":
            self.close(at)
        else:
            if not self.ranges:
                raise Fault(f'"{word}" outside of a range', at)
            self.add(tree.leave(nodes.Break if word == "break" else nodes.Continue, at))

    def open(self, word: str, at: int, *, joined: bool = False) -> None:
        """Begin an `if`, `range` or `with`."""
        if len(self.blocks) >= MAX_NESTING:
            raise LimitError(f"if, range and with are nested deeper than {MAX_NESTING}")
        if self.tokens[self.index][0] in {"close", "trim"}:
            raise Fault(f'"{word}" without a value', at)
        block = Block(word, at, self.body, len(self.declared), joined=joined)
        head = self.head(2 if word == "range" else 1)
        self.blocks.append(block)
        if word == "if":
            self.enter(self.open_if(block, head, at))
        elif word == "range":
            self.enter(self.open_range(block, head, at))
            self.ranges += 1
            self.dots += 1
        else:
            self.enter(self.open_with(block, head, at))
            self.dots += 1

    def open_if(self, block: Block, head: Head, at: int) -> list[nodes.Node]:
        if not head.variables:
            block.branch = tree.condition(head.value, at)
            self.add(block.branch)
        else:
            ((name, place),) = head.variables
            block.branch = tree.condition(tree.name(name, place), at)
            if head.new:
                self.add(tree.scope(tree.name(name, place, "store"), head.value, [block.branch], at))
            else:
                self.add(tree.assign(tree.reference(name, place), head.value, place), block.branch)
        block.rest = block.branch.else_
        return block.branch.body

    def open_range(self, block: Block, head: Head, at: int) -> list[nodes.Node]:
        targets = [_target(name, place, new=head.new) for name, place in head.variables]
        target: nodes.Expr
        if not targets:
            target = tree.name(".", at, "store")
        else:
            target = targets[0] if len(targets) == 1 else tree.pair(targets[0], targets[1], targets[0].lineno)
        loop = tree.loop(target, head.value, at)
        self.add(loop)
        block.rest = loop.else_
        return loop.body

    def open_with(self, block: Block, head: Head, at: int) -> list[nodes.Node]:
        """The value is kept under a name; the dot is that value in the body, and not in the `else`."""
        name, place = head.variables[0] if head.variables and head.new else (KEPT, at)
        body: list[nodes.Node] = []
        dotted = tree.scope(tree.name(".", place, "store"), tree.name(name, place), body, at)
        branch = tree.condition(tree.name(name, place), at)
        branch.body.append(dotted)
        inner: list[nodes.Node] = [branch]
        if head.variables and not head.new:
            variable, place = head.variables[0]
            inner.insert(0, tree.assign(tree.reference(variable, place), tree.name(KEPT, place), place))
        self.add(tree.scope(tree.name(name, place, "store"), head.value, inner, at))
        block.rest = branch.else_
        return body

    def turn(self, at: int) -> None:
        """`else` or `else if`."""
        if not self.blocks:
            raise Fault(f'"else" without {OPENERS} before it', at)
        block = self.blocks[-1]
        if block.in_else:
            raise Fault(f'a second "else" of one "{block.word}"', at)
        kind, word, place, _ = self.tokens[self.index]
        if kind == "name" and word in {"if", "with", "range"}:
            if block.branch is None or word != "if":
                hint = f"write {{{{repl else }}}}{{{{repl {word} … }}}} and one more {{{{repl end }}}}"
                raise Fault(f'"else {word}" is not possible in "{block.word}"', place, hint)
            self.index += 1
            self.turn_if(block, place)
            return
        self.leave_body(block)
        block.in_else = True
        self.enter(block.rest)

    def turn_if(self, block: Block, at: int) -> None:
        """`else if`: a branch of the `if`, or an `if` in its `else` if it sets a variable."""
        if self.tokens[self.index][0] == "variable" and self.tokens[self.index + 1][0] in SETS:
            block.in_else = True
            self.enter(block.rest)
            self.open("if", at, joined=True)
            return
        if self.tokens[self.index][0] in {"close", "trim"}:
            raise Fault('"else if" without a value', at)
        branch = tree.condition(self.pipeline(), at)
        root: nodes.If = block.branch  # type: ignore[assignment]  # the caller has asked
        root.elif_.append(branch)
        self.enter(branch.body)

    def close(self, at: int) -> None:
        """`end`."""
        if not self.blocks:
            raise Fault(f'"end" without {OPENERS} before it', at)
        while True:
            block = self.blocks.pop()
            self.leave_body(block)
            self.forget(block.declared)
            if not block.joined:
                break
        self.enter(block.outer)

    def leave_body(self, block: Block) -> None:
        """The first body of `block` ends, unless it has already: what holds only there."""
        if block.in_else:
            return
        if block.word == "range":
            self.ranges -= 1
        if block.word != "if":
            self.dots -= 1


def _target(name: str, at: int, *, new: bool) -> nodes.Expr:
    return tree.name(name, at, "store") if new else tree.reference(name, at)
