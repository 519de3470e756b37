"""A real vsftpd on loopback (root only): strict about TLS sessions, spare with commands."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.servers.accounts import accounts, write_accounts
from tests.servers.ftp_server import FtpServer
from tests.servers.openssh import is_root

CONFIG = """
listen={v4}
listen_ipv6={v6}
{listen}={host}
listen_port={port}
background=NO
anonymous_enable=NO
local_enable=YES
write_enable=YES
local_umask=022
utf8_filesystem=YES
pam_service_name=vsftpd
secure_chroot_dir={home}/empty
isolate=NO
isolate_network=NO
seccomp_sandbox=NO
xferlog_enable=YES
log_ftp_protocol=YES
vsftpd_log_file={home}/vsftpd.log
"""
TLS = """
ssl_enable=YES
implicit_ssl={implicit}
allow_anon_ssl=NO
force_local_logins_ssl=YES
force_local_data_ssl=YES
ssl_tlsv1=YES
ssl_ciphers=DEFAULT:@SECLEVEL=0
rsa_cert_file={cert}
rsa_private_key_file={key}
"""


class Vsftpd(FtpServer):
    program = "vsftpd"

    def prepare(self) -> None:
        if not is_root():
            pytest.skip("only root can run vsftpd")
        (self.home / "empty").mkdir()
        write_accounts(self, "vsftpd")
        v6 = ":" in self.host
        settings = CONFIG.format(
            v4="NO" if v6 else "YES",
            v6="YES" if v6 else "NO",
            listen="listen_address6" if v6 else "listen_address",
            host=self.host,
            port=self.port,
            home=self.home,
        )
        if self.tls:
            settings += TLS.format(
                implicit="YES" if self.implicit else "NO",
                cert=self.tls.cert_file,
                key=self.tls.key_file,
            )
        # Of two lines about one setting the later wins.
        (self.home / "config").write_text("\n".join([settings, *self.options, ""]))

    def command(self, path: str) -> list[str]:
        return [path, str(self.home / "config")]

    def mounts(self) -> Mapping[Path, str]:
        return accounts(self.home)
