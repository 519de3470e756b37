"""Reading S3: one object is pinned by HeadObject, then read in ranges that must match the pin."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from types import ModuleType
from typing import TYPE_CHECKING, TypeVar

from adapters.aws.keys import Keys
from adapters.aws.scope import Scope
from adapters.s3 import checksums
from adapters.s3 import pin as s3_pin
from adapters.s3.http import Answer, Asked, ThinHttp
from adapters.s3.origin import by_aws
from adapters.s3.plain import plain, usual_terms
from adapters.s3.ways import Thin, Way, Ways
from transfer.errors import FerryError
from transfer.model import Pin, Source
from transfer.request.names import FOLDERS

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

OK = 200
T = TypeVar("T")

Lend = Callable[[Scope], Callable[[], Keys]]
"""The credentials for one thing; they are asked for at each request, for they may change."""


Vouches = Callable[[str, s3_pin.Headers], bool]
"""Whether it is AWS that has answered so to a request to that URL."""


def make_client(
    region: str, endpoint_url: str | None = None, profile: str | None = None, timeout: float = 30.0
) -> S3Client:
    """A client with the credentials of the process or profile, safe to share between threads.

    `timeout` is in seconds. Raises Permanent `config.invalid`.
    """
    # Loaded by those who need them only: see adapters/s3/plain.py.
    import boto3  # noqa: PLC0415

    from adapters.aws import client as aws  # noqa: PLC0415

    with aws.settings_checked():
        session = boto3.session.Session(profile_name=profile, region_name=region)
        config = aws.client_config(endpoint_url, timeout)
        return aws.guarded(session.client("s3", endpoint_url=endpoint_url, config=config))


def make_objects(
    region: str, endpoint_url: str | None = None, profile: str | None = None, timeout: float = 30.0
) -> S3Objects:
    """What `S3Objects(make_client(…))` is; where nothing unusual is set, without boto3 until it is
    needed.
    """
    make = partial(make_client, region, endpoint_url, profile, timeout)
    simple = plain(region, endpoint_url, profile)
    if simple is None:
        return S3Objects(make())
    return S3Objects(Ways(make, simple, usual_terms(timeout)))


class S3Objects:
    """ObjectStore on S3, over a client or over ways that make one when it is needed.

    `Pin.etag` stands as S3 wrote it, quotes and all.
    """

    def __init__(
        self, over: S3Client | Ways, lend: Lend | None = None, vouches: Vouches = by_aws
    ) -> None:
        self._ways = over if isinstance(over, Ways) else Ways(lambda: over)
        self._lend = lend
        self._vouches = vouches
        self.checksums = checksums.Available()

    def under(self, lend: Lend) -> S3Objects:
        """The same store, read with lent credentials; connections are shared."""
        return S3Objects(self._ways, lend, self._vouches)

    def describe(self, source: Source) -> Pin:
        with _translated(source):
            return self._pin(source, *self._head(source))

    def list(self, bucket: str, prefix: str) -> Iterator[str]:
        with _translated(Source(bucket=bucket, key=prefix)):
            keys = self._keys(Scope(bucket, prefix, listing=True))
            found = self._ways.boto(keys).list(bucket, prefix)
            yield from (key for key in found if not key.endswith(FOLDERS))

    def read(self, source: Source, pin: Pin, start: int, length: int) -> bytes:
        data = bytearray(length)
        self.read_into(source, pin, start, memoryview(data))
        return bytes(data)

    def read_into(self, source: Source, pin: Pin, start: int, buffer: memoryview) -> None:
        length = len(buffer)
        if length == 0:
            return
        with (
            _translated(source),
            closing(
                self._ask(source, pin.version_id, lambda way: way.get(source, pin, start, length))
            ) as answer,
        ):
            s3_pin.check_fit(source, pin, start, length, answer.headers)
            count = _fill(buffer, answer)
        if count != length:
            raise s3_pin.misfit(source, f"the body ended after {count:,} of {length:,} bytes")

    def describe_all(self, sources: Iterable[Source]) -> Iterator[Pin]:
        http = self._ways.http

        def asked() -> Iterator[tuple[tuple[Source, Thin | None], Asked | None]]:
            for source in sources:
                thin = self._thin(source, source.version_id, http)
                yield (source, thin), thin.to_head(source) if thin else None

        for (source, thin), answer in http.ask_all("HEAD", asked()):
            if thin and answer:
                answer.close()
                with _translated(source):
                    pin = self._pin(source, answer.headers, thin.url)
            else:
                pin = self.describe(source)
            yield pin

    def read_all(self, wanted: Iterable[tuple[Source, Pin, memoryview]]) -> None:
        http = self._ways.http

        def asked() -> Iterator[tuple[tuple[Source, Pin, memoryview], Asked | None]]:
            for each in wanted:
                source, pin, buffer = each
                thin = self._thin(source, pin.version_id, http) if buffer else None
                yield each, thin.to_get(source, pin, 0, len(buffer)) if thin else None

        for (source, pin, buffer), answer in http.ask_all("GET", asked()):
            if not (answer and _taken(source, pin, buffer, answer)):
                self.read_into(source, pin, 0, buffer)

    def _thin(self, source: Source, version: str | None, http: ThinHttp) -> Thin | None:
        """By which to ask for it with others; None where that is not sure to go smoothly."""
        try:
            thin = self._ways.thin(source, self._keys(Scope(source.bucket, source.key, version)))
        except Exception:  # noqa: BLE001  it is asked alone, which says why
            return None
        return thin if thin and thin.http is http else None

    def _pin(self, source: Source, head: s3_pin.Headers, url: str) -> Pin:
        return s3_pin.pin(source, head, by_aws=self._vouches(url, head))

    def status(self, source: Source, keys: Keys) -> int:
        """The HTTP status of HEAD with those credentials."""
        way = self._ways.thin(source, lambda: keys) or self._ways.boto(lambda: keys)
        with _translated(source):
            try:
                way.head(source)
            except Exception as error:
                status: int = _refusals().status(error)
                if not status:
                    raise
                return status
        return OK

    def _head(self, source: Source) -> tuple[s3_pin.Headers, str]:
        """With the URL that was asked."""
        try:
            return self._ask(source, source.version_id, lambda way: (way.head(source), way.url))
        except Exception as error:
            if _refusals().wants_reason(error):
                keys = self._keys(Scope(source.bucket, source.key, source.version_id))
                self._ways.boto(keys).provoke_reason(source)
            raise

    def _ask(self, source: Source, version: str | None, ask: Callable[[Way], T]) -> T:
        keys = self._keys(Scope(source.bucket, source.key, version))
        thin = self._ways.thin(source, keys)
        if thin is None:
            return ask(self._ways.boto(keys))
        try:
            return ask(thin)
        except Exception as error:
            # boto3 follows a bucket into its region.
            if not _refusals().is_misplaced(error):
                raise
        self._ways.mistaken(source)
        return ask(self._ways.boto(keys))

    def _keys(self, scope: Scope) -> Callable[[], Keys] | None:
        return self._lend(scope) if self._lend else None


def _taken(source: Source, pin: Pin, buffer: memoryview, answer: Answer) -> bool:
    """Whether the whole of it is there."""
    with closing(answer):
        try:
            s3_pin.check_fit(source, pin, 0, len(buffer), answer.headers)
            return _fill(buffer, answer) == len(buffer)
        except Exception:  # noqa: BLE001  as in _thin
            return False


def _fill(buffer: memoryview, answer: Answer) -> int:
    filled = 0
    while filled < len(buffer) and (count := answer.readinto(buffer[filled:])):
        filled += count
    return filled


@contextmanager
def _translated(source: Source) -> Iterator[None]:
    try:
        yield
    except FerryError:
        raise
    except Exception as error:
        known = _refusals().translated(error, source)
        if known is error:
            raise
        raise known from error


def _refusals() -> ModuleType:
    # Who meets no error need not wait for botocore.
    from adapters.s3 import refusals  # noqa: PLC0415

    return refusals
