"""What is written out in full is read back as the same pipeline, whatever the pipeline."""

import jsonschema
import pytest
from hypothesis import HealthCheck, given, settings

from shoreward.domain import Bake, Pipeline, Target, Wave
from shoreward.spec.dump import dump
from shoreward.spec.load import parse
from shoreward.spec.schema import schema
from shoreward.spec.yaml import read_yaml

from .pipelines import pipelines
from .samples import COMPLETE, MINIMAL

VALIDATOR = jsonschema.Draft7Validator(schema())


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(pipelines)
def test_a_pipeline_that_is_written_out_is_read_back(pipeline: Pipeline):
    text = dump(pipeline)
    assert parse(text) == pipeline
    VALIDATOR.validate(read_yaml(text, "shoreward.yaml").value)


@pytest.mark.parametrize("text", [MINIMAL, COMPLETE], ids=["minimal", "complete"])
def test_a_file_that_is_written_out_in_full_means_the_same(text: str):
    assert parse(dump(parse(text))) == parse(text)


def test_a_duration_of_half_a_second_cannot_be_written():
    target = Target(account="111111111111", region="eu-north-1", stack="s")
    wave = Wave(name="first", targets=(target,), bake=Bake(minimum=0.5))
    with pytest.raises(ValueError, match="not a whole number of seconds"):
        dump(Pipeline(application="a", template="t.yaml", waves=(wave,)))
