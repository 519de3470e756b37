"""Mutants of what proves the bytes, and of what is believed without being computed."""

from __future__ import annotations

from tests.mutants.mutant import Mutant

ATTEST = "tests/transfer/test_attest.py"
ATTESTED = "tests/transfer/crossing/test_attested.py"
RIGHT = f"{ATTESTED}::test_the_receipt_has_the_digests_of_the_bytes_and_says_whose_they_are"
FLIPPED = f"{ATTESTED}::test_a_bit_that_flips_on_the_way_from_s3_is_found_in_every_mode"
REMEMBERED = "tests/transfer/crossing/test_remembered.py"
ORIGIN = "tests/adapters/s3/test_origin.py"

DIGESTS = (
    Mutant(
        "the proof is dropped where a digest is attested",
        "transfer/digests.py",
        "return Plan(makers | {proof: make}, known)",
        "return Plan(makers, known)",
        f"{FLIPPED} {RIGHT}",
    ),
    Mutant(
        "the proof is computed and not compared",
        "transfer/crossing/verify.py",
        "    for name in SIZES:\n",
        '    for name in ("md5", "sha256"):\n',
        FLIPPED,
    ),
    Mutant(
        "what S3 attests is taken where nothing proves the bytes",
        "transfer/digests.py",
        "return Plan({name: digests[name] for name in names}, {})",
        "return Plan(makers, known)",
        f"{ATTESTED}::test_without_a_proof_nothing_is_taken_as_known",
    ),
    Mutant(
        "what is known of a digest wins over what was computed",
        "transfer/digests.py",
        '**{"md5": "", "sha256": ""} | others | values,',
        '**{"md5": "", "sha256": ""} | values | others,',
        f"{ATTESTED}::test_what_was_computed_wins_over_what_was_told",
    ),
    Mutant(
        "a composite is taken for a whole",
        "transfer/attest.py",
        'if word.kind not in ("", "FULL_OBJECT") or of_parts:',
        "if False:",
        f"{ATTEST}::test_a_composite_is_never_taken_for_a_whole",
    ),
    Mutant(
        "another version's value is attested",
        "adapters/s3/pin.py",
        'asked = source.version_id in (None, head.get("x-amz-version-id"))',
        "asked = True",
        f"{ORIGIN}::test_the_word_on_another_version_attests_nothing",
    ),
    Mutant(
        "the ETag of another store is attested",
        "transfer/attest.py",
        "return word.by_aws and not SPECIAL.search(word.bucket)",
        "return not SPECIAL.search(word.bucket)",
        f"{ATTEST}::test_another_stores_etag_is_compared_and_never_attested "
        f"{ATTEST}::test_nothing_attested_differs_from_the_bytes",
    ),
    Mutant(
        "the ETag of an object under a key of KMS is attested",
        "transfer/attest.py",
        'return tagged and word.encryption == "AES256" and not word.own_key',
        "return tagged and not word.own_key",
        f"{ATTEST}::test_an_etag_is_not_an_md5_unless_all_says_so",
    ),
    Mutant(
        "something is attested although S3 contradicts itself",
        "transfer/attest.py",
        "trusted = _vouched(word) and not doubt",
        "trusted = _vouched(word)",
        f"{ATTEST}::test_an_odd_word_attests_nothing_and_is_told",
    ),
    Mutant(
        "whoever rents a host of AWS's is AWS",
        "adapters/s3/origin.py",
        'bool(S3_OF_AWS.fullmatch(parts.hostname or ""))',
        '(parts.hostname or "").endswith(".amazonaws.com")',
        f"{ORIGIN}::test_nobody_elses_host_is",
    ),
    Mutant(
        "what was computed of another version is remembered of this one",
        "transfer/recollection.py",
        "said = [source.bucket, source.key, pin.version_id, pin.etag, pin.size, *held]",
        "said = [source.bucket, source.key, pin.size]",
        f"{REMEMBERED}::test_nothing_is_remembered_of_another_version "
        f"{REMEMBERED}::test_another_version_is_computed",
    ),
    Mutant(
        "what may change under its name is remembered",
        "transfer/recollection.py",
        "if pin is None or not pin.version_id or pin.size <= SMALLEST:",
        "if pin is None or pin.size <= SMALLEST:",
        f"{REMEMBERED}::test_without_versions_nothing_is_remembered",
    ),
    Mutant(
        "what nothing proved is remembered",
        "transfer/recollection.py",
        'if digests is None or not name or digests.source_check == "size only":',
        "if digests is None or not name:",
        f"{REMEMBERED}::test_what_nothing_proved_is_not_remembered",
    ),
    Mutant(
        "what looks like an MD5 of another store is a proof",
        "transfer/digests.py",
        'return bool(getattr(pin, name)) and (name != "md5" or name in pin.attested)',
        "return bool(getattr(pin, name))",
        f"{ATTESTED}::test_what_looks_like_another_stores_md5_proves_nothing",
    ),
)
