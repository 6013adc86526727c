"""Whatever a template looks like, it is rendered or refused with a word about it: never a traceback."""

import copy
import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from shoreward.domain import Place, SpecError
from shoreward.spec.yaml import read_yaml

from .support import HEAD, rendered
from .test_callers import DEPLOYED, WORK, among_others
from .test_rendering import HELLO, LAYERED

MORE = """
  Url:
    Type: AWS::Serverless::Function
    Metadata: {BuildMethod: makefile, BuildProperties: {Minify: true}}
    Properties: {CodeUri: u, Handler: a.b, Runtime: nodejs22.x, FunctionUrlConfig: {AuthType: NONE}}
  Web:
    Type: AWS::Serverless::HttpApi
    Properties: {DefinitionUri: api.yaml}
  Table: {Type: AWS::Serverless::SimpleTable}
  Queue: {Type: AWS::SQS::Queue, DependsOn: Table, Condition: Loud}
"""
CALLED = ["a rule", "a state machine of SAM", "a state machine as a text", "a variable on a condition", "a bucket"]
CALLERS = "".join(among_others(number, f"pointed: {name}") for number, name in enumerate(CALLED))
SEEDS = [read_yaml(HEAD + text, "template.yaml").value for text in (HELLO, LAYERED + MORE, WORK + CALLERS + DEPLOYED)]
SCALARS = ["", "live", "a.b", "./x", "F", "Work", "AWS::S3::Bucket"]
KEYS = ["Ref", "Fn::Sub", "Fn::If", "Fn::GetAtt", "Type", "Properties", "x"]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-2, 3) | st.sampled_from(SCALARS),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=2),
    max_leaves=4,
)


def paths(value: Any, path: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [found for key, one in inner for found in ((*path, key), *paths(one, (*path, key)))]


@st.composite
def damaged(draw: st.DrawFn) -> str:
    value = copy.deepcopy(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 2))):
        path = draw(st.sampled_from(paths(value)))
        node = value
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = draw(JSON)
    return json.dumps(value)


def refusal(text: str) -> SpecError | None:
    try:
        rendered(text, head="", files={"app/api.yaml": "openapi: 3.0.1\npaths: {}\n"})
    except SpecError as error:
        return error
    return None


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(damaged())
def test_a_damaged_template_is_rendered_or_refused_at_a_place(text: str) -> None:
    error = refusal(text)
    assert error is None or (error.code.isupper() and isinstance(error.where, Place))
