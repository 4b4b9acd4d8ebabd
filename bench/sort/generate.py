#!/usr/bin/env python3
"""A rule book and mail for it, for lanpost and for the programs that it is compared with.

usage: generate.py FOLDER MESSAGES RULES

FOLDER/mail        a Maildir of MESSAGES messages of 4 KiB, each with a header as providers make it: traces, a signature,
                   encoded words in three charsets. Four of five match exactly one rule, the others none.
FOLDER/lanpost.conf, rules.sieve, rules.fdm, rules.maildrop
                   the same RULES in each program's language: the first that matches delivers to one of 20 mailboxes, d00 to
                   d19; what none matches goes to `rest`. Texts are ASCII, so that programs which decode nothing find them.
FOLDER/expected    mailbox and number of messages, a line each
"""
import base64
import collections
import random
import sys
from pathlib import Path

HEADERS = ("From", "To", "Subject", "List-Id")
WORDS = "договор поставка накладная отчёт счёт оплата встреча вопрос смета заявка склад отгрузка".split()
CHARSETS = ("koi8-r", "utf-8", "windows-1251")
LINE = "Строка текста, как она бывает в письмах: 0123456789, and some Latin letters.\n"


def text_of(rule):
    return {"From": f"sender{rule:05d}@", "To": f"box{rule:05d}@", "Subject": f"(case {rule:05d})",
            "List-Id": f"group{rule:05d}."}[HEADERS[rule % 4]]


def mailbox_of(rule):
    return f"d{rule % 20:02d}"


def message(number, rule, chance):
    value = {"From": f"somebody{number % 97}@example.org", "To": f"anybody{number % 89}@example.ru", "Subject": "",
             "List-Id": f"nogroup{number % 31}.example.org"}
    if rule is not None:
        header = HEADERS[rule % 4]
        value[header] = text_of(rule) + {"From": "example.org", "To": "example.ru", "Subject": " ",
                                         "List-Id": "example.org"}[header]
    charset = CHARSETS[number % 3]
    words = " ".join(chance.choice(WORDS) for _ in range(4)) + f" {number}"
    encoded = base64.b64encode(words.encode(charset)).decode()
    name = base64.b64encode("Ольга Смирнова".encode()).decode()
    head = f"""Return-Path: <bounce{number}@example.org>
Delivered-To: office@example.ru
Received: from relay{number % 5}.example.org (relay{number % 5}.example.org [192.0.2.{number % 200}])
\tby pop.example.ru with ESMTPS id {number:012x}
\tfor <office@example.ru>; Mon, 23 Nov 2026 09:{number % 60:02d}:00 +0300
Received: from pc{number % 9}.example.org ([198.51.100.{number % 200}])
\tby relay{number % 5}.example.org with ESMTP id {number * 31:012x}; Mon, 23 Nov 2026 08:59:00 +0300
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed; d=example.org; s=mail;
\th=from:to:subject:date:message-id; bh={base64.b64encode(chance.randbytes(32)).decode()};
\tb={base64.b64encode(chance.randbytes(128)).decode()}
From: =?utf-8?B?{name}?= <{value["From"]}>
To: {value["To"]}
Subject: {value["Subject"]}=?{charset}?B?{encoded}?=
Date: Mon, 23 Nov 2026 09:00:00 +0300
Message-ID: <{number}.{chance.getrandbits(64):x}@example.org>
List-Id: <{value["List-Id"]}>
MIME-Version: 1.0
Content-Type: text/plain; charset=utf-8
Content-Transfer-Encoding: 8bit
X-Mailer: Example 1.0

""".encode()
    body = LINE.encode()
    return head + body * ((4096 - len(head)) // len(body))


def write_rules(folder, rules):
    boxes = [mailbox_of(rule) for rule in range(20)]
    rows = [(HEADERS[rule % 4], text_of(rule), mailbox_of(rule)) for rule in range(rules)]
    escaped = lambda text: "".join("\\" + c if c in "().@" else c for c in text)
    users = "".join(f"[user {box}]\nfull_name = {box}\n" for box in [*boxes, "rest"])
    (folder / "lanpost.conf").write_text(
        f"[gateway]\nhostname = bench.test\nlocal_domain = bench.test\nspool = {folder.resolve()}/spool\n"
        f"[sorter]\nunsorted_to = rest\n{users}" +
        "".join(f"[rule r{number}]\nwhen = {header.lower()} contains \"{text}\"\ndeliver = {box}\nstop = yes\n"
                for number, (header, text, box) in enumerate(rows)))
    (folder / "rules.sieve").write_text(
        'require ["fileinto", "mailbox"];\n' +
        "\nels".join(f'if header :contains "{header}" "{text}" {{ fileinto "{box}"; }}' for header, text, box in rows) +
        '\nelse { fileinto "rest"; }\n')
    double = lambda text: escaped(text).replace("\\", "\\\\")
    (folder / "rules.fdm").write_text(
        "".join(f'action "{box}" maildir "${{dest}}/{box}"\n' for box in [*boxes, "rest"]) +
        'account "in" disabled maildir "${source}"\n' +
        "".join(f'match "^{header}:.*{double(text)}" in headers action "{box}"\n' for header, text, box in rows) +
        'match all action "rest"\n')
    (folder / "rules.maildrop").write_text(
        "".join(f'if (/^{header}:.*{escaped(text)}/)\n{{\n  to "$DEST/{box}"\n}}\n' for header, text, box in rows) +
        'to "$DEST/rest"\n')


def main():
    folder, messages, rules = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
    chance = random.Random(20261123)
    for part in ("tmp", "new", "cur"):
        (folder / "mail" / part).mkdir(parents=True, exist_ok=True)
    write_rules(folder, rules)
    expected = collections.Counter()
    for number in range(messages):
        rule = None if chance.random() < 0.2 else chance.randrange(rules)
        expected["rest" if rule is None else mailbox_of(rule)] += 1
        data = message(number, rule, chance)
        (folder / "mail" / "new" / f"{1790000000 + number}.{number}.bench,S={len(data)}").write_bytes(data)
    (folder / "expected").write_text("".join(f"{box} {count}\n" for box, count in sorted(expected.items())))


if len(sys.argv) != 4:
    sys.exit(__doc__)
main()
