"""A smarthost that takes 7 bits only: letters go there encoded, and are the same letters; what must not be changed goes as it is."""
import email
import email.policy
import random
import re

import dkim
import pytest

from harness.letters import crlf, letter
from harness.postfix import Postfix
from harness.sink import Letter
from harness.smarthost import Smarthost

RUSSIAN = "Здравствуйте!\n\nСчёт на оплату №5  \n.\n..точка\nFrom here\n-- \nИван\n" + "очень длинная строка " * 40 + "\n"
USERS = {"ivan": {"external_alias": "ivan@example.ru"}, "anna": {}}


@pytest.fixture(params=[(), ("PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING")], ids=["DATA", "BDAT"])
def old(request):
    server = Smarthost(abilities=request.param)
    yield server
    server.stop()


def office_at(make_gateway, server, **settings):
    return make_gateway(users=USERS, smarthosts={"default": {"url": f"smtp://127.0.0.1:{server.port}", "tls": "none"}},
                        **settings)


def send(office, *mails):
    for mail in mails:
        assert office.send("ivan@office.lan", ["client@bank.ru"], mail) == {}
    office.session("--send-only")


def parts(content):
    """Type, file name and decoded bytes of all leaves, by another program's reading; texts with LF and as text."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    return [(part.get_content_type(), part.get_filename(), part.get_payload(decode=True).replace(b"\r\n", b"\n").rstrip(b"\n"))
            for part in message.walk() if not part.is_multipart()]


def by_hand(body, head="MIME-Version: 1.0\n"):
    return crlf(f"From: ivan@office.lan\nTo: client@bank.ru\nSubject: x\nMessage-ID: <1.test@bank.ru>\n{head}".encode()) + crlf(body)


def attachment():
    return by_hand("""Content-Type: multipart/mixed; boundary="=-1"
Content-Transfer-Encoding: 8bit

This is MIME.
--=-1
Content-Type: multipart/alternative; boundary="=-2"

--=-2
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Текст, и "--=-1" в нём.
--=-2
Content-Type: text/html; charset=utf-8

<p>Текст</p>
--=-2--

--=-1
Content-Type: application/octet-stream; name="отчёт за год.bin"
Content-Transfer-Encoding: binary
Content-Disposition: attachment; filename="отчёт за год.bin"

байты
--=-1
Content-Type: message/rfc822
Content-Transfer-Encoding: 8bit

From: =?utf-8?b?0JjQstCw0L0=?= <a@b.ru>
Subject: Вложенное
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Внутри
--=-1
Content-Type: application/pdf
Content-Transfer-Encoding: base64

JVBERi0=
--=-1--
""".encode())


SIGNED = by_hand("""Content-Type: multipart/signed; boundary=s; protocol="application/pgp-signature"; micalg=pgp-sha256

--s
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Подписано
--s
Content-Type: application/pgp-signature

none
--s--
""".encode())


def test_a_letter_arrives_in_seven_bits_and_is_the_same(make_gateway, old):
    office = office_at(make_gateway, old)
    mails = [letter(number=1, sender='"Петров, Иван" <ivan@office.lan>', to="client@bank.ru", subject="Счёт на оплату", body=RUSSIAN,
                    extra="MIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"),
             letter(number=2, sender="ivan@office.lan", to="client@bank.ru", body=RUSSIAN.replace("№", "N"), charset="koi8-r"),
             attachment()]
    send(office, *mails)
    for mail, got in zip(mails, old.letters):
        assert max(got.content) < 128
        assert max(len(line) for line in got.body.split(b"\r\n")) <= 78  # 76, but for a boundary's line or what was long before
        assert parts(got.content) == parts(mail)
    first = email.message_from_bytes(old.letters[0].content, policy=email.policy.default)
    assert first["Subject"] == "Счёт на оплату" and first["From"].addresses[0].display_name == "Петров, Иван"
    assert first["From"].addresses[0].addr_spec == "ivan@example.ru"
    assert b"8bit" not in b"".join(got.content for got in old.letters) and b"\r\n--=-2--\r\n" in old.letters[2].content
    assert "converted" in office.cli("trace", "1.test@bank.ru").stdout


def test_where_8bitmime_is_offered_nothing_changes(make_gateway):
    server = Smarthost()
    try:
        office = office_at(make_gateway, server)
        send(office, attachment())
        assert server.letters[0].body == attachment().split(b"\r\n\r\n", 1)[1]
        assert "converted" not in office.cli("trace", "1.test@bank.ru").stdout
    finally:
        server.stop()


DAMAGED = by_hand("""Content-Type: multipart/mixed; boundary="b1"

Этого обычно никто не видит.
--b1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Привет
--b1
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: quoted-printable

=D0=9F and a no-break space:\u00a0 end, on a line that is as long as such lines are, or so=
 it goes on
между
--b1
Content-Type: message/rfc822

Subject: x
Content-Type: multipart/mixed; boundary="b2"

тоже
--b2

plain
--b2--
и тут
--b1--
и потом
""".encode(), head="X-Note: счёт\nMIME-Version: 1.0\n")


def test_text_around_parts_and_damage_in_a_part_hinder_nothing(make_gateway, old):
    office = office_at(make_gateway, old)
    send(office, DAMAGED)
    got, = old.letters
    assert max(got.content) < 128 and max(len(line) for line in got.body.split(b"\r\n")) <= 78
    assert parts(got.content) == parts(DAMAGED)
    assert email.message_from_bytes(got.content, policy=email.policy.default)["X-Note"] == "счёт"
    assert b"?????" in got.body and b"space:=C2=A0 end" in got.body
    told = office.cli("trace", "1.test@bank.ru").stdout
    assert "converted" in told and "8 bits" not in told


def test_what_must_stay_does_not_keep_the_rest(make_gateway, old):
    office = office_at(make_gateway, old)
    send(office, by_hand("""Content-Type: multipart/mixed; boundary=b

--b
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit

Привет
--b
Content-Type: application/octet-stream
Content-Transfer-Encoding: x-own

свое
--b--
""".encode(), head="X-Note: счёт\nMIME-Version: 1.0\n"))
    got, = old.letters
    head, _, body = got.content.partition(b"\r\n\r\n")
    assert max(head) < 128 and b"8bit" not in body.split(b"x-own")[0] and max(body.split(b"x-own")[0]) < 128
    assert "свое".encode() in body
    told = office.cli("trace", "1.test@bank.ru").stdout
    assert "8 bits" in told and "in a 7-bit encoding" in told


def test_what_is_signed_goes_as_it_is(make_gateway, old):
    office = office_at(make_gateway, old)
    send(office, SIGNED)
    assert old.letters[0].body == SIGNED.split(b"\r\n\r\n", 1)[1]
    told = office.cli("trace", "1.test@bank.ru").stdout
    assert "8 bits" in told and "it is signed" in told


def test_the_signature_of_the_office_is_made_over_what_goes_out(make_gateway, old, tmp_path):
    office = office_at(make_gateway, old)
    office.stop()
    with open(office.conf, "a") as conf:
        conf.write(f"\n[dkim example.ru]\nselector = mail\nkey_file = {tmp_path / 'mail.key'}\n")
    made = office.cli("dkim", "example.ru", "--new", "ed25519")
    record = "".join(re.findall(r'"([^"]*)"', made.stdout)).encode()
    office.start()
    send(office, attachment())
    got, = old.letters
    assert max(got.content) < 128 and dkim.verify(got.content, dnsfunc=lambda name, **_: record)


def test_a_large_letter_and_the_limit_on_what_leaves(make_gateway, old):
    """The limit applies to the message as written, not to its converted form, which is kept in a separate file meanwhile."""
    office = office_at(make_gateway, old, sections={"limits": {"max_outgoing_size": "4M"}})
    body = "Счёт на оплату, строка за строкой.\n" * 50000  # 3.1 MB, 4.3 MB encoded
    assert office.send("ivan@office.lan", ["client@bank.ru"], letter(number=1, sender="ivan@office.lan", to="client@bank.ru", body=body)) == {}
    files = {path.name for path in (office.spool / "wal").iterdir()}
    office.session("--send-only")
    got, = old.letters
    assert max(got.content) < 128 and len(got.content) > 4_250_000
    assert parts(got.content)[0][2].decode() == body.rstrip("\n")
    assert office.queued_files() == [] and not {path.name for path in (office.spool / "wal").glob("*.msg")} - files


def test_letters_of_chance_are_read_the_same_by_python(make_gateway, old):
    chance = random.Random(7)
    text = ["я", "ы ", "a", " ", "=", ".", "-", "--", "\n", "\n.", " \n", "\t\n", "\t", "x" * 74, "ё" * 12, "From "]
    mails = [by_hand(("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\nContent-Type: text/plain; charset=utf-8\n\n" % (n, n) +
                      "".join(chance.choices(text, k=200)) + "я\n--b%d\nContent-Type: image/png\n\n" % n +
                      "".join(chance.choices(text, k=100)) + "я\n--b%d--\n" % n).encode()) for n in range(60)]
    office = office_at(make_gateway, old)
    send(office, *mails)
    assert len(old.letters) == 60
    for mail, got in zip(mails, sorted(old.letters, key=lambda letter_: int(re.search(rb"boundary=b(\d+)", letter_.content)[1]))):
        assert max(got.content) < 128 and parts(got.content) == parts(mail)


def test_a_user_who_lost_his_address_meanwhile_is_told(make_gateway, old):
    office = office_at(make_gateway, old)
    assert office.send("ivan@office.lan", ["client@bank.ru"], letter(number=1, sender="ivan@office.lan", to="client@bank.ru")) == {}
    del office.users["ivan"]["external_alias"]
    office.write()
    assert office.cli("reload").returncode == 0
    office.session("--send-only")
    assert old.letters == []
    bounce, = office.mailbox_when("ivan", 1)
    assert b"external_alias" in bounce


def test_postfix_that_does_not_offer_it_passes_seven_bits_on(folder, dovecot, make_gateway):
    server = Postfix(folder, dovecot.sasl, "smtpd_discard_ehlo_keywords = 8bitmime\n").start()
    try:
        office = make_gateway(users=USERS, smarthosts={"default": {
            "url": f"smtp://127.0.0.1:{server.port}", "tls": "required", "user": "branch", "password": "provider-pw",
            "ca_file": server.ca}})
        send(office, attachment())
        got, = server.letters(1)
        assert isinstance(got, Letter) and max(got.content) < 128 and parts(got.content) == parts(attachment())
        assert b"base64" in got.content
    finally:
        server.close()
