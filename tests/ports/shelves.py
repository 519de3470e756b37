"""Object stores with a way to put things into them, for the suites that read."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, Protocol

from adapters.memory.objects import MemoryObjects
from adapters.s3.store import S3Objects
from tests.servers.s3_clients import REGION
from transfer.model import CHUNK, Pin, Source
from transfer.ports import ObjectStore

if TYPE_CHECKING:
    from types_boto3_s3 import S3Client

PART = 5 * 1024 * 1024
"""The least size of a part but the last (S3 quotas)."""


class Shelf(Protocol):
    """A bucket that can be filled, and the ObjectStore under test that reads it."""

    @property
    def objects(self) -> ObjectStore: ...

    @property
    def bucket(self) -> str: ...

    def put(self, key: str, data: bytes) -> Source: ...

    def remove(self, source: Source) -> None: ...

    def put_archived(self, key: str) -> Source: ...


class MemoryShelf:
    def __init__(self, *, versioned: bool) -> None:
        self.objects = MemoryObjects(versioned=versioned)
        self.bucket = "memory"

    def put(self, key: str, data: bytes) -> Source:
        return self.objects.put(Source(bucket=self.bucket, key=key), data)

    def remove(self, source: Source) -> None:
        self.objects.remove(source)

    def put_archived(self, key: str) -> Source:
        source = self.put(key, b"cold")
        self.objects.archive(source)
        return source


class S3Shelf:
    """A bucket of its own on an S3 server; `client` may write."""

    def __init__(self, client: S3Client, *, versioned: bool) -> None:
        self.client = client
        self.objects = S3Objects(client)
        self.bucket = f"bucket-{uuid.uuid4().hex[:12]}"
        client.create_bucket(
            Bucket=self.bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
        )
        if versioned:
            client.put_bucket_versioning(
                Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
            )

    def put(self, key: str, data: bytes, **extra: Any) -> Source:
        self.client.put_object(Bucket=self.bucket, Key=key, Body=data, **extra)
        return Source(bucket=self.bucket, key=key)

    def put_in_parts(self, key: str, data: bytes) -> Source:
        """A multipart upload with a SHA-256 of each part."""
        where: Any = {"Bucket": self.bucket, "Key": key}
        upload = self.client.create_multipart_upload(**where, ChecksumAlgorithm="SHA256")
        where["UploadId"] = upload["UploadId"]
        parts: Any = []
        for number, start in enumerate(range(0, len(data), PART), 1):
            part = self.client.upload_part(
                **where,
                PartNumber=number,
                Body=data[start : start + PART],
                ChecksumAlgorithm="SHA256",
            )
            checksum = part["ChecksumSHA256"]
            parts.append({"PartNumber": number, "ETag": part["ETag"], "ChecksumSHA256": checksum})
        self.client.complete_multipart_upload(**where, MultipartUpload={"Parts": parts})
        return Source(bucket=self.bucket, key=key)

    def remove(self, source: Source) -> None:
        self.client.delete_object(Bucket=source.bucket, Key=source.key)

    def put_archived(self, key: str) -> Source:
        return self.put(key, b"cold", StorageClass="GLACIER")


def read_whole(objects: ObjectStore, source: Source, pin: Pin) -> bytes:
    """As the crossing reads: CHUNK by CHUNK."""
    return b"".join(
        objects.read(source, pin, start, min(CHUNK, pin.size - start))
        for start in range(0, pin.size, CHUNK)
    )
