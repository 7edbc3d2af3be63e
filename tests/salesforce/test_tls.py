"""TLS under the facade: certificates are checked by one shared context, made once."""

from __future__ import annotations

import ipaddress
import ssl
import threading
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import requests
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from voice_agent.salesforce.adapter import SalesforceAdapter, session
from voice_agent.salesforce.limits import Timeouts


def certificate(folder: Path, host: str) -> Path:
    """A certificate signed by itself, with its key, in one file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(host))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(private + made.public_bytes(Encoding.PEM))
    return file


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    file = certificate(tmp_path_factory.mktemp("tls"), "127.0.0.1")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.end_headers()
            self.wfile.write(b"ok")

        def log_message(self, *args: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        def handle_error(self, *args: object) -> None:
            """A client that refuses the certificate is what one of the tests is about."""

    server = Server(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    serving = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    serving.start()
    yield f"https://127.0.0.1:{server.server_address[1]}", file
    server.shutdown()
    server.server_close()
    serving.join()


def adapter(url: str, tls: ssl.SSLContext | None = None) -> SalesforceAdapter:
    return SalesforceAdapter(connections=2, timeouts=Timeouts(), base_url=url, tls=tls, on_usage=lambda usage: None)


def test_an_unknown_certificate_is_refused(served: tuple[str, Path]) -> None:
    with session(adapter(served[0])) as made, pytest.raises(requests.exceptions.SSLError):
        made.get("https://acme.my.salesforce.com/services/data")


def test_a_certificate_of_a_known_authority_is_taken(served: tuple[str, Path]) -> None:
    url, file = served
    with session(adapter(url, ssl.create_default_context(cafile=str(file)))) as made:
        assert made.get("https://acme.my.salesforce.com/services/data").text == "ok"


def test_the_bundle_is_loaded_once_and_not_for_each_connection(served: tuple[str, Path]) -> None:
    """Section 0 rule 16: 20 ms of CPU for a new connection otherwise."""
    url, file = served
    context = ssl.create_default_context(cafile=str(file))
    before = context.cert_store_stats()
    for _ in range(3):
        with session(adapter(url, context)) as made:
            made.get("https://acme.my.salesforce.com/services/data")
    assert context.cert_store_stats() == before
