"""Clusters that Ship described: shipper has none, and says so unless Ship's silence is wanted."""

from __future__ import annotations

import pytest

from shipper.errors import TemplateError
from tests.context.sample import facts, render


@pytest.mark.parametrize("name", ["AmazonEKS", "AzureAKS", "GoogleGKE"])
def test_there_is_no_kubeconfig(name: str) -> None:
    with pytest.raises(TemplateError, match="shipper makes none"):
        render(f'{{{{repl {name} "prod" }}}}')
    assert render(f'{{{{repl {name} "prod" }}}}', facts(missing="empty")) == ""
