"""Each process holds only what it needs: docs/security.md has the table, and this is its proof."""
import os
import re
import subprocess
from pathlib import Path

import pytest

from harness.gateway import BUILD, PASSWORD, environment
from harness.processes import descriptors, facts, holds, libraries, name_of, named, variables
from harness.users import LANPOST, Users, needs
from harness.waiting import until

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may look into another process's memory")
as_service = pytest.mark.skipif(needs() is not None, reason=str(needs()))
SANITIZED = any(name in os.environ for name in ("ASAN_OPTIONS", "TSAN_OPTIONS")) or b"__asan_init" in (BUILD / "lanpostd").read_bytes() \
    or b"__tsan_init" in (BUILD / "lanpostd").read_bytes()

SECRETS = {
    "account": "Pw-1account-secret", "smarthost": "Pw-2smarthost-secret", "command": "Pw-3command-secret", "token": "Pw-4token-secret",
    "clear": "Pw-5clear-secret", "login name": "us-6login-name",
}


@pytest.fixture
def office(make_gateway):
    gateway = make_gateway(
        start=False,
        users={"ivan": {"external_alias": "ivan@example.ru"}, "anna": {"allow_weak_auth": "yes", "clear_password": SECRETS["clear"]}},
        accounts={"a": {"url": "pop3://127.0.0.1:9", "tls": "none", "user": "me", "password": SECRETS["account"]},
                  "b": {"url": "imap://127.0.0.1:9", "tls": "none", "user": "you", "password_command": f"echo {SECRETS['command']}"}},
        smarthosts={"out": {"url": "smtp://127.0.0.1:9", "tls": "none", "user": SECRETS["login name"], "password": SECRETS["smarthost"]},
                    "other": {"url": "smtp://127.0.0.1:9", "tls": "none", "user": "x", "oauth2_token_command": f"echo {SECRETS['token']}",
                              "senders": "example.org"}})
    return gateway


def started(office):
    office.start()
    return until(lambda: "event=lan-ready" in office.log() and named(office, "lanpost-lan"), 15, "the LAN server")[0]


def ready(make):
    """The program that tries; whoever runs the tests without `make system` gets it, too."""
    subprocess.run(["make", "-s", f"B={BUILD}", f"{BUILD}/tests/processes/{make}"], cwd=Path(__file__).resolve().parents[2], check=True,
                   capture_output=True, timeout=300)
    return BUILD / "tests/processes" / make


# --- the LAN server

@as_root
def test_the_lan_server_knows_no_secret(office):
    lan = started(office)
    hashes = re.findall(r"(?m)^(?:password|scram_sha256) = (\S+)", (office.folder / "users.conf").read_text())
    assert hashes
    office.pop3("ivan").quit()  # the hash is somewhere used
    office.cli("reload")
    until(lambda: office.log().count("event=reloaded") >= 2, 15, "the LAN server's reload")
    found = [name for name, secret in SECRETS.items() if holds(lan, secret)]
    assert found == []
    assert not any(holds(lan, text) for text in hashes)
    assert holds(lan, "ivan@example.ru"), "the search finds what is there"
    assert holds(office.process.pid, SECRETS["account"]), "the supervisor has it"


@as_root
def test_who_checks_passwords_knows_no_others(office):
    started(office)
    auth, = until(lambda: named(office, "auth"), 10, "the auth process") if named(office, "auth") else [
        pid for pid in office.processes() if re.search(rf" auth\[{pid}\]: ", office.log())]
    assert [name for name in ("account", "smarthost") if holds(auth, SECRETS[name])] == []


def test_the_lan_server_has_few_libraries(office):
    lan = started(office)
    foreign = {name for name in libraries(lan) if re.match(r"lib(curl|ssh|ldap|lber|krb5|gssapi|rtmp|nghttp|sasl|gnutls|iniparser|pcre|archive|ncurses|qrencode)", name)}
    assert foreign == set()


def test_the_lan_server_has_no_environment(office):
    lan = started(office)
    assert variables(lan) - {"TZ", "JOURNAL_STREAM", "ASAN_OPTIONS", "TSAN_OPTIONS", "UBSAN_OPTIONS"} == set()


def test_the_lan_server_holds_few_files(office):
    lan = started(office)
    log, spool = str(office.log_path), str(office.spool)
    strange = {what for fd, what in descriptors(lan).items()
               if not re.match(r"(socket:|pipe:|anon_inode:\[(eventfd|signalfd)\]|/dev/null$|/memfd:lanpost-doing)", what)
               and what not in (log, spool) and not re.match(re.escape(spool) + r"/(state\.db|wal/|mailboxes/|queue/)", what)}
    assert strange == set()


def test_every_child_is_bound(office):
    started(office)
    until(lambda: "event=sandbox" in office.log(), 10, "the sandbox")
    for pid in office.processes()[1:]:
        seen = facts(pid)
        assert seen["NoNewPrivs"] == "1", name_of(pid)
        if name_of(pid) == "lanpost-lan" or re.search(rf" auth\[{pid}\]: ", office.log()):
            assert seen["Seccomp"] == "2", name_of(pid)


def test_no_core_and_no_locked_memory(office):
    limits = Path(f"/proc/{started(office)}/limits").read_text()
    assert re.search(r"Max core file size +0 +0 ", limits)
    assert re.search(r"Max locked memory +0 +0 ", limits)
    if not SANITIZED:
        assert not re.search(r"Max data size +unlimited", limits)


@as_service
def test_it_has_no_rights_of_root(office, folder):
    office.env = {name: value for name, value in environment().items() if name != "LANPOST_RUN_AS_ROOT"}
    office.prefix = Users(folder).prefix
    for pid in [started(office), office.process.pid]:
        seen = facts(pid)
        assert set(seen["Uid"].split()) == set(seen["Gid"].split()) == {str(LANPOST)}
        assert int(seen["CapEff"], 16) == int(seen["CapPrm"], 16) == 0


# --- what somebody in it would try

MAY = {"read_and_write_mail"}
ENDS = {"run_a_program", "look_into_another"}


def test_what_somebody_in_the_lan_server_would_try(office):
    started(office)
    tries = ready("try_lan_sandbox")
    told = subprocess.run([tries, office.spool, office.conf, str(office.pop3_port)], capture_output=True, text=True, timeout=60, env=environment())
    assert told.returncode == 0, told.stderr
    outcome = dict(line.split() for line in told.stdout.splitlines())
    version = int(re.search(r"landlock=(\d+)", told.stderr)[1])
    if version < 2:
        pytest.skip("this kernel has no Landlock")
    assert {name for name, what in outcome.items() if what == "done"} == MAY
    if not SANITIZED:
        assert {name for name, what in outcome.items() if what == "ended"} == ENDS
    assert len(outcome) == 20


def test_the_lan_server_starts_alone_for_nobody():
    done = subprocess.run([BUILD / "lanpost-lan-server", "smtp"], capture_output=True, text=True, timeout=20, env=environment(), stdin=subprocess.DEVNULL)
    assert done.returncode == 2 and "lanpostd starts it" in done.stderr


def test_a_changed_certificate_starts_it_anew(office, folder):
    first = started(office)
    for name in ("cert.pem", "key.pem"):
        (folder / name).write_bytes((office.spool / "tls" / name).read_bytes())
    office.main["lan"].update({"tls_cert": folder / "cert.pem", "tls_key": folder / "key.pem"})
    office.write()
    assert office.cli("reload").returncode == 0
    second = until(lambda: [pid for pid in named(office, "lanpost-lan") if pid != first], 15, "a new LAN server")[0]
    until(office.is_ready, 15, "the ports")
    os.utime(folder / "cert.pem")
    (folder / "new.pem").write_bytes((folder / "cert.pem").read_bytes())
    os.rename(folder / "new.pem", folder / "cert.pem")  # renewed: another file under the same name
    assert office.cli("reload").returncode == 0
    until(lambda: office.log().rstrip().endswith("event=reloaded"), 10, "the reload")
    assert named(office, "lanpost-lan") == [second] and "reload-failed" not in office.log()
    assert office.pop3("ivan", PASSWORD).stat()[0] == 0
