"""Decoding agrees with Python's email package: over messages made here, and over those that Python's own tests use,
where they are installed. Where it does not, the difference is one of those explained in docs/tolerated.md."""
import base64
import email
import email.header
import email.policy
import json
import random
import re
import subprocess
import sysconfig
from pathlib import Path

import pytest

from harness.gateway import BUILD, environment

FIELDS = ("from", "to", "cc", "subject")
CHARSETS = ("utf-8", "koi8-r", "windows-1251", "iso-8859-5", "cp866", "koi8-u", "iso-8859-1", "iso-2022-jp", "gb18030",
            "shift_jis", "euc-kr", "utf-7", "maccyrillic", "big5", "iso-8859-15")
TEXTS = {"iso-8859-1": "Füße, naïve Señor", "iso-8859-15": "Prix: 5 €", "iso-2022-jp": "日本語の件名", "shift_jis": "日本語の件名",
         "gb18030": "主题测试", "big5": "主題測試", "euc-kr": "한국어 제목"}
RUSSIAN = "Счёт на оплату №5 от 23.11"


def text_in(charset):
    text = TEXTS.get(charset, RUSSIAN)
    return text if charset in TEXTS else text.encode(charset, "ignore").decode(charset)


def word(charset, text, how):
    raw = text.encode(charset)
    if how == "B":
        return f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
    return f"=?{charset}?Q?" + "".join(chr(b) if chr(b).isalnum() and b < 128 else f"={b:02X}" for b in raw) + "?="


def encoded_subjects():
    for charset in CHARSETS:
        for how in "BQ":
            text = text_in(charset)
            yield f"Subject: {word(charset, text, how)}"
            yield f"Subject: Re: {word(charset, text, how)} (x)"
            yield f"Subject: {word(charset, text[:3], how)}\n {word(charset, text[3:], how)}"
            yield f"From: {word(charset, text.replace(',', ''), how)} <a@b.ru>"
            yield f"To: {word(charset, 'x', how)} <a@b.ru>,\n\tc@d.ru, {word(charset, 'y', how)} <e@f.ru>"


ODD = [
    "Subject:", "Subject: \n \n x", "Subject: a\n\tb\n   c", "subject: lower", "SUBJECT: upper", "Subject: =?utf-8?q??=",
    "Subject: =?utf-8?q?a?==?utf-8?q?b?=", "Subject: =?utf-8?q?a?= =?utf-8?q?b?= c", "Subject: a =?utf-8?q?b_c?= d",
    "Subject: =?utf-8?b?0LE?=", "Subject: =?us-ascii?q?plain?=", "Subject: =?utf-8?q?_lead?=", "Subject: =? not a word ?=",
    "Subject: 50% =?", "Subject: a?=b", "Subject: =?utf-8?q?=D0=B1?= =?koi8-r?q?=C2?=",
    "From: a@b", "From: <a@b>", 'From: "A. B" <a@b>', 'From: "A, B" <a@b>', "From: A B <a@b>", "From: a@b (A B)",
    'To: "a" <a@b>, "b" <b@c>', "To: a@b,\n b@c,\n\tc@d", "To: undisclosed-recipients:;", "To: group: a@b, c@d;",
    "To: A (comment) <a@b>", "To: a@[127.0.0.1]", 'To: "quoted \\" quote" <a@b>',
    'To: "a b"@c.ru', "Cc: a@b, A <a@b>", "Cc: x@y (one (two) three)", "From: =?utf-8?q?=D0=98?= =?utf-8?q?=D0=B2?= <a@b>",
]


MALFORMED = [
    b"", b"\n", b"no header, no empty line", b"Subject: x", b"Subject: x\n", b"\nSubject: in the body\n",
    b"From x@y Mon Nov 23 09:00:00 2026\nSubject: mbox\n\n", b"Subject x\nTo: a@b\n\n", b": no name\nSubject: x\n\n",
    b"Subject: x\nthis is no field\nTo: a@b\n\nbody\n", b"Subject: one\nSubject: two\n\n", b" begins folded\nSubject: x\n\n",
    b"Subject: x\r\nTo: a@b\nCc: c@d\r\n\r\n", b"Subject:x\n\n", b"Subject : x\n\n", b"Subject: Die Fr\xf6sche\n\n",
    "Subject: Счёт\n\n".encode("koi8-r"), "Subject: Счёт на оплату\n\n".encode(), "To: Иван <a@b>\n\n".encode("cp1251"),
    b"Subject: =?utf-8?b?!!!!?=\n\n", b"Subject: =?utf-8?q?=D0?=\n\n", b"Subject: =?x-unknown?q?abc?=\n\n",
    b"To: <<a@b>>\n\n", b"To: \"open <a@b>\n\n", b"To: (open a@b\n\n", b"To: a@b,,, c@d\n\n", b"To: @\n\n",
    b"Subject: " + b"x" * 5000 + b"\n\n", b"Subject: " + b"=?utf-8?q?a?= " * 500 + b"\n\n",
]


def malformed_messages():
    return MALFORMED


def made_messages():
    chance = random.Random(5)
    rows = [*encoded_subjects(), *ODD]
    for row in rows:
        yield (row + "\n\nbody\n").encode()
    for number in range(100):  # several at once, in any order, among other fields, with both line ends
        fields = chance.sample(rows, 3) + [f"Message-ID: <{number}@x>", "Received: from a\n by b"]
        seen, kept = set(), []
        for field in fields:
            if field.split(":")[0].lower() not in seen:
                seen.add(field.split(":")[0].lower())
                kept.append(field)
        chance.shuffle(kept)
        text = "\n".join(kept) + "\n\nbody\n"
        yield text.replace("\n", chance.choice(["\n", "\r\n"])).encode()


def pythons_messages():
    folders = [Path(sysconfig.get_path("stdlib")) / "test" / "test_email" / "data"]
    return [path.read_bytes() for folder in folders if folder.is_dir() for path in sorted(folder.glob("msg_*.txt"))]


def flat(value):
    return " ".join(value.split())


def by_python(message, field):
    """What its two interfaces make of it."""
    results = set()
    for policy in (email.policy.default, email.policy.compat32):
        try:
            values = email.message_from_bytes(message, policy=policy).get_all(field, [])
            if policy is email.policy.compat32:
                values = [email.header.make_header(email.header.decode_header(value)) for value in values]
            # Of several subjects the first counts; several lists of addresses are one.
            results.add(flat(", ".join(map(str, values[:1] if field == "subject" else values))))
        except Exception:  # its bugs are not ours
            continue
    return results


def has_junk_line(message):
    head = message.replace(b"\r\n", b"\n").split(b"\n\n")[0]
    return any(line and line[:1] not in b" \t" and not re.match(rb"[!-9;-~]+:", line) for line in head.split(b"\n"))


def is_explained(message, ours, theirs):
    """docs/tolerated.md, "Where decoding differs from Python's email package"."""
    if any("\ufffd" in value for value in theirs):
        return True  # raw 8-bit text is guessed, not lost; an incomplete character is shown once
    if re.search(r"=\?x-unknown\?", ours):
        return True  # a word in a charset that nobody knows stays as it is
    return theirs == {""} and has_junk_line(message)  # a line that is no field ends no header


@pytest.mark.parametrize("source", [made_messages, malformed_messages, pythons_messages])
def test_headers_agree_with_pythons_email_package(folder, source):
    messages = list(source())
    if not messages:
        pytest.skip("Python's own test messages are not installed here")
    paths = []
    for number, message in enumerate(messages):
        paths.append(folder / f"{number:04d}.eml")
        paths[-1].write_bytes(message)
    done = subprocess.run([BUILD / "lanpost", "decode", "--json", *paths], capture_output=True, text=True,
                          env=environment())
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(lines) == len(messages)
    different = []
    for message, line in zip(messages, lines):
        for field in FIELDS:
            value = line.get(field)
            ours = flat(", ".join(value) if isinstance(value, list) else value or "")
            theirs = by_python(message, field)
            if theirs and ours not in theirs and not is_explained(message, ours, theirs):
                different.append((message[:200], field, ours, theirs))
    assert different == []
