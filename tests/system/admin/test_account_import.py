"""lanpost account import: what fetchmail, mpop and getmail have configured becomes accounts, as these programs themselves understand their files."""
import json
import subprocess
from pathlib import Path

import pytest

DATA = Path(__file__).resolve().parents[2] / "data" / "import"


@pytest.fixture
def stopped(make_gateway):
    return make_gateway(start=False, users=["ivan"])


def accounts(gateway):
    return {account["name"]: account for account in json.loads(gateway.cli("account", "list", "--json").stdout)}


def as_fetchmail_reads(folder):
    """(server, protocol, login, is it polled) of each user, by fetchmail's own parser."""
    rc = folder / "fetchmailrc"
    rc.write_bytes((DATA / "fetchmailrc").read_bytes())
    rc.chmod(0o600)
    dump = subprocess.run(["fetchmail", "--configdump", "-f", rc], capture_output=True, text=True, timeout=90, env={"HOME": str(folder)})
    names = {"TRUE": True, "FALSE": False}
    exec(dump.stdout, names)  # pylint: disable=exec-used
    return {(server["via"] or server["pollname"], server["protocol"].lower(), user["remote"], user["ssl"], bool(server["active"]))
            for server in names["fetchmailrc"]["servers"] for user in server["users"]}


def test_fetchmail_s_accounts_as_it_reads_them_itself(stopped, tmp_path):
    done = stopped.cli("account", "import", DATA / "fetchmailrc")
    assert done.returncode == 0, done.stderr
    ours = set()
    for account in accounts(stopped).values():
        scheme, _, place = account["url"].partition("://")
        ours.add((place.partition(":")[0], scheme[:4], account["user"], scheme.endswith("s"), account["enabled"]))
    assert ours == as_fetchmail_reads(tmp_path)
    assert accounts(stopped)["ivan"]["deliver_to"] == ["ivan"]
    assert "There is no user olga" in done.stdout and "line 8: mda" in done.stdout
    text = (stopped.folder / "accounts.conf").read_text()
    assert "password = se'c r#t" in text or 'password = "se\'c r#t"' in text
    assert stopped.cli("check").returncode == 0


def test_a_trial_changes_nothing_and_a_second_time_adds_nothing(stopped):
    before = {path: path.read_bytes() for path in stopped.folder.glob("*.conf")}
    done = stopped.cli("account", "import", DATA / "mpoprc", "--dry-run")
    assert done.returncode == 0 and "account olga: pop3s://" in done.stdout
    assert {path: path.read_bytes() for path in stopped.folder.glob("*.conf")} == before
    assert "a b" not in done.stdout  # the password
    for _ in range(2):
        done = stopped.cli("account", "import", DATA / "mpoprc")
        assert done.returncode == 0 and set(accounts(stopped)) == {"ivan", "olga"}
    assert "account ivan is already there" in done.stdout


def test_names_that_are_taken(stopped):
    assert stopped.cli("account", "import", DATA / "mpoprc").returncode == 0
    assert stopped.cli("account", "import", DATA / "getmailrc").returncode == 0
    assert accounts(stopped)["ivan-2"]["url"] == "imaps://imap.example.ru"


def test_another_file_is_refused(stopped, tmp_path):
    (tmp_path / "x").write_text("hello\n")
    done = stopped.cli("account", "import", tmp_path / "x")
    assert done.returncode == 1 and "neither a .fetchmailrc" in done.stderr and not accounts(stopped)
