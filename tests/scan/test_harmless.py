"""Lines of templates and of code that only look like secrets are let be, and secrets are not."""

from __future__ import annotations

from pathlib import Path

import pytest

from .support import Yard

# Put together here, so that this file itself holds none.
WORD = "hunter2" + "-on-the-beach"

TEMPLATE = """\
Action: secretsmanager:GetSecretValue
Both: [secretsmanager:GetSecretValue, ssm:GetParameter]
ManageMasterUserPassword: true
MasterUserPassword: '{{resolve:secretsmanager:db:SecretString:password}}'
SecretArn: arn:aws:secretsmanager:eu-west-1:111111111111:secret:db-AbCdEf
SecretArn2: !Sub arn:aws:secretsmanager:${AWS::Region}:${AWS::AccountId}:secret:db-AbCdEf
SECRET_NAME: prod/db/password
PASSWORD_PARAM: /prod/db/password
GenerateStringKey: password
API_KEY_SOURCE: HEADER
ApiKeyRequired: true
SecretAttachment: AWS::SecretsManager::SecretTargetAttachment
ClientSecretSetting: GENERATE
SecretId: !Ref Secret
password_file: /run/secrets/db
"""
CODE = """\
SECRET_NAME = "prod/db"
API_KEY_HEADER = "x-api-key"
secret_question = "What was your first castle?"
ETAG = "d41d8cd98f00b204e9800998ecf8427e"
SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
EXAMPLE = "AKIAIOSFODNN7EXAMPLE"
"""
SHELL = """\
git push "https://$USER:$TOKEN@git.example.org/beach"
curl https://${USER}:${PASSWORD}@example.org http://user:password@example.org ssh://git@example.org:22/x
"""
SCRIPT = """\
const secretName = "harbour/prod";
export const passwordField = "password";
"""
PAGE = "Set the password: `export DB_PASSWORD=...`, and the token with `--token TOKEN`.\n"
LOCK = (
    '{"integrity": "sha512-v2kDEe57lecTulaDIuNTPy3Ry4gLGJ6Z1O3vE1krgXZNrsQ+LFTGHVxVjcXPs17LhbZVGedAJv8XZ1tvj5FvSg=="}\n'
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("template.yaml", TEMPLATE),
        ("app.py", CODE),
        ("app.mjs", SCRIPT),
        ("README.md", PAGE),
        ("import-map.json", LOCK),
    ],
)
def test_what_only_looks_like_a_secret_is_let_be(tmp_path: Path, name: str, text: str) -> None:
    assert Yard(tmp_path, {name: text}).scan("secrets").findings == ()


@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("app.yaml", f"password: {WORD}"),
        ("app.yaml", f"  MasterUserPassword: {WORD}  # for now"),
        ("app.toml", f'password = "{WORD}"'),
        ("app.py", f'def login(user, password="{WORD}"): ...'),
        ("app.py", f'SECRET_KEY = "{WORD}"'),
        ("app.py", 'password = "correct horse" + " battery staple"'),
        ("app.env", f"DB_PASSWORD={WORD}"),
        ("app.yaml", "database: postgres://beach:" + "s4ndC4stle!" + "@db.example.org/castles"),
        ("push.sh", "git push https://kim:" + "4fGq81xLw0zPd7Kc" + "@git.example.org"),
    ],
)
def test_secrets_are_not(tmp_path: Path, name: str, line: str) -> None:
    (finding,) = Yard(tmp_path, {name: f"x = 1\n{line}\n"}).scan("secrets").findings
    assert str(finding.where) == f"{name}:2"


def test_a_password_that_bandit_finds_is_not_repeated(tmp_path: Path) -> None:
    files = {"template.yaml": "", "app.py": f'password = "{WORD}"\n'}
    (finding,) = Yard(tmp_path, files).scan("security").findings
    assert finding.rule == "B105"
    assert WORD not in repr(finding)
