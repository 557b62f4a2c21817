"""The run: from a plan to files, one at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from shipper.assets import produce
from shipper.errors import SpecError
from shipper.render.about import About
from shipper.render.config import Warned
from shipper.render.paths import Destinations, check_dest
from shipper.render.plan import make_plan
from shipper.render.secrets import hush
from shipper.render.templating import leftover_error

if TYPE_CHECKING:
    from collections.abc import Iterator

    from shipper.assets.base import File
    from shipper.errors import Position
    from shipper.license.unsigned import AnyLicense
    from shipper.render.plan import Message, Plan, Planned
    from shipper.render.settings import RenderOptions
    from shipper.render.validate import InvalidFieldError
    from shipper.spec.model import Spec


class RenderedFile(NamedTuple):
    """A file: `dest` is normalized and unique, `mode` has permission bits, `asset` is the number in the plan.

    `unescaped` is true where the spec says `escape: none`: this may be anything, whatever its name is.
    """

    dest: str
    content: str | bytes
    mode: int
    asset: int
    unescaped: bool = False


class Rendering:
    """What a spec renders to. `files` can be read once; the rest is complete when it has been.

    `findings` are the errors of validation: with any, the iterator ends with a TemplateError. `unchecked` are the
    types, as `example.com/v1 Widget`, that have no schema.
    """

    def __init__(self, plan: Plan, spec: Spec, license: AnyLicense | None, options: RenderOptions) -> None:
        self.plan = plan
        self.spec = spec
        self.license = license
        self.options = options
        self.secrets = plan.templating.secrets
        self.messages: list[Message] = plan.messages
        self.warnings: list[Warned] = plan.warnings
        self.skipped = [planned for planned in plan.assets if not planned.included]
        self.findings: list[InvalidFieldError] = []
        self.unchecked: set[str] = set()
        self.files = self._run()
        if options.overlay is not None:
            from shipper.render.overlay import overlaid

            self.files = overlaid(self.files, options.overlay, self)

    def _run(self) -> Iterator[RenderedFile]:
        secrets = self.plan.templating.secrets
        taken = Destinations()
        places: dict[str, Position] = {}
        for planned in self.plan.assets:
            if not planned.included:
                continue
            if self.plan.templating.keeping is not None:
                self.plan.templating.keeping.begin_asset(planned.asset)
            with About(planned.subject, secrets):
                for file in produce(planned.asset, self.plan.templating):
                    dest = self._take(file, planned, taken, places)
                    self._check_copy(file, planned)
                    unescaped = planned.asset.escape == "none"
                    rendered = RenderedFile(dest, file.content, file.mode, planned.number, unescaped)
                    self._validate(rendered, file.copied)
                    # Once something is wrong nothing will be published: what remains is only checked
                    if not self.findings:
                        yield rendered
            self._report_leftover(planned)
        if self.findings and self.options.validate is not None:
            raise self.options.validate.summary(self.findings)
        self.plan.templating.save()

    def _validate(self, file: RenderedFile, copied: str) -> None:
        """Check a file, if that was asked for; `copied` is the file that it is a copy of."""
        if self.options.validate is None:
            return
        origins, self.plan.templating.map = self.plan.templating.map, None
        self.options.validate.check(file, origins, copied, self)

    def _take(self, file: File, planned: Planned, taken: Destinations, places: dict[str, Position]) -> str:
        """The dest of `file` in the output. Raises SpecError if it is bad, or taken by another file."""
        here = planned.asset.dest.position
        dest = ""
        secrets = self.plan.templating.secrets
        try:
            dest = check_dest(file.dest)
            if planned.root:
                dest = check_dest(f"{planned.root}/{dest}")
            taken.add(dest)
        except SpecError as error:
            error.position = error.position or here
            error.hint = other_place(dest, places) or error.hint
            if any(secrets.masked(one) != one for one in (file.dest, planned.root, *places)):
                hush(error)
            raise
        places[dest] = here
        return dest

    def _check_copy(self, file: File, planned: Planned) -> None:
        """Raise SpecError for a copy of a state file, which holds every secret."""
        state = self.options.state
        if state is not None and file.copied and state.covers(file.copied):
            raise SpecError(
                f'the state file "{file.copied}" would be copied to the output',
                position=planned.asset.dest.position,
                hint="choose a place outside for --state",
            )

    def _report_leftover(self, planned: Planned) -> None:
        """Say that an action of Ship was not evaluated. In a spec of Ship's language it was meant to be."""
        place, self.plan.templating.leftover = self.plan.templating.leftover, None
        if place is not None and self.spec.templating_of(planned.asset) == "repl":
            raise leftover_error(place, planned.subject)
        if place is not None:
            text = f"{planned.subject}: the output holds a {{{{repl …}}}} action, left as it is"
            self.warnings.append(Warned(text, place))


def other_place(dest: str, places: dict[str, Position]) -> str:
    """The hint that says where the file stands that `dest` collides with; empty if with none."""
    path = dest.casefold() + "/"
    for other, place in places.items():
        taken = other.casefold() + "/"
        if dest and (path.startswith(taken) or taken.startswith(path)):
            return f"the other one is at {place}"
    return ""


def render(spec: Spec, license: AnyLicense | None, options: RenderOptions, *, trace: bool = False) -> Rendering:
    """Render `spec`. Files are made while `Rendering.files` is read; nothing is written.

    With `trace` the plan has what each condition asked for. Raises SpecError, TemplateError, LimitError, at once or
    from `files`.
    """
    return Rendering(make_plan(spec, license, options, trace=trace), spec, license, options)
