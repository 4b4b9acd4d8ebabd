"""forbidden_attachments goes by every name that some mail program may take for the file's; what only looks alike passes."""
import smtplib

import pytest

FORBIDDEN = {
    "as it is": b'Content-Disposition: attachment; filename="evil.exe"',
    "capitals": b'Content-Disposition: attachment; filename="EVIL.EXE"',
    "twice": b"Content-Disposition: attachment; filename=ok.txt; filename=evil.exe",
    "twice, the other way": b"Content-Disposition: attachment; filename=evil.exe; filename=ok.txt",
    "in pieces": b'Content-Disposition: attachment; filename*1="exe"; filename*0="evil."',
    "encoded": b"Content-Disposition: attachment; filename*=utf-8''evil%2Eexe",
    "encoded and plain": b"Content-Disposition: attachment; filename*=utf-8''ok.txt; filename=evil.exe",
    "encoded words": b'Content-Disposition: attachment; filename="=?utf-8?Q?evil=2E?= =?utf-8?Q?exe?="',
    "a comment": b"Content-Disposition: attachment; filename=evil.exe (ok.txt)",
    "a blank behind": b'Content-Disposition: attachment; filename="evil.exe "',
    "what is not seen behind": b'Content-Disposition: attachment; filename="evil.exe\xc2\xa0\xe2\x80\x8b."',
    "a stream": b'Content-Disposition: attachment; filename="evil.exe::$DATA"',
    "a quoted pair": b'Content-Disposition: attachment; filename="evil.e\\xe"',
    "an open quote": b'Content-Disposition: attachment; filename="evil.exe',
    "a blank before the colon": b"Content-Disposition : attachment; filename=evil.exe",
    "no semicolon": b"Content-Disposition: attachment filename=evil.exe",
    "a comma": b"Content-Disposition: attachment, filename=evil.exe",
    "no disposition": b"Content-Disposition: filename=evil.exe",
    "the wrong parameter": b"Content-Disposition: attachment; name=evil.exe",
    "the other wrong one": b"Content-Type: application/x; filename=evil.exe",
    "the type's name": b"Content-Type: application/x; name*=utf-8''evil.exe",
    "of a URL": b'Content-Disposition: attachment; filename="evil%2Eexe"',
}
ALLOWED = [
    b'Content-Disposition: attachment; filename="how to run evil.exe.txt"',
    b'Content-Disposition: attachment; filename="exe"',
    b'Content-Disposition: attachment; filename="evil.exe in words.pdf"',
    b"Content-Type: application/x-msdownload; charset=utf-8",
    b"Content-Description: evil.exe",
]


@pytest.fixture
def office(make_gateway):
    return make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, sections={"limits": {"forbidden_attachments": "*.exe"}},
                        smarthosts={"a": {"url": "smtp://127.0.0.1:9", "tls": "none"}})


def send(office, field):
    office.send("ivan@office.lan", ["far@example.org"],
                b"From: ivan@office.lan\r\nSubject: x\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
                b"--b\r\n" + field + b"\r\n\r\nMZ\r\n--b--\r\n")


def test_every_name_counts(office):
    passed = []
    for name, field in FORBIDDEN.items():
        try:
            send(office, field)
            passed.append(name)
        except smtplib.SMTPDataError as refused:
            assert refused.smtp_code == 554, name
    assert passed == []


def test_what_only_looks_alike_passes(office):
    for field in ALLOWED:
        send(office, field)
