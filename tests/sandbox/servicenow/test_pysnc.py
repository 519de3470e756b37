"""ServiceNow's own Python client against the simulator, neither of them bent for the other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from pysnc import ServiceNowClient, exceptions  # type: ignore[import-untyped]
from pysnc.auth import ServiceNowClientCredentialsFlow  # type: ignore[import-untyped]

from sandbox.servicenow import SEEDED, ServiceNow
from sandbox.tls import make_certificate

GUID = "aaaabbbbccccddddeeeeffff00001111"


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[ServiceNow, Path]]:
    certificate = make_certificate(tmp_path_factory.mktemp("tls"))
    with ServiceNow(tls=certificate) as server:
        yield server, certificate.ca_file


@pytest.fixture(autouse=True)
def authority(served: tuple[ServiceNow, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """It refuses plain HTTP; where these are set, they have the last word in `requests`."""
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.setenv(name, str(served[1]))


@pytest.fixture
def client(served: tuple[ServiceNow, Path]) -> Iterator[Any]:
    server, ca_file = served
    made = ServiceNowClient(
        server.url, ("admin", SEEDED.users["admin"].password), verify=str(ca_file)
    )
    yield made
    made.session.close()


def made(client: Any, **fields: str) -> Any:
    record = client.GlideRecord("incident")
    record.initialize()
    for name, value in fields.items():
        setattr(record, name, value)
    assert record.insert()
    return record


def test_a_record_lives_from_insert_to_delete(client: Any) -> None:
    record = made(client, short_description="One", zz_no_such_field="ignored")
    assert len(record.get_value("opened_by")) == 32
    assert record.get_value("opened_by") != record.get_display_value("opened_by")
    again = client.GlideRecord("incident")
    assert again.get(record.sys_id)
    again.short_description = "Two"
    again.update()
    assert again.short_description == "Two"
    assert bool(again.active)
    assert again.delete()
    assert not client.GlideRecord("incident").get(str(record.sys_id))


def test_a_sys_id_is_kept_and_refused_the_second_time(client: Any) -> None:
    for second in (False, True):
        record = client.GlideRecord("incident")
        record.initialize()
        record.set_new_guid_value(GUID)
        if second:
            with pytest.raises(exceptions.RoleException, match="Operation Failed"):
                record.insert()
        else:
            assert record.insert() == GUID


def test_many_are_changed_and_deleted_by_the_batch_api(client: Any) -> None:
    for number in range(10):
        made(client, short_description=f"many {number}")
    found = client.GlideRecord("incident")
    found.add_query("short_description", "LIKE", "many")
    found.query()
    assert len(found) == 10
    while found.next():
        found.short_description = f"{found.short_description} changed"
    assert found.update_multiple()
    changed = client.GlideRecord("incident")
    changed.add_query("short_description", "LIKE", "changed")
    changed.query()
    assert len(changed) == 10
    assert changed.delete_multiple()
    changed.query()
    assert len(changed) == 0


def test_an_invalid_condition_is_dropped(client: Any) -> None:
    record = made(client, short_description="here")
    found = client.GlideRecord("incident")
    found.add_query("sys_id", str(record.sys_id))
    found.add_query("zz_no_such_field", "x")
    found.query()
    assert len(found) == 1


def test_a_query_that_is_too_long_for_an_address_goes_by_batch(client: Any) -> None:
    record = made(client, short_description="long")
    found = client.GlideRecord("incident")
    for _ in range(2300):
        found.add_query("AAAA", "BBBB")
    found.add_query("sys_id", str(record.sys_id))
    found.query()
    assert found.next()
    assert found.sys_id == record.sys_id


def test_it_reads_page_after_page(client: Any) -> None:
    for number in range(25):
        made(client, short_description=f"page {number}")
    found = client.GlideRecord("incident", batch_size=10)
    found.add_query("short_description", "STARTSWITH", "page")
    found.query()
    assert sum(1 for _ in found) == 25


def test_attachments_go_up_and_come_down(client: Any) -> None:
    record = made(client, short_description="files")
    record.add_attachment("receipt.json", b'{"files":[]}\n')
    [file] = record.get_attachments()
    assert file.file_name == "receipt.json"
    assert file.read() == b'{"files":[]}\n'


def test_dot_walks_and_display_values(client: Any) -> None:
    record = made(client, caller_id=SEEDED.users["anna.berg"].sys_id)
    found = client.GlideRecord("incident")
    found.fields = ["sys_id", "caller_id", "caller_id.user_name"]
    assert found.get(str(record.sys_id))
    assert found.get_value("caller_id.user_name") == "anna.berg"
    assert found.get_display_value("caller_id") != found.get_value("caller_id")


@pytest.mark.parametrize(
    ("table", "words"), [("nosuch", "Invalid table"), ("A" * 23_000, "<html>")]
)
def test_it_understands_the_errors(client: Any, table: str, words: str) -> None:
    with pytest.raises(exceptions.RequestException, match=words):
        client.GlideRecord(table).query()


def test_a_wrong_password_is_refused(served: tuple[ServiceNow, Path]) -> None:
    server, ca_file = served
    stranger = ServiceNowClient(server.url, ("admin", "wrong"), verify=str(ca_file))
    with pytest.raises(exceptions.AuthenticationException):
        stranger.GlideRecord("incident").query()
    stranger.session.close()


def test_it_logs_in_with_client_credentials(served: tuple[ServiceNow, Path]) -> None:
    flow = ServiceNowClientCredentialsFlow(SEEDED.client_id, SEEDED.client_secret)
    client = ServiceNowClient(served[0].url, flow, verify=str(served[1]))
    assert len(made(client, short_description="by token").get_value("sys_id")) == 32
    client.session.close()
