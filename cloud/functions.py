"""The eight functions: one a step, in the order of the journey."""

from __future__ import annotations

from dataclasses import dataclass

import transfer.steps as do
from transfer.steps import Step

CONFIGURATION = "fileferry.yaml"
"""In the zip of the functions."""
MACHINE = "FileFerry-Transfers"
"""The name of the state machine."""
RESERVE = 60
"""Seconds before the end of its time at which a function that moves bytes stops by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Function:
    """`memory` is in MB, `seconds` is the time that AWS gives it: 900 at most."""

    name: str
    step: Step
    memory: int
    seconds: int

    @property
    def full_name(self) -> str:
        return f"FileFerry-{self.name}"

    @property
    def handler(self) -> str:
        """What AWS calls: a function of cloud/handlers.py, named as its step."""
        return f"cloud.handlers.{self.step.__name__}"

    @property
    def reserve(self) -> float:
        """Seconds that are left for giving the claim back; a short function keeps a part only."""
        return min(RESERVE, self.seconds / 5)


FUNCTIONS = (
    Function(name="ValidateInput", step=do.validate_input, memory=512, seconds=30),
    Function(name="AuthSSO", step=do.auth_sso, memory=512, seconds=30),
    Function(name="DownloadS3", step=do.download_s3, memory=1024, seconds=300),
    Function(name="TransferFTP", step=do.transfer_ftp, memory=1024, seconds=900),
    Function(name="ChunkedTransfer", step=do.chunked_transfer, memory=2048, seconds=900),
    Function(name="UpdateServiceNow", step=do.update_servicenow, memory=512, seconds=300),
    Function(name="NotifyUser", step=do.notify_user, memory=512, seconds=30),
    Function(name="Cleanup", step=do.cleanup, memory=256, seconds=300),
)
OUTBOUND, HOMEWARD = FUNCTIONS[:5], FUNCTIONS[5:]


def function_of(step: Step) -> Function:
    return next(each for each in FUNCTIONS if each.step is step)
