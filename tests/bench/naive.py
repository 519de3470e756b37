"""What most scripts do: boto3's body handed to paramiko's putfo; several files by five threads."""

from __future__ import annotations

import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import paramiko

from tests.bench.errand import ACCESS_KEY, REGION, SECRET_KEY, Errand, read

THREADS = 5


def main(errand: Errand) -> None:
    s3 = boto3.client(
        "s3",
        endpoint_url=errand.endpoint,
        region_name=REGION,
        aws_access_key_id=ACCESS_KEY,
        aws_secret_access_key=SECRET_KEY,
    )
    own = threading.local()

    def carry(key: str) -> None:
        if not hasattr(own, "sftp"):
            own.sftp = connect(errand)
        body = s3.get_object(Bucket=errand.bucket, Key=key)["Body"]
        own.sftp.putfo(body, f"{errand.root}/{key}")

    with ThreadPoolExecutor(min(THREADS, len(errand.keys))) as pool:
        list(pool.map(carry, errand.keys))


def connect(errand: Errand) -> Any:
    transport = paramiko.Transport((errand.host, errand.port))
    key = paramiko.Ed25519Key.from_private_key_file(errand.key_file)
    transport.connect(username=errand.username, pkey=key)
    return paramiko.SFTPClient.from_transport(transport)


if __name__ == "__main__":
    main(read(sys.argv[1]))
