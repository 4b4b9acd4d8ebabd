"""The provider of the README's example: pop.example.ru with one letter, smtp.example.ru that wants a login.

provider.py CERTIFICATE KEY ADDRESS: says "ready", then a line for each letter that was sent.
"""
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

from harness.misbehaving import MisbehavingPop3, MisbehavingSmtp  # noqa: E402

LETTER = """From: Shop <shop@example.com>\r
To: branch@example.ru\r
Subject: =?UTF-8?B?0KHRh9GR0YIgMTE4?=\r
Message-ID: <invoice-118@example.com>\r
Date: Fri, 27 Nov 2026 10:00:00 +0300\r
\r
Please pay.\r
""".encode()


class Smarthost(MisbehavingSmtp):
    def answer(self, word, argument, connection):
        if word == "EHLO":
            connection.raw(b"250-smtp.example.ru\r\n250 AUTH PLAIN\r\n")
        elif word == "AUTH":
            connection.say("235 welcome")
        else:
            return super().answer(word, argument, connection)
        return None


def main():
    certificate, address = sys.argv[1:3], sys.argv[3]
    settings = {"certificate": certificate, "tls_from_start": True, "host": address}
    MisbehavingPop3([LETTER], port=995, **settings)
    smarthost = Smarthost(port=465, **settings)
    print("ready", flush=True)
    told = 0
    while True:
        for letter in smarthost.letters[told:]:
            print(f"sent by {letter.sender} to {' '.join(letter.recipients)}", flush=True)
            told += 1
        time.sleep(0.05)


main()
