"""Client certificates for TLS: shown to a server, never written to a disk."""

from __future__ import annotations

import os
import ssl


def show(context: ssl.SSLContext, pem: str, phrase: str = "") -> None:
    """Have the context show the certificate in `pem`, which holds its private key too.

    Raises OSError or ValueError when it is none; `phrase` opens an encrypted key.
    """
    # OpenSSL reads certificates from files only; this one is in memory.
    handle = os.memfd_create("certificate")
    try:
        with os.fdopen(os.dup(handle), "w", encoding="utf-8") as file:
            file.write(pem)
        context.load_cert_chain(f"/proc/self/fd/{handle}", password=phrase)
    finally:
        os.close(handle)
