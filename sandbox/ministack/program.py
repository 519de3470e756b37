"""ministack, whose Lambda functions run as AWS runs them; by the Python of .cache/aws.

Out of the box it calls a Python handler in a loop of its own, which gives every failure the same
name and lets a function import what ministack itself has installed. Here AWS's own client of the
runtime interface calls it, in a process that finds nothing but the standard library and the zip.

Its STS gets what it lacks: GetScopedCredentials, whose policies narrow those of the session that
asks, and SourceIdentity, which a role's trust must allow to be set.
"""

from __future__ import annotations

import json
import os
import sys
import time
from contextvars import ContextVar
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack import app
from ministack.core import iam_evaluator, lambda_runtime
from ministack.services import lambda_svc, sts

STARTER = f"""#!{sys.executable} -I
import os, sys
import awslambdaric.__main__ as client
from awslambdaric import lambda_runtime_hooks_runner
task = os.environ["LAMBDA_TASK_ROOT"]
del os.environ["AWS_DISABLE_HOST_PREFIX_INJECTION"]
sys.path[:] = [task, *(place for place in sys.path if "site-packages" not in place)]
client.main(["bootstrap", os.environ["_HANDLER"]])
"""

_unpack = lambda_svc._provided_runtime_code_dir


def _unpacked(code_zip: bytes) -> str:
    where: str = _unpack(code_zip)
    starter = Path(where, "bootstrap")
    if not starter.exists():
        starter.write_text(STARTER)
        starter.chmod(0o755)
    return where


def _worker(_config: dict[str, Any]) -> Any:
    return lambda_runtime.ProvidedWorker


Asked = dict[str, str]

_answer_of_sts, _register = sts.handle_request, sts.register_session
_trusts = iam_evaluator.evaluate_trust_policy
_limits = iam_evaluator._session_policy_limits
_asked: ContextVar[Asked] = ContextVar("asked")


def _registered(access: str, session: dict[str, Any]) -> None:
    """What was given out is written down, for tests that look for it elsewhere."""
    with Path(os.environ["HOME"], "given").open("a") as file:
        file.write(f"{session['SecretAccessKey']}\n{session['SessionToken']}\n")
    _register(access, session)


async def _sts(method: str, path: str, headers: Any, body: bytes, query: Any) -> Any:
    asked = {name: values[-1] for name, values in parse_qs(body.decode()).items()}
    _asked.set(asked)
    if asked.get("Action") == "GetScopedCredentials":
        return _scoped(asked, sts.extract_access_key_id(headers, query))
    return await _answer_of_sts(method, path, headers, body, query)


def _scoped(asked: Asked, caller: str) -> Any:
    """What is left of the caller's session; the router has judged whether it may ask for it."""
    session = sts._sessions.get(caller)
    if session is None:
        return sts._error(403, "AccessDenied", "Only temporary credentials are scoped.", ns="sts")
    wanted = time.time() + int(asked.get("DurationSeconds", 0) or 129_600)
    ends = min(wanted, session["Expiration"])
    narrower = [*session.get("Narrower", []), {"Policy": asked["Policy"], "PolicyArns": []}]
    keys = (sts._gen_session_access_key(), sts._gen_secret(), sts._gen_session_token())
    made = dict(zip(("SecretAccessKey", "SessionToken"), keys[1:], strict=True))
    sts.register_session(keys[0], {**session, **made, "Expiration": ends, "Narrower": narrower})
    expires = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(ends))
    inner = (
        f"<GetScopedCredentialsResult><Credentials><AccessKeyId>{keys[0]}</AccessKeyId>"
        f"<SecretAccessKey>{keys[1]}</SecretAccessKey><SessionToken>{keys[2]}</SessionToken>"
        f"<Expiration>{expires}</Expiration></Credentials><SessionInfo>"
        f"<ScopedSessionId>{session['UserId']}</ScopedSessionId><Arn>{session['Arn']}</Arn>"
        "</SessionInfo></GetScopedCredentialsResult>"
    )
    return sts._xml(200, "GetScopedCredentialsResponse", inner, ns="sts")


def _session_limits(session: dict[str, Any], account: str) -> Any:
    narrower = [{"SessionPolicies": each} for each in session.get("Narrower", [])]
    return [limit for each in (session, *narrower) for limit in _limits(each, account)]


def _trusts_with_source(trust: Any, caller: str, context: Any = None) -> bool:
    """Who names a source needs a second action of the trust, by which the first may be bound."""
    named = _asked.get({}).get("SourceIdentity")
    if context is None or named is None:
        return bool(_trusts(trust, caller, context))
    known = {**context.service_context, "sts:sourceidentity": named}
    whole = replace(context, service_context=known)
    also = replace(whole, action="sts:SetSourceIdentity")
    return bool(_trusts(trust, caller, whole) and _trusts(trust, caller, also))


def _count_writes(path: str) -> None:
    """A line for each call of DynamoDB that writes: its name, and the items that it writes."""
    from ministack.services import dynamodb  # noqa: PLC0415  as late as ministack does it

    answer = dynamodb.handle_request
    written = Path(path).open("ab", buffering=0)  # noqa: SIM115  as long as the process lives

    async def counted(method: str, place: str, headers: Any, body: bytes, query: Any) -> Any:
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        asked = json.loads(body or b"{}")
        single = action in ("PutItem", "UpdateItem", "DeleteItem")
        items = int(single) + sum(len(each) for each in asked.get("RequestItems", {}).values())
        items += sum("ConditionCheck" not in each for each in asked.get("TransactItems", []))
        if items and action not in ("BatchGetItem", "TransactGetItems"):
            written.write(f"{action} {items}\n".encode())
        return await answer(method, place, headers, body, query)

    dynamodb.handle_request = counted


if "COUNT_WRITES" in os.environ:
    _count_writes(os.environ["COUNT_WRITES"])
sts.handle_request, sts.register_session = _sts, _registered
iam_evaluator.evaluate_trust_policy = _trusts_with_source
iam_evaluator._session_policy_limits = _session_limits
lambda_svc._provided_runtime_code_dir = _unpacked
lambda_svc._execute_function_warm = lambda_svc._execute_function_provided_warm
lambda_runtime._worker_class_for = _worker
app.main()
