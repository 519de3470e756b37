"""Certificates that are right or wrong in one way each, and one for a client."""

from __future__ import annotations

import ipaddress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from sandbox.tls import Certificate

HERE = ("localhost", "127.0.0.1", "::1")
DAY = timedelta(days=1)
FRESH = (-DAY, 7 * DAY)
EXPIRED = (-3 * DAY, -DAY)


class Authority:
    """A certificate authority whose files stand in `directory`."""

    def __init__(self, directory: Path, name: str = "authority") -> None:
        self._directory = directory
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        made = _builder(self._name, self._name, self._key, FRESH).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        self.file = directory / f"{name}.pem"
        self.file.write_bytes(_pem(made.sign(self._key, hashes.SHA256())))

    def certify(
        self,
        name: str,
        hosts: tuple[str, ...] = HERE,
        valid: tuple[timedelta, timedelta] = FRESH,
        *,
        by_itself: bool = False,
    ) -> Certificate:
        """`valid` is from when to when, counted from now; `by_itself` is self-signed."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer, signer = (_name(name), key) if by_itself else (self._name, self._key)
        names = x509.SubjectAlternativeName([_general(host) for host in hosts])
        made = _builder(_name(name), issuer, key, valid).add_extension(names, critical=False)
        files = [self._directory / f"{name}.{kind}" for kind in ("crt", "key")]
        files[0].write_bytes(_pem(made.sign(signer, hashes.SHA256())))
        files[1].write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM,
                serialization.PrivateFormat.PKCS8,
                serialization.NoEncryption(),
            )
        )
        return Certificate(files[0], files[1], self.file)


def _name(common: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common)])


def _general(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    key: ec.EllipticCurvePrivateKey,
    valid: tuple[timedelta, timedelta],
) -> x509.CertificateBuilder:
    today = datetime.now(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(today + valid[0])
        .not_valid_after(today + valid[1])
    )
