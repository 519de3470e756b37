#!/usr/bin/env bash
# ministack, with signatures and policies checked, asks for sqs:DeleteMessageBatch where a batch is
# deleted. AWS has no such right: sqs:DeleteMessage allows one message and a batch.
#
# Service Authorization Reference, "Actions defined by Amazon SQS": it lists DeleteMessage, and no
# action of that name with Batch. A policy that is right on AWS is refused here, and one that passes
# here names an action that AWS does not know.
# Seen: ministack 1.5.33, boto3 1.44.8.
set -euo pipefail
work=$(mktemp -d)
trap 'kill "$server" 2>/dev/null || true; rm -rf "$work"' EXIT
server=
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install ministack==1.5.33
# A second environment: the two ask for versions of botocore that exclude each other.
python3 -m venv b
b/bin/pip --quiet --disable-pip-version-check install boto3==1.44.8

port=$(v/bin/python -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])')
env -i PATH=/usr/bin:/bin HOME="$work" TMPDIR="$work" STATE_DIR="$work" S3_DATA_DIR="$work" \
  SFTP_ENABLED=0 IOT_MTLS_ENABLED=0 DOCKER_HOST=unix://"$work"/none BIND_HOST=127.0.0.1 \
  GATEWAY_PORT="$port" AUTH=true AWS_ACCESS_KEY_ID=root AWS_SECRET_ACCESS_KEY=of-nobody \
  v/bin/ministack >log 2>&1 &
server=$!

seen=$(b/bin/python - "$port" <<'PY'
import json
import sys
import time
import urllib.request

import boto3
from botocore.exceptions import ClientError

where = f"http://127.0.0.1:{sys.argv[1]}"
for _ in range(600):
    try:
        urllib.request.urlopen(f"{where}/_ministack/health", timeout=10)
        break
    except OSError:
        time.sleep(0.1)


def client(service, key="root", secret="of-nobody"):
    return boto3.client(
        service,
        endpoint_url=where,
        region_name="eu-central-1",
        aws_access_key_id=key,
        aws_secret_access_key=secret,
    )


def told(call, **words):
    try:
        call(**words)
    except ClientError as error:
        return error.response["Error"]["Code"]
    return "done"


rights = ["sqs:ReceiveMessage", "sqs:DeleteMessage"]
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": rights, "Resource": "*"}]}
iam, root = client("iam"), client("sqs")
iam.create_user(UserName="reader")
iam.put_user_policy(UserName="reader", PolicyName="own", PolicyDocument=json.dumps(policy))
pair = iam.create_access_key(UserName="reader")["AccessKey"]
queue = root.create_queue(QueueName="hints")["QueueUrl"]
for _ in range(2):
    root.send_message(QueueUrl=queue, MessageBody="look")
sqs = client("sqs", pair["AccessKeyId"], pair["SecretAccessKey"])
held = []
while len(held) < 2:
    got = sqs.receive_message(QueueUrl=queue, MaxNumberOfMessages=2)
    held += [each["ReceiptHandle"] for each in got.get("Messages", [])]
print("one:", told(sqs.delete_message, QueueUrl=queue, ReceiptHandle=held[0]))
batch = [{"Id": "a", "ReceiptHandle": held[1]}]
print("batch:", told(sqs.delete_message_batch, QueueUrl=queue, Entries=batch))
PY
)
echo "ministack 1.5.33, with a policy that allows sqs:DeleteMessage:"
echo "$seen"
grep -qx "one: done" <<<"$seen"
grep -qxE "batch: (AccessDenied|AccessDeniedException)" <<<"$seen"
