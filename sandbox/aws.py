"""S3, SQS, STS and DynamoDB on loopback, by moto: objects in memory, signatures unchecked."""

from __future__ import annotations

import json
import socket
import threading
from http.client import HTTPConnection
from typing import Any, Self

from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import BaseWSGIServer, WSGIRequestHandler, make_server

from sandbox.atomic import atomic
from sandbox.boto import make_client


class _Quiet(WSGIRequestHandler):
    """Logs no request to standard error, and does not hold small answers back (40 ms each)."""

    disable_nagle_algorithm = True

    def log(self, type: str, message: str, *args: Any) -> None:  # noqa: A002  werkzeug's name
        pass


class Aws:
    """A bucket with versions, a queue and its dead letters, ready when `start` returns.

    moto keeps its objects in the process: two of these in one process see the same buckets, and
    `stop` empties them. `start` raises OSError when the port is taken.
    """

    access_key = "AKIASANDBOXSANDBOX00"
    secret_key = "sandbox-secret-key"
    region = "eu-central-1"
    bucket = "fileferry-exports"
    queue = "fileferry-requests"
    dead_letters = "fileferry-dead-letters"
    max_receives = 5

    def __init__(self, *, host: str = "127.0.0.1", port: int = 0) -> None:
        self._address = (host, port)
        self._server: BaseWSGIServer | None = None
        self._thread: threading.Thread | None = None
        self.endpoint_url = ""
        self.queue_url = ""
        self.dead_letters_url = ""

    def start(self) -> Self:
        # werkzeug ends the process when it cannot bind, and moto's own thread waits for ever then.
        with socket.create_server(self._address) as listener:
            host, port = listener.getsockname()[:2]
            app = atomic(DomainDispatcherApplication(create_backend_app))
            self._server = make_server(
                host, port, app, threaded=True, request_handler=_Quiet, fd=listener.fileno()
            )
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.daemon = True
        self._thread.start()
        self.endpoint_url = f"http://{host}:{port}"
        self.furnish()
        return self

    def stop(self) -> None:
        """Empty the buckets and close the port; twice is fine."""
        if self._server is None or self._thread is None:
            return
        self._empty()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
        self._server = self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *_exc: object) -> None:
        self.stop()

    def client(self, service: str) -> Any:
        """A boto3 client of this server, whatever the environment says about AWS."""
        names = ("endpoint_url", "access_key", "secret_key", "region")
        return make_client(service, {name: getattr(self, name) for name in names})

    def _empty(self) -> None:
        connection = HTTPConnection(self.endpoint_url.removeprefix("http://"), timeout=10)
        connection.request("POST", "/moto-api/reset")
        connection.getresponse().read()
        connection.close()

    def furnish(self) -> None:
        """Make the bucket and the queues, as far as they are not there."""
        s3 = self.client("s3")
        try:
            s3.create_bucket(
                Bucket=self.bucket,
                CreateBucketConfiguration={"LocationConstraint": self.region},
            )
        except s3.exceptions.BucketAlreadyOwnedByYou:
            pass
        else:
            s3.put_bucket_versioning(
                Bucket=self.bucket, VersioningConfiguration={"Status": "Enabled"}
            )
        self.queue_url, self.dead_letters_url = self.make_queue(self.queue, self.dead_letters)

    def make_queue(self, name: str, dead_letters: str) -> tuple[str, str]:
        """A queue and one for its dead letters: their addresses. FIFO where the names say so."""
        sqs = self.client("sqs")
        kind = {"FifoQueue": "true"} if name.endswith(".fifo") else {}
        dead = sqs.create_queue(QueueName=dead_letters, Attributes=kind)["QueueUrl"]
        about = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])
        target = about["Attributes"]["QueueArn"]
        redrive = {"deadLetterTargetArn": target, "maxReceiveCount": str(self.max_receives)}
        policy = {"RedrivePolicy": json.dumps(redrive), **kind}
        return sqs.create_queue(QueueName=name, Attributes=policy)["QueueUrl"], dead
