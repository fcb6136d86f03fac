"""As much of Kaggle as its own client needs to download a public data set, on this machine."""

import http.server
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

PORT = 7777  # fixed in Kaggle's own client
SECONDS_FOR_THE_PORT = 120
CREDENTIALS = ("KAGGLE_USERNAME", "KAGGLE_KEY", "KAGGLE_API_TOKEN", "KAGGLE_CONFIG_DIR")
ENVIRONMENT = {"KAGGLE_API_ENVIRONMENT": "TEST", "NO_PROXY": "localhost"}


class Kaggle(http.server.ThreadingHTTPServer):
    """Serves ``archive`` under the name ``handle``; with ``cut``, breaks off in the middle."""

    def __init__(self, handle: str, archive: bytes) -> None:
        super().__init__(("127.0.0.1", PORT), _Answers)
        self.handle, self.archive, self.cut = handle, archive, False


class _Answers(http.server.BaseHTTPRequestHandler):
    def do_HEAD(self):
        self.send_response(200)
        self.end_headers()

    def do_POST(self):
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        assert f"{asked['ownerSlug']}/{asked['datasetSlug']}" == self.server.handle
        assert "Authorization" not in self.headers, "a public data set needs no credentials"
        download = self.path.endswith("DownloadDataset")
        body = self.server.archive if download else b'{"currentVersionNumber": 1}'
        self.send_response(200)
        self.send_header("Content-Type", "application/zip" if download else "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if download and self.server.cut else body)

    def log_message(self, *args):
        pass


@contextmanager
def serve_as_kaggle(handle: str, archive: bytes) -> Iterator[Kaggle]:
    server = _on_its_port(handle, archive)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def _on_its_port(handle: str, archive: bytes) -> Kaggle:
    """kagglehub knows one port for tests; another test process may have it for a moment."""
    last = time.monotonic() + SECONDS_FOR_THE_PORT
    while True:
        try:
            return Kaggle(handle, archive)
        except OSError:
            if time.monotonic() > last:
                raise
            time.sleep(0.1)
