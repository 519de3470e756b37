"""3 GB through ChunkedTransfer as it is deployed, for real: `python -m tests.cloud.three_gb`.

The clock of the function is cut so that it takes ten calls and more, and it is killed in three of
them, never twice in a row. What is read of S3 is counted on the line to S3. Takes some minutes of a
quiet machine, and 10 GB of memory. On a busy one a call needs more seconds for its share of the
bytes, or it reads more again than it sends: `python -m tests.cloud.three_gb 60`.
"""

from __future__ import annotations

import hashlib
import os
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from sandbox.servicenow import ServiceNow
from sandbox.tls import make_certificate
from tests.cloud import stack as stacks
from tests.cloud.stack import Stack
from tests.servers.embedded_aws import EmbeddedAws
from tests.servers.openssh import OpenSSH
from tests.servers.proxy import Proxy
from transfer.model import CHUNK, MIB, Transfer

SIZE = 3 * 10**9
RATE = 16 * MIB
"""Bytes a second to the partner."""
WORK = 19
"""Seconds that a call has for its work, unless the command says otherwise."""
TOLD = 256 * MIB
"""Bytes after which a line says how far it is: a run that is broken off has shown something."""
KILLED = 3
APART = 8 * CHUNK
"""Bytes that a call has moved when it is killed, at the least."""
ASKED = "ChunkedTransfer whole?"
"""The state that follows upon an answer."""
MOST = 1.2
DEADLINE = 3600.0


def main() -> int:
    data = pattern(SIZE)
    with tempfile.TemporaryDirectory(prefix="three-gb-") as home, ExitStack() as parts:
        stack, line = raised(Path(home), parts)
        stack.put("three.bin", data)
        wanted = hashlib.sha256(data).hexdigest()
        del data
        before, begun = read(line), time.monotonic()
        head = stack.route(stack.claimed(stack.ordered("three.bin")))
        for number in range(KILLED):
            # The machine gives up after as many deaths in a row as it has tries.
            until_answered(stack, head, number)
            until_moved(stack, head, moved(stack, head) + APART)
            say(f"killed {stack.kill('ChunkedTransfer')} at {moved(stack, head):,}")
        for mark in range(-(-moved(stack, head) // TOLD) * TOLD, SIZE, TOLD):
            until_moved(stack, head, mark)
            sent, passed = moved(stack, head), time.monotonic() - begun
            say(f"{sent:,} sent, {read(line) - before:,} read, {passed:.0f} s")
        execution = stack.ended(head.execution or "")
        seconds, times = time.monotonic() - begun, (read(line) - before) / SIZE
        calls = sum(
            event["type"] == "TaskScheduled" and "ChunkedTransfer" in str(event)
            for event in stack.history(execution)
        )
        found = sha256(Path(stack.partner.root, "three.bin"))
        record = stack.record(stack.placed)
        receipt = record.deliveries[0].receipt if record else None
        say(f"{execution['status']}: {calls} calls, {KILLED} killed, {seconds:.0f} s")
        say(f"read {times:.3f} times the file")
        right = found == wanted == (receipt.sha256 if receipt else "")
        say("the bytes and the receipt are right" if right else "WRONG BYTES")
        return 0 if right and times <= MOST and calls >= 10 else 1


def say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def raised(home: Path, parts: ExitStack) -> tuple[Stack, Proxy]:
    for name in [name for name in os.environ if name.startswith(("AWS_", "FILEFERRY_"))]:
        del os.environ[name]
    certificate = make_certificate(home / "tls")
    aws = parts.enter_context(EmbeddedAws(waits=0.02))
    os.environ |= {"AWS_ACCESS_KEY_ID": aws.access_key, "AWS_SECRET_ACCESS_KEY": aws.secret_key}
    servicenow = parts.enter_context(ServiceNow(tls=certificate))
    partner = parts.enter_context(OpenSSH())
    slow = parts.enter_context(Proxy(partner.host, partner.port, rate=RATE))
    counted = parts.enter_context(Proxy("127.0.0.1", aws.port))
    work = int(sys.argv[1]) if len(sys.argv) > 1 else WORK
    stacks.LIMITS["ChunkedTransfer"] = stacks.CUT - 4 + work
    stacks.DEADLINE = DEADLINE
    objects = f"http://127.0.0.1:{counted.port}"
    stack = Stack(aws, servicenow, certificate.ca_file, partner, slow, home, objects)
    stack.make()
    parts.callback(stack.close)
    return stack, counted


def read(line: Proxy) -> int:
    """Bytes that have come from S3."""
    return sum(link.down.carried for link in line.links)


def moved(stack: Stack, head: Transfer) -> int:
    return sum(item.moved for item in stack.house.books.ledger.deliveries(head.id))


def until_moved(stack: Stack, head: Transfer, wanted: int) -> None:
    until(stack, head, lambda: moved(stack, head) >= wanted)


def until_answered(stack: Stack, head: Transfer, times: int) -> None:
    until(stack, head, lambda: answers(stack, head) >= times)


def until(stack: Stack, head: Transfer, happened: Callable[[], bool]) -> None:
    """As of the stack, but an execution that has ended is not waited for."""

    def seen() -> bool:
        return happened() or stack.execution(head.execution or "")["status"] != "RUNNING"

    stack.until(seen)


def answers(stack: Stack, head: Transfer) -> int:
    """How many calls of ChunkedTransfer have ended by themselves."""
    history = stack.history(stack.execution(head.execution or ""))
    return sum(event.get("stateEnteredEventDetails", {}).get("name") == ASKED for event in history)


def pattern(size: int) -> bytes:
    """No two chunks of it are alike."""
    plain: Any = memoryview(os.urandom(CHUNK))
    pieces = [
        number.to_bytes(8) + plain[8 : min(CHUNK, size - number * CHUNK)]
        for number in range(-(-size // CHUNK))
    ]
    return b"".join(pieces)


def sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


if __name__ == "__main__":
    sys.exit(main())
