"""Standard output: the result of a command and nothing else."""

from __future__ import annotations

import sys

from shipper.cli.funnel import cannot_write, discard_output
from shipper.errors import OutputError


def write(text: str) -> None:
    """Write `text` as UTF-8, whatever the locale says.

    Raises OutputError where standard output is closed or full. BrokenPipeError passes: the program then
    ends quietly.
    """
    if sys.stdout is None:
        raise OutputError("can't write to standard output: it is closed")
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(text.encode("utf-8", "backslashreplace"))
        sys.stdout.buffer.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        discard_output()
        raise cannot_write(error) from None


def formatted(data: object, form: str) -> str:
    """`data` as JSON or as the YAML that PyYAML writes, in the order it has."""
    if form == "json":
        import json

        return json.dumps(data, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return str(yaml.safe_dump(data, sort_keys=False, allow_unicode=True, width=4096))
