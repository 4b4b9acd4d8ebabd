"""lanpost client-setup: settings that work unchanged, and files that other programs can read."""
import hashlib
import json
import os
import plistlib
import imaplib
import poplib
import pty
import re
import shutil
import smtplib
import ssl
import subprocess
from xml.etree import ElementTree

import pytest

from harness.gateway import BUILD, PASSWORD, environment
from harness.letters import letter

NAME = 'Иван <Петров> & "сын"'
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def office(make_gateway):
    return make_gateway(users={"ivan": {"full_name": NAME, "external_alias": "ivan@example.ru"}, "anna": {"password": ""}})


@pytest.fixture
def files(office, folder):
    done = office.cli("client-setup", "ivan", "--host", "127.0.0.1", "--write", folder / "setup", "--json")
    assert done.returncode == 0, done.stderr
    return folder / "setup", json.loads(done.stdout)


def fingerprint(office):
    der = ssl.PEM_cert_to_DER_cert((office.spool / "tls" / "cert.pem").read_text())
    return der, hashlib.sha256(der).hexdigest().upper()


def test_settings_work_as_they_are_told(office, files):
    _, settings = files
    incoming, outgoing = settings["incoming"][0], settings["outgoing"][0]
    assert settings["certificate"]["sha256"].replace(":", "") == fingerprint(office)[1]
    assert (incoming["security"], outgoing["security"]) == ("tls", "tls")
    trust = ssl.create_default_context(cafile=settings["certificate"]["file"])
    with smtplib.SMTP_SSL(outgoing["host"], outgoing["port"], context=trust, timeout=90) as smtp:
        smtp.login(settings["login"], PASSWORD)
        smtp.sendmail(settings["address"], [settings["address"]], letter(subject="to himself"))
    office.mailbox_when("ivan", 1)
    assert incoming["protocol"] == "imap"
    with imaplib.IMAP4_SSL(incoming["host"], incoming["port"], ssl_context=trust, timeout=90) as imap:
        imap.login(settings["login"], PASSWORD)
        assert imap.select()[1] == [b"1"]


def test_autoconfig_says_the_same(office, files):
    root = ElementTree.parse(files[0] / "config-v1.1.xml").getroot()
    assert root.tag == "clientConfig" and root.get("version") == "1.1"
    provider = root.find("emailProvider")
    assert provider.findtext("domain") == "office.lan"
    told = {(server.get("type"), int(server.findtext("port")), server.findtext("socketType"))
            for server in provider if server.tag.endswith("Server")}
    assert told == {("imap", office.imaps_port, "SSL"), ("imap", office.imap_port, "STARTTLS"),
                    ("pop3", office.pop3s_port, "SSL"), ("pop3", office.pop3_port, "STARTTLS"),
                    ("smtp", office.smtps_port, "SSL"), ("smtp", office.submission_port, "STARTTLS"),
                    ("smtp", office.smtp_port, "STARTTLS")}
    server = provider.find("incomingServer")
    assert server.findtext("hostname") == "127.0.0.1" and server.findtext("username") == "%EMAILADDRESS%"


def test_address_is_a_login_as_autoconfig_has_it(office):
    pop3 = poplib.POP3("127.0.0.1", office.pop3_port, timeout=90)
    pop3.user("ivan@office.lan")
    pop3.pass_(PASSWORD)
    pop3.quit()


def test_apple_profile(office, files):
    profile = plistlib.loads((files[0] / "ivan.mobileconfig").read_bytes())
    account, certificate = profile["PayloadContent"]
    assert account["PayloadType"] == "com.apple.mail.managed" and account["EmailAccountType"] == "EmailTypeIMAP"
    assert account["EmailAccountName"] == NAME and account["EmailAddress"] == "ivan@office.lan"
    assert (account["IncomingMailServerPortNumber"], account["OutgoingMailServerPortNumber"]) == (
        office.imaps_port, office.smtps_port)
    assert account["IncomingMailServerUseSSL"] is True and account["IncomingMailServerUsername"] == "ivan"
    assert certificate["PayloadContent"] == fingerprint(office)[0]
    assert len({part["PayloadUUID"] for part in (profile, account, certificate)}) == 3
    before = (files[0] / "ivan.mobileconfig").read_bytes()
    office.cli("client-setup", "ivan", "--host", "127.0.0.1", "--write", files[0])
    assert (files[0] / "ivan.mobileconfig").read_bytes() == before


def test_no_password_is_in_any_file(office, files):
    for path in files[0].iterdir():
        content = path.read_text()
        assert PASSWORD not in content and "$y$" not in content and "SCRAM" not in content, path


def svg_matrix(path):
    """The dark modules, as the drawing has them."""
    root = ElementTree.parse(path).getroot()
    size = int(root.get("viewBox").split()[2])
    dark = set()
    for x, y, width in re.findall(r"M(\d+) (\d+)h(\d+)v1h-\d+z", root.find(SVG + "path").get("d")):
        dark |= {(int(x) + i, int(y)) for i in range(int(width))}
    return size, dark


def test_qr_code_is_read(files, folder):
    path, settings = files
    size, dark = svg_matrix(path / "ivan.svg")
    data = json.loads(settings["qr"])
    assert data[0] == 1 and data[1] == [1, 1] and data[2][0] == 0 and data[2][3:] == [3, 1, "ivan"]
    assert data[3][0][1] == ["ivan@office.lan", NAME]
    assert all(min(x, y) >= 4 and max(x, y) < size - 4 for x, y in dark)
    if not shutil.which("zbarimg"):
        return
    image = folder / "qr.pgm"
    scale = 6
    rows = [bytes(0 if (x // scale, y // scale) in dark else 255 for x in range(size * scale)) for y in range(size * scale)]
    image.write_bytes(b"P5 %d %d 255\n" % (size * scale, size * scale) + b"".join(rows))
    done = subprocess.run(["zbarimg", "--raw", "-q", image], capture_output=True, timeout=90)
    assert done.stdout.decode().strip() == settings["qr"], done.stderr


def test_terminal_shows_the_same_qr_code(office, files):
    size, dark = svg_matrix(files[0] / "ivan.svg")
    output = []
    master, slave = pty.openpty()
    with subprocess.Popen([BUILD / "lanpost", "-c", office.conf, "client-setup", "ivan", "--host", "127.0.0.1"],
                          stdin=subprocess.DEVNULL, stdout=slave, env=environment()) as process:
        os.close(slave)
        while True:
            try:
                output.append(os.read(master, 65536))
            except OSError:
                break
        assert process.wait(90) == 0
    os.close(master)
    rows = re.findall("\x1b\\[30;47m(.*?)\x1b\\[0m", b"".join(output).decode())
    upper = {(x, 2 * y) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell in "▀█"}
    lower = {(x, 2 * y + 1) for y, row in enumerate(rows) for x, cell in enumerate(row) if cell in "▄█"}
    assert upper | lower == dark and len(rows) == (size + 1) // 2


@pytest.mark.parametrize("language, words", [("en", ["Thunderbird", "The Bat!", "Outlook", "SSL/TLS"]),
                                             ("ru", ["Thunderbird", "The Bat!", "Outlook", "SSL/TLS"])])
def test_text_for_people(office, language, words):
    done = office.cli("client-setup", "ivan", "--host", "gw.office.lan", language=language)
    assert done.returncode == 0, done.stderr
    for word in [*words, "gw.office.lan", str(office.imaps_port), str(office.smtps_port), "ivan@example.ru"]:
        assert word in done.stdout
    assert ":".join(re.findall("..", fingerprint(office)[1])) in done.stdout


ON_A_LAN = """
ip link set lo up && ip link add v0 type veth peer name v1 && ip addr add $1/24 dev v0 && ip link set v0 up || exit 77
$2/lanpostd -c $3 2>/dev/null & pid=$!
until $2/lanpost -c $3 status >/dev/null 2>&1; do kill -0 $pid || exit 1; sleep 0.1; done
$2/lanpost -c $3 client-setup ivan --json
kill $pid; wait $pid
"""


def on_a_lan(office, address):
    """What client-setup tells, and the certificate, of a gateway on a PC with this address."""
    done = subprocess.run(["unshare", "-rn", "sh", "-c", ON_A_LAN, "sh", address, BUILD, office.conf], capture_output=True, text=True,
                          timeout=90)
    if done.returncode == 77 or "unshare" in done.stderr:
        pytest.skip("no network namespaces here")
    assert done.returncode == 0, done.stderr
    text = subprocess.run(["openssl", "x509", "-noout", "-text", "-in", office.spool / "tls" / "cert.pem"], capture_output=True,
                          text=True, check=True).stdout
    key = subprocess.run(["openssl", "x509", "-noout", "-pubkey", "-in", office.spool / "tls" / "cert.pem"], capture_output=True,
                         check=True).stdout
    return json.loads(done.stdout), text, key


def test_the_certificate_names_what_people_type(make_gateway):
    office = make_gateway(start=False, users={"ivan": {"password": ""}})
    told, text, key = on_a_lan(office, "192.168.77.5")
    assert told["incoming"][0]["host"] == told["outgoing"][0]["host"] == "192.168.77.5"
    for name in ("DNS:gw.office.lan", "DNS:gw,", "DNS:localhost", "IP Address:192.168.77.5", "IP Address:127.0.0.1"):
        assert name in text
    same, _, _ = on_a_lan(office, "192.168.77.5")
    assert same["certificate"] == told["certificate"]
    moved, text, new_key = on_a_lan(office, "10.9.8.7")
    assert moved["incoming"][0]["host"] == "10.9.8.7" and "IP Address:10.9.8.7" in text and "IP Address:192.168.77.5" in text
    assert moved["certificate"]["sha256"] != told["certificate"]["sha256"] and new_key == key


def test_user_without_a_password(office):
    settings = json.loads(office.cli("client-setup", "anna", "--json").stdout)
    assert settings["has_password"] is False and settings["may_log_in"] is True
    assert settings["outgoing"][0]["login"] is False


def test_mistakes(office, make_gateway):
    done = office.cli("client-setup", "iwan")
    assert done.returncode == 1 and "did you mean ivan" in done.stderr
    assert office.cli("client-setup", "ivan", "--host", "no host").returncode == 1
    assert office.cli("client-setup").returncode == 2
    silent = make_gateway(start=False, users=["ivan"], sections={"lan": {"pop3_port": 0, "pop3s_port": 0, "imap_port": 0, "imaps_port": 0}})
    done = silent.cli("client-setup", "ivan")
    assert done.returncode == 1 and "[lan]" in done.stderr


def test_before_the_first_start_there_is_no_certificate(make_gateway):
    done = make_gateway(start=False, users=["ivan"]).cli("client-setup", "ivan")
    assert done.returncode == 0 and "starts for the first time" in done.stdout
