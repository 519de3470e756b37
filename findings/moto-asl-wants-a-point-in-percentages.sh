#!/usr/bin/env bash
# moto's interpreter of state machines refuses a Map state whose ToleratedFailurePercentage is a whole
# number, and takes the same number with a point. To JSON both are one number.
#
# Amazon States Language, "Map State": ToleratedFailurePercentage is a number from 0 to 100. Who
# writes the definition with a JSON library sends 100, and is told that the definition is wrong.
# Seen: moto 5.2.5 with execute_state_machine, boto3 1.44.8.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install 'moto[stepfunctions]==5.2.5' boto3==1.44.8

seen=$(AWS_ACCESS_KEY_ID=a AWS_SECRET_ACCESS_KEY=b v/bin/python - <<'PY'
import json

import boto3
from botocore.exceptions import ClientError
from moto import mock_aws

ITEM = {
    "ProcessorConfig": {"Mode": "DISTRIBUTED", "ExecutionType": "STANDARD"},
    "StartAt": "Done",
    "States": {"Done": {"Type": "Succeed"}},
}


def made(client, name, tolerated):
    each = {"Type": "Map", "ItemProcessor": ITEM, "ToleratedFailurePercentage": tolerated, "End": True}
    try:
        client.create_state_machine(
            name=name,
            definition=json.dumps({"StartAt": "Each", "States": {"Each": each}}),
            roleArn="arn:aws:iam::123456789012:role/states",
        )
    except ClientError as error:
        return "no viable alternative" in str(error) and "refused by the parser"
    return "taken"


with mock_aws(config={"stepfunctions": {"execute_state_machine": True}}):
    client = boto3.client("stepfunctions", region_name="eu-central-1")
    print(100, made(client, "whole", 100))
    print(100.0, made(client, "point", 100.0))
PY
)
echo "moto 5.2.5, ToleratedFailurePercentage:"
echo "$seen"
[ "$seen" = $'100 refused by the parser\n100.0 taken' ]
