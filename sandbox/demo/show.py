"""The story of the demo: set up, order, approve, watch, judge, tear down."""

from __future__ import annotations

import shlex
import shutil
import signal
import tempfile
import threading
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from pathlib import Path

from adapters.terminal import Terminal
from sandbox.children import Child, Part, clean_environment, program, surviving
from sandbox.configuration import ENVIRONMENT, environment, write_configuration
from sandbox.demo.orders import DIRECTORIES, Content, orders, put_objects
from sandbox.demo.report import Inspector
from sandbox.demo.table import result_table
from sandbox.demo.visitor import Placed, Visitor
from sandbox.demo.watch import Bars, Books, Ledger, Lines, Records, watch
from sandbox.plan import Addresses
from sandbox.servicenow.package.reading import BUILT


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Everything that has been started, and what was put into S3."""

    addresses: Addresses
    parts: tuple[Part, ...]
    contents: dict[str, Content]
    ledger: Books

    @property
    def page(self) -> str:
        return str(self.addresses["servicenow"]["page"])

    def alive(self) -> None:
        """Raises Unready when one of them has ended."""
        for part in self.parts:
            part.check()


@dataclass(frozen=True, slots=True, kw_only=True)
class Show:
    """One performance. `size` is in MiB, `deadline` on the clock of time.monotonic.

    Raises Unready, OSError, and what requests and botocore raise, when it cannot go on.
    """

    console: Terminal
    size: int
    deadline: float
    keep: bool = False
    directory: Path = field(
        default_factory=lambda: Path(tempfile.mkdtemp(prefix="fileferry-demo-"))
    )

    def perform(self) -> list[str]:
        """Returns what went wrong, in sentences; the directory stays then, if that is to `keep`."""
        wrong = False
        try:
            with ExitStack() as stack:
                faults = self._act(stack)
            wrong = bool(faults)
        except Exception:
            wrong = True
            raise
        finally:
            if wrong and self.keep:
                self._say(f"The logs and the ledger stay in {self.directory}.")
            else:
                shutil.rmtree(self.directory, ignore_errors=True)
            if wrong and not self.keep:
                self._say("Nothing stays of it; with --keep the logs and the ledger would.")
        return faults

    def _act(self, stack: ExitStack) -> list[str]:
        stage = self._set_up(stack)
        visitor = stack.enter_context(closing(Visitor(stage.addresses)))
        with surviving(*stage.parts):
            placed = self._order(visitor)
            self._say(f"Watch them at {stage.page} as well.\n")
            records = self._watch(stage, placed)
            root = Path(stage.addresses["sftp"]["root"])
            faults = Inspector(visitor, root, stage.contents).faults(placed, records)
            faults += self._misled(placed, records)
        self._report(placed, records, faults)
        if self.keep:
            self._linger(stage)
        return faults

    def _set_up(self, stack: ExitStack) -> Stage:
        """The sandbox, the objects, the partner's directories and the daemon, in this order."""
        self._say("Starting ServiceNow, S3 and a partner's SFTP server …")
        command = [*program(), "sandbox", "--tls", "--directory", str(self.directory)]
        command += ["--package", str(BUILT)]
        surroundings = clean_environment()
        sandbox = stack.enter_context(Child("sandbox", command, self.directory, surroundings))
        addresses: Addresses = sandbox.answer(self.deadline)
        with surviving(sandbox):
            contents = put_objects(addresses, orders(self.size), self.size)
        file = write_configuration(self.directory, addresses, poll_seconds=1.0)
        for name in DIRECTORIES:
            Path(addresses["sftp"]["root"], name).mkdir()
        self._say("Starting FileFerry …")
        variables = surroundings | environment(addresses)
        command = [*program(), "run", "--config", str(file)]
        daemon = stack.enter_context(Child("daemon", command, self.directory, variables))
        return Stage(
            addresses=addresses,
            parts=(sandbox, daemon),
            contents=contents,
            ledger=Ledger(self.directory / "ledger.db"),
        )

    def _misled(self, placed: list[Placed], records: Records) -> list[str]:  # noqa: ARG002
        """What went another way than it should; here there is one only."""
        return []

    def _remarks(self, placed: list[Placed], records: Records) -> list[str]:  # noqa: ARG002
        """What there is to say beside the table."""
        return []

    def _order(self, visitor: Visitor) -> list[Placed]:
        placed = [visitor.order(order) for order in orders(self.size)]
        approved = [each for each in placed if each.order.approved]
        for each in approved:
            visitor.approve(each)
        self._say(f"{len(placed)} requests are ordered, {len(approved)} of them approved.")
        return placed

    def _watch(self, stage: Stage, placed: list[Placed]) -> Records:
        board = (Bars if self.console.is_terminal else Lines)(self.console.rich)
        with closing(stage.ledger) as ledger, board:
            return watch(board, placed, ledger, stage.alive, self.deadline)

    def _report(self, placed: list[Placed], records: Records, faults: list[str]) -> None:
        self.console.print()
        self.console.print(result_table(placed, records, self.console.width))
        self._say(*self._remarks(placed, records))
        for fault in faults:
            self.console.print(fault, style="red", soft_wrap=True)
        if not faults:
            self._say("Each request ended as it should; what arrived hashes to its source.")

    def _linger(self, stage: Stage) -> None:
        stopped = threading.Event()
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, lambda *_: stopped.set())
        self._say(f"\nRequests and tickets: {stage.page} (the certificate is the sandbox's own).")
        self._say(f"Files: {stage.addresses['sftp']['root']}.")
        begin = shlex.quote(str(self.directory / ENVIRONMENT))
        self._say(f"In another terminal: . {begin}; fileferry sandbox order FILE")
        self._say("Ctrl-C ends it all.")
        while not stopped.wait(0.5):
            stage.alive()

    def _say(self, *texts: str) -> None:
        for text in texts:
            self.console.say(*text.split("\n"))
