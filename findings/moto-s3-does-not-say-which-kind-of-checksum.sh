#!/usr/bin/env bash
# moto's HeadObject gives the checksum of an object that came in one piece, and not of which kind it is.
#
# S3 API Reference, HeadObject: with ChecksumMode=ENABLED the answer has ChecksumType beside the value
# (FULL_OBJECT for a single PUT), which is how a client knows that the value is not one of parts. moto says
# it of multipart uploads alone. And the ETag of an object under a key of KMS, which is no MD5 with AWS
# (API Reference, Object), is one here: who takes ETags for MD5s finds out in production only.
# Seen: moto 5.2.5, boto3 1.44.8.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install "moto[s3]==5.2.5" boto3==1.44.8

seen=$(AWS_ACCESS_KEY_ID=nobody AWS_SECRET_ACCESS_KEY=of-nobody v/bin/python - <<'PY'
import hashlib

import boto3
from moto import mock_aws

BODY = b"pay.csv"
MD5 = hashlib.md5(BODY).hexdigest()
with mock_aws():
    s3 = boto3.client("s3", region_name="us-east-1")
    s3.create_bucket(Bucket="exports")
    for algorithm in ("CRC32", "SHA256"):
        where = {"Bucket": "exports", "Key": algorithm}
        s3.put_object(**where, Body=BODY, ChecksumAlgorithm=algorithm, ServerSideEncryption="aws:kms")
        head = s3.head_object(**where, ChecksumMode="ENABLED")
        there = f"Checksum{algorithm}" in head
        etag = "the MD5" if head["ETag"].strip('"') == MD5 else "no MD5"
        print(f"{algorithm}: value {there}, type {head.get('ChecksumType')}, under {head['ServerSideEncryption']} ETag is {etag}")
PY
)
echo "moto 5.2.5, HeadObject with ChecksumMode=ENABLED:"
echo "$seen"
for each in CRC32 SHA256; do
  grep -qx "$each: value True, type None, under aws:kms ETag is the MD5" <<<"$seen"
done
