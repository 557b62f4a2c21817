"""Settings of a service from flags, the environment and a file, in this order, each with the name it was given by.

A message names what was given and where, never the value of a secret.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.errors import Position, UsageError, did_you_mean, shown

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from shipper.yamlio import Node

LOG_LEVELS = ("debug", "info", "warning", "error")
LOG_FORMATS = ("text", "json")
POD_DRAIN_SECONDS = 5
MAX_CONFIG = 64 * 1024
MAX_CERTIFICATES = 4 * 1024 * 1024
VENDOR_KEY = "/etc/shipper/vendor.pub"
"""Where an image holds the vendor's public key: trusted where no other key is named."""


class Setting(NamedTuple):
    """`name` is its key in the file; the flag is that with `--` and dashes. `variables`: the first is the usual name."""

    name: str
    variables: tuple[str, ...]
    secret: bool = False

    @property
    def flag(self) -> str:
        return "--" + self.name.replace("_", "-")


class Given(NamedTuple):
    """`source` is how messages call it: a flag, a variable, or a key of a file.

    `items` are the texts of a list in a file, or of a flag that was given several times.
    """

    text: str
    source: str
    secret: bool = False
    items: tuple[str, ...] = ()

    def refused(self, why: str, hint: str = "") -> UsageError:
        """The error for this value: `why` continues the sentence that its source begins."""
        value = "" if self.secret else f", not {shown(self.text)}"
        return UsageError(f"{self.source} {why}{value}", hint=hint)


def gather(
    known: Sequence[Setting],
    flags: Mapping[str, str | Sequence[str] | None],
    environment: Mapping[str, str],
    config: str | None = None,
) -> dict[str, Given]:
    """What is given of `known`, by name. `flags` are by name too, None or an empty list where one isn't given.

    An empty variable is as good as none, and the ends of lines at its end are left out: a Secret that was made from a
    file has one. Raises UsageError for variables that mean the same and differ, and for what is wrong with the file
    `config`.
    """
    filed = _filed(known, config) if config is not None else {}
    given: dict[str, Given] = {}
    for setting in known:
        flag = flags.get(setting.name)
        texts = {name: environment.get(name, "").rstrip("\r\n") for name in setting.variables}
        variables = {name: text for name, text in texts.items() if text}
        if len(set(variables.values())) > 1:
            raise UsageError(f"{' and '.join(variables)} are set to different values, and mean the same")
        if isinstance(flag, str):
            given[setting.name] = Given(flag, setting.flag, setting.secret)
        elif flag:
            given[setting.name] = Given(", ".join(flag), setting.flag, setting.secret, tuple(flag))
        elif variables:
            variable, text = next(iter(variables.items()))
            given[setting.name] = Given(text, variable, setting.secret)
        elif setting.name in filed:
            given[setting.name] = filed[setting.name]
    for each in given.values():
        if not all(text.isprintable() for text in (each.text, *each.items)):
            raise UsageError(f"{each.source} holds a character that can't be printed, such as the end of a line")
    return given


def missing(setting: Setting, what: str) -> UsageError:
    """The error for a setting that must be given; `what` says what it is."""
    value = " @FILE" if setting.secret else ""
    return UsageError(
        f"{setting.variables[0]} is not set: {what}",
        hint=f"set {' or '.join(setting.variables)}, or give {setting.flag}{value}",
    )


def secret_text(given: Given) -> str:
    """The secret itself, or what the file after `@` holds, without blanks around it. Raises UsageError."""
    if not given.text.startswith("@"):
        return given.text
    from shipper.yamlio import read_file

    try:
        return read_file(given.text[1:], max_bytes=MAX_CONFIG).decode("utf-8-sig", "replace").strip()
    except UsageError as error:
        error.message = f"{given.source}: {error.message}"
        raise


def vendor_key() -> tuple[str, ...]:
    """The file of the vendor's key that came with the image, if there is one."""
    import os

    return (VENDOR_KEY,) if os.path.lexists(VENDOR_KEY) else ()


def certificates(given: Given) -> str:
    """The path that is given, of a file of PEM certificates to trust. Raises UsageError."""
    import ssl

    from shipper.yamlio import read_file

    try:
        text = read_file(given.text, max_bytes=MAX_CERTIFICATES).decode("ascii", "ignore")  # a comment may hold more
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=text)
    except (ssl.SSLError, ValueError):
        raise given.refused("takes a file of PEM certificates") from None
    except UsageError as error:
        error.message = f"{given.source}: {error.message}"
        raise
    return given.text


def drain_seconds(given: Given | None, environment: Mapping[str, str]) -> int:
    """How long connections are accepted after SIGTERM; in a pod it takes a while until nobody is sent there any more.

    Raises UsageError.
    """
    if given is not None:
        return whole_number(given, 0, 300)
    return POD_DRAIN_SECONDS if environment.get("KUBERNETES_SERVICE_HOST") else 0


def whole_number(given: Given, least: int, most: int) -> int:
    """The whole number that is given. Raises UsageError unless it is within its bounds."""
    text = given.text.strip()
    if not (text.isascii() and text.isdigit() and len(text) <= 18 and least <= int(text) <= most):
        raise given.refused(f"takes a whole number from {least:,} to {most:,}")
    return int(text)


def choice(given: Given, choices: Iterable[str]) -> str:
    """The one of `choices` that is given, in whatever case. Raises UsageError."""
    known = list(choices)
    text = given.text.strip().lower()
    if text not in known:
        raise given.refused(f"takes {', '.join(known[:-1])} or {known[-1]}", did_you_mean(text, known))
    return text


def listed(given: Given, separators: str = ",") -> tuple[str, ...]:
    """The parts between any of `separators`, without blanks around them and without empty ones; a list as it is."""
    if given.items:
        return given.items
    text = given.text
    for separator in separators[1:]:
        text = text.replace(separator, separators[0])
    return tuple(part.strip() for part in text.split(separators[0]) if part.strip())


def _filed(known: Sequence[Setting], path: str) -> dict[str, Given]:
    from shipper import yamlio
    from shipper.yamlio import Scalar

    data = yamlio.read_file(path, max_bytes=MAX_CONFIG)
    node = yamlio.parse(data, path, error=UsageError, limits=yamlio.Limits.LICENSE, secret=True)
    if isinstance(node, Scalar) and node.value is None:
        return {}
    if not isinstance(node, yamlio.Mapping):
        raise node.error("a file of settings is a map of names to values")
    names = {alias: setting for setting in known for alias in (setting.name, *map(str.lower, setting.variables))}
    given: dict[str, Given] = {}
    for key, value in node.entries:
        setting = names.get(key.text.lower().replace("-", "_"))
        if setting is None:
            raise key.error(
                f"no setting is called {shown(key.text)}", hint=did_you_mean(key.text, [each.name for each in known])
            )
        if setting.name in given:
            raise key.error(f"the setting {shown(setting.name)} stands there twice")
        filed = _value(value, setting, f"{Position(path, key.line)}: {setting.name}")
        if filed is not None:
            given[setting.name] = filed
    return given


def _value(node: Node, setting: Setting, source: str) -> Given | None:
    """What a file says of one setting, None for nothing. Raises UsageError."""
    from shipper.yamlio import Scalar, Sequence

    items = node.items if isinstance(node, Sequence) else [node]
    texts = tuple(item.text for item in items if isinstance(item, Scalar) and item.value is not None)
    if len(texts) < len(items) and (len(items) > 1 or not isinstance(node, Scalar)):
        raise node.error(f"the setting {shown(setting.name)} takes a text or a list of texts")
    if not any(texts):
        return None
    return Given(", ".join(texts), source, setting.secret, texts if isinstance(node, Sequence) else ())
