"""S3's own reason reaches the person: only it tells a key from a policy, or from an endpoint."""

from __future__ import annotations

from dataclasses import replace

import pytest

from adapters.s3.store import S3Objects
from tests.servers.odd_s3 import Answer, OddS3, refusal
from tests.servers.s3_clients import s3_client
from transfer.errors import Code, FerryError
from transfer.model import Source

SOURCE = Source(bucket="exports", key="pay/a.csv")
WHO = "User: arn:aws:sts::111122223333:assumed-role/ferry/i-0 is not authorized to perform: "


def refused(*answers: Answer, source: Source = SOURCE, listing: bool = False) -> FerryError:
    with OddS3(*answers) as store:
        objects = S3Objects(s3_client(store.endpoint_url))
        with pytest.raises(FerryError) as raised:
            list(objects.list(source.bucket, "pay/")) if listing else objects.describe(source)
    assert raised.value.code is Code.SOURCE_DENIED
    return raised.value


@pytest.mark.parametrize(
    ("status", "code", "words", "action"),
    [
        (403, "AccessDenied", f"{WHO}kms:Decrypt on resource: arn:aws:kms:key/abcd", "KMS key"),
        (400, "KMS.DisabledException", "arn:aws:kms:key/abcd is disabled.", "enable or restore"),
        (
            400,
            "KMS.KMSInvalidStateException",
            "arn:aws:kms:key/abcd is pending deletion.",
            "enable or restore",
        ),
        (
            400,
            "InvalidRequest",
            "The object was stored using a form of Server Side Encryption.",
            "SSE-C",
        ),
        (
            403,
            "AccessDenied",
            f"{WHO}s3:GetObject on resource: x with an explicit deny in a VPC endpoint policy",
            "VPC endpoint",
        ),
        (
            403,
            "AccessDenied",
            f"{WHO}s3:GetObject with an explicit deny in a service control policy",
            "who keeps the named policy",
        ),
        (403, "AccessDenied", f"{WHO}s3:GetObject because of no such thing", "bucket's owner"),
        (403, "AllAccessDisabled", "All access to this object has been disabled", "bucket's owner"),
    ],
)
def test_the_reason_is_told_and_the_action_fits_it(
    status: int, code: str, words: str, action: str
) -> None:
    error = refused(Answer(status=status), refusal(status, code, Message=words))
    assert words in error.message
    assert f"({code}, HTTP {status})" in error.message
    assert action in error.action


@pytest.mark.parametrize(("key", "told"), [("pay ", True), ("\u00a0pay", True), ("a b", False)])
def test_a_blank_that_nobody_sees_is_named_where_nothing_is(key: str, told: bool) -> None:
    source = Source(bucket="exports", key=key)
    with (
        OddS3(Answer(status=404), refusal(404, "NoSuchKey")) as store,
        pytest.raises(FerryError) as raised,
    ):
        S3Objects(s3_client(store.endpoint_url)).describe(source)
    assert raised.value.code is Code.SOURCE_MISSING
    assert ("begins or ends with a blank" in raised.value.message) is told


def test_a_name_in_the_reason_is_no_reason() -> None:
    role = WHO.replace("ferry", "kms-reader")
    for key in ("kms:key/endpoint policy.csv", "Server Side Encryption"):
        words = f"{role}s3:GetObject on resource: arn:aws:s3:::exports/{key}"
        source = Source(bucket="exports", key=key)
        answer = refusal(403, "AccessDenied", Message=words)
        assert "bucket's owner" in refused(Answer(status=403), answer, source=source).action


@pytest.mark.parametrize("words", ["", "Access Denied", "Forbidden"])
def test_words_that_say_no_more_than_the_code_are_left_out(words: str) -> None:
    error = refused(Answer(status=403), refusal(403, "AccessDenied", Message=words))
    assert error.message.endswith("(AccessDenied, HTTP 403).")


def numbered(request: str) -> Answer:
    plain = refusal(403, "AccessDenied", RequestId=request.strip("<>"), HostId="a" * 76)
    more = {"x-amz-request-id": request, "x-amz-id-2": "a" * 76}
    return replace(plain, headers={**plain.headers, **more})


def test_the_number_that_support_asks_for_is_there_where_it_is_one() -> None:
    error = refused(Answer(status=403), numbered("4442587FB7D0A2F9"))
    assert "request 4442587FB7D0A2F9)" in error.message
    assert "a" * 76 not in error.message
    assert "script" not in refused(Answer(status=403), numbered("<script>")).message


def test_nothing_that_looks_like_a_secret_is_passed_on() -> None:
    key, signature = "AKIAIOSFODNN7EXAMPLE", "fe5f80f77d5fa3beca038a248ff027d0445342fe2855ddc963"
    words = f"The key {key} with Signature={signature} may not."
    message = refused(Answer(status=403), refusal(403, "AccessDenied", Message=words)).message
    assert "may not" in message
    assert key not in message
    assert signature not in message


def test_what_a_store_writes_cannot_break_a_line_or_fill_a_ticket() -> None:
    words = "one\ntwo\u202e\x1b[31m" + "three " * 500
    message = refused(
        Answer(status=403), refusal(403, "Odd", Message=words.replace("\x1b", ""))
    ).message
    assert "\n" not in message
    assert "\u202e" not in message
    assert len(message) < 700


def test_who_may_not_list_hears_that_it_is_about_listing() -> None:
    error = refused(refusal(403, "AccessDenied", Message="Access Denied"), listing=True)
    assert "list the keys below s3://exports/pay/" in error.message
    assert "s3:ListBucket" in error.action


def test_the_reason_is_asked_of_the_version_that_was_ordered() -> None:
    versioned = Source(bucket="exports", key="pay/a.csv", version_id="v7")
    with OddS3(Answer(status=403), refusal(403, "AccessDenied")) as store:
        with pytest.raises(FerryError):
            S3Objects(s3_client(store.endpoint_url)).describe(versioned)
        assert [seen.path.partition("?")[2] for seen in store.seen] == ["versionId=v7"] * 2
