"""The license server in every form in which it can be exposed, one after the other for all tests of a module."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.ingress.site import FORMS, Site

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="module", params=FORMS)
def site(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A site of each form."""
    folder = tmp_path_factory.mktemp(re.sub(r"\W+", "-", request.param))
    with Site(FORMS[request.param], folder) as found:
        yield found
