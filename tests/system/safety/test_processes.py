"""Each process holds only what it needs: docs/security.md has the table, and this is its proof."""
import json
import os
import re
import socket
import ssl
import subprocess
import threading
from pathlib import Path

import pytest

from harness.gateway import BUILD, PASSWORD, environment
from harness.processes import SANITIZED, descriptors, facts, holds, libraries, name_of, named, variables
from harness.sign_in import Provider
from harness.sink import ThreadedServer
from harness.users import LANPOST, Users, needs
from harness.waiting import until

as_service = pytest.mark.skipif(needs() is not None, reason=str(needs()))
as_root = pytest.mark.skipif(os.geteuid() != 0 or SANITIZED, reason="only root may look into another process's memory; sanitizers have terabytes of it")

SECRETS = {
    "account": "Pw-1account-secret", "smarthost": "Pw-2smarthost-secret", "command": "Pw-3command-secret", "token": "Pw-4token-secret",
    "clear": "Pw-5clear-secret", "login name": "us-6login-name",
}


@pytest.fixture
def office(make_gateway):
    gateway = make_gateway(
        start=False,
        users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"allow_weak_auth": "yes", "clear_password": SECRETS["clear"]}},
        accounts={"a": {"url": "pop3://127.0.0.1:9", "tls": "none", "user": "me", "password": SECRETS["account"]},
                  "b": {"url": "imap://127.0.0.1:9", "tls": "none", "user": "you", "password_command": f"echo {SECRETS['command']}"}},
        smarthosts={"out": {"url": "smtp://127.0.0.1:9", "tls": "none", "user": SECRETS["login name"], "password": SECRETS["smarthost"]},
                    "other": {"url": "smtp://127.0.0.1:9", "tls": "none", "user": "x", "oauth2_token_command": f"echo {SECRETS['token']}",
                              "senders": "example.org"}})
    return gateway


def started(office):
    office.start()
    return until(lambda: "event=lan-ready" in office.log() and named(office, "lanpost-lan"), 15, "the LAN server")[0]


def ready(make):
    """The program that tries; it is also built if the tests are run without `make system`."""
    if SANITIZED and not (BUILD / "tests/processes" / make).exists():
        pytest.skip("`make tries` with the sanitizer makes it")
    subprocess.run(["make", "-s", f"B={BUILD}", f"{BUILD}/tests/processes/{make}"], cwd=Path(__file__).resolve().parents[3], check=True,
                   capture_output=True, timeout=300)
    return BUILD / "tests/processes" / make


# --- the LAN server

@as_root
def test_the_lan_server_knows_no_secret(office):
    lan = started(office)
    hashes = re.findall(r"(?m)^(?:password|scram_sha256) = (\S+)", (office.folder / "users.conf").read_text())
    assert hashes
    office.pop3("ivan").quit()  # the hash is somewhere used
    office.cli("reload")
    until(lambda: office.log().count("event=reloaded") >= 2, 15, "the LAN server's reload")
    found = [name for name, secret in SECRETS.items() if holds(lan, secret)]
    assert found == []
    assert not any(holds(lan, text) for text in hashes)
    assert holds(lan, "ivan@example.ru"), "the search finds what is there"
    assert holds(office.process.pid, SECRETS["account"]), "the supervisor has it"


@as_root
def test_who_checks_passwords_knows_no_others(office):
    started(office)
    auth, = until(lambda: named(office, "auth"), 10, "the auth process") if named(office, "auth") else [
        pid for pid in office.processes() if re.search(rf" auth\[{pid}\]: ", office.log())]
    assert [name for name in ("account", "smarthost") if holds(auth, SECRETS[name])] == []


def test_the_lan_server_has_few_libraries(office):
    lan = started(office)
    foreign = {name for name in libraries(lan) if re.match(r"lib(curl|ssh|ldap|lber|krb5|gssapi|rtmp|nghttp|sasl|gnutls|iniparser|pcre|archive|ncurses|qrencode|jpeg)", name)}
    assert foreign == set()


def test_the_lan_server_has_no_environment(office):
    lan = started(office)
    assert variables(lan) - {"TZ", "JOURNAL_STREAM", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"} == set()


def test_the_lan_server_holds_few_files(office):
    lan = started(office)
    log, spool = str(office.log_path), str(office.spool)
    strange = {what for fd, what in descriptors(lan).items()
               if not re.match(r"(socket:|pipe:|anon_inode:\[(eventfd|signalfd)\]|/dev/null$|/memfd:lanpost-doing)", what)
               and what not in (log, spool) and not re.match(re.escape(spool) + r"/(state\.db|wal/|mailboxes/|queue/)", what)}
    assert strange == set()


def test_every_child_is_bound(office):
    started(office)
    until(lambda: re.search(r" auth\[\d+\]: event=sandbox", office.log()), what="the sandbox")
    bound = 0
    for pid in office.processes()[1:]:
        seen = facts(pid)
        if not seen:
            continue  # a child that has answered a question, and ended
        until(lambda: facts(pid).get("NoNewPrivs", "1") == "1", what=f"{name_of(pid)}, which has just begun, to be bound")
        if name_of(pid) == "lanpost-lan" or re.search(rf" auth\[{pid}\]: ", office.log()):
            assert seen["Seccomp"] == "2", name_of(pid)
            bound += 1
    assert bound == 2


def test_no_core_and_no_locked_memory(office):
    limits = Path(f"/proc/{started(office)}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert re.search(r"Max locked memory +0 +0 ", limits)
    if not SANITIZED:
        assert not re.search(r"Max data size +unlimited", limits)


@as_service
def test_it_has_no_rights_of_root(office, folder):
    office.env = {name: value for name, value in environment().items() if name != "LANPOST_RUN_AS_ROOT"}
    office.prefix = Users(folder).prefix
    for pid in [started(office), office.process.pid]:
        seen = facts(pid)
        assert set(seen["Uid"].split()) == set(seen["Gid"].split()) == {str(LANPOST)}
        assert int(seen["CapEff"], 16) == int(seen["CapPrm"], 16) == 0


# --- a session

class Silent(ThreadedServer):
    """A provider that greets, and says nothing more."""

    def serve(self, connection):
        connection.say("+OK ready")
        self.hang()


@as_root
def test_a_session_and_its_helpers_hold_what_they_need(office):
    provider = Silent()
    office.accounts["a"]["url"] = f"pop3://127.0.0.1:{provider.port}"
    office.write()
    started(office)
    hashes = re.findall(r"(?m)^(?:password|scram_sha256) = (\S+)", (office.folder / "users.conf").read_text())
    try:
        office.cli("session", "--no-wait")
        session, = until(lambda: provider.accepted and named(office, "session"), 15, "the session")
        (keeper,), (sorter,) = [[pid for pid in named(office, name) if facts(pid).get("PPid") == str(session)] for name in ("secrets", "sorter")]
        kept = [SECRETS["account"], SECRETS["smarthost"]]
        for pid in (session, sorter):
            assert [text for text in [*kept, SECRETS["clear"], *hashes] if holds(pid, text)] == [], name_of(pid)
        assert all(holds(keeper, text) for text in kept), "the search finds what is there"
        assert not any(holds(keeper, text) for text in [SECRETS["clear"], *hashes])
        seen = facts(session)
        assert seen["Seccomp"] == "2" and seen["NoNewPrivs"] == "1"
        sockets = [what for what in descriptors(sorter).values() if what.startswith("socket:")]
        assert len(sockets) == 1, "the sorter cannot ask for passwords"
    finally:
        provider.stop()


@as_root
def test_a_token_is_renewed_without_the_other_secrets(office):
    """The process that talks to the provider of a sign-in, and parses its answer."""
    provider, asked, may_answer = Provider(tls=False), threading.Event(), threading.Event()
    granted = provider.grant
    office.accounts["c"] = {"url": "pop3://127.0.0.1:9", "tls": "none", "user": "they", "oauth2_client_secret": "Pw-7of-the-application", **provider.keys}
    office.write()
    assert office.cli("account", "login", "c").returncode == 0
    token, = (office.spool / "sign-in").glob("*.json")
    token.write_text(json.dumps({**json.loads(token.read_text()), "access_until": 0}))

    def wait():
        asked.set()
        may_answer.wait(90)
        return granted()

    provider.grant = wait
    started(office)
    try:
        office.cli("session", "--account", "c", "--no-wait")
        assert asked.wait(90)
        keepers = named(office, "secrets")
        worker, = [pid for pid in keepers if facts(pid).get("PPid") in map(str, keepers)]
        assert holds(worker, "refresh-1") and holds(worker, "Pw-7of-the-application"), "the search finds what is there"
        assert [name for name in ("account", "smarthost", "clear") if holds(worker, SECRETS[name])] == []
    finally:
        may_answer.set()
        provider.stop()


class Takes(ThreadedServer):
    """A smarthost that takes all of a message, and says nothing more."""
    content = None

    def serve(self, connection):
        connection.say("220 out")
        while line := connection.line():
            word = line[:4].upper()
            connection.say("354 go" if word == b"DATA" else "250 ok")
            if word == b"DATA":
                self.content = connection.content()
                self.hang()


@as_root
@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_a_session_signs_with_a_key_that_it_does_not_hold(office, folder, kind):
    smarthost = Takes()
    office.smarthosts["out"] = {"url": f"smtp://127.0.0.1:{smarthost.port}", "tls": "none"}
    office.main["dkim example.ru"] = {"selector": "s", "key_file": folder / "dkim.pem"}
    office.write()
    assert office.cli("dkim", "example.ru", "--new", kind).returncode == 0
    text = subprocess.run(["openssl", "pkey", "-in", folder / "dkim.pem", "-noout", "-text"], capture_output=True, text=True, check=True,
                          timeout=90).stdout
    name = "prime1" if kind == "rsa" else "priv"
    number = bytes.fromhex(re.sub(r"[:\s]", "", re.search(rf"{name}:\s*((?:[0-9a-f]{{2}}[:\s]*)+)", text)[1]))[-32:]
    forms = [number, number[::-1], (folder / "dkim.pem").read_text().splitlines()[1]]
    started(office)
    try:
        with office.smtp() as smtp:
            smtp.sendmail("ivan@office.lan", ["x@example.net"], b"From: ivan@office.lan\r\nSubject: signed\r\n\r\nhello\r\n")
        office.cli("session", "--no-wait")
        until(lambda: smarthost.content, 20, "the message")
        assert b"DKIM-Signature:" in smarthost.content
        session, = named(office, "session")
        having = {pid for pid in office.processes() if any(holds(pid, form) for form in forms)}
        assert len(having) == 1 and name_of(*having) == "secrets" and facts(*having)["PPid"] != str(session), "in a worker, for this key"
        assert str(folder / "dkim.pem") not in descriptors(session).values()
    finally:
        smarthost.stop()


# --- what somebody in it would try

MAY = {"read_and_write_mail"}
ENDS = {"run_a_program", "look_into_another"}


def test_what_somebody_in_the_lan_server_would_try(office):
    started(office)
    tries = ready("try_lan_sandbox")
    told = subprocess.run([tries, office.spool, office.conf, str(office.pop3_port)], capture_output=True, text=True, timeout=90, env=environment())
    assert told.returncode == 0, told.stderr
    outcome = dict(line.split() for line in told.stdout.splitlines())
    version = int(re.search(r"landlock=(\d+)", told.stderr)[1])
    if version < 2:
        pytest.skip("this kernel has no Landlock")
    assert {name for name, what in outcome.items() if what == "done"} == MAY
    if not SANITIZED:
        assert {name for name, what in outcome.items() if what == "ended"} == ENDS
    assert len(outcome) == 20


def test_what_somebody_in_a_session_would_read(office):
    office.users["anna"]["archive"] = "yes"
    office.write()
    started(office)
    until(lambda: (office.spool / "login-notes").exists() or office.pop3("ivan").quit(), 20, "the notes")
    spool = office.spool
    (spool / "sign-in").mkdir()
    (spool / "sign-in/x.json").write_text("{}")
    may = [f"{spool}/mailboxes/postmaster/tmp/try+", f"{spool}/wal/try+", f"{spool}/queue/active/.try+", f"{spool}/archive/try+", f"{spool}/state.db!",
           f"{spool}/state.db-wal!", f"{spool}/seen.db.new!", f"{spool}/reserve!"]
    may_not = [f"{spool}/tls/key.pem", f"{spool}/tls/key.pem!", f"{spool}/tls/try+", f"{spool}/login-salt.key", f"{spool}/login-notes", f"{spool}/login-notes!", f"{spool}/sign-in/x.json", f"{spool}/sign-in/try+",
               f"{spool}/version!", f"{spool}/try+", str(office.conf), f"{office.folder}/users.conf", "/etc/passwd"]
    told = subprocess.run([ready("try_session_sandbox"), spool, *may, *may_not], capture_output=True, text=True, timeout=90, env=environment())
    assert told.returncode == 0, told.stderr
    if int(re.search(r"landlock=(\d+)", told.stderr)[1]) < 2:
        pytest.skip("this kernel has no Landlock")
    outcome = dict(line.rsplit(" ", 1) for line in told.stdout.splitlines())
    assert outcome == {**dict.fromkeys(may, "done"), **dict.fromkeys(may_not, "refused")}


def test_the_lan_server_starts_alone_for_nobody():
    done = subprocess.run([BUILD / "lanpost-lan-server", "smtp"], capture_output=True, text=True, timeout=90, env=environment(), stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "lanpostd starts it" in done.stderr


def make_certificate(folder, kind):
    subprocess.run(["openssl", "req", "-x509", "-newkey", *kind, "-nodes", "-days", "30", "-subj", "/CN=gw.office.lan", "-keyout", folder / "key.pem",
                    "-out", folder / "cert.pem"], check=True, capture_output=True, timeout=90)


def shown(office, version=None):
    """The certificate that a mail program sees."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    if version:
        context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", office.pop3s_port), 90) as sock, context.wrap_socket(sock) as tls:
        return ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True))


KINDS = [["rsa:2048"], ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"], ["ed25519"]]


def test_a_changed_certificate_is_shown_after_a_reload(office, folder):
    first = started(office)
    office.main["lan"].update({"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"})
    old = shown(office)
    for kind in KINDS:
        make_certificate(folder, kind)
        office.write()
        with socket.create_connection(("127.0.0.1", office.pop3_port), 90) as before:  # its handshake still is with the certificate of then
            before.recv(1000)
            assert office.cli("reload").returncode == 0
            until(lambda: shown(office) == (folder / "cert.pem").read_text(), 20, "the new certificate")
            before.sendall(b"STLS\r\n")
            assert before.recv(1000).startswith(b"+OK")
            context = ssl.create_default_context()
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
            with context.wrap_socket(before) as tls:
                assert ssl.DER_cert_to_PEM_cert(tls.getpeercert(binary_form=True)) == old
        for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
            old = shown(office, version)
            assert old == (folder / "cert.pem").read_text()
    assert named(office, "lanpost-lan") == [first] and "reload-failed" not in office.log()
    assert office.pop3("ivan", PASSWORD).stat()[0] == 0


def test_a_bad_certificate_leaves_the_good_one(office, folder):
    started(office)
    good = shown(office)
    office.main["lan"].update({"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"})
    make_certificate(folder, KINDS[0])
    (folder / "key.pem").write_text("no key")
    office.write()
    office.cli("reload")
    until(lambda: "cannot use private key" in office.log(), 20, "the LAN server's word on it")
    assert shown(office) == good
    make_certificate(folder, KINDS[1])
    office.cli("reload")
    until(lambda: shown(office) == (folder / "cert.pem").read_text(), 20, "the mended one")


@as_root
def test_the_private_key_is_in_one_process(office):
    lan = started(office)
    shown(office)
    text = subprocess.run(["openssl", "pkey", "-in", office.spool / "tls/key.pem", "-noout", "-text"], capture_output=True, text=True, check=True,
                          timeout=90).stdout
    number = bytes.fromhex(re.search(r"priv:\s*((?:[0-9a-f]{2}[:\s]*)+)pub:", text)[1].replace(":", "").replace("\n", "").replace(" ", ""))[-32:]
    forms = [number, number[::-1], (office.spool / "tls/key.pem").read_text().splitlines()[1]]
    having = {pid: any(holds(pid, form) for form in forms) for pid in office.processes()}
    auth, = [pid for pid in having if re.search(rf" auth\[{pid}\]: ", office.log())]
    assert having.pop(auth), "the search finds what is there"
    assert not any(having.values()) and lan in having
    files = {what for fd, what in descriptors(auth).items() if not re.match(r"socket:|pipe:|/dev/null$", what)}
    assert {what for what in files if not re.search(r"lanpost-doing|/lanpost-lan-server$", what)} <= {str(office.log_path)}
