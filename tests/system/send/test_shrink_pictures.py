"""Photos in outgoing mail are made smaller on their way out; everything else, and what is kept here, stays as it was written."""
import email
import email.policy
import io
import re
import resource
import subprocess
import threading
from email.message import EmailMessage
from pathlib import Path

import dkim
import pytest
from PIL import Image, ImageStat

from harness.misbehaving import MisbehavingPop3
from harness.processes import SANITIZED, descriptors, facts, named
from harness.smarthost import Smarthost
from harness.waiting import kill, until

USERS = {"ivan": {"external_alias": "ivan@example.ru", "save_sent": "yes"}, "olga": {}}
BOX = "800x600"
PDF = b"%PDF-1.4 not a photo\n" * 500


@pytest.fixture
def smarthost():
    server = Smarthost()
    yield server
    server.stop()


def office_at(make_gateway, server, box=BOX, **sections):
    limits = {**({"shrink_pictures": box} if box else {}), **sections.pop("limits", {})}
    return make_gateway(users=USERS, smarthosts={"default": {"url": f"smtp://127.0.0.1:{server.port}", "tls": "none"}},
                        sections={"limits": limits, "gateway": {"boss": "olga"}, **sections})


def photo(width=2000, height=1500, orientation=6, quality=92):
    """Fine structure over a gradient, as a camera sees it; the camera was turned."""
    base = Image.effect_noise((width, height), 24)
    picture = Image.merge("RGB", (base, Image.linear_gradient("L").resize((width, height)), base.point(lambda value: 255 - value)))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=quality, exif=exif)
    return out.getvalue()


def png():
    out = io.BytesIO()
    Image.effect_noise((1200, 900), 20).save(out, "PNG")
    return out.getvalue()


def mail(*photos, number=1):
    message = EmailMessage(policy=email.policy.SMTP)
    message["From"], message["To"], message["Subject"] = "ivan@office.lan", "client@bank.ru", "Фото с объекта"
    message["Message-ID"] = f"<{number}.photo@office.lan>"
    message.set_content("Смотрите фото.\n", cte="8bit")
    message.add_attachment(PDF, maintype="application", subtype="pdf", filename="plan.pdf")
    for n, content in enumerate(photos, 1):
        message.add_attachment(content, maintype="image", subtype="jpeg", filename=f"фото {n}.jpg")
    message.add_attachment(png(), maintype="image", subtype="png", filename="screen.png")
    return message.as_bytes()


def parts(content):
    """File name -> decoded bytes of each leaf."""
    message = email.message_from_bytes(content, policy=email.policy.default)
    return {part.get_filename(): part.get_payload(decode=True) for part in message.walk() if not part.is_multipart()}


def without(content, leaf_type=b"image/jpeg"):
    """The message without the base64 of its photos, and without what each message gets on its way out."""
    body = content.split(b"\r\n\r\n", 1)[1]
    return re.sub(rb"(Content-Type: " + leaf_type + rb"[^\0]*?\r\n\r\n)[A-Za-z0-9+/=\r\n]+", rb"\1", body)


def send(office, content, to="client@bank.ru"):
    assert office.send("ivan@office.lan", [to], content) == {}
    office.session("--send-only")


def traced(office, number=1, language="en"):
    return office.cli("trace", f"{number}.photo@office.lan", language=language).stdout


def test_a_photo_arrives_smaller_and_the_rest_as_it_was(make_gateway, smarthost):
    office = office_at(make_gateway, smarthost)
    large, upright, small = photo(), photo(1500, 2000, 1), photo(700, 500, 1)
    content = mail(large, upright, small)
    send(office, content)
    got, = smarthost.letters
    assert len(got.content) < len(content) - (len(large) + len(upright)) * 0.8
    assert without(got.content) == without(content)
    before, after = parts(content), parts(got.content)
    changed = {name for name in before if before[name] != after[name]}
    assert changed == {"фото 1.jpg", "фото 2.jpg"}
    for name, size in [("фото 1.jpg", (800, 600)), ("фото 2.jpg", (600, 800))]:
        old, new = Image.open(io.BytesIO(before[name])), Image.open(io.BytesIO(after[name]))
        new.load()
        assert new.size == size and new.getexif()[0x0112] == old.getexif()[0x0112]
        assert ImageStat.Stat(new.convert("RGB")).mean == pytest.approx(ImageStat.Stat(old.convert("RGB")).mean, abs=3)
    assert {len(line) for line in re.findall(rb"(?m)^/9j/[^\r\n]*\r\n", got.content)} == {78}
    told = traced(office)
    assert re.search(r"picture +фото 1\.jpg made smaller from [\d.]+ ?[KM]\S* to [\d.]+ ?K", told), told
    assert "фото 3.jpg" not in told
    assert "фото 2.jpg" in traced(office, language="ru") and "made smaller" not in traced(office, language="ru")


def test_what_is_kept_here_is_the_original(make_gateway, smarthost):
    office = office_at(make_gateway, smarthost)
    content = mail(photo())
    send(office, content)
    assert parts(smarthost.letters[0].content)["фото 1.jpg"] != parts(content)["фото 1.jpg"]
    boss, = office.mailbox("olga")
    sent, = [path for path in (office.spool / "mailboxes/ivan").rglob("*") if path.is_file() and b"Message-ID: <1.photo@" in path.read_bytes()]
    for kept in (boss, sent.read_bytes()):
        assert parts(kept) == parts(content)


def test_without_the_setting_nothing_is_changed(make_gateway, smarthost):
    office = office_at(make_gateway, smarthost, box=None)
    content = mail(photo())
    send(office, content)
    assert parts(smarthost.letters[0].content) == parts(content)
    assert "picture" not in traced(office) and "pictures[" not in office.log()


def test_fetched_mail_that_a_rule_forwards_is_not_touched(make_gateway, smarthost):
    content = mail(photo())
    provider = MisbehavingPop3([content])
    try:
        office = make_gateway(users=USERS, smarthosts={"default": {"url": f"smtp://127.0.0.1:{smarthost.port}", "tls": "none"}},
                              accounts={"a": {"url": f"pop3://127.0.0.1:{provider.port}", "tls": "none", "user": "me", "password": "pw"}},
                              rules={"on": {"when": "always", "forward": "chief@bank.ru"}}, sections={"limits": {"shrink_pictures": BOX}})
        office.session()
        until(lambda: smarthost.letters or office.session(), 90, "the forwarded message")
        assert parts(smarthost.letters[0].content) == parts(content)
    finally:
        provider.stop()


def signed(content):
    """As OpenPGP and S/MIME do; the signature is not looked at."""
    head, body = content.split(b"\r\n\r\n", 1)
    type_ = re.search(rb"(?m)^Content-Type: [^\r]*(\r\n[ \t][^\r]*)*", head)[0]
    return (head.replace(type_, b'Content-Type: multipart/signed; boundary="sig"; protocol="application/pgp-signature"') + b"\r\n\r\n--sig\r\n" + type_ +
            b"\r\n\r\n" + body + b"\r\n--sig\r\nContent-Type: application/pgp-signature\r\n\r\nnone\r\n--sig--\r\n")


def test_signed_mail_is_not_touched(make_gateway, smarthost):
    office = office_at(make_gateway, smarthost)
    content = signed(mail(photo()))
    send(office, content)
    assert smarthost.letters[0].content.split(b"\r\n\r\n", 1)[1] == content.split(b"\r\n\r\n", 1)[1]


@pytest.mark.parametrize("abilities", [("PIPELINING", "8BITMIME"), ("PIPELINING", "ENHANCEDSTATUSCODES", "CHUNKING")], ids=["8BITMIME", "7 bits"])
def test_the_signature_of_the_office_is_made_over_the_smaller_photos(make_gateway, tmp_path, abilities):
    server = Smarthost(abilities=abilities)
    try:
        office = office_at(make_gateway, server)
        office.stop()
        with open(office.conf, "a") as conf:
            conf.write(f"\n[dkim example.ru]\nselector = mail\nkey_file = {tmp_path / 'mail.key'}\n")
        made = office.cli("dkim", "example.ru", "--new", "ed25519")
        record = "".join(re.findall(r'"([^"]*)"', made.stdout)).encode()
        office.start()
        content = mail(photo())
        send(office, content)
        got, = server.letters
        assert len(got.content) < len(content) / 2
        assert dkim.verify(got.content, dnsfunc=lambda name, **_: record)
    finally:
        server.stop()


def test_the_limit_applies_to_the_mail_as_written(make_gateway, smarthost):
    content = mail(photo())
    office = office_at(make_gateway, smarthost, limits={"max_outgoing_size": str(len(content) - 1000)})
    with pytest.raises(Exception, match="552|larger|too large|SIZE"):
        office.send("ivan@office.lan", ["client@bank.ru"], content)


def test_a_second_attempt_makes_them_smaller_again(make_gateway):
    tries = []

    def act(step, connection):
        if step == "DOT" and not tries:
            tries.append(1)
            connection.say("451 4.3.0 later")
            return True
        return None

    server = Smarthost(act)
    try:
        office = office_at(make_gateway, server)
        content = mail(photo())
        send(office, content)
        assert server.letters == [] and traced(office).count("made smaller") == 1
        office.cli("queue", "flush")
        until(lambda: server.letters, 90, "the message")
        send(office, mail(photo(), number=2))
        assert without(server.letters[0].content) == without(content)
        first, second = (parts(letter_.content)["фото 1.jpg"] for letter_ in server.letters)
        assert len(first) < len(parts(content)["фото 1.jpg"]) / 2 and len(second) < len(parts(content)["фото 1.jpg"]) / 2
    finally:
        server.stop()


def test_swaks_sends_a_photo(make_gateway, smarthost, tmp_path):
    office = office_at(make_gateway, smarthost)
    (tmp_path / "IMG_1.jpg").write_bytes(photo())
    done = subprocess.run(["swaks", "--server", "127.0.0.1", "--port", str(office.smtp_port), "--from", "ivan@office.lan", "--to", "client@bank.ru",
                           "--attach-type", "image/jpeg", "--attach-name", "IMG_1.jpg", "--attach", f"@{tmp_path / 'IMG_1.jpg'}", "--timeout", "60",
                           "--suppress-data"], stdin=subprocess.DEVNULL, capture_output=True, timeout=90, check=False)
    assert done.returncode == 0, done.stdout
    office.session("--send-only")
    new = Image.open(io.BytesIO(parts(smarthost.letters[0].content)["IMG_1.jpg"]))
    new.load()
    assert new.size == (800, 600)
    assert "IMG_1.jpg made smaller" in office.cli("trace", "client@bank.ru").stdout


# --- the process that does it

@pytest.fixture
def held():
    """A smarthost that does not answer EHLO until it may."""
    asked, may_go = threading.Event(), threading.Event()

    def act(step, connection):
        if step == "EHLO" and not may_go.is_set():
            asked.set()
            may_go.wait(90)

    server = Smarthost(act)
    server.asked, server.may_go = asked, may_go
    yield server
    may_go.set()
    server.stop()


def begin(office, server):
    """A session that waits for the smarthost; returns the process that makes pictures smaller."""
    office.cli("session", "--send-only", "--no-wait")
    assert server.asked.wait(90)
    return until(lambda: [pid for pid in named(office, "pictures") if facts(pid).get("PPid") == str(named(office, "session")[0])], 20, "the process")[0]


def end(office):
    until(lambda: not office.status()["session"]["running"], 90, "the end of the session")


@pytest.mark.parametrize("deed", ["killed", "starved"])
def test_without_the_process_the_original_is_sent(make_gateway, held, deed):
    if deed == "starved" and SANITIZED:
        pytest.skip("sanitizers have terabytes of memory")
    office = office_at(make_gateway, held)
    content = mail(photo(), photo())
    assert office.send("ivan@office.lan", ["client@bank.ru"], content) == {}
    pid = begin(office, held)
    if deed == "killed":
        kill(pid)
    else:  # each of its workers dies of the first photo
        resource.prlimit(pid, resource.RLIMIT_AS, (1 << 20, 1 << 20))
    held.may_go.set()
    end(office)
    got, = held.letters
    assert parts(got.content) == parts(content)
    assert "фото 1.jpg is sent as it is" in traced(office)
    assert traced(office).count("is sent as it is") == 1
    send(office, mail(photo(), number=2))  # and the next session has a new one
    assert len(held.letters[1].content) < len(content) / 2


def test_the_process_has_nothing(make_gateway, held):
    office = office_at(make_gateway, held)
    assert office.send("ivan@office.lan", ["client@bank.ru"], mail(photo())) == {}
    pid = begin(office, held)
    sockets = [what for what in descriptors(pid).values() if what.startswith("socket:")]
    assert len(sockets) == 1
    assert facts(pid)["NoNewPrivs"] == "1"
    held.may_go.set()
    end(office)
    assert not Path(f"/proc/{pid}").exists() or facts(pid).get("State", "Z").startswith("Z")
