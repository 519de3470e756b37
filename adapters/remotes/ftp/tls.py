"""FTPS: whom we trust, what we show, and what is wrong with a server that does not convince us.

The server's certificate and host name are always verified; TLS is 1.2 or later.
"""

from __future__ import annotations

import hashlib
import ssl
from collections.abc import Callable
from datetime import UTC, datetime

from adapters import certificates
from adapters.remotes.dial import name_of, plain
from transfer.destination import Destination
from transfer.errors import Code, FerryError, Permanent

EOF_ERRORS = (ssl.SSLEOFError, ssl.SSLZeroReturnError, ssl.SSLSyscallError)


def make_context(destination: Destination, secret: Callable[[str], str]) -> ssl.SSLContext:
    """Raises Permanent `destination.misconfigured`, and what `secret` raises."""
    ca_file = destination.tls.ca_file
    try:
        context = ssl.create_default_context(cafile=ca_file)
    except OSError as error:
        why = f"has no readable authority in {ca_file}: {plain(str(error))}"
        raise misconfigured(destination, why) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if destination.tls.certificate is not None:
        pem = secret(destination.tls.certificate)
        phrase = secret(destination.passphrase) if destination.passphrase else ""
        _show(context, destination, pem, phrase)
    return context


def _show(context: ssl.SSLContext, destination: Destination, pem: str, phrase: str) -> None:
    try:
        certificates.show(context, pem, phrase)
    except (OSError, ValueError):
        why = "has a client certificate that is not a certificate and its key in PEM form"
        raise misconfigured(destination, why) from None


def misconfigured(destination: Destination, why: str) -> Permanent:
    return Permanent(Code.DESTINATION_MISCONFIGURED, f"Destination {destination.name} {why}.")


def identity(sock: ssl.SSLSocket) -> str:
    """The certificate's names and fingerprint, as `openssl x509 -fingerprint -sha256` has it."""
    shown = sock.getpeercert() or {}
    digest = hashlib.sha256(sock.getpeercert(binary_form=True) or b"").hexdigest()
    subject, issuer = _common(shown.get("subject")), _common(shown.get("issuer"))
    return f"certificate of {plain(subject)} by {plain(issuer)}, SHA256:{digest}"


def agreed(sock: ssl.SSLSocket) -> str:
    """The version of TLS, and the cipher."""
    return f"{sock.version()}, {(sock.cipher() or ('',))[0]}"


def until(sock: ssl.SSLSocket) -> datetime:
    """The end of the certificate; one that was verified has one (RFC 5280, section 4.1.2.5)."""
    shown = sock.getpeercert() or {}
    return datetime.fromtimestamp(ssl.cert_time_to_seconds(str(shown["notAfter"])), UTC)


def _common(name: object) -> str:
    """The common name, else the last part, of what getpeercert() gives for a name."""
    parts = name if isinstance(name, tuple) else ()
    pairs = [pair for part in parts for pair in part]
    return dict(pairs).get("commonName") or (pairs[-1][1] if pairs else "nobody")


def distrust(destination: Destination, error: ssl.SSLError) -> FerryError | None:
    """Why the handshake ended; None when the line broke and nobody refused anything."""
    if isinstance(error, EOF_ERRORS):
        return None
    where = name_of(destination)
    if isinstance(error, ssl.SSLCertVerificationError):
        message = (
            f"The certificate of {where} is not to be trusted: {plain(error.verify_message)}; "
            "nothing was sent to it."
        )
        return Permanent(Code.CERTIFICATE_REFUSED, message)
    reason = plain(error.reason or str(error))
    message = f"The server of {where} offers no TLS that is safe enough: {reason}."
    action = "Ask the partner to offer TLS 1.2 or 1.3, then order again."
    return Permanent(Code.REMOTE_INSECURE, message, action=action)
