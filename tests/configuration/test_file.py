"""shoreward.yaml of a configuration: what it means, and what is refused."""

from __future__ import annotations

import pytest

from shoreward.domain import Growth, Judged, SpecError, SpecErrors
from shoreward.spec.dump import dump
from shoreward.spec.load import parse

FILE = """\
application: shop-settings
configuration:
  - parameters: /shop/{region}
    file: settings/shop.yaml
    schema: settings/shop.schema.json
  - parameter: /shop/limits
    file: limits.txt
    type: StringList
  - parameter: /shop/key
    secret: /vault/key:3
    key: alias/shop
  - appconfig: shop/production/flags
    file: flags.json
    flags: true
    growth: {factor: 20%, over: 10m}
judged-by: [shop, {function: "shop-{region}"}]
accounts: {main: {id: "111122223333"}}
defaults:
  bake: {minimum: 10m}
waves:
  - {name: one, targets: [main/eu-west-1]}
  - {name: two, targets: [main/us-east-1, main/us-west-2]}
"""


def codes(text: str) -> list[str]:
    with pytest.raises(SpecError) as found:
        parse(text)
    return [error.code for error in (found.value.errors if isinstance(found.value, SpecErrors) else (found.value,))]


def test_what_it_says_is_read_and_written_back():
    pipeline = parse(FILE, folder="settings")
    assert pipeline.configuration is not None
    assert pipeline.configuration.judged_by == (Judged(stack="shop"), Judged(function="shop-{region}"))
    assert pipeline.configuration.parameters[0].file == "settings/settings/shop.yaml"
    assert pipeline.configuration.profiles[0].growth == Growth(factor=20.0, over=600.0)
    assert parse(dump(parse(FILE))) == parse(FILE)


TRIED = """\
checks:
  sandbox:
    target: main/eu-west-3
    template: ../shop/template.yaml
    parameters: {Settings: "/{sandbox}/shop"}
"""


def test_the_application_that_reads_the_values_is_named_for_the_sandbox():
    pipeline = parse(FILE + TRIED, folder="settings")
    assert pipeline.checks is not None
    assert pipeline.checks.sandbox is not None
    assert (pipeline.template, pipeline.checks.sandbox.template) == ("", "shop/template.yaml")
    assert pipeline.checks.sandbox.target.stack == "shop-settings-sandbox"
    again = parse(FILE + TRIED.replace("../", ""))
    assert parse(dump(again)) == again


def test_a_sandbox_without_somebody_who_reads_the_values_is_refused():
    assert codes(FILE + TRIED.replace("    template: ../shop/template.yaml\n", "")) == ["SPEC_CONFIGURATION"]


def test_files_are_told_apart_by_account_and_region():
    text = FILE.replace("file: settings/shop.yaml", 'file: "settings/{account}/{region}.yaml"')
    assert parse(text).configuration == parse(dump(parse(text))).configuration
    assert codes(FILE.replace("file: settings/shop.yaml", 'file: "settings/{regoin}.yaml"')) == ["SPEC_PATH"]


def test_the_template_of_a_sandbox_is_for_configurations():
    application = (
        "application: shop\naccounts: {main: {id: '111122223333'}}\nwaves: [{name: one, targets: [main/eu-west-1]}]\n"
    )
    assert codes(application + TRIED.replace("../", "")) == ["SPEC_CONFIGURATION"]


def test_waves_are_written_down():
    auto = FILE[: FILE.index("waves:")] + "waves: auto\ntargets: [main/eu-west-1, main/us-east-1]\n"
    assert codes(auto) == ["SPEC_CONFIGURATION"]


def test_everybody_meets_values_at_once_and_the_past_stands_in():
    pipeline = parse(FILE)
    assert ([wave.steps for wave in pipeline.waves], pipeline.judge.own_past) == ([(), ()], True)
    assert not parse(FILE + "judge: {own-past: false}\n").judge.own_past


@pytest.mark.parametrize(
    "more",
    [
        "template: template.yaml\n",
        "stack: shop\n",
        "probes: []\n",
        "artifacts: mine-{region}\n",
        "parameters: {A: b}\n",
    ],
)
def test_what_only_a_template_has_is_refused(more: str):
    assert codes(FILE + more) == ["SPEC_CONFIGURATION"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("bake: {minimum: 10m}", "steps: [10%]"),
        ("bake: {minimum: 10m}", "ramp: certified"),
        ("targets: [main/eu-west-1]", "targets: [main/eu-west-1], steps: [5%]"),
        ("targets: [main/eu-west-1]", "targets: [{target: main/eu-west-1, stack: other}]"),
        ("    secret: /vault/key:3\n", ""),
        ("    secret: /vault/key:3\n", "    secret: /vault/key:3\n    file: key.txt\n"),
        ("    type: StringList", "    flags: true"),
        ("  - parameter: /shop/limits\n    file", "  - file"),
        ("over: 10m", "over: 11m"),
        ("over: 10m", "over: 90s"),
        ("judged-by: [shop, {function:", "judged-by: [shop, {stack: a, function:"),
    ],
)
def test_what_values_do_not_have_is_refused(old: str, new: str):
    assert old in FILE
    assert "SPEC_CONFIGURATION" in codes(FILE.replace(old, new))


def test_a_profile_that_grows_has_its_environment_for_itself():
    other = "  - appconfig: shop/production/limits\n    file: limits.json\njudged-by:"
    assert codes(FILE.replace("judged-by:", other)) == ["SPEC_CONFIGURATION"]


def test_somebody_must_notice_a_bad_value():
    unjudged = FILE.replace('judged-by: [shop, {function: "shop-{region}"}]\n', "")
    assert codes(unjudged) == ["SPEC_UNJUDGED"]
    assert codes(FILE + "judge: {skip: [shared]}\n") == ["SPEC_UNJUDGED"]
    assert parse(unjudged + "alarms: [shop-errors]\n").alarms == ("shop-errors",)


def test_a_metric_of_a_canary_is_refused():
    metric = (
        "judge:\n  metrics:\n    lost:\n      kind: counts\n      cloudwatch:\n        namespace: Shop\n"
        "        dimensions: {Version: '{version}', Function: '{function}'}\n        bad: Lost\n        requests: All\n"
    )
    assert codes(FILE + metric) == ["SPEC_CONFIGURATION"]


def test_only_a_configuration_is_judged_by_others():
    application = (
        "application: shop\njudged-by: [other]\naccounts: {main: {id: '111122223333'}}\n"
        "waves: [{name: one, targets: [main/eu-west-1]}]\n"
    )
    assert codes(application) == ["SPEC_CONFIGURATION"]


def test_values_have_no_packages_to_look_advisories_up_for():
    checks = parse(FILE).checks
    assert checks is not None
    assert checks.skip == ("vulnerabilities",)
