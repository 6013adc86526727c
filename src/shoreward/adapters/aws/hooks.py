"""Hooks that are Lambda functions in a target's account and region (`app.ports.Hooks`)."""

from __future__ import annotations

from shoreward.adapters.aws.calls import Aws
from shoreward.adapters.aws.naming import fill
from shoreward.app.ports import Question, Reply
from shoreward.app.replies import reply_of
from shoreward.domain import Hook, Retryable


class FunctionHooks:
    """Invokes a function with the question as its event, and reads what it returns."""

    def __init__(self, aws: Aws) -> None:
        self._aws = aws

    def ask(self, hook: Hook, question: Question) -> Reply:
        """Invoke the function, once; see `Hooks.ask`. One that raises has not answered."""
        target, name = question.target, fill(hook.function, question.target)
        client = self._aws.lambda_(target, read_timeout=hook.timeout)
        answer = self._aws.within(0.0).call(target, client.invoke, FunctionName=name, Payload=question.body.encode())
        content = answer["Payload"].read()
        if answer.get("FunctionError"):
            raise Retryable(
                "HOOK_UNCLEAR",
                f"Function {name} in {target} raised an error: {content.decode(errors='replace')[:200]}",
                next="Mend the function; it is asked again.",
            )
        return reply_of(hook, content)
