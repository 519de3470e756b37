#!/usr/bin/env bash
# To add up one CRC with awscrt costs as much CPU as 150 MB of them: what is loaded with it starts its TLS first.
#
# `from awscrt import checksums` needs a function of a few lines, and comes with the one extension module that
# holds everything. As soon as that is imported its AWS-LC seeds a generator of random numbers from the jitter of the
# processor's clock (the larger part by callgrind) and reads the root certificates, although nobody speaks TLS.
# Python's own extension for OpenSSL does neither when it is imported. Each short-lived process that checks one S3
# checksum pays it.
# Seen: awscrt 0.38.0 on Python 3.11: 38 to 64 ms of CPU; `_ssl` takes 3 to 4, and the checksum of 1 MiB 0.2.
set -euo pipefail
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
python3 -m venv v
v/bin/pip --quiet --disable-pip-version-check install awscrt==0.38.0

v/bin/python - <<'PY'
import subprocess
import sys
from statistics import median

PROGRAM = """
from time import process_time
began = process_time()
{}
print(process_time() - began)
"""


def cost(line: str) -> float:
    """CPU milliseconds of it in an interpreter of its own, the median of nine."""
    run = [sys.executable, "-c", PROGRAM.format(line)]
    times = [float(subprocess.run(run, capture_output=True, check=True).stdout) for _ in range(9)]
    return 1000 * median(times)


awscrt, ssl = cost("from awscrt import checksums"), cost("import _ssl")
summing = cost(
    "from awscrt import checksums; data = bytes(2**20); began = process_time(); checksums.crc64nvme(data)"
)
print(f"import of awscrt's checksums {awscrt:.1f} ms, of Python's OpenSSL {ssl:.1f} ms; CRC-64/NVME of 1 MiB {summing:.2f} ms")
assert awscrt > 3 * ssl, "it is no longer dear to import"
assert awscrt > 50 * summing, "it is no longer dear beside what it was imported for"
PY
echo "As said."
