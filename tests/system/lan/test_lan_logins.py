"""The ways to log in, with mail programs that are not ours."""
import base64
import hashlib
import hmac
import poplib
import smtplib
import socket
import ssl
import subprocess

import pytest

from harness.gateway import BUILD, PASSWORD
from harness.letters import letter
from harness.raw import Raw

PLUS = "scram-sha-256-plus"  # of mpop since Debian 13


@pytest.fixture
def office(make_gateway):
    """ivan has an old mail program; both have their passwords from `lanpost user passwd`."""
    gateway = make_gateway(start=False, users={"ivan": {"allow_weak_auth": "yes"}, "anna": {}})
    for user in ("ivan", "anna"):
        subprocess.run([BUILD / "lanpost", "-c", gateway.conf, "user", "passwd", user], input=PASSWORD.encode(),
                       check=True, capture_output=True, timeout=90)
    gateway.start()
    gateway.send("anna@office.lan", ["ivan@office.lan", "anna@office.lan"], letter(subject="for both"))
    gateway.mailbox_when("ivan", 1)
    return gateway


def mpop(office, folder, user, method, tls, password=PASSWORD):
    config = folder / "mpoprc"
    box = folder / "fetched"
    config.write_text(f"""defaults
account office
host 127.0.0.1
port {office.pop3s_port if tls else office.pop3_port}
user {user}
passwordeval echo {password}
auth {method}
tls {"on" if tls else "off"}
tls_starttls off
tls_certcheck off
uidls_file {folder}/uidls
delivery mbox {box}
keep on
""")
    config.chmod(0o600)
    box.unlink(missing_ok=True)
    done = subprocess.run(["mpop", "-C", config, "office"], capture_output=True, timeout=90, text=True)
    return done, box.read_bytes() if box.exists() else b""


def mpop_knows():
    said = subprocess.run(["mpop", "--version"], capture_output=True, text=True, check=True, timeout=90).stdout
    return said.split("Supported authentication methods:\n")[1].splitlines()[0].split()


@pytest.mark.parametrize("tls", [False, True], ids=["plain", "tls"])
@pytest.mark.parametrize("method", ["on", "user", "plain", "login", "scram-sha-256", "cram-md5", "apop"])
def test_mpop_logs_in(office, folder, method, tls):
    if method == "scram-sha-256" and tls and PLUS in mpop_knows():
        method = PLUS # such an mpop gives up without it, before it says a word, whatever a server offers
    done, fetched = mpop(office, folder, "ivan", method, tls)
    if method == "cram-md5" and tls:  # weak ways are not offered where a good one is safe
        assert done.returncode != 0
    else:
        assert done.returncode == 0 and b"for both" in fetched, done.stdout + done.stderr


@pytest.mark.parametrize("user, method, password", [
    ("ivan", "scram-sha-256", "wrong"), ("nobody", "scram-sha-256", PASSWORD), ("ivan", "cram-md5", "wrong"),
    ("ivan", "apop", "wrong"), ("anna", "apop", PASSWORD), ("anna", "cram-md5", PASSWORD),
])
def test_mpop_is_refused(office, folder, user, method, password):
    done, fetched = mpop(office, folder, user, method, False, password)
    assert done.returncode != 0 and fetched == b""


@pytest.mark.parametrize("method", ["CRAM-MD5", "PLAIN", "LOGIN"])
def test_swaks_logs_in(office, method):
    done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(office.smtp_port), "--auth", method,
                           "--auth-user", "ivan", "--auth-password", PASSWORD, "--from", "ivan@office.lan", "--to",
                           "anna@office.lan", "--timeout", "20"], capture_output=True, text=True, timeout=90)
    assert done.returncode == 0 and "235 " in done.stdout, done.stdout
    assert b"(logged in as ivan)" in office.mailbox_when("anna", 2)[-1]


class Scram:
    """SCRAM-SHA-256-PLUS as RFC 5802 has it; flag and binding as given."""

    def __init__(self, user, password, header, binding):
        self.password, self.header, self.binding = password.encode(), header, binding
        self.bare, self.step = f"n={user},r=clientnonce", 0

    def __call__(self, challenge=None):
        self.step += 1
        if self.step == 1:
            return self.header + self.bare
        if self.step > 2:
            return ""
        server = challenge.decode()
        nonce, salt, rounds = (part[2:] for part in server.split(","))
        salted = hashlib.pbkdf2_hmac("sha256", self.password, base64.b64decode(salt), int(rounds))
        mac = lambda key, text: hmac.new(key, text, "sha256").digest()
        client = mac(salted, b"Client Key")
        final = f"c={base64.b64encode(self.header.encode() + self.binding).decode()},r={nonce}"
        signature = mac(hashlib.sha256(client).digest(), f"{self.bare},{server},{final}".encode())
        return (final + ",p=" + base64.b64encode(bytes(a ^ b for a, b in zip(client, signature))).decode())


def bindings(sock):
    end_point = hashlib.sha256(sock.getpeercert(binary_form=True)).digest()
    return {"tls-unique": sock.get_channel_binding("tls-unique") or b"", "tls-server-end-point": end_point}


def login_over(office, protocol, context, header, change=lambda binding: binding):
    kind = header.split(",")[0].removeprefix("p=")
    mechanism = "SCRAM-SHA-256-PLUS" if header.startswith("p=") else "SCRAM-SHA-256"
    if protocol == "smtp":
        with smtplib.SMTP_SSL("127.0.0.1", office.smtps_port, context=context, timeout=90) as client:
            client.ehlo()
            assert "SCRAM-SHA-256-PLUS" in client.esmtp_features["auth"].split()
            client.user, client.password = "ivan", PASSWORD
            scram = Scram("ivan", PASSWORD, header, change(bindings(client.sock).get(kind, b"")))
            try:
                return client.auth(mechanism, scram)[0] == 235
            except smtplib.SMTPException:
                return False
    server = poplib.POP3_SSL("127.0.0.1", office.pop3s_port, context=context, timeout=90)
    assert "SCRAM-SHA-256-PLUS" in server.capa()["SASL"]
    scram = Scram("ivan", PASSWORD, header, change(bindings(server.sock).get(kind, b"")))
    try:
        reply = server._shortcmd(f"AUTH {mechanism}")
        while reply.startswith(b"+ "):
            reply = server._shortcmd(base64.b64encode(scram(base64.b64decode(reply[2:])).encode()).decode())
        return reply.startswith(b"+OK")
    except poplib.error_proto:
        return False
    finally:
        server.close()


@pytest.mark.parametrize("protocol", ["smtp", "pop3"])
def test_a_login_may_be_bound_to_the_tls_session(office, protocol):
    for version, kinds in ((ssl.TLSVersion.TLSv1_2, ["tls-unique", "tls-server-end-point"]),
                           (ssl.TLSVersion.TLSv1_3, ["tls-server-end-point"])):
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        context.maximum_version = version
        for kind in kinds:
            assert login_over(office, protocol, context, f"p={kind},,"), (version, kind)
        assert login_over(office, protocol, context, "n,,")
    # Through somebody in the middle: another session's bytes, or a list of mechanisms without the good one.
    assert not login_over(office, protocol, context, "p=tls-server-end-point,,", lambda binding: bytes(32))
    assert not login_over(office, protocol, context, "p=tls-unique,,")
    assert not login_over(office, protocol, context, "y,,")


def test_python_logs_in_by_challenge(office):
    server = poplib.POP3("127.0.0.1", office.pop3_port, timeout=90)
    server.apop("ivan", PASSWORD)
    assert server.stat()[0] == 1
    server.quit()
    with smtplib.SMTP("127.0.0.1", office.smtp_port, timeout=90) as client:
        client.ehlo()
        client.user, client.password = "ivan", PASSWORD
        assert client.auth("CRAM-MD5", client.auth_cram_md5)[0] == 235


def test_only_old_programs_have_their_password_kept(office):
    text = (office.folder / "users.conf").read_text()
    ivan, anna = text.split("[user anna]")
    assert f"clear_password = {PASSWORD}" in ivan and "clear_password" not in anna
    assert "SCRAM-SHA-256$" in anna and (office.folder / "users.conf").stat().st_mode & 0o777 == 0o600


def test_without_tls_there_is_nothing_but_the_way_to_it(make_gateway):
    gateway = make_gateway(start=False, users=["ivan"], sections={
        "lan": {"submission_tls_required": "yes", "pop3_tls_required": "yes"}})
    gateway.start()
    with smtplib.SMTP("127.0.0.1", gateway.submission_port, timeout=90) as client:
        client.ehlo()
        assert "auth" not in client.esmtp_features
        assert client.docmd("MAIL", "FROM:<ivan@office.lan>")[0] == 530
    with smtplib.SMTP("127.0.0.1", gateway.smtp_port, timeout=90) as client:
        client.ehlo()
        assert client.docmd("MAIL", "FROM:<ivan@office.lan>")[0] == 250
    server = poplib.POP3("127.0.0.1", gateway.pop3_port, timeout=90)
    with pytest.raises(poplib.error_proto, match="STLS"):
        server.user("ivan")
    assert "USER" not in server.capa() and "SASL" not in server.capa()
    server.close()


def test_empty_passwords_can_be_forbidden(make_gateway):
    for allowed in ("yes", "no"):
        gateway = make_gateway(users={"ivan": {"password": ""}}, sections={"lan": {"allow_empty_password": allowed}})
        server = poplib.POP3("127.0.0.1", gateway.pop3_port, timeout=90)
        server.user("ivan")
        if allowed == "yes":
            server.pass_("anything")
        else:
            with pytest.raises(poplib.error_proto):
                server.pass_("")
        server.close()
        gateway.stop()


def test_a_message_in_chunks_arrives_whole(office):
    body = b"".join(b"line %d\r\n.\r\n" % n for n in range(20000))
    message = b"Subject: in chunks\r\n\r\n" + body
    with smtplib.SMTP("127.0.0.1", office.smtp_port, timeout=90) as client:
        client.ehlo()
        assert client.has_extn("chunking")
        client.docmd("MAIL", "FROM:<anna@office.lan> BODY=8BITMIME")
        client.docmd("RCPT", "TO:<ivan@office.lan>")
        pieces = [message[at:at + 70001] for at in range(0, len(message), 70001)]
        wire = b"".join(b"BDAT %d%s\r\n" % (len(piece), b" LAST" if piece is pieces[-1] else b"") + piece
                        for piece in pieces)
        client.sock.sendall(wire)  # all at once, as RFC 2920 allows
        assert [client.getreply()[0] for _ in pieces] == [250] * len(pieces)
    arrived = office.files("ivan")
    assert any(file.read_bytes().endswith(message) or file.read_bytes().endswith(body) for file in
               (office.spool / "mailboxes" / "ivan").rglob("*,S=*")), arrived
    assert len(arrived) == 2


def test_a_login_half_done_ends_with_the_connection(office):
    for _ in range(3):
        with socket.create_connection(("127.0.0.1", office.pop3_port), 90) as client:
            client.recv(1000)
            client.sendall(b"AUTH SCRAM-SHA-256 biwsbj1pdmFuLHI9YWJj\r\n")  # n,,n=ivan,r=abc
            assert client.recv(1000).startswith(b"+ ")
    assert office.pop3("ivan").stat()[0] == 1


def test_who_logs_in_writes_only_as_himself(make_gateway):
    office = make_gateway(users={"ivan": {"aliases": "petrov"}, "anna": {}}, sections={"lan": {"check_from": "yes"}})
    with office.smtp() as smtp:
        smtp.login("ivan", PASSWORD)
        with pytest.raises(smtplib.SMTPSenderRefused, match="does not belong to user ivan"):
            smtp.sendmail("anna@office.lan", ["ivan"], letter(sender="anna@office.lan"))
        with pytest.raises(smtplib.SMTPDataError, match="anna@office.lan"):
            smtp.sendmail("ivan@office.lan", ["ivan"], letter(sender="anna@office.lan"))
        smtp.sendmail("petrov@office.lan", ["ivan"], letter(sender="ivan@office.lan"))
    message, = office.mailbox_when("ivan", 1)
    assert b"\r\nSender:" not in message


def test_scram_shows_nobody_who_is_there(office):
    """A salt that differs by spelling for strangers only would tell who exists."""

    def salt(name):
        raw = Raw(office.pop3_port)
        raw.send(b"AUTH SCRAM-SHA-256 " + base64.b64encode(b"n,,n=" + name + b",r=nonce") + b"\r\n")
        reply = base64.b64decode(raw.line().split()[1])
        raw.close()
        return reply.split(b"s=")[1].split(b",")[0]

    for name in (b"ivan", b"nobody"):
        assert salt(name) == salt(name.upper()) == salt(name + b"@office.lan") == salt(name + b"+x")
    assert salt(b"ivan") != salt(b"nobody")
