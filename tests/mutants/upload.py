"""Mutants of the way of the bytes: what is believed of a file that is being written."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

KEEPING = "tests/transfer/crossing/test_keeping.py"
REFUSALS = "tests/transfer/crossing/test_refusals.py"

UPLOAD = (
    Mutant(
        "a file without a buffer waits until others give theirs back",
        "transfer/buffers.py",
        "return not share.held or share.held",
        "return share.held",
        "tests/transfer/test_buffers.py::TestPool::runTest",
    ),
    Mutant(
        "a chunk stands with its lane only once its thread has begun",
        "transfer/crossing/lanes.py",
        """        lane.take(data, offset)
        self._end = offset + len(data)

    def _write(self, lane: _Lane, data: Chunk, offset: int) -> None:
        try:
""",
        """        self._end = offset + len(data)

    def _write(self, lane: _Lane, data: Chunk, offset: int) -> None:
        try:
            lane.take(data, offset)
""",
        "tests/transfer/crossing/test_lanes.py::test_a_chunk_that_no_thread_has_begun_is_not_proven",
    ),
    Mutant(
        "answers are counted whatever is missing before them",
        "adapters/remotes/sftp/upload.py",
        "            while self._order and self._order[0].stored:\n"
        "                self._acknowledged += self._order.popleft().size\n",
        "            self._acknowledged += size if mine.stored else 0\n",
        "tests/adapters/remotes/sftp/test_upload.py::"
        "test_what_was_acknowledged_ends_at_the_first_missing_answer",
    ),
    Mutant(
        "what was proven before the opening is believed after it",
        "transfer/crossing/upload.py",
        "(crossing.remote.size(temp) or 0) < start",
        "crossing.remote.size(temp) is None",
        "tests/transfer/crossing/test_refusals.py",
    ),
    Mutant(
        "what an earlier try had left is not looked at once the file is closed",
        "transfer/crossing/upload.py",
        "    if not all(same_tail(delivery, crossing, end) for end in ends):\n"
        '        raise _WithoutError("resumes")\n',
        "",
        "tests/transfer/crossing/test_refusals.py",
    ),
    Mutant(
        "a wait for the partner asks for no watch",
        "adapters/remotes/watchdog.py",
        "        if self._user != threading.get_ident():\n",
        "        if not self._user:\n",
        "tests/adapters/remotes/test_watchdog.py",
    ),
    Mutant(
        "a file is given up, and its writer goes on",
        "adapters/remotes/sftp/upload.py",
        "self._closed = self._given_up = True",
        "self._closed = True",
        "tests/adapters/remotes/sftp/test_upload.py::"
        "test_a_file_is_given_up_while_another_thread_writes_it",
    ),
    Mutant(
        "what was acknowledged when the line broke is not counted",
        "transfer/crossing/progress.py",
        "stumbled = isinstance(error, Transient) and not self._crossing.in_place",
        "stumbled = isinstance(error, Transient) and self._crossing.in_place",
        f"{REFUSALS}::test_what_lanes_had_acknowledged_when_the_line_broke_counts",
    ),
    Mutant(
        "a file that was deleted by a second opening is written on",
        "transfer/crossing/upload.py",
        "if len(writers) <= spare and crossing.remote.size(temp) is None:",
        "if len(writers) < 0:",
        f"{REFUSALS}::test_a_second_handle_that_is_refused_leaves_one_and_is_remembered",
    ),
    Mutant(
        "a lane has its second chunk before another has its first",
        "transfer/crossing/lanes.py",
        "key=_Lane.began)",
        "key=id)",
        "tests/transfer/crossing/test_lanes.py::"
        "test_each_lane_has_its_first_chunk_before_any_has_a_second",
    ),
    Mutant(
        "a temp that was removed once is forgotten",
        "transfer/crossing/resume.py",
        "        _remove(name, crossing)\n    return begun\n",
        "        _remove(name, crossing)\n    return begun.evolve(older=())\n",
        "tests/transfer/crossing/test_resume.py::"
        "test_a_temp_that_its_dead_session_brings_back_is_removed",
    ),
    Mutant(
        "the state of another version's digest is gone on with",
        "transfer/digests.py",
        "version = (pin.version_id, pin.etag, pin.size) if pin else ()",
        "version = (pin.size,) if pin else ()",
        f"{KEEPING}::test_a_state_of_anything_else_is_not_used",
    ),
    Mutant(
        "a digest's state is taken for that of another place",
        "transfer/digests.py",
        "*version, at, sorted(states.items())]",
        "*version, sorted(states.items())]",
        f"{KEEPING}::test_a_state_of_anything_else_is_not_used",
    ),
    Mutant(
        "a digest goes on beyond what the partner holds",
        "transfer/digests.py",
        "if 0 < kept.at <= start and fits",
        "if 0 < kept.at and fits",
        f"{KEEPING}::test_a_partner_that_holds_less_is_served_from_an_earlier_state "
        f"{KEEPING}::test_a_state_beyond_what_the_partner_holds_is_not_used",
    ),
    Mutant(
        "the states of the digests are not saved",
        "transfer/crossing/progress.py",
        "self._crossing.progress(self._delivery, proven, self._reader.kept(proven))",
        "self._crossing.progress(self._delivery, proven, ())",
        f"{KEEPING}::test_an_heir_reads_nothing_again",
    ),
    Mutant(
        "a state is saved of the digest that came first, and the other is not waited for",
        "transfer/crossing/keeping.py",
        "min(self._reached.values())",
        "max(self._reached.values())",
        f"{KEEPING}::test_progress_waits_for_the_slowest_digest",
    ),
    Mutant(
        "a file that starts over has the states of the one before",
        "transfer/crossing/resume.py",
        "        kept=(),\n",
        "",
        f"{KEEPING}::test_a_file_that_starts_over_keeps_nothing",
    ),
)
