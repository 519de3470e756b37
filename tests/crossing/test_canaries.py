"""Two hundred secrets, and none of them in anything that FileFerry writes, says or shows."""

from __future__ import annotations

import base64
import json
import os
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import pytest

from adapters.remotes import Register
from config.loading import load
from config.secrets import Secrets
from config.values import destinations
from sandbox.children import Child, program
from sandbox.configuration import plain_yaml
from sandbox.demo.visitor import Placed
from tests.crossing import commands
from tests.crossing.canaries import Canaries
from tests.crossing.world import World
from tests.servers import warm
from tests.servers.certificates import Authority
from tests.servers.collector import Collector, collecting
from tests.servers.odd_ftp import OddFtp, Session
from tests.servers.ports import free_port
from transfer.errors import FerryError
from transfer.model import Outcome

PARTNERS = 140
LOGINS = ("oauth", "refresh_token", "jwt", "basic", "certificate")
TICKETS = {
    "incident",
    "sc_task",
    "sc_req_item",
    "sc_request",
    "sys_attachment",
    "sys_journal_field",
}
COMMANDS = """
    status
    status --json
    show {0}
    show {1}
    show {2} --json
    logs {0} --file {log}
    config check
    doctor --config {few}
    doctor echoing
    doctor refusing
    reload
    servicenow check
    notices test
    ledger check --json
    audit verify
    audit key
    install --print --root {root}
    report -o -
    sweep refusing
    retry {1} --reason again
    pause echoing
    drain
"""


class Echoing(Session):
    """Says no, and repeats what it was told."""

    def do_pass(self, password: str) -> None:
        self.reply(f"530 {password} is not the password")


def furnish(canaries: Canaries, folder: Path) -> dict[str, dict[str, object]]:
    """The destinations that nobody calls, with every credential that one can have."""
    authority = Authority(folder)
    made: dict[str, dict[str, object]] = {}
    dead = {"host": "127.0.0.1", "port": free_port(), "username": "ferry", "connect_timeout": 5}
    for number in range(PARTNERS):
        canaries.password(f"ftps-{number}")
        made[f"ftps-{number}"] = {**dead, "protocol": "ftps", "password": f"ftps-{number}"}
    for number in range(10):
        name = f"both-{number}"
        canaries.key(f"{name}-key", canaries.password(f"{name}-phrase"))
        canaries.password(f"{name}-word")
        made[name] = {
            **dead,
            "password": f"{name}-word",
            "private_key": f"{name}-key",
            "passphrase": f"{name}-phrase",
            "host_keys": ["SHA256:" + "A" * 43],
        }
    for number in range(10):
        name = f"certified-{number}"
        canaries.certificate(f"{name}-tls", authority.certify(name))
        canaries.password(f"{name}-word")
        tls = {"certificate": f"{name}-tls"}
        made[name] = {**dead, "protocol": "ftps", "password": f"{name}-word", "tls": tls}
    return made


@contextmanager
def guarded(world: World, canaries: Canaries) -> Iterator[Collector]:
    """The world with a secret wherever one can be named, and those who repeat or refuse them."""
    config, partner = world.config, world.config["destinations"]["partner"]
    config["audit"] = {"key": "audit"}
    config["log"] = {"level": "debug"}
    config["grants"][0]["destinations"] = ["partner", "echoing", "refusing"]
    canaries.text["stranger"] = world.partner.stranger
    canaries.key("audit")
    canaries.rsa("jwt")
    for name in ("basic", "refresh_token", "smtp", "echoing"):
        canaries.password(name)
    canaries.certificate("instance", Authority(world.directory).certify("instance"))
    with OddFtp(Echoing) as echoing, collecting() as collector:
        plain = {"host": echoing.host, "port": echoing.port, "username": "ferry"}
        ftp = {"protocol": "ftp", "clear_text": "on this host", "password": "echoing"}
        config["destinations"]["refusing"] = {**partner, "private_key": "stranger"}
        config["destinations"]["echoing"] = {**plain, **ftp}
        config["notices"] = notices(canaries)
        config["traces"] = {"endpoint": collector.endpoint}
        config["metrics"] = {**config["traces"], "textfile": str(world.directory / "ferry.prom")}
        # Doctor calls them all, which is dear.
        few = {**config, "destinations": {**config["destinations"]}}
        config["destinations"] |= furnish(canaries, world.directory)
        world.secrets |= canaries.text
        (world.directory / "few.yaml").write_text(plain_yaml(few))
        yield collector


def notices(canaries: Canaries) -> dict[str, dict[str, object]]:
    """Nobody is there to take them."""
    address = canaries.password("hook")[:12]
    canaries.text["webhook"] = f"https://127.0.0.1:{free_port()}/{address}"
    smtp = {"host": "127.0.0.1", "port": free_port(), "user": "ferry", "password": "smtp"}
    mail = {"kind": "smtp", "sender": "f@x.example", "to": ["o@x.example"], **smtp}
    return {"mail": mail, "chat": {"kind": "slack", "webhook": "webhook"}}


def environment(world: World) -> dict[str, str]:
    """Of an operator and of the service: no secret stands in it."""
    keys = world.directory / "credentials" / "aws"
    plain = commands.environment(world)
    keys.touch(0o600)
    keys.write_text("[default]\naws_access_key_id = ADMIN\naws_secret_access_key = admin-secret\n")
    plain = {name: value for name, value in plain.items() if not name.startswith("AWS_")}
    return plain | {"AWS_SHARED_CREDENTIALS_FILE": str(keys), "AWS_CONFIG_FILE": os.devnull}


def settled(world: World, canaries: Canaries, places: dict[str, str]) -> list[Placed]:
    """One that is delivered, one that two partners refuse each; told is what was seen meanwhile."""
    env = environment(world)
    command = [*program(), "run", "--config", env["FILEFERRY_CONFIG"]]
    with Child("daemon", command, world.directory, env) as daemon:
        world.until(lambda: world._ready("daemon", daemon))
        for name in ("one", "two", "three"):
            world.put(name, name.encode())
        placed = [
            world.order("one"),
            world.order("two", destination="echoing"),
            world.order("three", destination="refusing"),
        ]
        ended = [world.ended(each).transfer.outcome for each in placed]
        assert ended == [Outcome.DELIVERED, Outcome.FAILED, Outcome.FAILED]
        places |= of_processes(daemon)
        names = {"log": "daemon.log", "few": "few.yaml", "root": "root"}
        paths = {name: world.directory / file for name, file in names.items()}
        for words in COMMANDS.strip().splitlines():
            line = words.format(*[each.number for each in placed], **paths)
            done = warm.fileferry(*line.split(), environment=env)
            assert done.returncode in {0, 1, 2, 3, 4}, done
            places[words.strip()] = done.stdout + done.stderr
        places |= written(world)
    canaries.word("the client's secret", "ferry-client-secret")
    canaries.word("the key of S3", "admin-secret")
    for number, token in enumerate(world.servicenow.site.tokens.given()):
        canaries.plain(f"token {number}", token)
    return placed


def of_processes(daemon: Child) -> dict[str, str]:
    """What everybody on this host sees of the service and its children."""
    below = [str(daemon.pid)]
    for pid in below:
        below += Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {
        f"{name} of {pid}": Path(f"/proc/{pid}/{name}").read_bytes().decode("latin-1")
        for pid in below
        for name in ("cmdline", "environ")
    }


def written(world: World) -> dict[str, str]:
    """All that lies on the disks of the service and of the partner, and stands in ServiceNow."""
    secret = {".key", ".crt"}
    found = {
        str(path.relative_to(world.directory)): path.read_bytes().decode("latin-1")
        for path in world.directory.rglob("*")
        if path.is_file() and "credentials" not in path.parts and path.suffix not in secret
    }
    instance = world.servicenow.instance
    found |= {table: json.dumps(instance.query(table), default=str) for table in TICKETS}
    found["attachments"] = "\n".join(each.decode() for each in instance.files.values())
    return found | {
        f"partner:{name}": data.decode("latin-1") for name, data in world.files().items()
    }


def refused(world: World, canaries: Canaries) -> Iterator[tuple[str, str]]:
    """Every login with what is wrong, and what its exception says, causes and all."""
    env, wrong = environment(world), canaries.password("wrong")
    jwt = {"JWT__PRIVATE_KEY": "jwt", "JWT__SUBJECT": "ferry", "REFRESH_TOKEN": "refresh_token"}
    more = jwt | {"CERTIFICATE": "instance", "SECRET": "basic"}
    told = {f"FILEFERRY_SERVICENOW__{name}": value for name, value in more.items()}
    for auth in LOGINS:
        login = told | {"FILEFERRY_SERVICENOW__AUTH": auth}
        yield auth, said(("servicenow", "check"), env | login)
    send = ("send", f"s3://{world.bucket}/one", "partner:again")
    address = f"http://ferry:{quote(wrong)}@127.0.0.1:{free_port()}"
    proxy = {"HTTPS_PROXY": address, "HTTP_PROXY": address, "NO_PROXY": "", "no_proxy": ""}
    for words in (("notices", "test"), ("servicenow", "check"), send):
        yield f"proxy of {words[0]}", said(words, env | proxy)
    keys = {"AWS_ACCESS_KEY_ID": "ADMIN", "AWS_SECRET_ACCESS_KEY": wrong[:12]}
    yield "S3", said(send, env | keys)
    tokens = {**keys, "AWS_SESSION_TOKEN": wrong[:12]}
    dynamo = {"FILEFERRY_LEDGER__KIND": "dynamodb", "FILEFERRY_LEDGER__TABLE": "none"}
    dynamo["FILEFERRY_LEDGER__ENDPOINT_URL"] = f"http://127.0.0.1:{free_port()}"
    yield "DynamoDB", said(("ledger", "check"), env | tokens | dynamo)
    secrets = Secrets({"CREDENTIALS_DIRECTORY": env["CREDENTIALS_DIRECTORY"]})
    known = destinations(load(Path(env["FILEFERRY_CONFIG"])))
    for name in ("echoing", "refusing"):
        with pytest.raises(FerryError) as caught:
            Register(secrets).connect(known[name])
        yield f"exceptions of {name}", chained(caught.value)


def said(words: tuple[str, ...], env: dict[str, str]) -> str:
    done = warm.fileferry(*words, environment=env)
    assert done.returncode != 0, done
    return done.stdout + done.stderr


def chained(error: BaseException) -> str:
    """It and what it came from, as tracebacks tell it, and with all that it carries."""
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    own = f"{error!r} {error.args} {vars(error)}\n{''.join(traceback.format_exception(error))}"
    return own + (chained(cause) if cause else "")


def test_no_secret_is_told_by_anything(world: World) -> None:
    canaries, places = Canaries(), dict[str, str]()
    with guarded(world, canaries) as collector:
        placed = settled(world, canaries, places)
        places |= dict(refused(world, canaries))
        places["OTLP"] = b"".join(collector.raw).decode("latin-1")
    assert len(canaries.text) >= 200
    assert canaries.shown(places) == []
    searched = {place for place, text in places.items() if placed[0].number in text}
    assert {"daemon.log", "status --json", "sc_req_item", "incident"} <= searched
    assert placed[0].number in places["ledger.db"] + places["ledger.db-wal"]
    assert {"attachments", "OTLP", "report -o -", "show {0}"} <= searched
    assert "transfer taken up" in places["logs {0} --file {log}"]
    assert "echoing" in places["ferry.prom"]
    # And it would have been found: one, in a line of the log.
    planted = places["daemon.log"] + json.dumps({"event": canaries.text["echoing"]})
    assert canaries.shown({"daemon.log": planted}) == ["daemon.log: echoing"]


FORMS: dict[str, Callable[[str], str]] = {
    "as it is": lambda text: text,
    "a piece": lambda text: text[3:11],
    "backwards": lambda text: text[::-1],
    "quoted": quote,
    "its repr": repr,
    "in JSON": json.dumps,
    "hex": lambda text: text.encode().hex().upper(),
    "a header": lambda text: base64.b64encode(f"user:{text}".encode()).decode(),
    "a header, shifted": lambda text: base64.b64encode(f"ferry:{text}:".encode()).decode(),
    "base64url": lambda text: base64.urlsafe_b64encode(f"x{text}".encode()).decode(),
}


@pytest.mark.parametrize("form", FORMS)
def test_a_secret_is_found_in_every_form(form: str) -> None:
    canaries = Canaries()
    canaries.password("other")
    text = canaries.password("partner")
    assert canaries.shown({"log": f"1{FORMS[form](text)}2", "more": "none"}) == ["log: partner"]


def test_a_key_is_found_in_every_text_that_holds_it() -> None:
    canaries = Canaries()
    for name, text in {"a": canaries.key("a"), "b": canaries.rsa("b")}.items():
        assert canaries.shown({"log": repr(text)}) == [f"log: {name}"]
