"""Commands of the configuration get three descriptors and a small environment; lanpostd itself obeys no variable that its libraries know."""
import re
import subprocess

from harness.gateway import BUILD, environment
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.waiting import until

USERS = {"ivan": {"external_alias": "ivan@example.ru"}}


def account_at(server, **keys):
    return {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": "x", "password": "y", **keys}


def test_a_command_does_not_inherit_connections(make_gateway, folder):
    slow, other = MisbehavingPop3([letter(number=n) for n in range(30)], "answers_retr_after_a_while"), MisbehavingPop3([])
    note = folder / "fds"
    command = account_at(other, password_command=f"sleep 0.7; for i in /proc/$$/fd/*; do readlink $i; done > {note}; echo y")
    del command["password"]
    office = make_gateway(users=USERS, accounts={"slow": account_at(slow), "other": command})
    office.session()
    slow.stop(), other.stop()
    assert len(office.files("ivan")) == 30  # it was connected meanwhile
    said = note.read_text().split()
    assert not any("socket:" in name or str(office.spool) in name for name in said), said


def start_with(office, variables):
    with open(office.log_path, "ab") as log:
        office.process = subprocess.Popen([BUILD / "lanpostd", "-c", office.conf], stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          env={**environment(), **variables}, start_new_session=True)


def test_only_known_variables_count(make_gateway, dovecot, account, folder):
    """SSLKEYLOGFILE in the environment of the service would write down the keys of each connection."""
    dovecot.deliver("office", letter(number=1))
    keys, note = folder / "keys", folder / "environment"
    folder.chmod(0o777)
    command = {**account, "password_command": f"env > {note}; echo provider-pw"}
    del command["password"]
    office = make_gateway(start=False, users=USERS, accounts={"a": command})
    start_with(office, {"SSLKEYLOGFILE": str(keys), "https_proxy": "http://127.0.0.1:9", "ALL_PROXY": "http://127.0.0.1:9",
                        "OPENSSL_CONF": "/nowhere", "LD_BIND_NOW": "1", "GCONV_PATH": "/nowhere", "MALLOC_CHECK_": "3",
                        "HOSTALIASES": "/nowhere", "LANPOST_STORE": "mine"})
    until(office.is_ready, 20, "the gateway")
    office.session()
    assert len(office.files("ivan")) == 1 and not keys.exists()
    names = {line.split("=", 1)[0] for line in note.read_text().splitlines()}
    assert "LANPOST_STORE" in names and "PATH" in names
    assert not [name for name in names if re.match("SSL|LD_|GCONV|MALLOC|HOSTALIASES|OPENSSL", name) or "proxy" in name.lower()]
    ours = {name for name in names if name.startswith("LANPOST_")}
    assert names - ours <= {"PATH", "HOME", "LC_ALL", "LANGUAGE", "TZ", "PWD", "OLDPWD", "SHLVL", "_"}, names


def test_a_verb_does_not_write_keys_down(make_gateway, dovecot, account, folder):
    keys = folder / "keys"
    office = make_gateway(users=USERS, accounts={"a": account})
    done = office.cli("account", "test", "a", env={**environment(), "SSLKEYLOGFILE": str(keys)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert not keys.exists()
