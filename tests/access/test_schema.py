"""The published description of the API, held against the API: no input makes it fail, or answer what was not promised.

SHOREWARD_API_EXAMPLES=200 tries more than the few of every run.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from schemathesis import GenerationMode, openapi
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from shoreward.web.application import ROUTES

from .conftest import NAMES, Guarded, filled, guarding, pipelines, words

EXAMPLES = int(os.environ.get("SHOREWARD_API_EXAMPLES", "4"))
PROMISED = (not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance)
OPERATIONS = sorted(
    (route.path, method.lower())
    for router in ROUTES
    for route in router.routes
    if route.include_in_schema
    for method in route.methods
)
STREAM = "/api/v1/events"
"""It never ends; whoever reads it is in test_guarded.py."""


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with filled(tmp_path_factory.mktemp("schema") / "journal.db", pipelines) as site, guarding(site) as made:
        words(site)
        yield made


@pytest.fixture(scope="module")
def api(shared: Guarded) -> Any:
    return openapi.from_dict(shared.ask("GET", "/api/v1/openapi.json", shared.token()).json())


def test_every_operation_is_published(api: Any):
    published = sorted((found.ok().path, found.ok().method) for found in api.get_all_operations())
    assert published == [(path.replace(":path}", "}"), method) for path, method in OPERATIONS]


@pytest.mark.parametrize(("path", "method"), OPERATIONS, ids=[f"{method} {path}" for path, method in OPERATIONS])
def test_an_operation_keeps_what_is_promised_whatever_it_is_asked(shared: Guarded, api: Any, path: str, method: str):
    operation = api[path.replace(":path}", "}")][method]
    known = {"Authorization": f"Bearer {shared.token()}"}
    signed = path.startswith("/api/v1/webhooks")

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=asked(operation), real=st.booleans())
    def hold(case: Any, real: bool) -> None:
        if real:
            case.path_parameters |= {name: NAMES[name] for name in case.path_parameters if name in NAMES}
        nobody = case.call(base_url=shared.site.address, headers={"Authorization": ""} if not signed else None)
        assert nobody.status_code in ((404, 400) if signed else (400, 401, 404, 405))
        assert "Moats" not in nobody.text
        if path != STREAM:
            answer = case.call(base_url=shared.site.address, headers=known)
            case.validate_response(answer, checks=PROMISED)

    hold()


def asked(operation: Any) -> st.SearchStrategy[Any]:
    """What an operation may be asked, and, where it takes anything, what it may not."""
    fitting = operation.as_strategy()
    takes = operation.body or operation.query or operation.path_parameters
    return fitting | operation.as_strategy(generation_mode=GenerationMode.NEGATIVE) if takes else fitting
