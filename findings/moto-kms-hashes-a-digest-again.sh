#!/usr/bin/env bash
# moto's KMS hashes a message once more that Sign was told is a digest already (MessageType=DIGEST).
#
# KMS API Reference, Sign: with DIGEST "KMS skips the hashing step", so that the signature is good for
# the message whose digest was given. moto's is good for the digest taken as a message. Its own Verify
# makes the same mistake and agrees, so only a check outside of it, with the public key, shows that.
# Seen: moto 5.2.5, boto3 1.44.8, cryptography 50.0.2 (RSA and elliptic curve alike).
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install "moto[kms]==5.2.5" boto3==1.44.8 cryptography==50.0.2

seen=$(AWS_ACCESS_KEY_ID=nobody AWS_SECRET_ACCESS_KEY=of-nobody v/bin/python - <<'PY'
import hashlib

import boto3
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding
from moto import mock_aws

MESSAGE = b"a receipt"
DIGEST = hashlib.sha256(MESSAGE).digest()
FURTHER = {
    "RSASSA_PKCS1_V1_5_SHA_256": ("RSA_2048", (padding.PKCS1v15(), hashes.SHA256())),
    "ECDSA_SHA_256": ("ECC_NIST_P256", (ec.ECDSA(hashes.SHA256()),)),
}


def good(key, signature, text, further):
    try:
        key.verify(signature, text, *further)
    except InvalidSignature:
        return "bad"
    return "good"


with mock_aws():
    kms = boto3.client("kms", region_name="eu-central-1")
    for algorithm, (spec, further) in FURTHER.items():
        name = kms.create_key(KeyUsage="SIGN_VERIFY", KeySpec=spec)["KeyMetadata"]["KeyId"]
        how = {"KeyId": name, "Message": DIGEST, "MessageType": "DIGEST", "SigningAlgorithm": algorithm}
        signature = kms.sign(**how)["Signature"]
        own = kms.verify(**how, Signature=signature)["SignatureValid"]
        key = serialization.load_der_public_key(kms.get_public_key(KeyId=name)["PublicKey"])
        of_message = good(key, signature, MESSAGE, further)
        of_digest = good(key, signature, DIGEST, further)
        print(f"{spec}: moto's own {own}, of the message {of_message}, of the digest as a message {of_digest}")
PY
)
echo "moto 5.2.5, Sign with MessageType=DIGEST:"
echo "$seen"
for each in RSA_2048 ECC_NIST_P256; do
  grep -qx "$each: moto's own True, of the message bad, of the digest as a message good" <<<"$seen"
done
