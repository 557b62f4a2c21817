"""The template engine with the facts of one run: the spec's templated fields are evaluated here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from shipper.context.build import build_scope, license_facts, option_value
from shipper.context.facts import Facts
from shipper.context.functions import FUNCTIONS
from shipper.context.values import Author, path_text, piece_text
from shipper.errors import ShipperError, TemplateError
from shipper.render.config import Asked, Warned
from shipper.render.secrets import MASK, Secrets, hush
from shipper.template.engine import Engine, written
from shipper.template.shared import Shared
from shipper.template.source import TemplateSource

if TYPE_CHECKING:
    from types import TracebackType

    from shipper.context.facts import Option
    from shipper.context.values import Piece
    from shipper.errors import Position
    from shipper.license.unsigned import AnyLicense
    from shipper.render.keeping import Keeping
    from shipper.render.settings import RenderOptions
    from shipper.render.state import StateFile
    from shipper.spec import Text
    from shipper.template.evaluator import Traced
    from shipper.template.sourcemap import SourceMap


class Hushing:
    """A context for one evaluation: an error that leaves it after a look at a secret option quotes nothing."""

    __slots__ = ("engine",)

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    def __enter__(self) -> None:
        self.engine.used_secret = False

    def __exit__(
        self, _kind: type[BaseException] | None, error: BaseException | None, _trace: TracebackType | None
    ) -> None:
        if not self.engine.used_secret:
            return
        if isinstance(error, ShipperError):
            hush(error)
        elif isinstance(error, Exception):  # a bug, whose words will be printed
            error.args = (MASK,)


Dialect = Literal["jinja", "repl"]
MANY = 20
REPL_LEFT = ("{{repl", "repl{{")


def find_leftover(pieces: list[Piece]) -> Position | None:
    """Where the author's own text holds an action of Ship; values may hold anything."""
    for piece in pieces:
        if "repl" not in piece.text or type(piece) is not Author:
            continue
        text, source = piece
        if any(mark in text for mark in REPL_LEFT) and isinstance(source.template, TemplateSource):
            offset = min(text.find(mark) for mark in REPL_LEFT if mark in text)
            return source.template.position(source.offset + offset)
    return None


def leftover_error(place: Position, subject: str) -> TemplateError:
    """In a spec of Ship's language, what was meant as an action and is none."""
    return TemplateError(
        "the output would hold a {{repl …}} that is no action",
        position=place,
        subject=subject,
        hint="put a blank behind {{repl; as text of its own write {{repl `{{repl …` }}",
    )


class Templating:
    """Evaluates fields with what is known so far; `define` adds an option. `dialect` is the spec's template language.

    It is the evaluator that `config.resolve` asks for. `map` is that of the text rendered last, if `keeps_maps`;
    whoever takes it sets it to None.
    """

    def __init__(self, license: AnyLicense | None, options: RenderOptions, dialect: Dialect = "jinja") -> None:
        self.dialect = dialect
        self.shared = options.shared or Shared()
        self.folder = options.folder
        self.output = options.output
        self.contents = options.contents
        self.repositories = license.repositories if license else ()
        self.loader = self.shared.folder(options.templates) if options.templates is not None else None
        self.engine = Engine(FUNCTIONS, self.loader, options.missing, shared=self.shared)
        self.secrets = Secrets()
        self.warnings: list[Warned] = []
        self.keeping = None if options.state is None else self._keeping(options.state)
        self.leftover: Position | None = None
        self.keeps_maps = options.validate is not None
        self.map: SourceMap | None = None
        self._options: dict[str, Option] = {}
        self._secret_names: set[str] = set()
        self.facts = Facts(
            license=license_facts(license.payload.decode(), license.envelope_json) if license else None,
            options=self._options,
            release={**license.release, **options.release} if license else options.release,
            installation_id=options.installation_id,
            now=options.now,
            missing=options.missing,
            secrets=self._secret_names,
            namespace=options.overlay.namespace if options.overlay else "",
            keeper=self.keeping,
        )
        for text in self.facts.secret_texts():
            self.secrets.learn(text)
        self.scope = build_scope(self.facts)
        self._decided: dict[tuple[str, str], bool] = {}
        self._config: dict[str, Any] = self.scope.data["config"]  # type: ignore[assignment]  # build_scope makes it

    def renew(self) -> None:
        """Forget what was parsed and what it cost: what follows is a run of its own, with the same facts."""
        self.engine = Engine(FUNCTIONS, self.loader, self.engine.missing)
        if self.keeping is not None:
            self.keeping.renew()

    def save(self) -> None:
        """Keep what was made: nobody must see it before. Raises OutputError, LimitError."""
        if self.keeping is not None:
            self.keeping.save()

    def _keeping(self, state: StateFile) -> Keeping:
        """Who keeps what is made at random: what templates get from there is a secret, as a password is."""
        from shipper.render.keeping import Keeping

        def used(secret: str) -> None:
            self.engine.used_secret = True
            self.secrets.learn(secret)

        return Keeping(state, used, lambda text: self.warnings.append(Warned(text)))

    def expect(self, templates: int) -> None:
        """Get ready for that many: what makes many of them faster would make a few slower."""
        if templates >= MANY and self.shared.layouts is None:
            from shipper.template.escape.layouts import Layouts

            self.shared.layouts = Layouts(most=0)

    def define(self, option: Option) -> None:
        """Make `option` known to the templates that follow. Raises TemplateError if its text isn't of its type."""
        if option.secret:
            self._secret_names.add(option.name)
            self.secrets.learn(option.text)
        self._decided.clear()
        self._options[option.name] = option
        self._config[option.name] = option_value(option)

    def text(self, field: Text, dialect: Dialect | None = None) -> str:
        """What `field` renders to, with nothing escaped. What it prints is a secret if it looks at one."""
        with Hushing(self.engine):
            if "{" not in field.text:
                return field.text
            if self.keeping is not None:
                self.keeping.begin_field(field)
            pieces = self.engine.pieces(self.engine.parse(self.source(field, dialect)), self.scope)
            if self.used_secret:
                public = {option.text for option in self._options.values() if not option.secret}
                self.secrets.learn_printed(pieces, public)
            return "".join(map(piece_text, pieces))

    @property
    def used_secret(self) -> bool:
        """Whether what was evaluated last looked at a secret option."""
        return self.engine.used_secret

    @property
    def lenient(self) -> bool:
        """Whether an option that doesn't exist is an empty text."""
        return self.engine.missing == "empty"

    def render(
        self, source: TemplateSource, escape: Literal["yaml", "json", "none"], trace: list[Traced] | None = None
    ) -> str:
        """What the template in `source` renders to."""
        with Hushing(self.engine):
            if self.keeping is not None:
                self.keeping.begin_template(source, [self.folder, *(each.folder for each in self.contents)])
            pieces = self.engine.pieces(self.engine.parse(source), self.scope, trace)
            self.leftover = self.leftover or find_leftover(pieces)
            if not self.keeps_maps:
                return written(pieces, escape, self.shared.layouts)
            from shipper.template.sourcemap import mapped

            self.map = mapped(pieces, escape)
            if self.used_secret:
                self.map.secrets = {path_text("config", name) for name in self._secret_names}
            return self.map.text

    def condition(self, field: Text, trace: list[Traced] | None = None, dialect: Dialect | None = None) -> bool:
        """What a `when` decides. Raises TemplateError where it is neither true nor false.

        The same one decides the same until an option is defined, unless it may ask for what is made at random.
        """
        key = None if trace is not None or self.keeping is not None else (dialect or self.dialect, field.text)
        known = self._decided.get(key) if key is not None else None
        if known is not None:
            return known
        with Hushing(self.engine):
            if self.keeping is not None:
                self.keeping.begin_field(field)
            decided = self.engine.condition(self.source(field, dialect), self.scope, trace)
        if key is not None:
            self._decided[key] = decided
        return decided

    def asked(self, field: Text, *, condition: bool = False, dialect: Dialect | None = None) -> Asked:
        """The options that `field` asks for, each with the place where its name stands."""
        source = self.source(field, dialect)
        references = self.engine.references(source if condition else self.engine.parse(source))
        return Asked(
            {name: source.position(max(0, source.text.find(name))) for name in sorted(references.options)},
            references.dynamic,
        )

    def source(self, field: Text, dialect: Dialect | None = None) -> TemplateSource:
        """The template in a field of the spec, in the spec's language unless its asset has its own."""
        sources = self.shared.sources
        known = sources.get(id(field)) if sources else None
        if known is not None:
            return known[1]
        origin = field.origin
        name = f"{origin.file}:{origin.line}:{origin.column}"
        source = TemplateSource(name, field.text, origin.file, origin, dialect or self.dialect)
        if sources is not None:
            sources[id(field)] = (field, source)
        return source
