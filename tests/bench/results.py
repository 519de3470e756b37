"""What was measured, and what it says: medians, ratios within one round, figures reached or not."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field, replace
from statistics import median

from tests.bench.workloads import (
    ATTESTED,
    BARE,
    FIGURES,
    LOCAL,
    MB,
    MD5_ALONE,
    OURS,
    PARTS,
    PEERS,
    READ_ALONE,
    SHA256_ALONE,
    Figure,
    Workload,
    most_memory,
)

Row = tuple[str, ...]
DIGESTS = {OURS: (MD5_ALONE, SHA256_ALONE), ATTESTED: (SHA256_ALONE,)}
"""What each of our ways computes at least."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One run: seconds; CPU seconds of the client's whole process tree, of S3 and of the file
    server; bytes of memory at the client's peak.
    """

    wall: float
    cpu: float
    peak: int
    s3: float = 0.0
    server: float = 0.0

    @property
    def busy(self) -> float:
        """The share of all cores' time that the three took together."""
        return (self.cpu + self.s3 + self.server) / self.wall / (os.cpu_count() or 1)


@dataclass(slots=True)
class Results:
    """Samples by workload and client, one a round; None where the client failed."""

    samples: dict[tuple[str, str], list[Sample | None]] = field(
        default_factory=lambda: defaultdict(list)
    )

    def of(self, workload: str, client: str) -> list[Sample]:
        return [sample for sample in self.samples[workload, client] if sample]

    def failures(self, workload: str, client: str) -> int:
        return self.samples[workload, client].count(None)

    def ratios(self, figure: Figure) -> list[float]:
        """Ours to the peer's wall time, round by round."""
        ours = self.samples[figure.workload, figure.ours]
        peers = self.samples[figure.workload, figure.peer]
        pairs = zip(ours, peers, strict=False)
        return [one.wall / other.wall for one, other in pairs if one and other]


MEDIANS: Row = (
    *("workload", "client", "wall s", "from – to", "MB/s"),
    *("client CPU s", "S3 CPU s", "server CPU s", "cores busy", "peak MB"),
)
REACHED: Row = (
    *("workload", "client", "against", "measured", "from – to"),
    *("to reach", "reached", "the floor, and what stands between"),
)


def medians(results: Results, workloads: Sequence[Workload]) -> Iterator[Row]:
    for workload in workloads:
        for client in workload.clients:
            if samples := results.of(workload.name, client):
                yield _median_row(workload, client, samples, results)
            elif results.failures(workload.name, client):
                yield (workload.title, client, "failed", *("–" for _ in MEDIANS[3:]))


def reached(results: Results, workloads: Sequence[Workload]) -> Iterator[Row]:
    """The figures that can be told from these results."""
    titles = {workload.name: workload.title for workload in workloads}
    for figure in FIGURES:
        if ratios := results.ratios(figure):
            yield (
                titles[figure.workload],
                figure.ours,
                figure.peer,
                f"{median(ratios):.2f}",
                spread(ratios, "{:.2f}"),
                ", once ".join(f"≤ {goal:g}" for goal in figure.goals),
                ", ".join(yes_or_no(median(ratios) <= goal) for goal in figure.goals),
                "" if median(ratios) <= min(figure.goals) else floor(figure, results),
            )
    yield from _memory(results, workloads)


def floor(figure: Figure, results: Results) -> str:
    """The least that such a client takes: the cheapest that carries, and the digests by themselves.

    Empty where the peers were not measured.
    """

    def cpu(client: str) -> float:
        return _middle(results.of(figure.workload, client), lambda sample: sample.cpu)

    def wall(client: str) -> float:
        return _middle(results.of(figure.workload, client), lambda sample: sample.wall)

    there = {client for client in PEERS if results.of(figure.workload, client)}
    if not there.issuperset(PARTS) or not there.difference(PARTS):
        return ""
    reading = {client: cpu(READ_ALONE) if client in LOCAL else 0.0 for client in PEERS}
    least, peer = min((cpu(each) + reading[each], each) for each in there.difference(PARTS))
    digests = sum(cpu(each) for each in DIGESTS.get(figure.ours, ()))
    words = [f"{least + digests:.2f} CPU s: {least:.2f} {peer}"]
    words += ["and reading"] if reading[peer] else []
    words += [f"+ {digests:.2f} digests"] if digests else []
    between = cpu(figure.ours) - least - digests
    one = f"; one thread for MD5 alone {wall(MD5_ALONE):.2f} s" if figure.ours == OURS else ""
    quickest = _quickest(figure, results, there.difference(PARTS))
    return f"{' '.join(words)}; between {between:+.2f} CPU s{one}{quickest}"


def _quickest(figure: Figure, results: Results, peers: Collection[str]) -> str:
    """The least wall time that any of them took, as a ratio to whom the figure is against: a
    figure below it is beyond each of them. Empty where they were not measured.
    """
    found = ((results.ratios(replace(figure, ours=peer)), peer) for peer in peers)
    ratios = sorted((median(each), peer) for each, peer in found if each)
    if not ratios:
        return ""
    least, peer = ratios[0]
    unread = ", S3 unread" if peer in LOCAL else ""
    return f"; {peer} took {least:.2f} of the wall{unread}"


def _memory(results: Results, workloads: Sequence[Workload]) -> Iterator[Row]:
    for workload in workloads:
        most = most_memory(workload)
        for client in (OURS, BARE):
            if samples := results.of(workload.name, client):
                peaks = [sample.peak / MB for sample in samples]
                yield (
                    workload.title,
                    client,
                    "peak memory, MB",
                    f"{max(peaks):.1f}",
                    spread(peaks, "{:.1f}"),
                    f"≤ {most // MB}",
                    yes_or_no(max(peaks) * MB <= most),
                    "",
                )


def _median_row(workload: Workload, client: str, samples: list[Sample], results: Results) -> Row:
    wall = _middle(samples, lambda sample: sample.wall)
    failed = results.failures(workload.name, client)
    return (
        workload.title,
        f"{client} ({failed} failed)" if failed else client,
        f"{wall:.2f}",
        spread([sample.wall for sample in samples], "{:.2f}"),
        f"{workload.count * workload.size / wall / MB:.0f}",
        f"{_middle(samples, lambda sample: sample.cpu):.2f}",
        f"{_middle(samples, lambda sample: sample.s3):.2f}",
        f"{_middle(samples, lambda sample: sample.server):.2f}",
        f"{_middle(samples, lambda sample: sample.busy):.0%}",
        f"{_middle(samples, lambda sample: sample.peak) / MB:.0f}",
    )


def _middle(samples: list[Sample], value: Callable[[Sample], float]) -> float:
    return median(value(sample) for sample in samples)


def spread(values: Sequence[float], form: str) -> str:
    return f"{form.format(min(values))} – {form.format(max(values))}"


def yes_or_no(true: bool) -> str:
    return "yes" if true else "no"
