"""Files to read: a minimal one, the reference's complete one, and mistakes with the place where each must be found."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / "docs" / "specification.md").read_text(encoding="utf-8")
COMPLETE = re.findall(r"```yaml\n(.*?)```", REFERENCE, re.DOTALL)[0]

MINIMAL = """\
application: sandcastles
accounts:
  main: {id: "111111111111"}
waves:
  - name: first
    targets: [main/eu-north-1]
"""


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing wrong with the minimal file.

    Attributes:
        change: text to add at the end, or a pair: what to replace and by what. `¦` stands before the place to report.
        says: words that the complaint must have.
        structural: whether a JSON Schema can tell, too; None when the text is no YAML at all.
    """

    code: str
    change: str | tuple[str, str]
    says: str
    structural: bool | None = True

    @property
    def marked(self) -> str:
        match self.change:
            case str(addition):
                return MINIMAL + addition
            case (old, new):
                assert MINIMAL.count(old) == 1
                return MINIMAL.replace(old, new)

    @property
    def text(self) -> str:
        return self.marked.replace("¦", "")

    @property
    def place(self) -> tuple[int, int]:
        before = self.marked.split("¦")[0]
        return before.count("\n") + 1, len(before) - before.rfind("\n")

    def __str__(self) -> str:
        change = self.change if isinstance(self.change, str) else self.change[1]
        return f"{self.code}: {' '.join(change.replace('¦', '').split())[:50]}"


TARGETS = "[main/eu-north-1]"
WAVES = "waves:\n  - name: first\n    targets: [main/eu-north-1]"
ACCOUNT = 'main: {id: "111111111111"}'
ROLE = "arn:aws:iam::111111111111:role/deploy"

KEY = "MCowBQYDK2VwAyEAmRf+gQOlPv/cglCS1rp4pVgqKp4nDD6iXVtL8JZjIsg="


def metric(text: str) -> str:
    """A metric named m."""
    return f"judge: {{metrics: {{{text}}}}}\n"


def gauge(text: str, prefix: str = "m: ") -> str:
    """A right gauge but for what is said."""
    return metric(f"{prefix}{{kind: gauge, margin: 1, {text}}}")


CLOUD = 'cloudwatch: {namespace: Shop, value: Memory, dimensions: {V: "{version}"}}'
SHARED = "cloudwatch: {namespace: Shop, value: Memory}"
PROM = "prometheus: {address: 'http://127.0.0.1:9090', "

METRICS = (
    Mistake("SPEC_NAME", gauge(CLOUD, "¦My Metric: "), "is not a metric's name"),
    Mistake("SPEC_METRIC", gauge(CLOUD, "¦errors: "), "is judged already", structural=False),
    Mistake("SPEC_METRIC", metric("¦m: {kind: counts}"), "comes from nowhere", structural=False),
    Mistake("SPEC_METRIC", gauge(f"{CLOUD}, file: {{path: a}}", "¦m: "), "'cloudwatch' and 'file'", structural=False),
    Mistake("SPEC_REQUIRED", metric(f"m: ¦{{{CLOUD}}}"), "'kind' is missing in a metric"),
    Mistake("SPEC_CHOICE", metric(f"m: {{kind: ¦gauges, {CLOUD}}}"), "Did you mean 'gauge'?"),
    Mistake("SPEC_METRIC", metric(f"¦m: {{kind: gauge, {CLOUD}}}"), "'margin' is missing", structural=False),
    Mistake("SPEC_METRIC", gauge(f"¦ratio: 2, {CLOUD}"), "belongs to counts", structural=False),
    Mistake(
        "SPEC_METRIC", metric("m: {kind: counts, ¦noise: 1, file: {path: a}}"), "belongs to a gauge", structural=False
    ),
    Mistake(
        "SPEC_METRIC",
        metric(f"m: {{kind: gauge, margin: ¦0, critical: true, {CLOUD}}}"),
        "never promoted",
        structural=False,
    ),
    Mistake(
        "SPEC_METRIC",
        metric("¦m: {kind: counts, ratio: 1, points: 0%, critical: true, file: {path: a}}"),
        "never promoted",
        structural=False,
    ),
    Mistake("SPEC_METRIC", gauge(CLOUD.replace("}}", "}, ¦requests: R}")), "no part of a gauge", structural=False),
    Mistake("SPEC_METRIC", gauge("¦cloudwatch: {namespace: Shop}"), "'value' is missing", structural=False),
    Mistake(
        "SPEC_METRIC",
        metric("m: {kind: counts, cloudwatch: {namespace: S, bad: B, requests: R, ¦statistic: p90}}"),
        "Counts are summed up",
        structural=False,
    ),
    Mistake(
        "SPEC_METRIC", gauge(CLOUD.replace("value", "statistic: ¦Sum, value")), "rises with the share", structural=False
    ),
    Mistake("SPEC_NAME", gauge(CLOUD.replace("value", "statistic: ¦mean, value")), "is not a statistic of CloudWatch"),
    Mistake("SPEC_METRIC", gauge(f"critical: ¦true, {SHARED}"), "promotion cannot need it", structural=False),
    Mistake(
        "SPEC_METRIC", gauge(f"function: F, {SHARED}", "¦m: "), "does not tell its versions apart", structural=False
    ),
    Mistake("SPEC_METRIC", gauge(PROM + "value: up}", "¦m: "), "nor one target from another", structural=False),
    Mistake("SPEC_PLACEHOLDER", gauge(PROM + "value: ¦'x{v=\"{verison}\"}'}"), "Did you mean 'version'?"),
    Mistake("SPEC_PLACEHOLDER", gauge(CLOUD.replace('"{version}"', '¦"{verison}"')), "Did you mean 'version'?"),
    Mistake("SPEC_ADDRESS", gauge("prometheus: {address: ¦'localhost:9090', value: '{arm}'}"), "is not an address"),
    Mistake("SPEC_PATH", gauge("file: {path: ¦../samples.csv}"), "leads out of the repository", structural=False),
    Mistake("SPEC_NUMBER", metric(f"m: {{kind: gauge, margin: ¦-1, {CLOUD}}}"), "a number from 0"),
)

MISTAKES = (
    # keys
    Mistake("SPEC_UNKNOWN_KEY", ("waves:", "¦wavse:"), "Did you mean 'waves'?"),
    Mistake("SPEC_UNKNOWN_KEY", "¦Alarms: []\n", "Did you mean 'alarms'?"),
    Mistake("SPEC_UNKNOWN_KEY", "¦allow_replacement: []\n", "Did you mean 'allow-replacement'?"),
    Mistake("SPEC_UNKNOWN_KEY", "    ¦bakes: {minimum: 1h}\n", "Did you mean 'bake'?"),
    Mistake("SPEC_UNKNOWN_KEY", "    bake: {minimum: 1h, ¦on_deadline: hold}\n", "Did you mean 'on-deadline'?"),
    Mistake("SPEC_UNKNOWN_KEY", "¦steps: [10%]\n", "It belongs in 'defaults' or a wave."),
    Mistake("SPEC_UNKNOWN_KEY", "    ¦alarms: [a]\n", "It belongs in the file's top level."),
    Mistake("SPEC_UNKNOWN_KEY", "    ¦minimum: 10m\n", "It belongs in 'bake'."),
    Mistake("SPEC_UNKNOWN_KEY", "judge: {rollback-margin: {¦rate: 2}}\n", "Did you mean 'ratio'?"),
    Mistake("SPEC_UNKNOWN_KEY", "¦zzzzzz: 1\n", "Known here: accounts, alarms"),
    Mistake("SPEC_REQUIRED", ("application: sandcastles\n", "¦"), "'application' is missing in the file."),
    Mistake("SPEC_REQUIRED", (ACCOUNT, "main: ¦{}"), "'id' is missing in an account."),
    Mistake("SPEC_REQUIRED", ("name: first\n    ", "¦"), "'name' is missing in a wave."),
    Mistake("SPEC_REQUIRED", "probes: [¦{payload: {}}]\n", "'function' is missing in a probe."),
    Mistake("SPEC_REQUIRED", (TARGETS, "[¦{stack: other}]"), "'target' is missing in a target."),
    # kinds of values
    Mistake("SPEC_TYPE", (TARGETS, "¦main/eu-north-1"), "must be a list, not text. Write [main/eu-north-1]."),
    Mistake("SPEC_TYPE", "    bake: ¦10m\n", "must be a mapping (minimum, requests"),
    Mistake("SPEC_TYPE", "    ¦soak:\n", "'soak' has no value."),
    Mistake("SPEC_TYPE", "alarms: [errors, ¦[]]\n", "Entry 2 of 'alarms' must be"),
    Mistake("SPEC_TYPE", "stack: ¦12\n", 'Put it in quotes: "12".'),
    Mistake("SPEC_TYPE", "stack: ¦true\n", "not true or false"),
    Mistake("SPEC_TYPE", "judge: {dispersion: ¦high}\n", "a number from 1 to 1000, not text"),
    Mistake("SPEC_TYPE", "    soak: ¦[1h]\n", "a duration, such as 90s"),
    Mistake("SPEC_TYPE", "    steps: [¦{}]\n", "a percentage, such as 10%, not a mapping"),
    Mistake("SPEC_TYPE", "parameters: {Zones: ¦[a, b]}\n", '"a,b,c"'),
    Mistake("SPEC_TYPE", "parameters: ¦[Stage]\n", "must be a mapping, not a list"),
    Mistake("SPEC_TYPE", "parameters: {¦Stage: }\n", "'Stage' has no value."),
    Mistake("SPEC_TYPE", "alarms: [¦1]\n", "must be text, not a number"),
    # names
    Mistake("SPEC_NAME", ("sandcastles", "¦sand castles"), "'sand castles' is not an application name"),
    Mistake("SPEC_NAME", "stack: ¦sand_castles\n", "is not a stack name"),
    Mistake("SPEC_NAME", ("name: first", "name: ¦first/one"), "is not a wave's name"),
    Mistake("SPEC_NAME", (ACCOUNT, ACCOUNT + '\n  ¦far/off: {id: "222222222222"}'), "is not an account's name"),
    Mistake("SPEC_NAME", "parameters: {¦my-stage: prod}\n", "is not a parameter's name"),
    Mistake("SPEC_NAME", "probes: [{function: ¦Tides-Function}]\n", "is not a logical id"),
    Mistake("SPEC_NAME", "allow-replacement: [Table, ¦my-table]\n", "is not a logical id"),
    Mistake("SPEC_NAME", f"alarms: [¦{'a' * 256}]\n", "1 to 255 characters, not 256"),
    Mistake("SPEC_PATH", "template: ¦/srv/template.yaml\n", "is not a path relative to this file"),
    Mistake("SPEC_PATH", "template: ¦../template.yaml\n", "leads out of the repository", structural=False),
    # single values
    Mistake("SPEC_CHOICE", "    bake: {on-deadline: ¦promote}\n", "Known here: hold, rollback."),
    Mistake("SPEC_CHOICE", "    bake: {on-deadline: ¦roll-back}\n", "Did you mean 'rollback'?"),
    Mistake("SPEC_NUMBER", "    bake: {requests: ¦0}\n", "from 1 to 1000000000, not 0"),
    Mistake("SPEC_NUMBER", "    bake: {requests: ¦1.5}\n", "a whole number"),
    Mistake("SPEC_NUMBER", "judge: {dispersion: ¦0.5}\n", "from 1 to 1000"),
    Mistake("SPEC_NUMBER", "judge: {dispersion: ¦.inf}\n", "from 1 to 1000"),
    Mistake("SPEC_NUMBER", "judge: {promote-margin: {ratio: ¦0.9}}\n", "from 1 to 100"),
    Mistake("SPEC_DURATION", "    soak: ¦90\n", "It has no unit: write 90s, 1m30s or 90m."),
    Mistake("SPEC_DURATION", "    soak: ¦10 minutes\n", "Did you mean '10m'?"),
    Mistake("SPEC_DURATION", "    soak: ¦1h 30min\n", "Did you mean '1h30m'?"),
    Mistake("SPEC_DURATION", "    soak: ¦30m1h\n", "Did you mean '1h30m'?"),
    Mistake("SPEC_DURATION", "    soak: ¦1.5h\n", "Write whole numbers with units"),
    Mistake("SPEC_DURATION", "    soak: ¦2w\n", "Write whole numbers with units"),
    Mistake("SPEC_DURATION", '    soak: ¦""\n', "Write whole numbers with units"),
    Mistake("SPEC_PERCENT", "    steps: [¦10]\n", "Write 10%."),
    Mistake("SPEC_PERCENT", "judge: {alpha: ¦0.01}\n", "It has no unit: write 1% or 0.01%."),
    Mistake("SPEC_PERCENT", '    steps: [¦"10 %"]\n', "Write 10%."),
    Mistake("SPEC_PERCENT", "    steps: [¦0%]\n", "above 0% and below 100%, not 0%"),
    Mistake("SPEC_PERCENT", "    steps: [¦100%]\n", "above 0% and below 100%, not 100%"),
    Mistake("SPEC_PERCENT", "    steps: [¦-5%]\n", "above 0% and below 100%"),
    Mistake("SPEC_PERCENT", "judge: {rollback-margin: {points: ¦some}}\n", "a number with a percent sign"),
    Mistake("SPEC_PERCENT", "judge: {rollback-margin: {points: ¦100%}}\n", "from 0% and below 100%"),
    Mistake("SPEC_TWICE", "alarms: [a, b, ¦a]\n", "'a' is already in the list"),
    Mistake("SPEC_JSON", "probes: [{function: F, payload: ¦{wait: [.inf]}}]\n", "JSON does not have", structural=False),
    Mistake("SPEC_PLACEHOLDER", 'artifacts: ¦"code-{acount}-{region}"\n', "Did you mean 'account'?"),
    Mistake("SPEC_PLACEHOLDER", 'artifacts: ¦"code-{stack}"\n', "'{stack}'. Known here: account, region."),
    Mistake("SPEC_PLACEHOLDER", 'alarms: [¦"{stack}-{regoin}-errors"]\n', "Did you mean 'region'?"),
    Mistake("SPEC_PLACEHOLDER", 'alarms: [¦"{stack-errors"]\n', "has no partner"),
    # accounts, targets, waves
    Mistake("SPEC_ACCOUNTS_EMPTY", ("accounts:\n  " + ACCOUNT, "¦accounts: {}"), "'accounts' is empty."),
    Mistake("SPEC_ACCOUNT_ID", ('"111111111111"', '¦"11111111111"'), "(12 digits, in quotes)"),
    Mistake("SPEC_ACCOUNT_ID", ('"111111111111"', "¦1111-1111-1111"), "(12 digits, in quotes)"),
    Mistake("SPEC_TYPE", ('"111111111111"', "¦111111111111"), 'Put it in quotes: "111111111111".'),
    Mistake("SPEC_ROLE_ARN", ('111111111111"}', '111111111111", role: ¦deploy}'), "is not a role's ARN"),
    Mistake(
        "SPEC_ROLE_ARN",
        ('111111111111"}', '111111111111", role: ¦"arn:aws:iam::111111111111:user/me"}'),
        "is not a role's ARN",
    ),
    Mistake(
        "SPEC_ROLE_ACCOUNT",
        ('"111111111111"}', f'"222222222222", role: ¦"{ROLE}"}}'),
        "The role is in account 111111111111, but 'main' is 222222222222.",
        structural=False,
    ),
    Mistake("SPEC_ACCOUNT_UNKNOWN", (TARGETS, "[¦mian/eu-north-1]"), "Did you mean 'main'?", structural=False),
    Mistake(
        "SPEC_ACCOUNT_UNKNOWN", (TARGETS, "[{target: ¦mian/eu-north-1}]"), "Did you mean 'main'?", structural=False
    ),
    Mistake("SPEC_REGION_UNKNOWN", (TARGETS, "[¦main/eu-nort-1]"), "Did you mean 'eu-north-1'?", structural=False),
    Mistake("SPEC_REGION_UNKNOWN", (TARGETS, "[¦main/eu-north-1a]"), "Did you mean 'eu-north-1'?", structural=False),
    Mistake("SPEC_PARTITION", (TARGETS, "[main/eu-north-1, ¦main/cn-north-1]"), "partition aws-cn", structural=False),
    Mistake("SPEC_TARGET", (TARGETS, "[¦eu-north-1]"), "is not a target (account/region)"),
    Mistake(
        "SPEC_TARGET_TWICE", (TARGETS, "[main/eu-north-1, ¦main/eu-north-1]"), "already in line 6", structural=False
    ),
    Mistake(
        "SPEC_TARGET_TWICE",
        "  - name: second\n    targets: [¦main/eu-north-1]\n",
        "already in line 6",
        structural=False,
    ),
    Mistake("SPEC_WAVES_EMPTY", (MINIMAL[MINIMAL.index("waves") :], "¦waves: []\n"), "Write at least one wave."),
    Mistake("SPEC_WAVE_EMPTY", ("targets: " + TARGETS, "¦targets: []"), "Name a target (account/region) in it."),
    Mistake(
        "SPEC_WAVE_TWICE",
        "  - name: ¦first\n    targets: [main/eu-west-1]\n",
        "There is a wave 'first' above.",
        structural=False,
    ),
    Mistake("SPEC_STEPS_EMPTY", "    ¦steps: []\n", "Write at least one weight"),
    Mistake("SPEC_STEPS_NOT_RISING", "    steps: [10%, 50%, ¦20%]\n", "20% comes after 50%", structural=False),
    Mistake("SPEC_STEPS_NOT_RISING", "defaults: {steps: [5%, ¦5%]}\n", "5% comes after 5%", structural=False),
    Mistake("SPEC_DEADLINE", "    bake: {minimum: ¦5h}\n", "(4h) is not after the minimum (5h)", structural=False),
    Mistake("SPEC_DEADLINE", "defaults: {bake: {deadline: ¦5m}}\n", "(5m) is not after the minimum", structural=False),
    # ramps, and waves that are derived
    Mistake(
        "SPEC_TRAFFIC", ("[main/eu-north-1]", "[¦main/eu-north-1]\n    ramp: certified"), "Say it", structural=False
    ),
    Mistake(
        "SPEC_TRAFFIC",
        ("[main/eu-north-1]", "[{target: main/eu-north-1, traffic: ¦0}]\n    ramp: certified"),
        "how many requests a share",
        structural=False,
    ),
    Mistake(
        "SPEC_RAMP",
        (
            "[main/eu-north-1]",
            "[{target: main/eu-north-1, traffic: 9000}]\n    ramp: certified\n    harm-budget: ¦10\n    steps: [1%]",
        ),
        "begin with a smaller step",
        structural=False,
    ),
    Mistake("SPEC_RAMP", "    ¦one-box: 5%\n", "only with `ramp: certified`", structural=False),
    Mistake("SPEC_CHOICE", "    ramp: ¦certifed\n", "Did you mean 'certified'?"),
    Mistake("SPEC_NUMBER", "    harm-budget: ¦0\n", "from 1 to"),
    Mistake(
        "SPEC_AUTO",
        (WAVES, "waves: ¦auto"),
        "there are none",
        False,
    ),
    Mistake("SPEC_AUTO", "¦targets: [main/eu-west-1]\n", "here they are written down", structural=False),
    Mistake(
        "SPEC_AUTO",
        (
            WAVES,
            "waves: auto\ntargets: [{target: main/eu-north-1, traffic: 5}]\ndefaults: {¦steps: [10%]}",
        ),
        "is derived",
        structural=False,
    ),
    Mistake("SPEC_TYPE", (WAVES, "waves: ¦atuo"), "Did you mean 'auto'?"),
    Mistake(
        "SPEC_UNKNOWN_KEY",
        (
            WAVES,
            "waves: {¦harm_budget: 5}\ntargets: [{target: main/eu-north-1, traffic: 5}]",
        ),
        "Did you mean 'harm-budget'?",
    ),
    # the judge, artifacts
    Mistake("SPEC_INTERVAL", "judge: {interval: ¦90s}\n", "no interval of 1m30s", structural=False),
    Mistake("SPEC_INTERVAL", "judge: {interval: ¦0s}\n", "no interval of 0s", structural=False),
    *METRICS,
    Mistake("SPEC_MARGIN", "judge: {promote-margin: ¦{ratio: 1, points: 0%}}\n", "never promoted", structural=False),
    Mistake("SPEC_BUCKET", 'artifacts: ¦"Code-{region}"\n', "'Code-eu-north-1' is not a bucket's", structural=False),
    Mistake(
        "SPEC_BUCKET",
        (TARGETS, "[main/eu-north-1, main/eu-west-1]\nartifacts: ¦code"),
        "Put {region} into the name.",
        structural=False,
    ),
    # YAML
    Mistake("YAML_DUPLICATE_KEY", "¦application: again\n", "'application' is already in line 1.", structural=None),
    Mistake("YAML_TAG", "stack: ¦!Ref Stack\n", "The tag !Ref is unknown here.", structural=None),
    Mistake("YAML_TAB", "judge:\n¦\talpha: 1%\n", "A tab cannot indent YAML.", structural=None),
    Mistake("YAML_SYNTAX", "stack: ¦@home\n", "cannot begin with @", structural=None),
    Mistake("YAML_SYNTAX", "alarms: ¦[a, b\n", "This is not YAML", structural=None),
    Mistake("YAML_ALIAS", "defaults: ¦*usual\n", "There is no anchor &usual above.", structural=None),
    Mistake("YAML_ALIAS", "probes: &own [¦*own]\n", "contains itself", structural=None),
    Mistake("YAML_MERGE", "judge: {¦<<: 3}\n", "must name a mapping", structural=None),
    Mistake("YAML_KEY", "judge: {? ¦, alpha: 1%}\n", "A key is missing before the colon.", structural=None),
    Mistake("YAML_KEY", "? ¦[a]\n: 3\n", "A key must be plain text.", structural=None),
    Mistake("YAML_DOCUMENTS", "¦---\na: 1\n", "A second document begins here.", structural=None),
    Mistake("YAML_CHARACTER", "stack: a¦\x07\n", "U+0007", structural=None),
    Mistake("YAML_TOO_DEEP", "probes: " + "[" * 100 + "¦[" + "\n", "more than 100 levels", structural=None),
    # checks
    Mistake("SPEC_UNKNOWN_KEY", "checks: {¦waiver: []}\n", "Did you mean 'waivers'?"),
    Mistake("SPEC_CHOICE", "checks: {block: ¦hihg}\n", "Did you mean 'high'?"),
    Mistake("SPEC_TYPE", "checks: {discover: ¦maybe}\n", "must be true or false"),
    Mistake("SPEC_COMMAND", 'checks: {suites: [{kind: unit, run: ¦" "}]}\n', "is not a command"),
    Mistake("SPEC_CHOICE", "checks: {suites: [{kind: ¦intergation, run: make}]}\n", "Did you mean 'integration'?"),
    Mistake(
        "SPEC_SUITE_TWICE",
        "checks: {suites: [{kind: unit, run: make}, ¦{kind: unit, run: make all}]}\n",
        "There is a suite 'unit' above.",
        structural=False,
    ),
    Mistake(
        "SPEC_PATH",
        "checks: {suites: [{kind: unit, run: make, requirements: [¦../requirements.txt]}]}\n",
        "leads out of the repository",
        structural=False,
    ),
    Mistake("SPEC_REQUIRED", "checks: {sandbox: ¦{lease: 4h}}\n", "'target' is missing in 'sandbox'."),
    Mistake(
        "SPEC_ACCOUNT_UNKNOWN",
        "checks: {sandbox: {target: ¦mian/eu-north-1}}\n",
        "Did you mean 'main'?",
        structural=False,
    ),
    Mistake(
        "SPEC_SANDBOX_PRODUCTION",
        "checks: {sandbox: {target: main/eu-north-1, stack: ¦sandcastles}}\n",
        "customers are on it",
        structural=False,
    ),
    Mistake("SPEC_ADDRESS", "checks: {policies: [{path: rules, repository: ¦--upload-pack=x}]}\n", "git repository"),
    Mistake(
        "SPEC_POLICY_REF", "checks: {policies: [{path: rules, ref: ¦v3}]}\n", "Name the repository.", structural=False
    ),
    Mistake("SPEC_ADDRESS", 'checks: {advisories: {source: ¦"ftp://osv"}}\n', "the address of an OSV API"),
    Mistake(
        "SPEC_DATE",
        "checks: {waivers: [{rule: X, reason: r, owner: o, expires: ¦2027-02-30}]}\n",
        "Write year-month-day",
        structural=False,
    ),
    Mistake(
        "SPEC_FAULT",
        "checks: {resilience: {faults: [¦{kind: misdirect, function: F}]}}\n",
        "which one is to lead nowhere?",
        structural=False,
    ),
    Mistake(
        "SPEC_FAULT",
        "checks: {resilience: {faults: [{kind: throttle, function: F, ¦memory: 128}]}}\n",
        "belongs to a fault of kind squeeze",
        structural=False,
    ),
    Mistake("SPEC_FAULT", "checks: {resilience: {lasts: ¦0s}}\n", "must be 1s at least", structural=False),
    Mistake("SPEC_PERCENT", "checks: {resilience: {may-fail: ¦101%}}\n", "up to 100%"),
    Mistake("SPEC_REQUIRED", "checks: {resilience: {faults: [¦{kind: throttle}]}}\n", "'function' is missing"),
    Mistake("SPEC_METHODS", "checks: {dynamic: {¦methods: []}}\n", "Name some"),
    Mistake("SPEC_CHOICE", "checks: {dynamic: {methods: [¦GTE]}}\n", "Did you mean 'GET'?"),
    Mistake(
        "SPEC_WORDS", 'checks: {waivers: [{rule: X, reason: ¦" ", owner: o, expires: 2027-01-31}]}\n', "some words"
    ),
    Mistake("SPEC_REQUIRED", "checks: {waivers: [¦{rule: X, reason: r, owner: o}]}\n", "'expires' is missing"),
    Mistake("SPEC_KEY", "checks: {trusted-keys: {ci: ¦ssh-ed25519 AAAA}}\n", "is not an Ed25519 public key"),
    Mistake("SPEC_KEY", "checks: {trusted-keys: {ci: ¦MCowBQYDK2VwAyEAAAAA}}\n", "the line in the middle is enough"),
    Mistake(
        "SPEC_KEY",
        "checks: {trusted-keys: {ci: ¦MC4CAQAwBQYDK2VwBCIEIAAA}}\n",
        "whoever can read this file can sign with it",
    ),
    Mistake("SPEC_TYPE", "checks: {trusted-keys: {ci: ¦17}}\n", "must be a public key"),
    Mistake(
        "SPEC_NAME",
        f"checks: {{trusted-keys: {{¦-ci: {KEY}}}}}\n",
        "is not a name",
    ),
    Mistake(
        "SPEC_KEY",
        f"checks: {{trusted-keys: {{ci: {KEY}, host: ¦{KEY}}}}}\n",
        "This is the key of 'ci', too.",
        structural=False,
    ),
    Mistake("SPEC_GATE", "gates: {¦office: {}}\n", "says nothing", structural=False),
    Mistake("SPEC_GATE", "gates: {¦office: {age: 1h, after: pier}}\n", "'after' and 'age'", structural=False),
    Mistake("SPEC_NAME", "gates: {¦Office: {age: 1h}}\n", "is not a gate's name"),
    Mistake("SPEC_UNKNOWN_KEY", "gates: {office: {¦windw: {}, age: 1h}}\n", "Did you mean 'window'?"),
    Mistake("SPEC_REQUIRED", "gates: {office: {window: ¦{zone: UTC}}}\n", "'open' is missing"),
    Mistake("SPEC_GATE", "gates: {office: {window: {¦open: []}}}\n", "nothing is ever released"),
    Mistake("SPEC_GATE", "gates: {o: {window: {open: [¦{from: 09:00, to: 09:00}]}}}\n", "before", structural=False),
    Mistake("SPEC_DAYS", "gates: {o: {window: {open: [{days: ¦mon-frid}]}}}\n", "Did you mean 'fri'?"),
    Mistake("SPEC_TIME", "gates: {o: {window: {open: [{from: ¦25:00}]}}}\n", "Write it as 09:30"),
    Mistake("SPEC_TIME", "gates: {o: {window: {open: [{to: ¦9}]}}}\n", "'9' is not a time of day"),
    Mistake(
        "SPEC_ZONE",
        "gates: {o: {window: {open: [{}], zone: ¦Europe/Stokholm}}}\n",
        "Did you mean 'Europe/Stockholm'?",
        structural=False,
    ),
    Mistake("SPEC_DATE", "gates: {o: {window: {open: [{}], holidays: [¦24.12.2026]}}}\n", "is not a day"),
    Mistake(
        "SPEC_CALENDAR",
        "gates: {o: {window: {open: [{}], holidays: ¦days.ics}}}\n",
        "no repository here",
        structural=False,
    ),
    Mistake(
        "SPEC_PATH",
        "gates: {o: {window: {open: [{}], holidays: ¦../days.ics}}}\n",
        "leads out of the repository",
        structural=False,
    ),
    Mistake("SPEC_GATE", "gates: {f: {freeze: {from: 2026-12-20, to: ¦2026-12-19}}}\n", "before", structural=False),
    Mistake("SPEC_DATE", "gates: {f: {freeze: {from: ¦soon, to: 2026-12-19}}}\n", "neither a day nor"),
    Mistake("SPEC_REQUIRED", "gates: {f: {freeze: ¦{from: 2026-12-19}}}\n", "'to' is missing"),
    Mistake("SPEC_GATE", "gates: {a: {¦alarms: {every: 1m}}}\n", "No alarm is named", structural=False),
    Mistake("SPEC_PLACEHOLDER", 'gates: {a: {alarms: {prefix: ¦"{stak}-"}}}\n', "Did you mean 'stack'?"),
    Mistake("SPEC_GATE", "gates: {a: {after: ¦sandcastles}}\n", "cannot come after itself", structural=False),
    Mistake("SPEC_GATE", "gates: {h: {¦hook: {when: after}}}\n", "here is neither", structural=False),
    Mistake("SPEC_GATE", "gates: {h: {hook: {function: f, ¦secret: KEY}}}\n", "signed by AWS", structural=False),
    Mistake("SPEC_GATE", "gates: {h: {hook: {function: f, every: ¦0s}}}\n", "for no time", structural=False),
    Mistake("SPEC_GATE", "gates: {h: {hook: {function: f, timeout: ¦0s}}}\n", "in no time", structural=False),
    Mistake("SPEC_ADDRESS", "gates: {h: {hook: {url: ¦desk.example}}}\n", "is not an address"),
    Mistake("SPEC_CHOICE", "gates: {h: {hook: {function: f, when: ¦befor}}}\n", "Did you mean 'before'?"),
    Mistake("SPEC_REQUIRED", "gates: {v: {variable: ¦{name: ads}}}\n", "'value' is missing"),
    Mistake("SPEC_TYPE", "gates: {v: {variable: {name: ads, value: ¦7}}}\n", 'Put it in quotes: "7"'),
    Mistake(
        "SPEC_GATE",
        "    gates: {¦manager: {age: 1h}}\ngates: {manager: {approval: all of it}}\n",
        "All waves have a gate 'manager' already",
        structural=False,
    ),
    Mistake("SPEC_NUMBER", "    at-once: ¦0\n", "a whole number from 1"),
)
