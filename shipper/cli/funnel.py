"""The one place where an error becomes text on standard error and an exit code."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

from shipper.cli import output
from shipper.errors import EXIT_BUG, EXIT_INTERRUPTED, LimitError, ShipperError

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TextIO

    from shipper.errors import Position

REPORT = "please report it with the output of the same command under SHIPPER_DEBUG=1"
EXIT_USAGE = 2
SOURCE_WIDTH = 120
"""How much of a source line is shown around the place of an error, in characters."""


def run(command: Callable[[], int]) -> int:
    """Call `command` and return the exit code of what it did.

    Expected errors are printed as one line with the source line and a caret below, anything else as a bug
    (with its traceback if SHIPPER_DEBUG is set). A reader that closes the pipe ends the program quietly.
    """
    try:
        code = command()
        output.flush()
    except ShipperError as error:
        return fail(error)
    except KeyboardInterrupt:
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        output.discard()
        return 0
    except OSError as error:
        if error.errno not in output.FULL:
            return other(error)
        output.discard()
        return fail(output.cannot_write(error))
    except (MemoryError, RecursionError) as error:
        what = "memory" if isinstance(error, MemoryError) else "stack"
        return fail(LimitError(f"the {what} is exhausted"))
    except Exception as error:
        return other(error)
    return code


def other(error: Exception) -> int:
    """Report what the option parser refused as a wrong usage, and whatever is left as a bug."""
    if hasattr(error, "format_message"):
        return usage(error.format_message(), getattr(error, "ctx", None))
    if os.environ.get("SHIPPER_DEBUG"):
        import traceback

        traceback.print_exception(error)
    say(f"bug: {type(error).__name__}: {printable(str(error))}; {REPORT}")
    return EXIT_BUG


def usage(message: str, context: Any) -> int:
    """Report a wrong usage, in the option parser's words and our style."""
    if message.startswith("Usage:"):  # a group of commands without a command
        note(message)
        return EXIT_USAGE
    path = context.command_path if context else "shipper"
    say(f"{label('error', 31)}: {printable(message[:1].lower() + message[1:].rstrip('.'))} (see {path} --help)")
    return EXIT_USAGE


def fail(error: ShipperError) -> int:
    """Print `error` and return its exit code."""
    say(describe(error, color=colored()))
    return error.exit_code


def warn(message: str, position: Position | None = None) -> None:
    """Print a warning that doesn't change the exit code."""
    place = f"{printable(str(position))}: " if position else ""
    say(f"{place}{label('warning', 33)}: {printable(message)}")


def note(message: str, *, warning: bool = False) -> None:
    """Print information, or a warning, whose line breaks and tabs are kept."""
    lines = "\n".join(printable(line, keep="\t") for line in message.split("\n"))
    say(f"{label('warning', 33)}: {lines}" if warning else lines)


def counted(count: int, word: str) -> str:
    """`1 error`, `2 errors`."""
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def describe(error: ShipperError, *, color: bool = False) -> str:
    """`error` as it looks on a terminal: one line, then the source line and a caret if they are known."""
    position = error.position
    head = printable(str(position)) if position else "error"
    head = f"\x1b[1m{head}\x1b[0m" if color else head
    parts = [head, *(printable(part) for part in (error.subject, error.message) if part)]
    line = ": ".join(parts)
    if error.hint:
        line = f"{line} ({printable(error.hint)})"
    if position is None or not position.text.strip():
        return line
    source, caret = excerpt(position)
    return f"{line}\n  {source}" + (f"\n  {caret}" if caret else "")


def excerpt(position: Position) -> tuple[str, str]:
    """The source line, cut around the column, and the line that points to the column."""
    text, column = position.text, position.column
    start = max(0, column - 1 - SOURCE_WIDTH // 2) if len(text) > SOURCE_WIDTH else 0
    cut = text[start : start + SOURCE_WIDTH]
    before = printable(cut[: max(0, column - 1 - start)], keep="\t")
    lead = "…" if start else ""
    tail = "…" if start + SOURCE_WIDTH < len(text) else ""
    shown = lead + printable(cut, keep="\t").rstrip() + tail
    if not column:
        return shown, ""
    pad = "".join("\t" if character == "\t" else " " * width(character) for character in lead + before)
    return shown, pad + "^"


def width(character: str) -> int:
    """How many columns of a terminal `character` takes."""
    if character.isascii():
        return 1
    import unicodedata

    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def printable(text: str, keep: str = "") -> str:
    """`text` with everything a terminal might obey (controls, direction marks, surrogates) written as an escape."""
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() or character in keep else ascii(character)[1:-1] for character in text
    )


def label(text: str, code: int) -> str:
    """A word such as "error", in bold and in the color `code` where there is color."""
    return f"\x1b[{code};1m{text}\x1b[0m" if colored() else text


def colored() -> bool:
    """Whether standard error is a terminal that wants color."""
    return wants_color(sys.stderr)


def wants_color(stream: TextIO | None) -> bool:
    """Whether `stream` is a terminal that wants color (https://no-color.org)."""
    return (
        stream is not None and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()
    )


def say(text: str) -> None:
    """Print one message on standard error; if nobody can hear it, the exit code still tells."""
    if sys.stderr is None:
        return
    try:
        sys.stderr.write(f"{text}\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        return


def flush_all() -> None:
    """Empty the buffers of both streams at the end; what failed has been told already."""
    for stream in (sys.stdout, sys.stderr):
        try:
            if stream is not None:
                stream.flush()
        except (OSError, ValueError):
            continue
