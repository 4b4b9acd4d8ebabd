"""Signing in at a provider by a code (`lanpost account login`), and what sessions do with it."""
import base64
import json
import stat
import tarfile
import threading
import time
from pathlib import Path

import pytest

from harness.certificates import authority
from harness.dovecot import Dovecot
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.postfix import Postfix
from harness.sign_in import HANG_UP, Provider
from harness.waiting import kill

IVAN = {"ivan": {"external_alias": "ivan@example.ru"}}


class TokenPop3(MisbehavingPop3):
    """Takes the provider's last access token, and nothing else."""

    def __init__(self, provider):
        self.provider, self.logins = provider, []
        super().__init__([letter(number=1)], certificate=authority().server("token-pop3"), tls_from_start=True)

    def answer(self, word, argument, connection):
        if word == "CAPA":
            connection.raw(b"+OK\r\nSASL XOAUTH2\r\nUIDL\r\nTOP\r\n.\r\n")
            return None
        if word == "AUTH":
            given = base64.b64decode(argument.partition(" ")[2])
            good = given == f"user=me\x01auth=Bearer {self.provider.access}\x01\x01".encode()
            self.logins.append(given)
            connection.say("+OK" if good else "-ERR [AUTH] wrong token")
            return None
        return super().answer(word, argument, connection)


@pytest.fixture
def provider():
    made = Provider()
    yield made
    made.stop()


@pytest.fixture
def office(make_gateway, provider):
    server = TokenPop3(provider)
    gateway = make_gateway(start=False, users=IVAN, accounts={"a": {"url": f"pop3s://127.0.0.1:{server.port}", "user": "me", **provider.keys}})
    gateway.server = server
    yield gateway
    server.stop()


def signed_in(office):
    done = office.cli("account", "login", "a")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def token_file(office):
    path, = (office.spool / "sign-in").glob("*.json")
    return path


def aged(office, **changes):
    """The sign-in, as it would be later."""
    path = token_file(office)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_code_signs_in_and_sessions_log_in_with_the_token(office, provider):
    provider.answers = ["authorization_pending", "slow_down"]
    missing = office.cli("check")
    assert "nobody has signed in for me yet; run: lanpost account login a" in missing.stdout
    test = office.cli("account", "test", "a")
    assert test.returncode == 1 and "lanpost account login a" in test.stdout + test.stderr
    began = time.monotonic()
    said = signed_in(office)
    assert time.monotonic() - began >= 1 + 1 + 6, "the interval, and five seconds more after slow_down"
    assert "https://example.com/device" in said and "ABCD-EFGH" in said and "access-1" not in said
    assert provider.count_of("urn:ietf:params:oauth:grant-type:device_code") == 3
    path = token_file(office)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600 and json.loads(path.read_text())["refresh_token"] == "refresh-1"
    assert "signed in" not in office.cli("check").stdout
    office.start()
    office.session()
    office.session()
    assert len(office.mailbox("ivan")) == 1 and provider.count_of("refresh_token") == 0 and len(office.server.logins) == 2
    assert "access-1" not in office.log() and "refresh-1" not in office.log()


def test_an_old_access_token_is_renewed_and_the_new_refresh_token_kept(office, provider):
    office.accounts["a"]["oauth2_client_secret"] = "hush & co"
    office.write()
    signed_in(office)
    assert all(form["client_secret"] == "hush & co" for _, form in provider.asked)
    aged(office, access_until=0)
    office.start()
    office.session()
    kept = json.loads(token_file(office).read_text())
    assert kept["refresh_token"] == "refresh-2" == provider.refresh and kept["access_token"] == "access-2"
    assert office.server.left == []
    done = office.cli("account", "test", "a")
    assert done.returncode == 0 and "xoauth2" in done.stdout, done.stdout + done.stderr
    assert json.loads(token_file(office).read_text())["refresh_token"] == "refresh-3" == provider.refresh


def test_a_dead_sign_in_is_reported_once_with_what_to_do(office, provider):
    signed_in(office)
    aged(office, access_until=0)
    provider.refresh = "another"
    office.start()
    office.session(code=1)
    office.session(code=1)
    report, = office.mailbox_when("postmaster", 1)
    text = report.replace(b"=\r\n", b"").decode()
    assert "no longer accepts the sign-in" in text and "AADSTS70008" in text and "lanpost account login a" in text
    assert provider.count_of("refresh_token") == 1, "a dead token is not tried again in each session"
    assert "no longer accepts the sign-in of me" in office.cli("check").stdout
    signed_in(office)
    office.session()
    assert office.server.left == []


def test_a_sign_in_that_ends_within_a_week_is_announced(office, provider):
    provider.extra = {"refresh_token_expires_in": 3 * 86400}
    signed_in(office)
    office.start()
    office.session()
    office.session()
    report, = office.mailbox_when("postmaster", 1)
    text = report.replace(b"=\r\n", b"").decode()
    assert "accepts it until" in text and "lanpost account login a" in text
    provider.extra = {"refresh_token_expires_in": 30 * 86400}
    signed_in(office)
    office.session()
    assert len(office.mailbox_when("postmaster", 2)) == 2, "and that it is good again"


@pytest.mark.parametrize("lie", [
    (200, b"x" * 200000), (200, b"{"), (200, b"[]"), (503, b"<html>"), (302, b""), (200, {"access_token": "a b", "token_type": "Bearer"}),
    (200, {"access_token": "a\r\nRSET", "token_type": "Bearer"}), (200, {"access_token": "x" * 5000, "token_type": "Bearer"})])
def test_lies_of_the_provider_change_nothing(office, provider, lie):
    signed_in(office)
    aged(office, access_until=0)
    before = json.loads(token_file(office).read_text())
    provider.lie = lie
    office.start()
    office.session(code=1)
    assert json.loads(token_file(office).read_text()) == before and office.server.logins == []
    assert office.cli("account", "login", "a").returncode == 1
    provider.lie = None
    office.session()
    assert office.server.left == []


@pytest.mark.parametrize("content", ["", "[]", '{"refresh_token": 7}', "x" * 100_000])
def test_a_damaged_file_says_what_to_do(office, provider, content):
    signed_in(office)
    token_file(office).write_text(content)
    office.start()
    assert "run: lanpost account login a" in office.session(code=1).stdout and office.server.logins == []
    assert "damaged; run: lanpost account login a" in office.cli("check").stdout
    signed_in(office)
    office.session()
    assert office.server.left == []


@pytest.mark.parametrize("answer, words", [("access_denied", "declined"), ("expired_token", "not entered in time"), ("invalid_client", "oauth2_client_id")])
def test_a_sign_in_that_does_not_succeed_says_why(office, provider, answer, words):
    provider.answers = [answer]
    done = office.cli("account", "login", "a")
    assert done.returncode == 1 and words in done.stderr and not list((office.spool / "sign-in").glob("*.json")), done.stderr


def test_a_terminal_shows_the_page_as_a_qr_code_and_the_screens_show_it_live(office, provider, terminal):
    provider.answers = ["authorization_pending"] * 3
    term = terminal(office, "account", "login", "a", width=90, height=50, env=office.env)
    term.wait("https://example.com/device", "ABCD-EFGH", "\N{UPPER HALF BLOCK}")
    term.wait("me is signed in")
    provider.answers = ["authorization_pending"] * 99
    term = terminal(office, env=office.env)
    term.wait("F10")
    term.keys("F4")
    term.wait("pop3s://")
    term.keys("l").wait("https://example.com/device", "ABCD-EFGH")
    provider.answers = []
    term.wait("me is signed in")


HALF_BLOCK = "\N{UPPER HALF BLOCK}"


def qr_rows(term):
    """The cells of the QR code on the screen: from its first column with a dark module to its last one."""
    rows = [line for line in term.lines() if HALF_BLOCK in line or "\N{FULL BLOCK}" in line]
    cells = [[at for at, cell in enumerate(row) if cell in "\N{FULL BLOCK}\N{LOWER HALF BLOCK}" + HALF_BLOCK] for row in rows]
    left, right = min(min(row) for row in cells), max(max(row) for row in cells)
    return [row[left:right + 1].ljust(right + 1 - left) for row in rows]


@pytest.mark.parametrize("env", [{}, {"NO_COLOR": "1"}], ids=["colours", "NO_COLOR"])
def test_the_screens_show_the_same_qr_code_black_on_white_if_there_is_room(office, provider, env, terminal):
    provider.answers = ["authorization_pending"] * 999
    provider.device = {"verification_uri": "https://example.com/device/with/a/longer/name"}  # 19 lines with its quiet zone
    printed = terminal(office, "account", "login", "a", width=90, height=50, env=office.env)
    printed.wait("Waiting for")
    term = terminal(office, width=80, height=40, env={**office.env, **env})
    term.wait("F10")
    term.keys("F4").wait("pop3s://")
    term.keys("l").wait("https://example.com/device", "ABCD-EFGH", HALF_BLOCK, "Waiting for")
    assert len(qr_rows(printed)) > 10 and qr_rows(term) == qr_rows(printed)
    row = next(line for line in term.screen("-e").split("\n") if HALF_BLOCK in line)
    before = row[:row.index(HALF_BLOCK)]
    assert "\x1b[30m\x1b[47m" in before or "\x1b[30;47m" in before, repr(before)
    term.resize(80, 24)
    term.wait("ABCD-EFGH", "A window of 38 lines and 47 columns", "Waiting for", without=[HALF_BLOCK])
    term.resize(46, 45)
    term.wait("ABCD-EFGH", "47 columns", without=[HALF_BLOCK])
    term.resize(70, 38)
    term.wait("ABCD-EFGH", HALF_BLOCK, "Waiting for")
    provider.answers = []
    term.wait("me is signed in", HALF_BLOCK)


def test_the_screens_sign_in_at_a_smarthost(office, provider, terminal):
    office.smarthosts = {"default": {"url": "smtps://127.0.0.1:9", "user": "you", "default_sender": "you@example.ru", **provider.keys}}
    office.write()
    term = terminal(office, height=40, env=office.env)
    term.wait("F10")
    term.keys("F9").wait("local_domain")
    term.keys("l").wait("select a setting of a smarthost first")
    term.keys("/").type("smtps").keys("Enter").wait("smtps://127.0.0.1:9")
    term.keys("l").wait("ABCD-EFGH", "you is signed in")
    assert json.loads(token_file(office).read_text())["user"] == "you"


def test_a_code_that_nobody_enters_ends(office, provider):
    provider.answers, provider.device = ["authorization_pending"] * 99, {"expires_in": 3}
    done = office.cli("account", "login", "a")
    assert done.returncode == 1 and "not entered in time" in done.stderr and len(provider.asked) <= 4


def test_a_provider_that_cannot_prove_itself_gets_nothing(office, provider):
    del office.accounts["a"]["ca_file"]
    office.write()
    done = office.cli("account", "login", "a")
    assert done.returncode == 1 and "certificate" in done.stderr and provider.asked == [], done.stderr


def test_a_smarthost_shares_the_sign_in_of_the_account(office, provider):
    office.smarthosts = {"default": {"url": "smtps://127.0.0.1:9", "user": "me", "default_sender": "me@example.ru", **provider.keys}}
    office.write()
    signed_in(office)
    assert "signed in" not in office.cli("check").stdout
    office.smarthosts["default"]["user"] = "you"
    office.write()
    assert "run: lanpost smarthost login default" in office.cli("check").stdout
    assert office.cli("smarthost", "login", "default").returncode == 0
    assert len(list((office.spool / "sign-in").glob("*.json"))) == 2
    office.accounts["a"]["oauth2"] = "none"
    office.write()
    assert "has no oauth2" in office.cli("account", "login", "a").stderr


def test_the_tokens_are_in_a_backup_only_with_the_passwords(office, folder):
    signed_in(office)
    office.start()
    for options, has in (((), False), (("--with-passwords",), True)):
        path = folder / f"backup{len(options)}.tar.gz"
        done = office.cli("backup", path, *options)
        assert done.returncode == 0, done.stderr
        with tarfile.open(path) as archive:
            assert any(name.startswith("spool/sign-in/") for name in archive.getnames()) == has


# --- what goes wrong between the provider and the disk

def kill_secrets(office):
    """Sudden death of all that know passwords or tokens."""
    for pid in office.processes()[1:]:
        try:
            name = Path(f"/proc/{pid}/comm").read_text().strip()
        except OSError:
            continue
        if name == "secrets":
            kill(pid)


def once(act):
    """For Provider.lost: the next refresh token is issued, and does not arrive."""
    done = []

    def lose(form):
        if form.get("grant_type") != "refresh_token" or done:
            return False
        done.append(form)
        act()
        return True

    return lose


@pytest.mark.parametrize("is_killed", [True, False], ids=["secrets is killed", "the connection is lost"])
def test_a_new_refresh_token_that_is_lost_is_asked_for_again(office, provider, is_killed):
    """The provider takes each refresh token once: nobody knows the valid one any more, and the user is asked to sign in."""
    signed_in(office)
    aged(office, access_until=0)
    office.start()
    provider.lost = once((lambda: kill_secrets(office)) if is_killed else (lambda: None))
    office.session(code=1)
    assert json.loads(token_file(office).read_text())["refresh_token"] == "refresh-1" and provider.refresh == "refresh-2"
    office.session(code=1)
    office.session(code=1)
    assert provider.count_of("refresh_token") == 2, "a dead token is not tried again in each session"
    texts = [report.replace(b"=\r\n", b"").decode() for report in office.mailbox_when("postmaster", 1)]
    assert any("no longer accepts the sign-in" in text and "lanpost account login a" in text for text in texts), texts
    assert "run: lanpost account login a" in office.cli("check").stdout
    signed_in(office)
    office.session()
    assert office.server.left == [] and len(office.mailbox("ivan")) == 1


@pytest.mark.parametrize("is_killed", [True, False], ids=["secrets is killed", "the connection is lost"])
def test_a_provider_that_takes_the_old_refresh_token_again_needs_nobody(office, provider, is_killed):
    signed_in(office)
    aged(office, access_until=0)
    office.start()
    provider.takes_old = True
    provider.lost = once((lambda: kill_secrets(office)) if is_killed else (lambda: None))
    office.session(code=1)
    office.session()
    assert office.server.left == [] and json.loads(token_file(office).read_text())["refresh_token"] == "refresh-3" == provider.refresh


def test_a_busy_provider_is_asked_again_more_slowly(office, provider):
    provider.answers = [(503, b"<html>"), HANG_UP]
    began = time.monotonic()
    signed_in(office)
    assert time.monotonic() - began >= 1 + 6 + 11 and provider.answers == []


@pytest.mark.parametrize("answer", ["slow_down", "authorization_pending", "temporarily_unavailable", (429, b""), (500, b"<html>"), HANG_UP],
                         ids=lambda answer: answer if isinstance(answer, str) else "hang up" if answer is HANG_UP else str(answer[0]))
def test_a_busy_provider_costs_one_session(office, provider, answer):
    signed_in(office)
    aged(office, access_until=0)
    before = token_file(office).read_text()
    provider.answers = [answer]
    office.start()
    office.session(code=1)
    assert json.loads(token_file(office).read_text()) == json.loads(before)
    office.session()
    assert office.server.left == []


def test_megabytes_of_a_provider_are_not_read(office, provider):
    sent = []

    def endless(begin, piece):
        def write(file):
            file.write(begin)
            for _ in range(4000):
                file.write(piece)
                sent.append(len(piece))
        return write

    signed_in(office)
    aged(office, access_until=0)
    office.start()
    for begin, piece in ((b"HTTP/1.0 200 OK\r\n\r\n{", b" " * 65536), (b"HTTP/1.0 200 OK\r\n", b"X: " + b"y" * 65531 + b"\r\n"),
                         (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"10000\r\n" + b" " * 65536 + b"\r\n")):
        provider.lie = (200, endless(begin, piece))
        office.session(code=1)
    assert sum(sent) < 60_000_000, "of 786 MB"
    provider.lie = None
    office.session()
    assert office.server.left == []


def test_a_provider_that_answers_byte_by_byte_holds_up_its_own_account_only(make_gateway, provider):
    over = threading.Event()

    def trickle(file):
        file.write(b"HTTP/1.0 200 OK\r\n\r\n")
        while not over.wait(0.5):
            file.write(b" ")

    slow, quick = TokenPop3(provider), MisbehavingPop3([letter(number=2)])
    gateway = make_gateway(start=False, users=IVAN, accounts={
        "a": {"url": f"pop3s://127.0.0.1:{slow.port}", "user": "me", **provider.keys},
        "b": {"url": f"pop3://127.0.0.1:{quick.port}", "user": "me", "password": "x", "tls": "none"}})
    signed_in(gateway)
    aged(gateway, access_until=0)
    before = token_file(gateway).read_text()
    gateway.start()
    provider.lie = (200, trickle)
    began = time.monotonic()
    session = threading.Thread(target=gateway.session, kwargs={"code": 1})
    session.start()
    gateway.mailbox_when("ivan", 1)
    assert time.monotonic() - began < 50, "the other account does not wait"
    session.join()
    assert 55 < time.monotonic() - began < 90 + 60
    assert json.loads(token_file(gateway).read_text()) == json.loads(before) and slow.logins == []
    over.set()
    provider.lie = None
    gateway.session()
    assert slow.left == quick.left == []
    slow.stop()
    quick.stop()


def test_a_command_prints_the_secret_of_the_application(office, provider):
    office.accounts["a"]["oauth2_client_secret_command"] = "printf 'hush %s\\nmore' '& co'"
    office.write()
    signed_in(office)
    aged(office, access_until=0)
    office.start()
    office.session()
    assert provider.count_of("refresh_token") == 1 and all(form["client_secret"] == "hush & co" for _, form in provider.asked)
    aged(office, access_until=0)
    office.accounts["a"]["oauth2_client_secret_command"] = "exit 3"
    office.write()
    assert office.cli("reload").returncode == 0
    office.session(code=1)
    assert "oauth2_client_secret_command failed with exit code 3" in office.log() and provider.count_of("refresh_token") == 1
    done = office.cli("account", "login", "a")
    assert done.returncode == 1 and "oauth2_client_secret_command failed with exit code 3" in done.stderr


@pytest.mark.parametrize("protocol, auth", [("pop3s", "xoauth2"), ("pop3s", "oauthbearer"), ("imaps", "xoauth2"), ("imaps", "oauthbearer"),
                                            ("imaps", "auto")])
def test_dovecot_and_postfix_take_the_token(folder, make_gateway, protocol, auth):
    provider = Provider(tls=False)
    provider.user = "office"
    dovecot = Dovecot(folder, {"office": "of no use"}, mechanisms="xoauth2 oauthbearer", introspection=f"{provider.url}/introspect").start()
    postfix = Postfix(folder, dovecot.sasl).start()
    try:
        keys = {"user": "office", "auth": auth, "ca_file": dovecot.ca, **provider.keys}
        port = dovecot.tls_port if protocol == "pop3s" else dovecot.imaps_port
        gateway = make_gateway(users=IVAN, accounts={"a": {"url": f"{protocol}://127.0.0.1:{port}", **keys}},
                               smarthosts={"default": {"url": f"smtp://127.0.0.1:{postfix.port}", "default_sender": "office@example.ru", **keys}})
        dovecot.deliver("office", letter(number=1))
        gateway.send("ivan@office.lan", ["bank@example.com"], letter(number=2, to="bank@example.com"))
        signed_in(gateway)
        gateway.session()
        assert dovecot.left("office") == [] and len(gateway.mailbox("ivan")) == 1
        assert b"<2.test@bank.ru>" in postfix.letters(1)[0].content
        for kind, name in (("account", "a"), ("smarthost", "default")):  # with a new token
            done = gateway.cli(kind, "test", name)
            assert done.returncode == 0 and (auth == "auto" or f"auth = {auth}" in done.stdout), done.stdout + done.stderr
        provider.access = "another"  # the mail server no longer takes the last one, long before its end
        dovecot.deliver("office", letter(number=3))
        gateway.session(code=1)
        gateway.session()
        assert dovecot.left("office") == [] and len(gateway.mailbox("ivan")) == 2
    finally:
        postfix.close()
        dovecot.stop()
        provider.stop()
