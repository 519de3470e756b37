"""A boto3 client with a fault on the line: it counts, loses answers, throttles, tells old news."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError

READS = {"get_item", "batch_get_item", "query"}


@dataclass(frozen=True)
class Call:
    """One call of the API; it is made by calling it."""

    name: str
    ask: Callable[..., Any]
    request: dict[str, Any]

    def __call__(self) -> Any:
        return self.ask(**self.request)

    @property
    def may_be_stale(self) -> bool:
        """It reads, and does not ask for what stands there now."""
        if self.name not in READS:
            return False
        parts = self.request.get("RequestItems", {"all": self.request}).values()
        return not all(part.get("ConsistentRead") for part in parts)


class Line:
    """Passes every call through `around`, which a fault overrides."""

    def __init__(self, client: Any) -> None:
        self._client = client
        self.meta = client.meta
        self.calls: list[str] = []

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def ask(**request: Any) -> Any:
            self.calls.append(name)
            return self.around(Call(name, getattr(self._client, name), request))

        return ask

    def around(self, call: Call) -> Any:
        return call()


class NthCall(Line):
    """A fault at one call only, the first is 1; `arm` begins the counting."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._left = 0

    def arm(self, number: int) -> None:
        self._left = number

    @property
    def struck(self) -> bool:
        return self._left <= 0

    def around(self, call: Call) -> Any:
        self._left -= 1
        if self._left == 0:
            return self.fault(call)
        return call()

    def fault(self, call: Call) -> Any:
        raise NotImplementedError


class Lost(NthCall):
    """The call has its effect, its answer never comes."""

    def fault(self, call: Call) -> Any:
        with suppress(ClientError):
            call()
        raise ReadTimeoutError(endpoint_url="http://ledger")


class SentAgain(NthCall):
    """The first answer is lost, and the transport sends the same call again."""

    def fault(self, call: Call) -> Any:
        with suppress(ClientError):
            call()
        return call()


class Unanswered(NthCall):
    """The call never arrives."""

    def fault(self, call: Call) -> Any:
        raise ReadTimeoutError(endpoint_url=call.name)


class Refusing(NthCall):
    """The service answers with an error, at one call or at all that follow."""

    def __init__(self, client: Any, code: str, status: int = 400, *, always: bool = False) -> None:
        super().__init__(client)
        self._answer: Any = {
            "Error": {"Code": code, "Message": "Said by a test."},
            "ResponseMetadata": {"HTTPStatusCode": status},
        }
        self._always = always

    def fault(self, call: Call) -> Any:
        if self._always:
            self._left = 1
        raise ClientError(self._answer, call.name)


class Stale(Line):
    """Reads without ConsistentRead tell what they told when they were asked first, for ever."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._told: dict[str, Any] = {}

    def around(self, call: Call) -> Any:
        if not call.may_be_stale:
            return call()
        asked = repr(call.request)
        if asked not in self._told:
            self._told[asked] = call()
        return self._told[asked]


class Meanwhile(Line):
    """Something happens once, just before the n-th call of that name."""

    def __init__(self, client: Any, number: int, name: str = "transact_write_items") -> None:
        super().__init__(client)
        self.happens: Callable[[], object] | None = None
        self._number = number
        self._name = name

    def around(self, call: Call) -> Any:
        if self.happens and self.calls.count(self._name) == self._number:
            happens, self.happens = self.happens, None
            happens()
        return call()
