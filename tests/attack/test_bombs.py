"""No shape of a message costs more than its size: four times as long, at most about four times the work.

Work is the processor's time of `lanpost decode` and `lanpost sort`, which run the parsers of header, MIME, charsets and rules; what the
program needs to start is taken off. There is no bound in seconds: machines differ.
"""
import base64
import os

import pytest

MIB = 1 << 20
START = 0.03  # shorter times cannot be distinguished from noise


def times(unit, size):
    return unit * (size // len(unit))


SHAPES = {
    "one long field": lambda n: b"Subject: " + b"x" * n,
    "one folded field": lambda n: b"Subject: " + times(b"word\r\n ", n),
    "fields": lambda n: times(b"X-Field: value\r\n", n),
    "same fields": lambda n: times(b"Subject: x\r\n", n),
    "received": lambda n: times(b"Received: from a by b; x\r\n", n),
    "no colons": lambda n: times(b"xxxxxxxx\r\n", n),
    "colons": lambda n: b"Subject" + b":" * n,
    "words": lambda n: b"Subject: " + times(b"=?utf-8?q?a?= ", n),
    "words without end": lambda n: b"Subject: " + times(b"=?utf-8?q?a", n),
    "question marks": lambda n: b"Subject: =" + b"?" * n,
    "many charsets": lambda n: b"Subject: " + b" ".join(b"=?cp%d?q?=E0?=" % (1250 + k % 9) for k in range(n // 16)),
    "unknown charsets": lambda n: b"Subject: " + b" ".join(b"=?x-%d?q?=E0?=" % k for k in range(n // 16)),
    "split characters": lambda n: b"Subject: " + times(b"=?utf-8?q?=D1?= =?utf-8?q?=88?= ", n),
    "brackets": lambda n: b"From: " + b"<" * n, "parentheses": lambda n: b"From: " + b"(" * n, "closed ones": lambda n: b"From: " + times(b"()", n),
    "quotes": lambda n: b"From: " + b"\"" * n, "backslashes": lambda n: b"From: \"" + b"\\" * n, "commas": lambda n: b"To: " + b"," * n,
    "groups": lambda n: b"To: " + times(b"a:;", n), "at signs": lambda n: b"To: " + b"@" * n, "routes": lambda n: b"To: <" + times(b"@a,", n) + b":x@y>",
    "addresses": lambda n: b"To: " + times(b"ivan@office.lan, ", n), "dots": lambda n: b"To: x@" + times(b"a.", n),
    "parameters": lambda n: b"Content-Type: text/plain" + times(b"; a=b", n), "continued": lambda n: b"Content-Type: x/y" + b"".join(b"; name*%d=a" % k for k in range(n // 12)),
    "percent": lambda n: b"Content-Disposition: attachment; filename*=utf-8''" + times(b"%41", n),
    "boundary everywhere": lambda n: b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + times(b"--b\r\n\r\nx\r\n", n),
    "boundary begins": lambda n: b"Content-Type: multipart/mixed; boundary=bbbbbbbb\r\n\r\n" + times(b"--bbbbbbb\r\n", n),
    "dashes": lambda n: b"Content-Type: multipart/mixed; boundary=--------\r\n\r\n" + times(b"-" * 60 + b"\r\n", n),
    "nested": lambda n: times(b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", n),
    "nested, each its own": lambda n: b"".join(b"Content-Type: multipart/mixed; boundary=b%d\r\n\r\n--b%d\r\n" % (k, k) for k in range(n // 60)),
    "messages": lambda n: times(b"Content-Type: message/rfc822\r\n\r\n", n),
    "base64": lambda n: b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(b"x" * (n * 3 // 4)),
    "no base64": lambda n: b"Content-Type: text/plain\r\nContent-Transfer-Encoding: base64\r\n\r\n" + b"*" * n,
    "quoted": lambda n: b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n" + times(b"=\r\n", n),
    "tags": lambda n: b"Content-Type: text/html\r\n\r\n" + times(b"<a>", n), "open tags": lambda n: b"Content-Type: text/html\r\n\r\n" + b"<" * n,
    "entities": lambda n: b"Content-Type: text/html\r\n\r\n" + b"&" * n, "comments": lambda n: b"Content-Type: text/html\r\n\r\n" + times(b"<!--", n),
    "scripts": lambda n: b"Content-Type: text/html\r\n\r\n" + times(b"<script>", n),
    "eight bits": lambda n: b"Subject: x\r\n\r\n" + times("Привет ".encode("koi8-r"), n),
    "one line": lambda n: b"Subject: x\r\n\r\n" + b"x" * n, "empty lines": lambda n: b"Subject: x\r\n\r\n" + b"\r\n" * (n // 2),
    "bare CR": lambda n: b"Subject: x\r\n\r\n" + b"\r" * n, "NUL": lambda n: b"Subject: x\r\n\r\n" + b"\0" * n,
}

RULES = {
    "subject": {"when": "subject contains \"never there\" or subject regex \"(n+e+)+ver$\"", "deliver": "ivan"},
    "any": {"when": "anyheader contains \"never there\" or anyheader matches \"*n*e*v*e*r\"", "deliver": "ivan"},
    "body": {"when": "body contains \"never there\"", "deliver": "ivan"},
    "attachment": {"when": "has attachment and attachment matches \"*.never\"", "deliver": "ivan"},
    "from": {"when": "from contains \"never\" or recipient contains \"never\"", "deliver": "ivan"},
}


@pytest.fixture(scope="module")
def office(make_shared):
    return make_shared(users=["ivan"], rules=RULES)


def cost(office, verb, path):
    before = os.times()
    done = office.cli(verb, path, timeout=300)
    after = os.times()
    assert done.returncode == 0, done.stderr[-300:]
    return after.children_user + after.children_system - before.children_user - before.children_system


@pytest.fixture(scope="module")
def start(office, tmp_path_factory):
    """What each verb costs for nothing."""
    path = tmp_path_factory.mktemp("bombs") / "nothing"
    path.write_bytes(b"Subject: x\r\n\r\nx\r\n")
    return {verb: min(cost(office, verb, path) for _ in range(3)) for verb in ("decode", "sort")}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES.keys())
def test_work_grows_with_the_size_alone(office, start, tmp_path, shape):
    for verb in ("decode", "sort"):
        spent = []
        for size in (MIB // 2, 2 * MIB):
            (tmp_path / "message").write_bytes(shape(size) + b"\r\n\r\nend\r\n")
            spent.append(max(min(cost(office, verb, tmp_path / "message") for _ in range(2)) - start[verb], 0))
        assert spent[1] < 8 * max(spent[0], START), (verb, spent)
