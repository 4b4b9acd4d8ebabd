"""The mail programs of the office: swaks, curl, mutt, and Python's own clients."""
import email
import os
import poplib
import smtplib
import ssl
import subprocess

import pytest

from harness.gateway import PASSWORD
from harness.letters import added_headers, crlf, letter


@pytest.fixture
def office(make_gateway):
    return make_gateway(users=["ivan", "anna"])


def run(*command, check=True, **options):
    done = subprocess.run([str(word) for word in command], stdin=subprocess.DEVNULL, capture_output=True, timeout=90,
                          **options)
    assert not check or done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
    return done


def own_certificate(office):
    """Trusts exactly the certificate that the gateway made for itself."""
    return ssl.create_default_context(cafile=str(office.spool / "tls" / "cert.pem"))


@pytest.mark.parametrize("port, options", [
    ("smtp_port", []),
    ("submission_port", ["--tls"]),
    ("smtps_port", ["--tls-on-connect"]),
    ("submission_port", ["--tls", "--auth", "PLAIN", "--auth-user", "anna", "--auth-password", PASSWORD]),
    ("smtps_port", ["--tls-on-connect", "--auth", "LOGIN", "--auth-user", "anna", "--auth-password", PASSWORD]),
], ids=["plain", "starttls", "tls", "auth-plain", "auth-login"])
def test_swaks_sends(office, port, options):
    run("swaks", "--server", "127.0.0.1", "--port", getattr(office, port), "--from", "anna@office.lan", "--to",
        "ivan@office.lan", "--header", "Subject: from swaks", "--body", "hello", "--timeout", "20", *options)
    message, = office.mailbox_when("ivan", 1)
    assert b"Subject: from swaks\r\n" in message


def test_swaks_is_told_when_the_password_is_wrong(office):
    done = run("swaks", "--server", "127.0.0.1", "--port", office.submission_port, "--tls", "--auth", "PLAIN",
               "--auth-user", "anna", "--auth-password", "wrong", "--from", "anna@office.lan", "--to",
               "ivan@office.lan", "--timeout", "20", check=False)
    assert done.returncode != 0 and b"535" in done.stdout
    assert office.files("ivan") == []


def test_curl_sends_and_reads(office, folder):
    (folder / "mail.eml").write_bytes(letter(subject="from curl"))
    run("curl", "-sS", "-k", "--ssl-reqd", "--max-time", "30", f"smtp://127.0.0.1:{office.submission_port}/pc.office.lan",
        "--mail-from", "anna@office.lan", "--mail-rcpt", "ivan@office.lan", "--upload-file", folder / "mail.eml")
    office.mailbox_when("ivan", 1)
    for url, options in ((f"pop3://127.0.0.1:{office.pop3_port}/1", []),
                         (f"pop3://127.0.0.1:{office.pop3_port}/1", ["-k", "--ssl-reqd"]),
                         (f"pop3s://127.0.0.1:{office.pop3s_port}/1", ["-k"])):
        done = run("curl", "-sS", "--max-time", "30", url, "-u", f"ivan:{PASSWORD}", *options)
        added_headers(done.stdout, letter(subject="from curl"))


def test_mutt_sends_and_reads(office, folder):
    environment = {**os.environ, "HOME": str(folder), "LC_ALL": "C.UTF-8", "TERM": "vt100"}
    (folder / "body").write_text("Привет из mutt\n")
    settings = (f"set smtp_url='smtp://127.0.0.1:{office.smtp_port}'\nset ssl_starttls=no\nset ssl_force_tls=no\n"
                "set from='anna@office.lan'\nset use_from=yes\nset envelope_from_address='anna@office.lan'\n"
                f"set use_envelope_from=yes\nset folder={folder}\nset record=''\nset copy=no\n")
    (folder / "muttrc").write_text(settings)
    with open(folder / "body", "rb") as body:
        done = subprocess.run(["mutt", "-n", "-F", folder / "muttrc", "-s", "Привет", "ivan@office.lan"], stdin=body,
                              capture_output=True, timeout=90, env=environment)
    assert done.returncode == 0, done.stderr.decode()
    office.mailbox_when("ivan", 1)
    reader = (f"set spoolfile='pop://ivan:{PASSWORD}@127.0.0.1:{office.pop3_port}'\nset ssl_starttls=no\n"
              f"set ssl_force_tls=no\nset pop_delete=no\nset folder={folder}\nset pop_authenticators='user'\n"
              f"set confirmcreate=no\nset confirmappend=no\nset wait_key=no\nset quit=yes\n"
              f"push '<pipe-message>cat > {folder}/saved<enter><exit>'\n")
    (folder / "reader").write_text(reader)
    # mutt needs a terminal to read with, so it gets one from script(1), with a size, which newer ones of ncurses want.
    subprocess.run(["timeout", "30", "script", "-qec", f"stty rows 24 cols 80; mutt -n -F {folder}/reader", "/dev/null"],
                   stdin=subprocess.DEVNULL, capture_output=True, timeout=90, env=environment)
    assert "Привет из mutt" in email.message_from_bytes((folder / "saved").read_bytes()).get_payload(
        decode=True).decode()


def test_smtplib_and_poplib_over_tls_with_the_gateways_own_certificate(office):
    context = own_certificate(office)
    with smtplib.SMTP("127.0.0.1", office.submission_port, timeout=90) as client:
        client.starttls(context=context)
        client.login("anna", PASSWORD)
        client.sendmail("anna@office.lan", ["ivan@office.lan"], letter(subject="one"))
    with smtplib.SMTP_SSL("127.0.0.1", office.smtps_port, context=context, timeout=90) as client:
        client.sendmail("anna@office.lan", ["ivan@office.lan"], letter(subject="two"))
    office.mailbox_when("ivan", 2)
    client = poplib.POP3("127.0.0.1", office.pop3_port, timeout=90)
    client.stls(context)
    client.user("ivan")
    client.pass_(PASSWORD)
    assert client.stat()[0] == 2
    client.quit()
    client = poplib.POP3_SSL("127.0.0.1", office.pop3s_port, context=context, timeout=90)
    client.user("ivan")
    client.pass_(PASSWORD)
    assert b"Subject: one" in client.top(1, 0)[1]
    client.quit()


def test_pop3_verbs_keep_their_word(office):
    original = [letter(subject=f"n{n}", body=".dot\n..dots\n" + "long " * 300 + "\n") for n in range(3)]
    for message in original:
        office.send("anna@office.lan", ["ivan@office.lan"], message)
    client = office.pop3("ivan")
    assert {"UIDL", "TOP", "USER"} <= set(client.capa())
    count, size = client.stat()
    assert count == 3
    sizes = [int(line.split()[1]) for line in client.list()[1]]
    assert sum(sizes) == size
    uidls = [line.split()[1] for line in client.uidl()[1]]
    assert len(set(uidls)) == 3
    for n in (1, 2, 3):
        message = b"\r\n".join(client.retr(n)[1]) + b"\r\n"
        assert len(message) == sizes[n - 1]
        added_headers(message, original[n - 1])
    assert client.top(1, 1)[1][-1] == b".dot"
    client.dele(2)
    with pytest.raises(poplib.error_proto):
        client.retr(2)
    client.rset()
    assert client.stat()[0] == 3
    client.dele(1)
    client.quit()
    client = office.pop3("ivan")
    assert [line.split()[1] for line in client.uidl()[1]] == uidls[1:]
    for bad in ("RETR 99999999999999999999", "RETR -1", "RETR 0", "TOP 1 -1", "LIST x", "DELE", "FOO"):
        with pytest.raises(poplib.error_proto):
            client._shortcmd(bad)
    client.quit()


def test_mail_programs_learn_how_long_messages_are_kept(make_gateway):
    office = make_gateway(users={"ivan": {"expire": "30d"}, "anna": {}})
    server = poplib.POP3("127.0.0.1", office.pop3_port, timeout=90)
    assert server.capa()["EXPIRE"] == ["30", "USER"]
    server.close()
    assert office.pop3("ivan").capa()["EXPIRE"] == ["30"]
    assert office.pop3("anna").capa()["EXPIRE"] == ["NEVER"]


def test_a_mailbox_opens_for_one_client_at_a_time(office):
    office.send("anna@office.lan", ["ivan@office.lan"], letter())
    first = office.pop3("ivan")
    assert office.pop3_at_once("ivan") is None
    first.dele(1)
    first.close()  # without QUIT nothing is deleted
    assert len(office.mailbox("ivan")) == 1


def test_a_wrong_password_says_nothing_about_who_exists(office):
    words = set()
    for user in ("ivan", "nobody-here", "daemon"):
        with pytest.raises(poplib.error_proto) as caught:
            office.pop3(user, "wrong")
        words.add(str(caught.value))
    assert len(words) == 1


def test_vrfy_tells_nothing_and_unknown_local_names_are_refused(office):
    with office.smtp() as client:
        client.ehlo()
        assert client.docmd("VRFY", "ivan")[0] == 252
        client.mail("anna@office.lan")
        assert client.rcpt("nobody@office.lan")[0] == 550
        assert client.rcpt("ivan")[0] == 250  # a bare name is local
        assert client.rcpt("IVAN@OFFICE.LAN")[0] == 250
        assert client.rset()[0] == 250
        assert client.docmd("DATA")[0] == 503


def test_eight_bit_and_long_lines_arrive_as_sent(office):
    message = crlf("Subject: Привет\nMessage-ID: <1@x.ru>\nDate: Mon, 23 Nov 2026 09:00:00 +0300\n\n".encode()) + "строка\r\n".encode("koi8-r") + b"x" * 5000 + b"\r\n"
    office.send("anna@office.lan", ["ivan@office.lan"], message)
    got, = office.mailbox_when("ivan", 1)
    added_headers(got, message)


def test_a_message_of_ten_megabytes_passes(office):
    message = letter(body="0123456789abcdef" * 4 + "\n") * 1 + (b"0123456789abcdef" * 4 + b"\r\n") * 150_000
    office.send("anna@office.lan", ["ivan@office.lan", "anna@office.lan"], message)
    office.mailbox_when("anna", 1)
    added_headers(office.mailbox("ivan")[0], message)


def test_a_message_above_the_limit_is_refused_early(make_gateway):
    office = make_gateway(users=["ivan"], sections={"limits": {"max_message_size": "100K"}})
    with office.smtp() as client:
        client.ehlo()
        assert client.esmtp_features["size"] == str(100 * 1024)
        assert client.docmd("MAIL", "FROM:<ivan@office.lan> SIZE=200000")[0] == 552
        with pytest.raises(smtplib.SMTPDataError) as caught:
            client.esmtp_features.pop("size")
            client.sendmail("ivan@office.lan", ["ivan@office.lan"], b"Subject: x\r\n\r\n" + b"y" * 70 + b"\r\n" * 100_000)
        assert caught.value.smtp_code == 552
    assert office.files("ivan") == []
