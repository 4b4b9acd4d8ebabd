"""Letters as they come from the world: real charsets, real oddities."""
import base64
import quopri


def encoded_word(text, charset, encoding="B"):
    raw = text.encode(charset)
    if encoding == "B":
        return f"=?{charset}?B?{base64.b64encode(raw).decode()}?="
    return f"=?{charset}?Q?{''.join(f'={byte:02X}' for byte in raw)}?="


def letter(subject="hello", sender="client@bank.ru", to="ivan@example.ru", body="text\n", extra="", number=None,
           charset=None):
    """One message as bytes with CRLF. With a charset, subject and body are written in it."""
    if charset:
        subject = encoded_word(subject, charset)
        body_bytes = body.encode(charset)
        extra += f"MIME-Version: 1.0\nContent-Type: text/plain; charset={charset}\nContent-Transfer-Encoding: 8bit\n"
    else:
        body_bytes = body.encode()
    ident = f"Message-ID: <{'unnumbered' if number is None else number}.test@bank.ru>\n"
    head = f"From: {sender}\nTo: {to}\nSubject: {subject}\nDate: Mon, 23 Nov 2026 09:00:00 +0300\n{ident}{extra}\n"
    return crlf(head.encode()) + crlf(body_bytes)


def crlf(data):
    return data.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def invoice():
    """The letter of the main job: subject, sender's name and body in KOI8-R, with an attachment."""
    pdf = base64.encodebytes(b"%PDF-1.4\n" + bytes(range(256)) * 20).decode()
    text = quopri.encodestring("Здравствуйте! Счёт на оплату во вложении.\n.\n..точки в начале строк\n"
                               .encode("koi8-r")).decode()
    return crlf(f"""Return-Path: <billing@bank.ru>
Received: from mail.bank.ru by mx.example.ru; Mon, 23 Nov 2026 08:59:58 +0300
From: {encoded_word("Отдел расчётов", "koi8-r")} <billing@bank.ru>
To: office@example.ru
Subject: {encoded_word("Счёт на оплату", "koi8-r")}
Message-ID: <invoice-1@bank.ru>
Date: Mon, 23 Nov 2026 09:00:00 +0300
MIME-Version: 1.0
Content-Type: multipart/mixed; boundary="=-b1"

--=-b1
Content-Type: text/plain; charset=koi8-r
Content-Transfer-Encoding: quoted-printable

{text}
--=-b1
Content-Type: application/pdf; name="{encoded_word("счёт.pdf", "koi8-r", "Q")}"
Content-Transfer-Encoding: base64
Content-Disposition: attachment

{pdf}
--=-b1--
""".encode())


TRACE_HEADERS = (b"received", b"delivered-to", b"return-path", b"x-lanpost", b"x-envelope-from", b"x-envelope-to",
                 b"x-original-to")


def added_headers(message, original):
    """Checks that message is original with nothing but trace headers before it; returns those lines."""
    assert message.endswith(original), f"changed on the way:\n{message[:2000]!r}\n--- from\n{original[:2000]!r}"
    added = message[:len(message) - len(original)].replace(b"\r\n\t", b" ").replace(b"\r\n ", b" ")
    lines = added.split(b"\r\n")[:-1]
    for line in lines:
        name = line.split(b":", 1)[0].lower()
        assert name.startswith(TRACE_HEADERS), f"this is no trace header: {line!r}"
    return lines
