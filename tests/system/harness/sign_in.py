"""A provider of OAuth 2.0 on loopback, as bad as a test wants it: device codes (RFC 8628) and tokens (RFC 6749)."""
import json
import ssl
import threading
import urllib.parse
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from harness.certificates import authority


HANG_UP = object()  # instead of an answer


class Provider:
    """answers: what the token endpoint says to the next requests, as names of errors, (status, body) or HANG_UP; then it behaves. asked: the forms
    it has got. lie: (status, body) to everything; a body may be a function that writes to the connection. lost: called when an answer is
    complete and not yet sent; if it returns something true, the answer is not sent at all."""

    def __init__(self, tls=True):
        self.answers, self.asked, self.lie, self.lost = [], [], None, None
        self.refresh, self.access, self.count = None, None, 0
        self.rotates, self.takes_old, self.extra, self.device = True, False, {}, {}
        self.user = "me"
        self.lock = threading.Lock()
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                length = int(self.headers["Content-Length"])
                form = dict(urllib.parse.parse_qsl(self.rfile.read(length).decode()))
                with provider.lock:
                    provider.asked.append((self.path, form))
                    answer = provider.answer(self.path, form)
                if answer is HANG_UP or (provider.lost is not None and provider.lost(form)):
                    return
                try:
                    self.say(*answer)
                except OSError:
                    pass  # the gateway has had enough

            def say(self, status, body):
                if callable(body):
                    body(self.wfile)
                    return
                if not isinstance(body, bytes):
                    body = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        if tls:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*authority().server("sign-in"))
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.url = f"{'https' if tls else 'http'}://127.0.0.1:{self.server.server_port}"
        self.keys = {"oauth2": "own", "oauth2_client_id": "app-1", "oauth2_device_url": f"{self.url}/device", "oauth2_token_url": f"{self.url}/token",
                     "oauth2_scope": "mail offline", **({"ca_file": str(authority().ca)} if tls else {})}
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def stop(self):
        self.server.shutdown()
        self.server.server_close()

    def count_of(self, grant):
        return sum(form.get("grant_type", "device") == grant for _, form in self.asked)

    def grant(self):
        self.count += 1
        self.access = f"access-{self.count}"
        if self.refresh is None or self.rotates:
            self.refresh = f"refresh-{self.count}"
        return 200, {"token_type": "Bearer", "access_token": self.access, "refresh_token": self.refresh, "expires_in": 3600, **self.extra}

    def answer(self, path, form):
        if path == "/introspect":  # RFC 7662: what a mail server asks
            return 200, {"active": form["token"] == self.access, "username": self.user}
        if self.lie is not None:
            return self.lie
        if form.get("client_id") != "app-1":
            return 401, {"error": "invalid_client"}
        if path == "/device":
            return 200, {"device_code": "device-1", "user_code": "ABCD-EFGH", "verification_uri": "https://example.com/device",
                         "expires_in": 900, "interval": 1, **self.device}
        if self.answers:
            answer = self.answers.pop(0)
            return (400, {"error": answer}) if isinstance(answer, str) else answer
        if form["grant_type"] == "refresh_token":
            if form["refresh_token"] != self.refresh and not self.takes_old:
                return 400, {"error": "invalid_grant", "error_description": "AADSTS70008: it has expired\r\nTrace ID: 7"}
            return self.grant()
        if form.get("device_code") != "device-1":
            return 400, {"error": "invalid_grant"}
        self.refresh = None
        return self.grant()
