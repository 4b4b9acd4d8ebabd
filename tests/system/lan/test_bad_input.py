"""Whatever the admin or the world gets wrong: one clear line, the right exit code, no message lost."""
import os
import subprocess

import pytest

from harness.certificates import authority
from harness.dovecot import Dovecot
from harness.gateway import BUILD, environment
from harness.letters import added_headers, crlf, letter
from harness.waiting import free_port, until

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


def one_line(text, *words):
    lines = [line for line in text.splitlines() if all(word in line for word in words)]
    assert lines, f"nothing says {words} in:\n{text}"
    return lines[0]


def daemon(conf, timeout=90):
    """Runs lanpostd, which is expected to end by itself."""
    return subprocess.run([BUILD / "lanpostd", "-c", conf], stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          timeout=timeout, env=environment())


# --- upstream

def test_an_unreachable_upstream_fails_that_session_and_names_it(make_gateway, account, dovecot):
    dead = {"url": f"pop3://127.0.0.1:{free_port()}", "tls": "none", "user": "x", "password": "y"}
    gateway = make_gateway(users=IVAN, accounts={"dead": dead, "office": account})
    dovecot.deliver("office", letter())
    done = gateway.session(code=1)
    one_line(done.stdout + done.stderr, "dead")
    assert len(gateway.files("ivan")) == 1  # the other account was served
    report, = gateway.mailbox_when("postmaster", 1)
    assert b"dead" in report


def test_a_wrong_password_is_told_and_nothing_is_touched(make_gateway, account, dovecot):
    dovecot.deliver("office", letter())
    gateway = make_gateway(users=IVAN, accounts={"office": {**account, "password": "wrong-secret"}})
    done = gateway.session(code=1)
    one_line(done.stdout + done.stderr, "office")
    assert "wrong-secret" not in done.stdout + done.stderr + gateway.log()
    assert len(dovecot.left("office")) == 1
    assert b"wrong-secret" not in gateway.mailbox_when("postmaster", 1)[0]


CERTIFICATES = {
    "unknown authority": (dict(), {"ca_file": ""}),
    "wrong name": (dict(name="wrong", hosts="DNS:elsewhere.example"), {}),
    "expired": (dict(name="expired", days=-1), {}),
}


@pytest.mark.parametrize("made, keys", CERTIFICATES.values(), ids=CERTIFICATES.keys())
@pytest.mark.parametrize("kind", ["pop3s", "stls"])
def test_a_broken_certificate_is_refused_before_the_password_goes_out(make_gateway, folder, made, keys, kind):
    certificate = authority().server(**made) if made else authority().server("plain")
    server = Dovecot(folder, {"office": "provider-pw"}, certificate=certificate).start()
    try:
        server.deliver("office", letter())
        url = f"pop3s://127.0.0.1:{server.tls_port}" if kind == "pop3s" else f"pop3://127.0.0.1:{server.port}"
        gateway = make_gateway(users=IVAN, accounts={"office": {
            "url": url, "user": "office", "password": "provider-pw", "ca_file": server.ca, **keys}})
        done = gateway.session(code=1)
        one_line((done.stdout + done.stderr).lower(), "office", "certificate")
        assert "Login: user" not in server.log()
        assert len(server.left("office")) == 1
    finally:
        server.stop()


def test_a_server_without_tls_gets_no_password_when_tls_is_required(make_gateway):
    from harness.misbehaving import MisbehavingPop3
    server = MisbehavingPop3([letter()])
    gateway = make_gateway(users=IVAN, accounts={"a": {"url": f"pop3://127.0.0.1:{server.port}", "user": "x",
                                                       "password": "secret"}})
    gateway.session(code=1)
    server.stop()
    assert not [line for line in server.commands if line.upper().startswith((b"USER", b"PASS", b"APOP"))]


MALFORMED = {
    "empty": b"",
    "no headers": b"just text\n",
    "only headers": b"Subject: x\n",
    "no blank line": b"Subject: x\nthis is no header\nbody\n",
    "nul bytes": b"Subject: a\0b\n\nbo\0dy\n",
    "eight bit header": "Subject: сырой текст\n\nx\n".encode("koi8-r"),
    "broken encoded word": b"Subject: =?koi8-r?B?!!!!?= =?utf-8?q?\xff=ZZ?=\nTo: =?x-unknown?Q?a?= <ivan@example.ru\n\nx\n",
    "long header": b"Subject: " + b"x" * 200_000 + b"\n\nx\n",
    "many headers": b"".join(b"X-%d: y\n" % n for n in range(20_000)) + b"\nx\n",
    "many recipients": b"To: " + b",\n ".join(b"u%d@x.ru" % n for n in range(20_000)) + b"\n\nx\n",
    "long line": b"Subject: x\n\n" + b"y" * 3_000_000 + b"\n",
    "deep mime": b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\nContent-Type: multipart/mixed; boundary=a\n\n"
                 * 1000,
    "mbox line": b"From someone Mon Nov 23 2026\nSubject: x\n\nx\n",
}


def test_malformed_messages_are_delivered_as_they_are(make_gateway, account, dovecot):
    for message in MALFORMED.values():
        dovecot.deliver("office", message)
    gateway = make_gateway(users=IVAN, accounts={"office": account})
    gateway.session()
    assert dovecot.left("office") == []
    found = [path.read_bytes() for user in ("ivan", "postmaster") for path in gateway.files(user)]
    for name, message in MALFORMED.items():
        # Dovecot ends each message with a line end and replaces NUL; everything else comes as it is.
        tail = crlf(message)[-1000:].rstrip(b"\r\n").rpartition(b"\0")[2]
        assert any(crlf(other).rstrip(b"\r\n").endswith(tail) for other in found), f"lost: {name}"
    assert len(found) == len(MALFORMED)
    for user in ("ivan", "postmaster"):
        assert len(gateway.mailbox(user)) == len(gateway.files(user))


# --- configuration

BROKEN = {
    "unknown user in a rule": ("rules.conf", "\n[rule bad]\nwhen = always\ndeliver = ivna\n", ["rules.conf", "ivna"]),
    "misspelt key": ("lanpost.conf", "\n[limits]\nmax_mesage_size = 5M\n", ["lanpost.conf", "max_mesage_size",
                                                                              "max_message_size"]),
    "unknown section": ("lanpost.conf", "\n[gatway]\nx = y\n", ["lanpost.conf", "gatway", "gateway"]),
    "bad value": ("accounts.conf", "\n[account x]\nurl = pop3://h\nmax_size = much\n", ["accounts.conf", "max_size"]),
    "bad condition": ("rules.conf", '\n[rule bad]\nwhen = subject contians "x"\ndeliver = ivan\n',
                      ["rules.conf", "contians"]),
    "cut value": ("rules.conf", '\n[rule cut]\nwhen = subject contains "a;b"\ndeliver = ivan\n', ["rules.conf"]),
    "doubled section": ("users.conf", "\n[user ivan]\nfull_name = twice\n", ["users.conf", "ivan"]),
}


@pytest.mark.parametrize("file, text, words", BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_configuration_is_explained_and_starts_nothing(make_gateway, file, text, words):
    gateway = make_gateway(start=False, users=IVAN)
    before = (gateway.folder / file).read_text().count("\n")
    with open(gateway.folder / file, "a") as out:
        out.write(text)
    checked = gateway.cli("check")
    assert checked.returncode == 1
    line = one_line(checked.stdout + checked.stderr, *words)
    assert any(f"{file}:{n}" in line for n in range(before, before + 6)), line
    started = daemon(gateway.conf)
    assert started.returncode != 0
    one_line(started.stderr, *words)
    assert not (gateway.spool / "control.sock").exists()


def test_check_prints_every_problem(make_gateway):
    gateway = make_gateway(start=False, users=IVAN)
    for file, text, _ in BROKEN.values():
        with open(gateway.folder / file, "a") as out:
            out.write(text.replace("[rule bad]", f"[rule bad{hash(text) % 1000}]"))
    done = gateway.cli("check")
    assert done.returncode == 1
    for _, _, words in BROKEN.values():
        one_line(done.stdout + done.stderr, *words)


def test_a_good_configuration_checks(make_gateway):
    assert make_gateway(start=False, users=IVAN).cli("check").returncode == 0


def test_a_missing_configuration_is_named(make_gateway):
    gateway = make_gateway(start=False, users=IVAN)
    gateway.conf.unlink()
    done = gateway.cli("check")
    assert done.returncode == 1 and str(gateway.conf) in done.stdout + done.stderr
    assert daemon(gateway.conf).returncode != 0


def test_a_broken_reload_keeps_the_old_configuration(make_gateway):
    gateway = make_gateway(users=IVAN)
    good = (gateway.folder / "users.conf").read_text()
    (gateway.folder / "users.conf").write_text(good + "\n[user anna]\nfull_nam = Anna\n")
    done = gateway.cli("reload")
    assert done.returncode == 1
    one_line(done.stderr, "users.conf", "full_nam")
    gateway.send("ivan@office.lan", ["ivan@office.lan"], letter())
    gateway.mailbox_when("ivan", 1)
    gateway.users["anna"] = {"password": "geheim-42"}
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    until(lambda: knows(gateway, "anna@office.lan"), 10, "anna to be known")


def test_sighup_reloads_too(make_gateway):
    import signal
    gateway = make_gateway(users=IVAN)
    assert not knows(gateway, "anna@office.lan")
    gateway.users["anna"] = {"password": "geheim-42"}
    gateway.write()
    gateway.process.send_signal(signal.SIGHUP)
    until(lambda: knows(gateway, "anna@office.lan"), 10, "anna to be known")


def knows(gateway, recipient):
    with gateway.smtp() as client:
        client.ehlo()
        client.mail("ivan@office.lan")
        return client.rcpt(recipient)[0] == 250


# --- the spool

def test_a_spool_that_cannot_be_written_is_named(make_gateway, folder):
    (folder / "file").write_text("")
    gateway = make_gateway(start=False, users=IVAN, sections={"gateway": {"spool": folder / "file" / "spool"}})
    done = daemon(gateway.conf)
    assert done.returncode == 78
    one_line(done.stderr, str(folder / "file"))


def test_a_second_gateway_on_the_same_spool_ends_and_names_the_first(make_gateway):
    first = make_gateway(users=IVAN)
    second = make_gateway(start=False, users=IVAN, sections={"gateway": {"spool": first.spool}})
    done = daemon(second.conf)
    assert done.returncode == 1
    one_line(done.stderr, str(first.process.pid))
    first.send("ivan@office.lan", ["ivan@office.lan"], letter())
    first.mailbox_when("ivan", 1)
    assert first.cli("status").returncode == 0


def test_a_taken_port_is_named(make_gateway):
    first = make_gateway(users=IVAN)
    second = make_gateway(start=False, users=IVAN, sections={"lan": {"pop3_port": first.pop3_port}})
    done = daemon(second.conf)
    assert done.returncode == 1
    one_line(done.stderr, str(first.pop3_port))


def test_what_others_left_in_the_spool_does_no_harm(make_gateway):
    gateway = make_gateway(start=False, users=IVAN)
    for path, data in (("state.db", b"scribble" * 1000), ("lanpostd.lock", b"\xff\xfe99999"),
                       ("queue/active/broken.env", b"\0\1\2"), ("queue/active/broken.msg", b"x"),
                       ("queue/active/lonely.msg", b"x"), ("wal/0-x.log", b"garbage" * 50),
                       ("mailboxes/ivan/new/foreign", b"Subject: foreign\n\nx\n"),
                       ("mailboxes/ivan/cur/strange:2,S", b"Subject: seen\n\nx\n"),
                       ("control.sock", b"")):
        target = gateway.spool / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
    for part in ("tmp", "new", "cur"):
        (gateway.spool / "mailboxes" / "ivan" / part).mkdir(exist_ok=True)
    gateway.start()
    gateway.send("ivan@office.lan", ["ivan@office.lan"], letter())
    gateway.mailbox_when("ivan", 3)
    assert len(gateway.mailbox("ivan")) == 3
    gateway.session()
    assert list(gateway.spool.glob("state.db.corrupt-*"))


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="no /dev/full on this system")
def test_a_log_file_that_is_full_never_stops_mail(make_gateway):
    gateway = make_gateway(users=IVAN, sections={"log": {"file": "/dev/full"}})
    gateway.send("ivan@office.lan", ["ivan@office.lan"], letter())
    added_headers(gateway.mailbox_when("ivan", 1)[0], letter())
