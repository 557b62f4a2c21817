"""Who holds a seat, by each rule."""

from __future__ import annotations

import pytest

from shipper.usage.events import User
from shipper.usage.identity import identify

ALL = User(machine_id="m", username="u", client_hostname="h", client_username="c")


@pytest.mark.parametrize(
    ("user", "by_user", "by_machine"),
    [
        (ALL, ("username", "u"), ("machine_id", "m")),
        (User(machine_id="m", client_hostname="h", client_username="c"), ("client_username", "c"), ("machine_id", "m")),
        (User(machine_id="m", client_hostname="h"), ("machine_id", "m"), ("machine_id", "m")),
        (User(client_hostname="h", username="u"), ("username", "u"), ("client_hostname", "h")),
        (User(client_hostname="h"), ("client_hostname", "h"), ("client_hostname", "h")),
        (User(username="u", client_username="c"), ("username", "u"), ("username", "u")),
        (User(client_username="c"), ("client_username", "c"), ("client_username", "c")),
        (User(), ("unknown", "unknown"), ("unknown", "unknown")),
    ],
)
def test_the_first_known_field_names_the_holder(
    user: User, by_user: tuple[str, str], by_machine: tuple[str, str]
) -> None:
    assert identify(user, "user") == by_user
    assert identify(user, "machine") == by_machine


def test_a_user_who_is_called_unknown_is_not_the_unknown_one() -> None:
    assert identify(User(username="unknown"), "user") != identify(User(), "user")
    assert identify(User(username="unknown"), "user").key != identify(User(), "user").key


def test_a_machine_may_have_the_name_of_a_user() -> None:
    assert identify(User(username="ann"), "user").key != identify(User(machine_id="ann"), "user").key
