"""A directory as an SFTP server shows it: verbs and status codes of OpenSSH's sftp-server."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from paramiko import ServerInterface, SFTPAttributes, SFTPHandle, SFTPServerInterface
from paramiko.sftp import (
    SFTP_BAD_MESSAGE,
    SFTP_FAILURE,
    SFTP_NO_SUCH_FILE,
    SFTP_OK,
    SFTP_OP_UNSUPPORTED,
    SFTP_PERMISSION_DENIED,
)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer

NEW = os.O_CREAT | os.O_EXCL
P = ParamSpec("P")
R = TypeVar("R")

# errno_to_portable() of OpenSSH 9.2's sftp-server.c; whatever is not here is a plain failure.
STATUS = {
    errno.ENOENT: SFTP_NO_SUCH_FILE,
    errno.EBADF: SFTP_NO_SUCH_FILE,
    errno.ELOOP: SFTP_NO_SUCH_FILE,
    errno.ENOTDIR: SFTP_NO_SUCH_FILE,
    errno.EPERM: SFTP_PERMISSION_DENIED,
    errno.EACCES: SFTP_PERMISSION_DENIED,
    errno.EFAULT: SFTP_PERMISSION_DENIED,
    errno.ENAMETOOLONG: SFTP_BAD_MESSAGE,
    errno.EINVAL: SFTP_BAD_MESSAGE,
    errno.ENOSYS: SFTP_OP_UNSUPPORTED,
}


def portable(verb: Callable[P, R]) -> Callable[P, R | int]:
    """The verb, with a status code instead of an OSError: paramiko would end the session."""

    @wraps(verb)
    def answer(*args: P.args, **kwargs: P.kwargs) -> R | int:
        try:
            return verb(*args, **kwargs)
        except OSError as error:
            return STATUS.get(error.errno or 0, SFTP_FAILURE)

    return answer


def set_attributes(target: Path | int, attributes: SFTPAttributes) -> None:
    """Give a path or an open file the attributes that the client sent. Raises OSError."""
    if attributes.st_size is not None:
        os.truncate(target, attributes.st_size)
    if attributes.st_mode is not None:
        os.chmod(target, stat.S_IMODE(attributes.st_mode))  # noqa: PTH101  may be a descriptor
    if attributes.st_atime is not None and attributes.st_mtime is not None:
        os.utime(target, (attributes.st_atime, attributes.st_mtime))
    if attributes.st_uid is not None and attributes.st_gid is not None:
        os.chown(target, attributes.st_uid, attributes.st_gid)


class File(SFTPHandle):
    """An open file."""

    def __init__(self, descriptor: int, flags: int) -> None:
        super().__init__(flags)
        self.descriptor = descriptor

    def close(self) -> None:
        os.close(self.descriptor)

    @portable
    def read(self, offset: int, length: int) -> bytes:
        return os.pread(self.descriptor, length, offset)

    @portable
    def write(self, offset: int, data: ReadableBuffer) -> int:
        rest = memoryview(data)
        while rest:
            written = os.pwrite(self.descriptor, rest, offset)
            rest, offset = rest[written:], offset + written
        return SFTP_OK

    @portable
    def stat(self) -> SFTPAttributes:
        return SFTPAttributes.from_stat(os.fstat(self.descriptor))

    @portable
    def chattr(self, attr: SFTPAttributes) -> int:
        set_attributes(self.descriptor, attr)
        return SFTP_OK

    @portable
    def fsync(self) -> int:
        os.fsync(self.descriptor)
        return SFTP_OK


class Files(SFTPServerInterface):
    """Serves `root` as `/`; neither `..` nor a symbolic link leads out of it."""

    file = File

    def __init__(self, server: ServerInterface, root: Path) -> None:
        super().__init__(server)
        self.root = root.resolve()

    def local(self, path: str, *, follow: bool = False) -> Path:
        """The path on this machine. Raises OSError EACCES where a link leads out of the root.

        `follow`: resolve the last part too, for verbs that act on what a link points at.
        """
        full = self.root / self.canonicalize(path).lstrip("/")
        real = full.resolve() if follow or full == self.root else full.parent.resolve() / full.name
        if not real.is_relative_to(self.root):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return real

    def canonicalize(self, path: str) -> str:
        return os.path.normpath("/" + path.lstrip("/"))

    @portable
    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SFTPHandle:
        mode = 0o666 if attr.st_mode is None else stat.S_IMODE(attr.st_mode)
        # O_EXCL must see a dangling link as something that exists, so the link itself is named.
        local = self.local(path, follow=flags & NEW != NEW)
        return self.file(os.open(local, flags | os.O_CLOEXEC, mode), flags)

    @portable
    def list_folder(self, path: str) -> list[SFTPAttributes]:
        with os.scandir(self.local(path, follow=True)) as entries:
            return [
                SFTPAttributes.from_stat(entry.stat(follow_symlinks=False), entry.name)
                for entry in entries
            ]

    @portable
    def stat(self, path: str) -> SFTPAttributes:
        return SFTPAttributes.from_stat(self.local(path, follow=True).stat())

    @portable
    def lstat(self, path: str) -> SFTPAttributes:
        return SFTPAttributes.from_stat(self.local(path).lstat())

    @portable
    def remove(self, path: str) -> int:
        self.local(path).unlink()
        return SFTP_OK

    @portable
    def rename(self, oldpath: str, newpath: str) -> int:
        """As OpenSSH does it: a file by link and unlink, so that an existing target refuses it."""
        old, new = self.local(oldpath), self.local(newpath)
        if stat.S_ISREG(old.lstat().st_mode):
            os.link(old, new, follow_symlinks=False)
            old.unlink()
        elif os.path.lexists(new):
            return SFTP_FAILURE
        else:
            old.rename(new)
        return SFTP_OK

    @portable
    def posix_rename(self, oldpath: str, newpath: str) -> int:
        self.local(oldpath).replace(self.local(newpath))
        return SFTP_OK

    @portable
    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        mode = 0o777 if attr.st_mode is None else stat.S_IMODE(attr.st_mode)
        self.local(path).mkdir(mode)
        return SFTP_OK

    @portable
    def rmdir(self, path: str) -> int:
        self.local(path).rmdir()
        return SFTP_OK

    @portable
    def chattr(self, path: str, attr: SFTPAttributes) -> int:
        set_attributes(self.local(path, follow=True), attr)
        return SFTP_OK
