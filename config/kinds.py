"""The kinds of value that a setting may have, each with the words for a value that is not one."""

from __future__ import annotations

import codecs
import re
from datetime import date, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field

from config.keys import fingerprint
from transfer.addresses import RULE, is_guarded
from transfer.destination import WEAK_ALGORITHMS
from transfer.errors import Permanent
from transfer.request.names import FIELD, check_path, shown
from transfer.windows import parse_bandwidth, parse_blackout


def _shaped(pattern: str, words: str) -> AfterValidator:
    """A text that matches the whole pattern; `words` tell a person what is allowed."""

    def check(text: str) -> str:
        # Not compiled before: a file has a few of these kinds, and each takes half a millisecond.
        if not re.fullmatch(pattern, text):
            raise ValueError(words)
        return text

    return AfterValidator(check)


def _number(value: object) -> object:
    # pydantic counts true as 1, so `port: yes` would mean port 1.
    if isinstance(value, bool):
        raise ValueError("must be a number")  # noqa: TRY004 - pydantic collects ValueError only
    return value


def _distinct(values: list[str]) -> list[str]:
    if len(set(values)) < len(values):
        raise ValueError("must not name the same thing twice")
    return values


def _absolute(path: str) -> str:
    if not path.startswith("/") or ".." in path.split("/"):
        raise ValueError("must be an absolute directory without '..'")
    return path


def _hours(text: str) -> str:
    parse_blackout(text)
    return text


def _bandwidth(text: str) -> str:
    parse_bandwidth(text)
    return text


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError) as error:
        raise ValueError("must be a zone of the IANA database, e.g. Europe/Berlin") from error
    return name


def _encrypted(url: str) -> str:
    if not is_guarded(url):
        raise ValueError(RULE)
    return url


def _weak(name: str) -> str:
    if name not in WEAK_ALGORITHMS:
        raise ValueError(f"must be one of {', '.join(WEAK_ALGORITHMS)}")
    return name


def _encoding(name: str) -> str:
    words = "must be an encoding such as utf-8, latin-1 or cp1252, in which ASCII stays as it is"
    try:
        found = codecs.lookup(name)
        if PLAIN.encode(found.name) != PLAIN.encode("ascii"):
            raise ValueError(words)
    except (LookupError, TypeError):
        raise ValueError(words) from None
    return found.name


def _reason(text: str) -> str:
    if len(text.strip()) < SHORTEST_REASON:
        raise ValueError(f"must be a reason of at least {SHORTEST_REASON} characters")
    return text


def _beside(pattern: str) -> str:
    directory, slash, name = pattern.rpartition("/")
    if FIELD not in name or FIELD in directory:
        raise ValueError(f"must have {FIELD}, the delivered file's name, in its last part only")
    if {"{", "}"} & set(pattern.replace(FIELD, "")):
        raise ValueError(f"must have no other field than {FIELD}, and no other braces")
    if not slash and name == FIELD:
        raise ValueError(f"must not be {FIELD} alone, which is the delivered file itself")
    path = pattern.replace(FIELD, "name")
    try:
        check_path(path)
    except Permanent as error:
        # The rule alone: no fault repeats a value of the file.
        rule = error.message.removeprefix(f"The path {shown(path)} ").rstrip(".")
        raise ValueError(rule) from None
    return pattern


def _folder(path: str) -> str:
    if path:
        try:
            check_path(path)
        except Permanent as error:
            rule = error.message.removeprefix(f"The path {shown(path)} ").rstrip(".")
            raise ValueError(rule) from None
    return path


def _day(value: object) -> object:
    # pydantic would count a number as seconds since 1970, and 20261231 is one for YAML.
    if isinstance(value, date) and not isinstance(value, datetime):
        return value
    try:
        return date.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ValueError("must be a day, e.g. 2026-12-31") from None


SHORTEST_REASON = 10
PLAIN = "".join(map(chr, range(128)))
NAME = r"[a-z0-9][a-z0-9_-]{0,62}"
SysId = Annotated[
    str, _shaped(r"[0-9a-f]{32}", "must be a sys_id: 32 characters of 0 to 9 and a to f")
]
SecretName = Annotated[
    str,
    _shaped(
        NAME,
        "must be the name of a secret (1 to 63 of a-z, 0-9, - and _); "
        "secrets never stand in this file",
    ),
]
DestinationName = Annotated[str, _shaped(NAME, "must be a name of 1 to 63 of a-z, 0-9, - and _")]
HostKeyText = Annotated[str, AfterValidator(fingerprint)]
Algorithm = Annotated[str, AfterValidator(_weak)]
NamePart = Annotated[
    str,
    _shaped(
        r"[A-Za-z0-9._#@+=-]{0,32}(?<!\.)",
        "must be at most 32 of: A to Z, a to z, 0 to 9, . _ # @ + = - and not end with a dot",
    ),
]
Folder = Annotated[str, AfterValidator(_folder)]
Encoding = Annotated[str, AfterValidator(_encoding)]
Reason = Annotated[str, AfterValidator(_reason)]
Day = Annotated[date, BeforeValidator(_day)]
ServiceUrl = Annotated[
    str,
    _shaped(
        r"https?://[^/\s?#@]+",
        "must look like https://example.com, with no path, no slash at the end and no login in it",
    ),
    AfterValidator(_encrypted),
]
QueueUrl = Annotated[
    str,
    _shaped(
        r"https?://[^/\s?#@]+/([^/\s?#]+/)*[A-Za-z0-9_-]{1,80}(\.fifo)?",
        "must look like https://sqs.eu-central-1.amazonaws.com/123456789012/name",
    ),
    AfterValidator(_encrypted),
]
Prefix = Annotated[str, _shaped(r"s3://[^/\s]+/.*", "must look like s3://bucket/prefix/")]
Table = Annotated[str, _shaped(r"[a-z0-9_]+", "must be the name of a table: a to z, 0 to 9 and _")]
Scope = Annotated[
    str,
    _shaped(
        r"(?=.{3,18}$)x(_[a-z0-9]+){1,3}",
        "must be the scope of an application, like x_fferry: at most 18 of a to z, 0 to 9 and _",
    ),
]
FieldName = Annotated[
    str,
    _shaped(r"[a-z][a-z0-9_]{0,79}", "must be the name of a field: a to z, 0 to 9 and _, no dot"),
]
Agent = Annotated[
    str,
    _shaped(
        r"[A-Za-z][A-Za-z0-9_]{0,79}",
        "must be the name of an agent: letters, digits and _; never that of a MID server",
    ),
]
TableName = Annotated[
    str, _shaped(r"[A-Za-z0-9_.-]{3,255}", "must be 3 to 255 of: A to Z, a to z, 0 to 9, _ . -")
]
NoticeTopic = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:[0-9]{12}:[A-Za-z0-9_-]{1,250}(\.fifo)?",
        "must look like arn:aws:sns:eu-central-1:123456789012:name",
    ),
]
MailAddress = Annotated[
    str,
    _shaped(
        r"[A-Za-z0-9][A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{0,63}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*",
        "must be one bare mail address, e.g. operations@example.com",
    ),
]
RoleArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:iam::[0-9]{12}:role/[A-Za-z0-9+=,.@_/-]{1,512}",
        "must be the ARN of a role, like arn:aws:iam::123456789012:role/reader",
    ),
]
KmsKey = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]{1,64}",
        "must look like arn:aws:kms:eu-central-1:123456789012:key/1234abcd-…",
    ),
]
MachineArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:states:[a-z0-9-]+:\d{12}:stateMachine:[A-Za-z0-9_-]{1,80}",
        "must look like arn:aws:states:eu-central-1:123456789012:stateMachine:FileFerry-Transfers",
    ),
]
SecretPrefix = Annotated[
    str,
    _shaped(r"[A-Za-z0-9/_+=.@-]{0,128}", "must be at most 128 of: A-Z, a-z, 0-9, / _ + = . @ -"),
]
AccountId = Annotated[str, _shaped(r"\d{12}", "must be the 12 digits of an account, quoted")]
Bucket = Annotated[str, _shaped(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "must be a bucket's name")]
PolicyArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:iam::(\d{12}|aws):policy/[\w+=,.@/-]+",
        "must look like arn:aws:iam::123456789012:policy/boundary",
    ),
]
RolePath = Annotated[
    str, _shaped(r"/([\w+=,.@-]+/)*", "must begin and end with a slash, e.g. /fileferry/")
]
KeyArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[A-Za-z0-9-]+",
        "must look like arn:aws:kms:eu-central-1:123456789012:key/…",
    ),
]
TopicArn = Annotated[
    str,
    _shaped(
        r"arn:aws[a-z-]*:sns:[a-z0-9-]+:\d{12}:[A-Za-z0-9_-]{1,256}",
        "must look like arn:aws:sns:eu-central-1:123456789012:alarms",
    ),
]
SubnetId = Annotated[str, _shaped(r"subnet-[0-9a-f]+", "must look like subnet-0123abcd")]
GroupId = Annotated[str, _shaped(r"sg-[0-9a-f]+", "must look like sg-0123abcd")]
LogDays = Literal[30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2557, 3653]
"""What CloudWatch Logs can keep, from a month on."""
Host = Annotated[
    str, _shaped(r"[A-Za-z0-9._:-]+", "must be a host name or an address, nothing around it")
]
Root = Annotated[str, AfterValidator(_absolute)]
Beside = Annotated[str, AfterValidator(_beside)]
Text = Annotated[str, Field(min_length=1)]
Label = Annotated[
    str,
    _shaped(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}", "must be a name: 1 to 100 letters, digits, . _ -"),
]
Phrase = Annotated[
    str, _shaped(r"[^\x00-\x1f\x7f]{0,200}", "must be one line of at most 200 characters")
]
Seconds = Annotated[float, BeforeValidator(_number), Field(gt=0, allow_inf_nan=False)]
SecondsOrZero = Annotated[float, BeforeValidator(_number), Field(ge=0, allow_inf_nan=False)]
Count = Annotated[int, BeforeValidator(_number)]
Lease = Annotated[float, BeforeValidator(_number), Field(ge=1, le=3600, allow_inf_nan=False)]
BandwidthText = Annotated[str, AfterValidator(_bandwidth)]
Hours = Annotated[str, AfterValidator(_hours)]
ZoneName = Annotated[str, AfterValidator(_zone)]
Once = AfterValidator(_distinct)
