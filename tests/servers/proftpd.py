"""A real ProFTPD on loopback: every hash command, and TLS that insists on session reuse."""

from __future__ import annotations

import grp
import os
import pwd
from pathlib import Path

from tests.servers import UNPACKED
from tests.servers.ftp_server import FtpServer
from tests.servers.openssh import SHADOW

CONFIG = """
ServerName ferry
ServerType standalone
DefaultAddress {host}
Port {port}
UseIPv6 on
User {user}
Group {group}
ModulePath {modules}
LoadModule mod_tls.c
LoadModule mod_digest.c
ControlsEngine off
ControlsSocket {home}/controls
PidFile {home}/pid
ScoreboardFile none
DelayEngine off
WtmpLog off
UseReverseDNS off
Umask 022
AuthOrder mod_auth_file.c
AuthUserFile {home}/passwd
RequireValidShell off
AllowOverwrite on
AllowStoreRestart on
AllowRetrieveRestart on
SystemLog {home}/proftpd.log
ExtendedLog {home}/commands.log ALL ferry
LogFormat ferry "%m %r %s"
"""
TLS = """
TLSEngine on
TLSRequired on
TLSRSACertificateFile {cert}
TLSRSACertificateKeyFile {key}
TLSProtocol ALL -SSLv3
TLSCipherSuite DEFAULT:@SECLEVEL=0
TLSLog {home}/tls.log
{options}
"""
SYSTEM_MODULES = Path("/usr/lib/proftpd")


class Proftpd(FtpServer):
    program = "proftpd"

    def prepare(self) -> None:
        passwd = self.home / "passwd"
        passwd.touch(mode=0o600)
        passwd.write_text(f"ferry:{SHADOW}:{self.uid}:{self.uid}::{self.root}:/bin/sh\n")
        unpacked = UNPACKED / "usr/lib/proftpd"
        settings = CONFIG.format(
            host=self.host,
            port=self.port,
            home=self.home,
            user=pwd.getpwuid(os.geteuid()).pw_name,
            group=grp.getgrgid(os.getegid()).gr_name,
            modules=unpacked if unpacked.is_dir() else SYSTEM_MODULES,
        )
        if self.tls:
            settings += TLS.format(
                cert=self.tls.cert_file,
                key=self.tls.key_file,
                home=self.home,
                options="TLSOptions UseImplicitSSL" if self.implicit else "",
            )
        (self.home / "config").write_text("\n".join([settings, *self.options, ""]))

    def command(self, path: str) -> list[str]:
        return [path, "-n", "-c", str(self.home / "config")]
