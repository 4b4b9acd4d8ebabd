"""What leaves the office: signed, limited, taken out of the queue, explained when it comes back."""
import re

import dkim
import pytest

from harness.letters import letter
from harness.sink import Sink


@pytest.fixture
def sink():
    server = Sink()
    yield server
    server.stop()


def office_at(make_gateway, sink, users=None, **settings):
    return make_gateway(users=users or {"ivan": {"external_alias": "ivan@example.ru"}},
                        smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}}, **settings)


def test_in_a_split_domain_names_we_do_not_have_are_sent_on(make_gateway, sink):
    office = office_at(make_gateway, sink, sections={"gateway": {"relay_unknown": "yes"}})
    assert office.send("ivan@office.lan", ["elsewhere", "other@office.lan", "ivan"], letter(to="elsewhere")) == {}
    office.session()
    assert sorted(sink.letters[0].recipients) == ["elsewhere@office.lan", "other@office.lan"]
    assert len(office.files("ivan")) == 1


@pytest.mark.parametrize("kind", ["rsa", "ed25519"])
def test_signatures_hold_at_the_other_side(make_gateway, sink, kind, tmp_path):
    key = tmp_path / "mail.key"
    office = office_at(make_gateway, sink)
    office.stop()
    with open(office.conf, "a") as conf:
        conf.write(f"\n[dkim example.ru]\nselector = mail\nkey_file = {key}\n")
    made = office.cli("dkim", "example.ru", "--new", kind)
    assert made.returncode == 0 and "mail._domainkey.example.ru. TXT" in made.stdout
    assert key.stat().st_mode & 0o777 == 0o600
    assert office.cli("dkim", "example.ru", "--new", kind).returncode == 1  # never over another
    record = "".join(re.findall(r'"([^"]*)"', made.stdout)).encode()
    office.start()
    bodies = ["one\n", "", " blanks  at\tthe end \t\n\n\n.dot\n..two\n\n\n", "x" * 900 + "\n" + "тест\n" * 2000, "no end"]
    for n, body in enumerate(bodies, 1):
        office.send("ivan@office.lan", ["client@bank.ru"], letter(number=n, sender='"Петров, И." <ivan@office.lan>',
                                                                  to="client@bank.ru", subject="Счёт  на\toплату", body=body))
    office.send("ivan@office.lan", ["client@bank.ru"], letter(number=9, sender="guest@elsewhere.org", to="client@bank.ru"))
    office.session("--send-only")
    assert len(sink.letters) == len(bodies) + 1
    for letter_ in sink.letters:
        signed = b"DKIM-Signature:" in letter_.content
        assert signed == (b"<9." not in letter_.content)  # only what is of our domain
        assert b"ivan@example.ru" in letter_.content or not signed
        if signed:
            assert dkim.verify(letter_.content, dnsfunc=lambda name, **_: record if name == b"mail._domainkey.example.ru." else None)
            assert not dkim.verify(letter_.content.replace(b"Subject:", b"Subject: x"), dnsfunc=lambda name, **_: record)


def test_a_key_that_cannot_be_used_holds_up_no_mail_and_is_told(make_gateway, sink, tmp_path):
    key = tmp_path / "mail.key"
    key.write_text("nothing of the kind\n")
    office = office_at(make_gateway, sink)
    office.stop()
    with open(office.conf, "a") as conf:
        conf.write(f"\n[dkim example.ru]\nselector = mail\nkey_file = {key}\n")
    office.start()
    office.send("ivan@office.lan", ["client@bank.ru"], letter(sender="ivan@office.lan", to="client@bank.ru"))
    office.session("--send-only", code=1)
    assert len(sink.letters) == 1
    assert any(b"mail.key" in mail for mail in office.mailbox("postmaster"))
    assert "unsigned" in office.cli("trace", "client@bank.ru").stdout


def test_who_has_no_address_outside_is_told_at_once(make_gateway, sink):
    office = office_at(make_gateway, sink, users={"ivan": {}, "anna": {"external_alias": "anna@example.ru", "outside": "no"}})
    refused = office.send("ivan@office.lan", ["client@bank.ru", "anna@office.lan"], letter(sender="ivan@office.lan"))
    assert refused["client@bank.ru"][0] == 550 and b"external_alias" in refused["client@bank.ru"][1]
    refused = office.send("anna@office.lan", ["client@bank.ru", "ivan@office.lan"], letter(sender="anna@office.lan"))
    assert refused["client@bank.ru"][0] == 550 and b"within the office" in refused["client@bank.ru"][1]
    assert len(office.mailbox_when("ivan", 1)) == 1 and len(office.mailbox_when("anna", 1)) == 1
    assert office.queued_files() == []


def test_an_address_for_those_who_have_none(make_gateway, sink):
    office = make_gateway(users={"ivan": {}}, smarthosts={
        "default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none", "default_sender": "all@example.ru"}})
    assert office.send("ivan@office.lan", ["client@bank.ru"], letter(sender="Ivan <ivan@office.lan>", to="client@bank.ru")) == {}
    office.session("--send-only")
    sent, = sink.letters
    assert sent.sender == "all@example.ru" and sent.header("From") == ["Ivan <all@example.ru>"]


@pytest.mark.parametrize("tell", [True, False])
def test_the_administrator_takes_a_letter_out_of_the_queue(make_gateway, sink, tell):
    office = office_at(make_gateway, sink)
    office.send("ivan@office.lan", ["client@bank.ru"], letter(sender="ivan@office.lan", to="client@bank.ru", subject="oops"))
    entry, = office.queued_files()
    done = office.cli("queue", "delete", entry.stem, "--yes", *(["--tell"] if tell else []))
    assert done.returncode == 0, done.stderr
    assert office.queued_files() == []
    if tell:
        bounce, = office.mailbox_when("ivan", 1)
        assert b"client@bank.ru" in bounce and b"administrator" in bounce
    else:
        assert office.files("ivan") == []
    office.session("--send-only")
    assert sink.letters == []


@pytest.mark.parametrize("language, words", [("en", "Check the address for a typing mistake"), ("ru", "опечатк")])
def test_a_bounce_says_in_plain_words_what_is_wrong(make_gateway, smarthost, language, words):
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, smarthosts={"default": smarthost},
                          sections={"gateway": {"language": language}})
    office.send("ivan@office.lan", ["nobody@refused.example"], letter(sender="ivan@office.lan", to="nobody@refused.example"))
    office.session("--send-only")
    bounce, = office.mailbox_when("ivan", 1)
    assert words in bounce.decode() and "550 5.1.1 <nobody@refused.example>" in bounce.decode()


@pytest.mark.parametrize("text", [b"Backup report\r\n\r\nDetails: all well\r\n\r\nend\r\n", b"Status\r\nDisk: 80%\r\nend\r\n"])
def test_text_without_a_header_is_all_body(make_gateway, text):
    office = make_gateway(users={"ivan": {}})
    assert office.send("ivan@office.lan", ["ivan@office.lan"], text) == {}
    message, = office.mailbox_when("ivan", 1)
    header, body = message.split(b"\r\n\r\n", 1)
    assert body == text and b"Backup" not in header and b"Disk" not in header


def test_mail_of_a_user_who_is_gone_has_no_address_of_the_lan(make_gateway):
    sink = Sink()
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}, "maria": {"external_alias": "maria@example.ru"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}})
    assert office.send("maria@office.lan", ["client@bank.ru"], letter(sender="maria@office.lan", to="client@bank.ru")) == {}
    assert "queue" in office.cli("user", "remove", "maria").stdout
    office.cli("reload")
    office.cli("session", "--send-only")
    sink.stop()
    assert sink.letters == [] and office.queued_files() == []
    assert b"client@bank.ru" in office.mailbox_when("postmaster", 1)[0]


def gateways_own_mail(make_gateway, sink, **smarthost):
    office = make_gateway(users={"ivan": {"forward": "ivan@home.example", "keep": "no", "external_alias": "ivan@example.ru"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none", **smarthost}})
    assert office.send("", ["ivan@office.lan"], letter(sender="postmaster@office.lan", to="ivan@office.lan", body="the report")) == {}
    office.session("--send-only")
    assert office.queued_files() == []
    return office


def test_the_gateways_own_mail_leaves_under_the_smarthosts_address(make_gateway, sink):
    gateways_own_mail(make_gateway, sink, default_sender="office@example.ru")
    sent, = sink.letters
    assert "office@example.ru" in sent.header("From")[0] and "office.lan" not in sent.header("From")[0]


def test_without_any_address_the_gateways_own_mail_stays_and_postmaster_reads_why(make_gateway, sink):
    office = gateways_own_mail(make_gateway, sink)
    told, = office.mailbox_when("postmaster", 1)
    assert sink.letters == []
    assert b"default_sender" in told and b"the report" in told and b"ivan@home.example" in told


def test_nul_bytes_do_not_leave(make_gateway, account, dovecot, sink):
    """They come from a provider; a server that takes none would refuse the message each time."""
    dovecot.deliver("office", letter(to="ivan@example.ru", body="one\0 two\n\0\0\nthree\n"))
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru", "forward": "ivan@home.example", "keep": "yes"}},
                          accounts={"office": account}, smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}})
    office.session()
    sent, = sink.letters
    assert b"\0" not in sent.content and sent.body.rstrip(b"\r\n") == b"one two\r\n\r\nthree"
    kept, = office.mailbox("ivan")
    assert b"\0" in kept
    assert "repaired" in office.cli("trace", "client@bank.ru").stdout


@pytest.mark.parametrize("sender, taken", [("", ["", "office@example.ru"]), ("bounce", [""])])
def test_a_smarthost_that_wants_a_sender_gets_ours_but_for_bounces(make_gateway, sender, taken):
    from harness.misbehaving import MisbehavingSmtp

    class Smarthost(MisbehavingSmtp):
        def server_wants_a_sender(self, event, argument, connection):
            if event == "MAIL":
                if "<>" in argument:
                    connection.say("553 5.7.1 <>: not owned by user")
                    return True
            return None
    server = Smarthost("wants_a_sender")
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{server.port}", "tls": "none",
                                                  "default_sender": "office@example.ru"}})
    extra = "MIME-Version: 1.0\nContent-Type: multipart/report; boundary=b\n" if sender else ""
    assert office.send("", ["client@bank.ru"], letter(sender="ivan@office.lan", to="client@bank.ru", extra=extra)) == {}
    office.cli("session", "--send-only")
    server.stop()
    # This server takes RCPT and DATA after the MAIL it refused, so it is asked once more, one command at a time.
    asked = dict.fromkeys(line.split(b"<")[1].split(b">")[0].decode() for line in server.commands if line.startswith(b"MAIL"))
    assert list(asked) == taken and office.queued_files() == []
    assert len(office.files("postmaster")) == (1 if sender else 0)


@pytest.mark.parametrize("abilities", [(), ("SMTPUTF8",)])
def test_a_domain_beyond_ascii_leaves_by_any_smarthost(make_gateway, abilities):
    from harness.misbehaving import MisbehavingSmtp

    class Smarthost(MisbehavingSmtp):
        def server_hello(self, event, argument, connection):
            if event != "EHLO":
                return None
            connection.raw(b"".join(b"250-%s\r\n" % word.encode() for word in ("smtp.example.ru", *abilities)) + b"250 8BITMIME\r\n")
            return True
    server = Smarthost("hello")
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{server.port}", "tls": "none"}})
    with office.smtp() as smtp:
        smtp.ehlo()
        smtp.mail("ivan@office.lan", ["SMTPUTF8"])
        smtp.command_encoding = "utf-8"
        assert smtp.rcpt("info@почта.рф")[0] == 250
        assert smtp.data(letter(sender="ivan@office.lan", to="info@example.org"))[0] == 250
    office.session("--send-only")
    server.stop()
    commands = b"\n".join(server.commands)
    assert ("info@почта.рф".encode() if abilities else b"info@xn--80a1acny.xn--p1ai") in commands
    assert office.files("ivan") == [] and office.queued_files() == []


def test_many_recipients_are_settled_at_once(make_gateway, sink):
    """The envelope is written once for all of them: one write for each kept a session busy for a minute."""
    office = office_at(make_gateway, sink)
    with office.smtp() as client:
        client.ehlo()
        assert client.mail("ivan@office.lan")[0] == 250
        for n in range(1000):
            assert client.rcpt(f"{n}@example.ru", [f"ORCPT=rfc822;{'%' * 480}"])[0] == 250
        assert client.data(letter())[0] == 250
    office.session(timeout=90)
    assert len(sink.letters[0].recipients) == 1000
    assert not office.queued_files()
