"""Permanent or transient: would trying again help? Every error carries a stable code.

The code is the same in the log, the metric and the ticket, and has an entry in docs/errors.md.
"""

from __future__ import annotations

import re
from enum import StrEnum

from transfer.visible import visible


class Code(StrEnum):
    """Every stable error code. A value never changes its meaning; a new meaning is a new code."""

    APPROVAL_PENDING = "approval.pending"
    APPROVAL_REJECTED = "approval.rejected"
    APPROVAL_WITHDRAWN = "approval.withdrawn"
    APPROVAL_UNREADABLE = "approval.unreadable"
    APPROVAL_SELF = "approval.self"
    APPROVAL_OUTSIDER = "approval.outsider"
    APPROVAL_ACTOR = "approval.actor"
    APPROVAL_STALE = "approval.stale"
    REQUEST_CANCELLED = "request.cancelled"
    REQUEST_HELD = "request.held"
    REQUEST_FOREIGN = "request.foreign"
    REQUEST_INCOMPLETE = "request.incomplete"
    REQUEST_MALFORMED = "request.malformed"
    REQUEST_ALTERED = "request.altered"
    REQUEST_VANISHED = "request.vanished"
    REQUEST_REPEATED = "request.repeated"
    REQUEST_UNREADABLE = "request.unreadable"
    GRANT_MISSING = "grant.missing"
    DESTINATION_UNKNOWN = "destination.unknown"
    DESTINATION_MISCONFIGURED = "destination.misconfigured"
    DESTINATION_BUSY = "destination.busy"
    DESTINATION_RESTING = "destination.resting"
    DESTINATION_QUOTA = "destination.quota"
    WINDOW_CLOSED = "window.closed"
    WINDOW_MISSED = "window.missed"
    NAME_REFUSED = "name.refused"
    SOURCE_MALFORMED = "source.malformed"
    MANIFEST_MALFORMED = "manifest.malformed"
    SOURCE_MISSING = "source.missing"
    SOURCE_DENIED = "source.denied"
    SOURCE_ARCHIVED = "source.archived"
    SOURCE_CHANGED = "source.changed"
    SOURCE_NEWER = "source.newer_than_approval"
    SOURCE_UNAVAILABLE = "source.unavailable"
    SESSION_REFUSED = "session.refused"
    SESSION_ALIVE = "session.alive"
    AUTH_REFUSED = "auth.refused"
    HOSTKEY_UNKNOWN = "hostkey.unknown"
    CERTIFICATE_REFUSED = "certificate.refused"
    REMOTE_INSECURE = "remote.insecure"
    REMOTE_UNREACHABLE = "remote.unreachable"
    REMOTE_TIMEOUT = "remote.timeout"
    REMOTE_SLOW = "remote.slow"
    REMOTE_DROPPED = "remote.dropped"
    REMOTE_FULL = "remote.full"
    REMOTE_DENIED = "remote.denied"
    REMOTE_NO_DIRECTORY = "remote.no_directory"
    REMOTE_EXISTS = "remote.exists"
    REMOTE_NO_REPLACE = "remote.no_replace"
    REMOTE_FAILED = "remote.failed"
    CHECKSUM_MISMATCH = "checksum.mismatch"
    VERIFICATION_TOO_WEAK = "verification.too_weak"
    PUBLISH_UNKNOWN = "publish.unknown"
    SIDECAR_FAILED = "sidecar.failed"
    ACKNOWLEDGEMENT_PENDING = "acknowledgement.pending"
    ACKNOWLEDGEMENT_MISSING = "acknowledgement.missing"
    ACKNOWLEDGEMENT_MISMATCH = "acknowledgement.mismatch"
    CLAIM_LOST = "claim.lost"
    STOPPING = "service.stopping"
    AUDIT_BROKEN = "audit.broken"
    AUDIT_UNSIGNED = "audit.unsigned"
    LEDGER_UNUSABLE = "ledger.unusable"
    LEDGER_BUSY = "ledger.busy"
    LEDGER_FULL = "ledger.full"
    LEDGER_UNAVAILABLE = "ledger.unavailable"
    TRANSFER_QUARANTINED = "transfer.quarantined"
    DECISION_REFUSED = "decision.refused"
    EXECUTION_FOREIGN = "execution.foreign"
    EXECUTION_BROKEN = "execution.broken"
    EXECUTION_REFUSED = "execution.refused"
    EXECUTION_UNAVAILABLE = "execution.unavailable"
    DOOR_CHANGED = "door.changed"
    DEPLOY_ELSEWHERE = "deploy.elsewhere"
    DEPLOY_FOREIGN = "deploy.foreign"
    DEPLOY_REFUSED = "deploy.refused"
    DEPLOY_FAILED = "deploy.failed"
    DEPLOY_UNAVAILABLE = "deploy.unavailable"
    CONFIG_INVALID = "config.invalid"
    SECRET_MISSING = "secret.missing"
    SECRET_EXPOSED = "secret.exposed"
    INSTALL_FAILED = "install.failed"
    SERVICENOW_UNREACHABLE = "servicenow.unreachable"
    SERVICENOW_AUTH = "servicenow.auth"
    SERVICENOW_DENIED = "servicenow.denied"
    SERVICENOW_THROTTLED = "servicenow.throttled"
    SERVICENOW_BUSY = "servicenow.busy"
    SERVICENOW_DROPPED = "servicenow.dropped"
    SERVICENOW_NOT_JSON = "servicenow.not_json"
    SERVICENOW_LOGIN_PAGE = "servicenow.login_page"
    SERVICENOW_CUT_OFF = "servicenow.cut_off"
    SERVICENOW_EMPTY = "servicenow.empty"
    SERVICENOW_HIBERNATING = "servicenow.hibernating"
    SERVICENOW_UNTRUSTED = "servicenow.untrusted"
    SERVICENOW_TOO_LARGE = "servicenow.too_large"
    SERVICENOW_UNREADY = "servicenow.unready"
    SERVICENOW_REFUSED = "servicenow.refused"
    SERVICENOW_NOT_FOUND = "servicenow.not_found"
    APPLICATION_MISSING = "application.missing"
    APPLICATION_ELSEWHERE = "application.elsewhere"
    APPLICATION_VERSION = "application.version"
    APPLICATION_INCOMPLETE = "application.incomplete"
    APPLICATION_ALTERED = "application.altered"
    HINT_MALFORMED = "hint.malformed"
    HINT_UNKNOWN = "hint.unknown"
    STANDING_MISSING = "standing.missing"
    STANDING_ENDED = "standing.ended"
    STANDING_INCOMPLETE = "standing.incomplete"
    QUEUE_UNAVAILABLE = "queue.unavailable"
    QUEUE_REFUSED = "queue.refused"
    NOTICE_FAILED = "notice.failed"
    METRICS_UNWRITTEN = "metrics.unwritten"
    CONTROL_ABSENT = "control.absent"
    CONTROL_FOREIGN = "control.foreign"
    CONTROL_REFUSED = "control.refused"
    INTERNAL = "internal"


ACTIONS: dict[Code, str] = {
    Code.APPROVAL_PENDING: "Ask the approver to decide; FileFerry looks again at its next poll.",
    Code.APPROVAL_REJECTED: "Talk to the approver, then order the transfer again.",
    Code.APPROVAL_WITHDRAWN: "Order the transfer again and have it approved.",
    Code.APPROVAL_UNREADABLE: "Give the FileFerry user read access to the approval fields.",
    Code.APPROVAL_SELF: "Order again and have somebody other than the requester approve it.",
    Code.APPROVAL_OUTSIDER: "Have a member of the approver group approve it.",
    Code.APPROVAL_ACTOR: "Order again and have the approver himself decide, under his own name.",
    Code.APPROVAL_STALE: "Order the transfer again, so that what is sent is what was approved.",
    Code.REQUEST_CANCELLED: "Order the transfer again if it is still wanted.",
    Code.REQUEST_HELD: "Set the item to Open or Work in Progress, and its task to Open.",
    Code.REQUEST_FOREIGN: "Order through the file transfer item of the service catalog.",
    Code.REQUEST_INCOMPLETE: "Order again and fill in the named field.",
    Code.REQUEST_MALFORMED: "Order again with a value of the named form.",
    Code.REQUEST_ALTERED: "Order the transfer again, so that what is sent is what was approved.",
    Code.REQUEST_VANISHED: "Order the transfer again if it is still wanted.",
    Code.REQUEST_UNREADABLE: "Order again with less in it; call the operators if a right lacks.",
    Code.REQUEST_REPEATED: "Order anew if it is wanted once more; operators can send it again.",
    Code.GRANT_MISSING: "Ask the FileFerry operators for a grant, then order again.",
    Code.DESTINATION_UNKNOWN: "Order again with one of the configured destination names.",
    Code.DESTINATION_MISCONFIGURED: "Tell the operators: run `fileferry config check`.",
    Code.DESTINATION_BUSY: "None: it goes on when the other request has ended.",
    Code.DESTINATION_RESTING: "None: it goes on once the partner answers; see `fileferry status`.",
    Code.DESTINATION_QUOTA: "None: it goes on at the named time.",
    Code.WINDOW_CLOSED: "None: it begins by itself at the named time.",
    Code.WINDOW_MISSED: "Order again with other times, or ask for other hours at the destination.",
    Code.NAME_REFUSED: "Order again with a path that obeys the named rule.",
    Code.SOURCE_MALFORMED: "Order again with sources of the form s3://bucket/key, one a line.",
    Code.MANIFEST_MALFORMED: "Mend the manifest in S3, then order again.",
    Code.SOURCE_MISSING: "Check bucket and key, upload the object, then order again.",
    Code.SOURCE_DENIED: "Ask the bucket's owner to let FileFerry read it, then order again.",
    Code.SOURCE_ARCHIVED: "Restore the object from its archive tier, then order again.",
    Code.SOURCE_CHANGED: "Order again once the object has its final content.",
    Code.SOURCE_NEWER: "Order again, so that what is there now is what is approved.",
    Code.SOURCE_UNAVAILABLE: "Check S3 and the network of the bastion; then order again.",
    Code.SESSION_REFUSED: "Tell the operators: the AWS credentials of FileFerry do not work.",
    Code.SESSION_ALIVE: "Tell the operators: the store ends no sessions; see docs/security.md.",
    Code.AUTH_REFUSED: "Check user and credential with the partner; no further try was made.",
    Code.HOSTKEY_UNKNOWN: "Stop and ask the partner whether the host key was changed, by phone.",
    Code.CERTIFICATE_REFUSED: "Ask the partner for a valid certificate; nothing was sent.",
    Code.REMOTE_INSECURE: "Ask the partner to offer current algorithms; nothing was sent.",
    Code.REMOTE_UNREACHABLE: "Check the partner's server and the firewall, then order again.",
    Code.REMOTE_TIMEOUT: "Ask the partner whether the server is well, then order again.",
    Code.REMOTE_SLOW: "Ask the partner why so little gets through, then order again.",
    Code.REMOTE_DROPPED: "Ask the partner why the server closed the line, then order again.",
    Code.REMOTE_FULL: "Ask the partner to make room, then order again.",
    Code.REMOTE_DENIED: "Ask the partner for the right to write there, then order again.",
    Code.REMOTE_NO_DIRECTORY: "Ask the partner to create the directory, or order another path.",
    Code.REMOTE_EXISTS: "Order another name, or ask the partner to take the old file away.",
    Code.REMOTE_NO_REPLACE: "Ask the partner to take the old file away, then order again.",
    Code.REMOTE_FAILED: "Ask the partner to look into the server's log, then order again.",
    Code.CHECKSUM_MISMATCH: "Nothing was published. Order again; if it recurs, call the operators.",
    Code.VERIFICATION_TOO_WEAK: "Nothing was published. Tell the operators: mend the tier.",
    Code.PUBLISH_UNKNOWN: "Ask the partner whether the file arrived before you order it again.",
    Code.SIDECAR_FAILED: "Tell the partner that the file is whole; do not order again before.",
    Code.ACKNOWLEDGEMENT_PENDING: "None: FileFerry goes on looking for it.",
    Code.ACKNOWLEDGEMENT_MISSING: "Ask the partner whether it arrived; do not order again before.",
    Code.ACKNOWLEDGEMENT_MISMATCH: "Ask the partner to check the file; do not order again before.",
    Code.CLAIM_LOST: "None: another FileFerry owner carries this transfer on.",
    Code.STOPPING: "None: the transfer goes on when the service is started again.",
    Code.AUDIT_BROKEN: "Change nothing, and compare ledger and receipts with the audit tickets.",
    Code.AUDIT_UNSIGNED: "Mend what is named; the next signature vouches for this receipt as well.",
    Code.LEDGER_UNUSABLE: "Move the file away and restore the last good copy of the ledger.",
    Code.LEDGER_BUSY: "Stop the other FileFerry that uses this ledger, or give it another file.",
    Code.LEDGER_FULL: "Make room on the disk of the ledger; FileFerry then goes on by itself.",
    Code.LEDGER_UNAVAILABLE: "Check the ledger's table, its rights and the network to AWS.",
    Code.TRANSFER_QUARANTINED: "Tell the operators: `fileferry quarantine list` shows the cause.",
    Code.DECISION_REFUSED: "`fileferry show` tells how the transfer stands.",
    Code.EXECUTION_FOREIGN: "Start no execution by hand: FileFerry starts them, one a transfer.",
    Code.EXECUTION_BROKEN: "Tell the operators: the log of the functions has the cause.",
    Code.EXECUTION_REFUSED: "Tell the operators: look at cloud.state_machine and its rights.",
    Code.EXECUTION_UNAVAILABLE: "Nothing has to be done: AWS is asked again.",
    Code.DOOR_CHANGED: "Tell the operators: run `fileferry deploy`, then `fileferry retry`.",
    Code.DEPLOY_ELSEWHERE: "Take the credentials, or mend the setting, that is meant.",
    Code.DEPLOY_FOREIGN: "Find out whose it is; nothing was changed.",
    Code.DEPLOY_REFUSED: "Give the named right to whoever deploys, or mend what AWS names.",
    Code.DEPLOY_FAILED: "Mend what is named, and run `fileferry deploy` again.",
    Code.DEPLOY_UNAVAILABLE: "Run `fileferry deploy` again: it goes on where it was.",
    Code.CONFIG_INVALID: "Mend the named setting; `fileferry config check` lists every fault.",
    Code.SECRET_MISSING: "Put the secret into $CREDENTIALS_DIRECTORY or the environment.",
    Code.SECRET_EXPOSED: "Take the rights of group and others away: chmod 600.",
    Code.INSTALL_FAILED: "Mend what is named and install again; a service that runs goes on.",
    Code.SERVICENOW_UNREACHABLE: "Check the network and the status of the instance.",
    Code.SERVICENOW_AUTH: "Check user, secret and roles of the integration account.",
    Code.SERVICENOW_DENIED: "Give the integration account the right that is named.",
    Code.SERVICENOW_THROTTLED: "None: FileFerry waits as long as the instance asks.",
    Code.SERVICENOW_BUSY: "None: FileFerry asks again in seconds.",
    Code.SERVICENOW_DROPPED: "None: FileFerry looks whether it arrived, and asks again.",
    Code.SERVICENOW_NOT_JSON: "Check the instance's address: a page answered instead of the API.",
    Code.SERVICENOW_LOGIN_PAGE: "Check servicenow.url, and that the account logs in without SSO.",
    Code.SERVICENOW_CUT_OFF: "None: FileFerry looks whether it arrived before it tries again.",
    Code.SERVICENOW_EMPTY: "None: FileFerry looks whether it arrived before it tries again.",
    Code.SERVICENOW_HIBERNATING: "Wake the developer instance in the ServiceNow developer portal.",
    Code.SERVICENOW_UNTRUSTED: "Compare the poll's query with the instance's fields and ACLs.",
    Code.SERVICENOW_TOO_LARGE: "Look which record holds so much, and take some of it away.",
    Code.SERVICENOW_UNREADY: "Give the rights that `fileferry servicenow check` names.",
    Code.SERVICENOW_REFUSED: "Read the named business rule or data policy of the instance.",
    Code.SERVICENOW_NOT_FOUND: "Check the record, and that the integration account may read it.",
    Code.APPLICATION_MISSING: "Install it: `fileferry servicenow install-guide` prints the steps.",
    Code.APPLICATION_ELSEWHERE: "Set servicenow.application to the prefix that is named.",
    Code.APPLICATION_VERSION: "Install the package that came with this FileFerry.",
    Code.APPLICATION_INCOMPLETE: "Install the package again, and look at what the instance says.",
    Code.APPLICATION_ALTERED: "Have the change reverted, or install the package again.",
    Code.HINT_MALFORMED: "Send a message that obeys transfer/message.schema.json.",
    Code.HINT_UNKNOWN: "Send the number of an approved order, or nothing: the poll finds it.",
    Code.STANDING_ENDED: "Have a new standing approval made and approved.",
    Code.STANDING_INCOMPLETE: "Fill in the field of the standing approval, and have it approved.",
    Code.STANDING_MISSING: "Order the transfer in the service catalog.",
    Code.QUEUE_UNAVAILABLE: "None: FileFerry asks again, and the poll finds the work meanwhile.",
    Code.QUEUE_REFUSED: "Check queue.url, queue.region and the rights of FileFerry's AWS identity.",
    Code.NOTICE_FAILED: "Mend what is named, then try it with `fileferry notices test`.",
    Code.METRICS_UNWRITTEN: "Mend what is named; the file is written with the next change.",
    Code.CONTROL_ABSENT: "Start the service, or look why it does not answer: `fileferry status`.",
    Code.CONTROL_FOREIGN: "Run it as the superuser or as the user of the service.",
    Code.CONTROL_REFUSED: "Read what the service says, and say it again.",
    Code.INTERNAL: "Tell the FileFerry operators; the log has the details under this id.",
}


def _sentence(text: str) -> str:
    """The lines of a server's answer, one behind the other."""
    return visible(re.sub(r"[\r\n\t]+", " ", text))


class FerryError(Exception):
    """What happened, to which file, and what to do next, in words fit for a ticket.

    `message` is one whole sentence, of which everything is seen, whatever a server has put into it.
    `action` defaults to the code's own (ACTIONS). `file` is the S3 URI or remote path concerned.
    `retry_after` is in seconds.
    """

    permanent = True

    def __init__(
        self,
        code: Code,
        message: str,
        *,
        action: str | None = None,
        file: str | None = None,
        retry_after: float | None = None,
    ) -> None:
        self.message = _sentence(message)
        super().__init__(self.message)
        self.code = code
        self.action = _sentence(action or ACTIONS[code])
        self.file = file
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"[{self.code}] {self.message} {self.action}"


class Permanent(FerryError):
    """Trying again changes nothing: bad request, refused login, no such object, name refused."""


class Transient(FerryError):
    """Trying again may help: time-out, dropped line, throttled."""

    permanent = False


class Corrupted(Transient):
    """A digest or a size differs; the temp is gone, the file starts over."""


class Unanswered(Transient):
    """What makes a file visible was asked for, and nobody knows whether it was done."""


class ClaimLost(Permanent):
    """The ledger refused a write: another owner has claimed the transfer with a higher epoch."""

    def __init__(self, transfer_id: str, why: str = "Another owner has taken over") -> None:
        super().__init__(Code.CLAIM_LOST, f"{why} {transfer_id}.")


class ChainMoved(Transient):
    """Another report was written in between: a link that was made before it follows no longer."""

    def __init__(self, instance: str) -> None:
        super().__init__(
            Code.LEDGER_BUSY,
            f"Other reports of {instance} are written to the ledger all the time.",
            action="None: FileFerry tries again by itself.",
        )


class Fenced(ClaimLost):
    """The owner could not renew its claim for so long that another may have it: it stops itself."""

    def __init__(self, transfer_id: str) -> None:
        super().__init__(transfer_id, "The claim was not renewed in time; FileFerry lets go of")


PASSING = frozenset({Code.REMOTE_DENIED, Code.REMOTE_FAILED})
"""Refusals that may pass: a scanner or a reader holds the file for a while."""
MOMENT = 4.0
"""Seconds until such a thing is asked for again, at least."""


def passing(error: FerryError) -> Transient:
    """The refusal of something that may be allowed in a moment."""
    return Transient(
        error.code, error.message, action=error.action, file=error.file, retry_after=MOMENT
    )


class Waiting(Transient):
    """Not yet: leave the transfer as it stands, and take it up again after `retry_after` seconds.

    No try is counted, no slot is held, and the claim is given back.
    """


class Stopping(Transient):
    """The service is being stopped: leave the transfer as it stands in the ledger."""

    def __init__(self) -> None:
        super().__init__(Code.STOPPING, "The service is being stopped.")
