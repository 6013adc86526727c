"""Functions run as in Lambda: clean environment, real errors, warm processes, logs, layers, Node."""

import base64
import json
import os
import textwrap
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from cloud.support import REGION, eventually, function, invoke
from shoreward.testing.cloud import CloudAccount, archive


def source(text: str) -> str:
    return textwrap.dedent(text)


def test_a_function_sees_what_lambda_sets_and_nothing_of_the_host(cloud_account: CloudAccount) -> None:
    code = "import os, sys\ndef handler(event, context): return {'env': dict(os.environ), 'path': sys.path}"
    client = function(cloud_account, "f", code, Environment={"Variables": {"MINE": "1"}}, Timeout=9, MemorySize=256)
    seen = invoke(client, "f")
    env = seen["env"]
    assert env["MINE"] == "1"
    assert env["AWS_ACCESS_KEY_ID"].startswith("ASIA")
    assert env["AWS_SESSION_TOKEN"]
    assert env["AWS_REGION"] == env["AWS_DEFAULT_REGION"] == REGION
    assert env["AWS_ENDPOINT_URL"] == cloud_account.endpoint
    assert (env["AWS_LAMBDA_FUNCTION_NAME"], env["AWS_LAMBDA_FUNCTION_VERSION"]) == ("f", "$LATEST")
    assert env["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "256"
    shared = {"PATH", "HOME", "LANG", "TZ", "LC_CTYPE", "AWS_DEFAULT_REGION", "AWS_REGION"}
    assert set(os.environ) & set(env) <= shared
    assert not [one for one in seen["path"] if "site-packages" in one]


def test_an_account_may_run_as_much_at_once_as_on_aws(cloud_account: CloudAccount) -> None:
    limit = cloud_account.client("lambda", REGION).get_account_settings()["AccountLimit"]
    assert limit["ConcurrentExecutions"] == 1000


def test_the_context_says_who_was_invoked(cloud_account: CloudAccount) -> None:
    code = source("""
        def handler(event, context):
            enough = context.get_remaining_time_in_millis() > 1000
            return [context.function_name, context.function_version, context.invoked_function_arn,
                    context.memory_limit_in_mb, enough, context.client_context.custom]
    """)
    client = function(cloud_account, "f", code)
    client.publish_version(FunctionName="f")
    client.create_alias(FunctionName="f", Name="live", FunctionVersion="1")
    custom = base64.b64encode(json.dumps({"custom": {"a": 1}}).encode()).decode()
    arn = f"arn:aws:lambda:{REGION}:{cloud_account.account_id}:function:f:live"
    assert invoke(client, "f", Qualifier="live", ClientContext=custom) == ["f", "1", arn, "128", True, {"a": 1}]


def test_an_error_comes_with_its_type_message_and_trace_and_the_process_lives_on(cloud_account: CloudAccount) -> None:
    code = source("""
        import os
        def handler(event, context):
            if event.get("fail"):
                raise KeyError("no such tide")
            return os.getpid()
    """)
    client = function(cloud_account, "f", code)
    before = invoke(client, "f")
    answer = client.invoke(FunctionName="f", Payload=b'{"fail": true}', LogType="Tail")
    error = json.loads(answer["Payload"].read())
    assert answer["StatusCode"] == 200
    assert answer["FunctionError"] == "Unhandled"
    assert (error["errorType"], error["errorMessage"]) == ("KeyError", "'no such tide'")
    assert "index.py" in error["stackTrace"][0]
    assert "[ERROR] KeyError" in base64.b64decode(answer["LogResult"]).decode()
    assert invoke(client, "f") == before


@pytest.mark.parametrize(
    ("code", "handler", "error_type", "message"),
    [
        (
            "import nothing_like_this",
            "index.handler",
            "Runtime.ImportModuleError",
            "No module named 'nothing_like_this'",
        ),
        ("x = 1", "index.handler", "Runtime.HandlerNotFound", "Handler 'handler' missing on module 'index'"),
        ("def handler(:", "index.handler", "Runtime.UserCodeSyntaxError", "Syntax error in module 'index'"),
        ("raise ValueError('at start')", "index.handler", "ValueError", "at start"),
        ("import os\ndef handler(e, c): os._exit(3)", "index.handler", "Runtime.ExitError", "exit status 3"),
        ("import sys\ndef handler(e, c): sys.exit(0)", "index.handler", "Runtime.ExitError", "Runtime exited"),
        ("def handler(e, c): return {1, 2}", "index.handler", "Runtime.MarshalError", "Unable to marshal response"),
    ],
)
def test_what_goes_wrong_has_the_names_that_lambda_gives_it(
    cloud_account: CloudAccount, code: str, handler: str, error_type: str, message: str
) -> None:
    client = function(cloud_account, "f", code, Handler=handler)
    for _ in range(2):
        error = invoke(client, "f")
        assert error["errorType"] == error_type
        assert message in error["errorMessage"]


def test_a_function_that_takes_too_long_is_ended_and_serves_again(cloud_account: CloudAccount) -> None:
    code = "import time\ndef handler(event, context):\n    time.sleep(event.get('sleep', 0))\n    return 'done'"
    client = function(cloud_account, "f", code, Timeout=1)
    answer = client.invoke(FunctionName="f", Payload=b'{"sleep": 30}')
    error = json.loads(answer["Payload"].read())
    assert answer["FunctionError"] == "Unhandled"
    assert error["errorType"] == "Sandbox.Timedout"
    assert error["errorMessage"].endswith("Task timed out after 1.00 seconds")
    assert invoke(client, "f") == "done"


def test_calls_at_once_get_processes_of_their_own_but_not_more_than_a_few(cloud_account: CloudAccount) -> None:
    code = "import os, time\ndef handler(event, context):\n    time.sleep(0.3)\n    return os.getpid()"
    client = function(cloud_account, "f", code, Timeout=20)
    with ThreadPoolExecutor(10) as threads:
        pids = list(threads.map(lambda _: invoke(client, "f"), range(10)))
    assert 2 <= len(set(pids)) <= 4


def test_what_a_function_prints_is_in_its_log(cloud_account: CloudAccount) -> None:
    code = "import logging\ndef handler(event, context):\n    print('low tide')\n    logging.warning('high tide')"
    client = function(cloud_account, "f", code)
    answer = client.invoke(FunctionName="f", LogType="Tail")
    tail = base64.b64decode(answer["LogResult"]).decode()
    assert "low tide" in tail
    assert "[WARNING]" in tail
    found = cloud_account.client("logs", REGION).filter_log_events(logGroupName="/aws/lambda/f")["events"]
    messages = [one["message"] for one in found]
    assert messages[0].startswith("START RequestId: ")
    assert "low tide" in messages[1]
    assert messages[-1].startswith("REPORT RequestId: ")


def test_a_layer_is_on_the_path_and_a_function_can_use_boto3(cloud_account: CloudAccount) -> None:
    client = cloud_account.client("lambda", REGION)
    layer = client.publish_layer_version(
        LayerName="tides",
        Content={"ZipFile": archive({"python/tides.py": "HEIGHT = 7"})},
        CompatibleRuntimes=["python3.12"],
    )
    code = source("""
        import boto3, tides
        def handler(event, context):
            return [tides.HEIGHT, boto3.client("sts").get_caller_identity()["Account"]]
    """)
    function(cloud_account, "f", code, Layers=[layer["LayerVersionArn"]], Timeout=20)
    assert invoke(client, "f") == [7, cloud_account.account_id]


def test_a_botocore_without_its_boto3_does_not_break_the_runtimes_own(cloud_account: CloudAccount) -> None:
    code = source("""
        import boto3
        def handler(event, context):
            return boto3.client("sts").get_caller_identity()["Account"]
    """)
    client = cloud_account.client("lambda", REGION)
    came_along = {"python/botocore/__init__.py": "__version__ = '0.1'"}
    layer = client.publish_layer_version(LayerName="tracing", Content={"ZipFile": archive(came_along)})
    function(cloud_account, "f", code, Layers=[layer["LayerVersionArn"]], Timeout=20)
    assert invoke(client, "f") == cloud_account.account_id


def test_new_code_and_new_settings_take_effect_at_once(cloud_account: CloudAccount) -> None:
    client = function(cloud_account, "f", "import os\ndef handler(e, c): return ['old', os.environ.get('A')]")
    assert invoke(client, "f") == ["old", None]
    new = archive({"index.py": "import os\ndef handler(e, c): return ['new', os.environ.get('A')]"})
    client.update_function_code(FunctionName="f", ZipFile=new)
    assert invoke(client, "f") == ["new", None]
    client.update_function_configuration(FunctionName="f", Environment={"Variables": {"A": "1"}})
    assert invoke(client, "f") == ["new", "1"]


def test_an_asynchronous_invocation_is_retried_and_then_given_up_to_the_dead_letter_queue(
    cloud_account: CloudAccount,
) -> None:
    sqs = cloud_account.client("sqs", REGION)
    queue = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = f"arn:aws:sqs:{REGION}:{cloud_account.account_id}:dead"
    client = function(
        cloud_account, "f", "def handler(e, c): raise RuntimeError(e['n'])", DeadLetterConfig={"TargetArn": arn}
    )
    client.put_function_event_invoke_config(FunctionName="f", MaximumRetryAttempts=0)
    client.invoke(FunctionName="f", InvocationType="Event", Payload=b'{"n": "spring tide"}')
    message = eventually(lambda: sqs.receive_message(QueueUrl=queue).get("Messages"))[0]
    assert "spring tide" in message["Body"]


NODE: dict[str, tuple[dict[str, str], object]] = {
    "async commonjs": ({"index.js": "exports.handler = async (event) => ({ got: event.a });"}, {"got": 1}),
    "callback": ({"index.js": "exports.handler = (event, context, done) => done(null, event.a + 1);"}, 2),
    "module": ({"index.mjs": "export const handler = async (event, context) => context.functionName;"}, "f"),
    "callback error": (
        {"index.js": "exports.handler = (event, context, done) => done(new TypeError('ebb'));"},
        {"errorType": "TypeError", "errorMessage": "ebb"},
    ),
    "thrown": (
        {"index.js": "exports.handler = async () => { throw new RangeError('flood'); };"},
        {"errorType": "RangeError", "errorMessage": "flood"},
    ),
    "no handler": (
        {"index.js": "exports.other = 1;"},
        {"errorType": "Runtime.HandlerNotFound", "errorMessage": "index.handler is undefined or not exported"},
    ),
}


@pytest.mark.parametrize("style", NODE)
def test_node_functions_of_every_style_run(cloud_account: CloudAccount, style: str) -> None:
    files, expected = NODE[style]
    client = function(cloud_account, "f", "", Runtime="nodejs22.x", Code={"ZipFile": archive(files)}, Timeout=20)
    answer: Any = invoke(client, "f", {"a": 1})
    if isinstance(expected, dict) and "errorType" in expected:
        assert {key: answer[key] for key in ("errorType", "errorMessage")} == expected
    else:
        assert answer == expected


def test_a_node_function_that_needs_the_sdk_is_told_why_not(cloud_account: CloudAccount) -> None:
    files = {"index.mjs": "import '@aws-sdk/client-s3'; export const handler = async () => 1;"}
    client = function(cloud_account, "f", "", Runtime="nodejs22.x", Code={"ZipFile": archive(files)}, Timeout=20)
    error = invoke(client, "f")
    assert error["errorType"] == "Runtime.ImportModuleError"
    assert "bundle @aws-sdk with the function" in error["errorMessage"]


def test_a_node_function_logs_what_it_says(cloud_account: CloudAccount) -> None:
    files = {"index.js": "exports.handler = async () => { console.log('slack', {water: 1}); };"}
    client = function(cloud_account, "f", "", Runtime="nodejs22.x", Code={"ZipFile": archive(files)}, Timeout=20)
    tail = base64.b64decode(client.invoke(FunctionName="f", LogType="Tail")["LogResult"]).decode()
    assert "\tINFO\tslack { water: 1 }" in tail


def test_a_runtime_that_is_not_here_is_a_clear_error(cloud_account: CloudAccount) -> None:
    client = function(cloud_account, "f", "", Runtime="java21")
    error = invoke(client, "f")
    assert error["errorType"] == "Runtime.NotSupported"
    assert "not java21" in error["errorMessage"]
