"""No form of a recipient reaches anybody but users of ours: none is relayed by a trick, none becomes a path."""
import re

import pytest

from harness.raw import Raw

TRICKS = [
    b"user%outside.ru@office.lan", b"@office.lan:user@outside.ru", b"@a,@b:user@outside.ru", b'"user@outside.ru"@office.lan',
    b"outside.ru!user@office.lan", b"user@outside.ru@office.lan", b"user@outside.ru%office.lan@office.lan", b'"user%outside.ru"@office.lan',
    b"user@[127.0.0.1]", b"user@[10.0.0.1]", b"user@[IPv6:::1]", b"user@127.0.0.1", b"user@2130706433", b"user@0x7f000001", b"user@[office.lan]",
    b"user@office.lan.", b"user@.office.lan", b"user@office..lan", b"user@-office.lan", b"user@office_lan", b"user@", b"@office.lan", b"@", b"",
    b"../../etc@office.lan", b"..@office.lan", b"a/b@office.lan", b"/etc/passwd@office.lan", b".hidden@office.lan", b"daemon/../ivan@office.lan",
    b"|/bin/sh@office.lan", b'"|/bin/sh"@office.lan', b"`id`@office.lan", b"$(id)@office.lan", b"a;b@office.lan", b"ivan\\@office.lan",
    b"ivan ivan@office.lan", b"ivan,anna@office.lan", b"ivan@office.lan,user@outside.ru", b"ivan@office.lan> <user@outside.ru",
    b"ivan\0@office.lan", b"ivan@office.lan\0@outside.ru", b"iv\xe2\x80\xaean@office.lan", b"iv\xe2\x80\x8ban@office.lan", b"\xd1\x96van@office.lan",
    b"x" * 65 + b"@office.lan", b"x" * 300 + b"@office.lan", b"ivan@" + b"x" * 256 + b".lan", b"ivan@" + b"a." * 120 + b"lan",
    b'"' + b"\\\"" * 100 + b'"@office.lan', b"ivan+../../x@office.lan", b"ivan(comment)@office.lan", b"<ivan@office.lan>",
    b"cur@office.lan", b"new@office.lan", b"tmp@office.lan", b"queue@office.lan",
]


@pytest.fixture(scope="module")
def office(make_shared):
    return make_shared(users=["ivan", "anna"], sections={"lan": {"require_auth": "no"}})


def spool_names(office):
    return {path.relative_to(office.spool).as_posix() for path in office.spool.rglob("*")
            if path.is_dir() and not path.is_relative_to(office.spool / "mailboxes" / "ivan")}


@pytest.mark.parametrize("trick", TRICKS, ids=range(len(TRICKS)))
def test_a_trick_in_an_address_reaches_nobody(office, trick):
    before, raw = spool_names(office), Raw(office.smtp_port)
    assert raw.ask(b"EHLO pc").startswith(b"250")
    assert raw.ask(b"MAIL FROM:<ivan@office.lan>").startswith(b"250")
    reply = raw.ask(b"RCPT TO:<" + trick + b">")
    if reply.startswith(b"250"):  # a source route, which RFC 5321 lets one ignore; a domain that DNS will not know
        assert raw.ask(b"DATA").startswith(b"354")
        assert raw.ask(b"Subject: x\r\n\r\nx\r\n.").startswith(b"250")
    else:
        assert reply[:1] == b"5", reply
    raw.ask(b"QUIT")
    for path in office.queued_files():  # to the address at the end, which the sender could also name directly
        place, = re.findall(rb"(?m)^place queue pending (\S+)", path.read_bytes())
        path.unlink()
        assert trick.rpartition(b":")[2] == place and not place.endswith(b"office.lan") and b"%" not in place
    assert spool_names(office) == before
    assert office.files("anna") == [] or b"anna" in trick


WITHOUT_LOGIN = [[b"MAIL FROM:<ivan@office.lan>"], [b"MAIL FROM:<>"], [b"MAIL FROM:<ivan@office.lan> AUTH=ivan"], [b"MAIL FROM:<ivan@office.lan> AUTH=<>"],
                 [b"RCPT TO:<ivan@office.lan>"], [b"DATA"], [b"BDAT 2 LAST\r\nx\r\n"], [b"AUTH PLAIN", b"*", b"MAIL FROM:<ivan@office.lan>"],
                 [b"HELO pc", b"MAIL FROM:<ivan@office.lan>"]]


@pytest.fixture(scope="module")
def strict(make_shared):
    return make_shared(users=["ivan"], sections={"lan": {"require_auth": "yes"}})


@pytest.mark.parametrize("commands", WITHOUT_LOGIN, ids=range(len(WITHOUT_LOGIN)))
def test_where_a_login_is_wanted_nothing_goes_without(strict, commands):
    raw = Raw(strict.smtp_port)
    raw.ask(b"EHLO pc")
    for command in commands:
        reply = raw.ask(command)
    assert reply.startswith((b"530", b"503")), reply
    assert strict.files("ivan") == []
