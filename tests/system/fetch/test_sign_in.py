"""Signing in at a provider by a code (`lanpost account login`), and what sessions do with it."""
import base64
import json
import stat
import tarfile
import time

import pytest

from harness.certificates import authority
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.sign_in import Provider
from harness.terminal import Terminal

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


@pytest.mark.parametrize("answer, words", [("access_denied", "declined"), ("expired_token", "not entered in time"), ("invalid_client", "oauth2_client_id")])
def test_a_sign_in_that_does_not_succeed_says_why(office, provider, answer, words):
    provider.answers = [answer]
    done = office.cli("account", "login", "a")
    assert done.returncode == 1 and words in done.stderr and not list((office.spool / "sign-in").glob("*.json")), done.stderr


def test_a_terminal_shows_the_page_as_a_qr_code_and_the_screens_show_it_live(office, provider):
    provider.answers = ["authorization_pending"] * 3
    term = Terminal("-c", office.conf, "account", "login", "a", width=90, height=50, env=office.env)
    term.wait("https://example.com/device", "ABCD-EFGH", "\N{UPPER HALF BLOCK}")
    term.wait("me is signed in")
    provider.answers = ["authorization_pending"] * 99
    term = Terminal("-c", office.conf, env=office.env)
    term.wait("F10")
    term.keys("F4")
    term.wait("pop3s://")
    term.keys("l").wait("https://example.com/device", "ABCD-EFGH")
    provider.answers = []
    term.wait("me is signed in")


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
