"""nginx as an S3 that is only read: objects are files, and their digests are headers.

Ranges, If-Match and HEAD are nginx's own. SeaweedFS costs three times its CPU, and on a machine
with few cores that would be measured as the clients'.
"""

from __future__ import annotations

import base64
import os
import subprocess
import time
from collections.abc import Iterable
from contextlib import closing, suppress
from pathlib import Path
from socket import create_connection
from typing import Self

from sandbox.tls import Certificate
from tests.servers import need
from tests.servers.ports import free_port

CONFIG = """
{user}
worker_processes 1;
daemon off;
pid {home}/pid;
error_log {home}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  sendfile on;
  tcp_nopush on;
  keepalive_requests 1000000;
  client_body_temp_path {home}/client;
  proxy_temp_path {home}/proxy;
  fastcgi_temp_path {home}/fastcgi;
  uwsgi_temp_path {home}/uwsgi;
  scgi_temp_path {home}/scgi;
  map_hash_max_size 65536;
  map_hash_bucket_size 512;
  map $uri $md5 {{ {md5} }}
  map "$request_method $uri" $crc64nvme {{ {crc64nvme} }}
  map $crc64nvme $kind {{ "" ""; default FULL_OBJECT; }}
  server {{
    listen 127.0.0.1:{port} backlog=1024;
    listen 127.0.0.1:{tls_port} ssl backlog=1024;
    ssl_certificate {certificate.cert_file};
    ssl_certificate_key {certificate.key_file};
    root {home}/buckets;
    # The MD5 is where rclone writes and reads it, since this ETag is none.
    add_header x-amz-meta-md5chksum $md5;
    add_header x-amz-checksum-crc64nvme $crc64nvme;
    add_header x-amz-checksum-type $kind;
  }}
}}
"""


class StaticS3:
    """A context manager. The files of `home`/buckets/BUCKET are its objects; `describe` is called
    once, before it is started. The same objects are there over plain HTTP and over TLS.
    """

    def __init__(self, home: Path, certificate: Certificate) -> None:
        self._home, self._certificate = home, certificate
        self._digests: list[tuple[str, bytes, bytes]] = []
        self.port = free_port()
        self._tls_port = free_port()
        self.endpoint = f"http://127.0.0.1:{self.port}"
        self.tls_endpoint = f"https://127.0.0.1:{self._tls_port}"

    @property
    def pid(self) -> int:
        """Of the listening server."""
        return self._process.pid

    def folder(self, bucket: str) -> Path:
        folder = self._home / "buckets" / bucket
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    def describe(self, bucket: str, digests: Iterable[tuple[str, bytes, bytes]]) -> None:
        """Key, MD5 and CRC64NVME of each object: AWS holds one checksum, and usually this."""
        self._digests += [(f"/{bucket}/{key}", md5, crc) for key, md5, crc in digests]

    def __enter__(self) -> Self:
        config = self._home / "nginx.conf"
        config.write_text(self._config())
        self._process = subprocess.Popen([need("nginx"), "-c", str(config)])
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline and self._process.poll() is None:
            with suppress(OSError), closing(create_connection(("127.0.0.1", self.port))):
                return self
            time.sleep(0.01)
        raise RuntimeError((self._home / "error.log").read_text())

    def __exit__(self, *_exc: object) -> None:
        self._process.terminate()
        self._process.wait(10)

    def _config(self) -> str:
        return CONFIG.format(
            user="user root;" if os.geteuid() == 0 else "",
            home=self._home,
            port=self.port,
            tls_port=self._tls_port,
            certificate=self._certificate,
            md5="".join(f'{uri} "{_text(md5)}"; ' for uri, md5, _ in self._digests),
            crc64nvme="".join(f'"HEAD {uri}" "{_text(crc)}"; ' for uri, _, crc in self._digests),
        )


def _text(digest: bytes) -> str:
    return base64.b64encode(digest).decode()
