"""Debian's scanners, each from a configuration of this test: clamd with two signatures, spamd and rspamd with a rule or two."""
import imaplib
import os
import shutil
import socket
import subprocess
import time
import urllib.request

import pytest

from filter.test_scanners import TRACE, dies_again_and_again, fields, office
from harness.letters import letter
from harness.waiting import free_port, until

EICAR = "X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
NDB = "Test.Invoice-1:0:*:5649525553484552453432\n"  # VIRUSHERE42
HDB = "44d88612fea8a8f36de82e1278abb02f:68:Eicar-Test-Signature\n"
ATTACHMENT = ("MIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Transfer-Encoding: base64\n"
              "Content-Disposition: attachment; filename=invoice.com\n")


@pytest.fixture
def run(folder):
    """run(*command) starts a server, which ends with the test."""
    running = []

    def start(*command):
        if not shutil.which(command[0]):
            pytest.skip(f"{command[0]} is not installed")
        with open(folder / f"{command[0]}.out", "wb") as out:
            running.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, cwd=folder))
        return running[-1]

    yield start
    for process in running:
        process.terminate()
        process.wait(90)


def clamd(folder, run):
    (folder / "db").mkdir(exist_ok=True)
    (folder / "db/test.ndb").write_text(NDB)
    (folder / "db/test.hdb").write_text(HDB)
    (folder / "clamd.conf").write_text(f"DatabaseDirectory {folder}/db\nLocalSocket {folder}/clamd.ctl\nForeground yes\nStreamMaxLength 2M\n")
    process = run("clamd", "-c", folder / "clamd.conf")
    until((folder / "clamd.ctl").is_socket, 60, "clamd's socket")
    return process


def test_clamd(folder, make_gateway, run):
    process = clamd(folder, run)
    large = letter(number=3, body="x" * 70 + "\n" + ("y" * 70 + "\n") * 40000)
    gateway, provider = office(make_gateway, {"av": f"clamd://{folder}/clamd.ctl"},
                               [letter(number=0), letter(number=1, body="VIRUSHERE42\n"),
                                letter(number=2, extra=ATTACHMENT, body="WDVPIVAlQEFQWzRcUFpYNTQoUF4pN0NDKTd9JEVJQ0FSLVNUQU5EQVJELUFOVElWSVJVUy1URVNU\nLUZJTEUhJEgrSCo=\n"),
                                large])
    assert gateway.cli("scanner", "test", "av").returncode == 0
    gateway.session()
    status = {fields(message, "Message-ID")[0]: fields(message, "X-Virus-Status") for message in gateway.mailbox("ivan")}
    assert status == {"<0.test@bank.ru>": ["clean"], "<3.test@bank.ru>": ["not scanned"]}  # the last one is larger than clamd takes
    kept = sorted(fields(path.read_bytes(), "X-Virus-Status")[0] for path in gateway.files("_quarantine"))
    assert len(kept) == 2 and "Eicar-Test-Signature" in kept[0] and "Test.Invoice-1" in kept[1]
    process.kill()  # its connections were kept: they are replaced
    process.wait()
    (folder / "clamd.ctl").unlink(missing_ok=True)
    clamd(folder, run)
    provider.messages += [letter(number=9, body="VIRUSHERE42\n")]
    provider.uidls += ["nine"]
    gateway.session()
    assert len(gateway.files("_quarantine")) == 3
    process.wait()


@pytest.mark.skipif("LANPOST_SCANNED" not in os.environ, reason="by hand: LANPOST_SCANNED=2000")
def test_clamd_dies_again_and_again(folder, make_gateway, run):
    """As in test_scanners.py, with clamd itself, killed in mid-message every few seconds."""
    life = [clamd(folder, run)]

    def die(running):
        time.sleep(2)  # its life
        life[-1].kill()
        life[-1].wait()
        (folder / "clamd.ctl").unlink(missing_ok=True)
        life.append(clamd(folder, run))

    print(dies_again_and_again(make_gateway, f"clamd://{folder}/clamd.ctl", int(os.environ["LANPOST_SCANNED"]), die), len(life), "lives")


WORDS = "mortgage viagra lottery winner million dollars transfer urgent beneficiary inheritance deposit bank account pills discount cheap\n" * 3


def learns(gateway, name):
    """A message that is moved to Junk and then back is learned as spam, and then as ham."""
    imaplib.Commands.setdefault("MOVE", ("SELECTED",))
    client = gateway.imap("ivan")
    for source, there, said in (("INBOX", "Junk", "as spam by "), ("Junk", "INBOX", "as not spam by ")):
        client.select(source)
        status, answer = client._simple_command("MOVE", "1", there)
        assert status == "OK", answer
        until(lambda: said + name in gateway.cli("trace", "<5.test@bank.ru>").stdout, 60, said)
    client.logout()
    until(lambda: gateway.status()["learning"] == {"waiting": 0, "error": None}, 60, "no lesson that waits")


def junks(gateway, reason):
    """A message that is copied to Junk, and deleted there, waits for what the admin must do before the scanner learns."""
    gateway.session()
    client = gateway.imap("ivan")
    client.select()
    client.copy("1", "Junk")
    until(lambda: reason in str(gateway.status()["learning"]["error"]), 60, "what the admin must do")
    client.select("Junk")
    client.store("1", "+FLAGS", r"\Deleted")
    client.expunge()
    client.logout()


def test_spamd_learns(folder, make_gateway, run):
    (folder / "rules").mkdir()
    (folder / "rules/v320.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\nloadplugin Mail::SpamAssassin::Plugin::Bayes\n")
    (folder / "rules/local.cf").write_text(f"use_bayes 1\nbayes_path {folder}/rules/bayes\nbayes_file_mode 0777\nuse_learner 1\nskip_rbl_checks 1\n"
                                           "body PILLS /cheap pills/\nscore PILLS 7.5\n")
    port, told = free_port(), []

    def start(*options):
        told.append(run("spamd", "-C", folder / "rules", "--siteconfigpath", folder / "rules", "-L", "-x", "-i", "127.0.0.1", "-p", str(port), "-m", "2",
                        "-H", folder / "rules", "-s", folder / "spamd.log", *options))
        until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 60, "spamd")
    start()
    gateway, _ = office(make_gateway, {"sa": f"spamd://127.0.0.1:{port}"}, [letter(number=5, body=WORDS)])
    junks(gateway, "--allow-tell")
    told[0].terminate()
    told[0].wait(90)
    start("--allow-tell")
    until(lambda: "as spam by sa" in gateway.cli("trace", "<5.test@bank.ru>").stdout, 60, "the lesson that has waited")
    learns(gateway, "sa")


def test_spamd(folder, make_gateway, run):
    (folder / "rules").mkdir()
    (folder / "rules/v320.pre").write_text("loadplugin Mail::SpamAssassin::Plugin::Check\n")
    (folder / "rules/local.cf").write_text("use_bayes 0\nskip_rbl_checks 1\nbody PILLS /cheap pills/\nscore PILLS 7.5\n"
                                           "header HOP X-Spam-Relays-Untrusted =~ /ip=203\\.0\\.113\\.9 /\nscore HOP 0.5\n")
    port = free_port()
    run("spamd", "-C", folder / "rules", "--siteconfigpath", folder / "rules", "-L", "-x", "-i", "127.0.0.1", "-p", str(port), "-m", "2",
        "-H", folder / "rules", "-s", folder / "spamd.log")
    until(lambda: socket.socket().connect_ex(("127.0.0.1", port)) == 0, 60, "spamd")
    gateway, _ = office(make_gateway, {"sa": f"spamd://127.0.0.1:{port}"},
                        [letter(number=0), letter(number=1, body="cheap pills\n", extra=TRACE)], filters={"spam_junk": 0, "spam_quarantine": 0})
    assert gateway.cli("scanner", "test", "sa").returncode == 0
    gateway.session()
    good, bad = gateway.mailbox("ivan")
    assert fields(good, "X-Spam-Score") == ["0.0"] and float(fields(bad, "X-Spam-Score")[0]) >= 7.5
    assert "PILLS" in fields(bad, "X-Lanpost-Scan")[0]


def rspamd(folder, run, more=""):
    port, here = free_port(), folder / "rspamd"
    here.mkdir(mode=0o777)
    here.chmod(0o777)
    (here / "tld.dat").write_text("com\nru\nlan\n")  # Debian's own list takes minutes to compile
    (here / "rules.lua").write_text(
        "rspamd_config.PILLS = {callback = function(task) return tostring(task:get_content()):find('cheap pills') ~= nil end, score = 7.5}\n"
        "rspamd_config.HOP = {callback = function(task) local ip = task:get_ip(); return ip ~= nil and ip:is_valid() and "
        "tostring(ip) == '203.0.113.9' end, score = 0.5}\n")
    (here / "rspamd.conf").write_text(
        f'actions {{ reject = 15; "add header" = 6; }}\n'
        f'options {{ pidfile = "{here}/pid"; tempdir = "{here}"; url_tld = "{here}/tld.dat"; hs_cache_dir = "{here}"; disable_hyperscan = true; '
        f'filters = []; dns {{ nameserver = ["127.0.0.1:9"]; }} }}\n'
        f'logging {{ type = "file"; filename = "{here}/log"; level = "notice"; }}\n'
        f'worker "normal" {{ bind_socket = "127.0.0.1:{port}"; count = 1; }}\nlua = "{here}/rules.lua";\n{more}')
    run("rspamd", "-f", "-i", "-c", here / "rspamd.conf")

    def answers():
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{port}/ping", timeout=10).read()
        except OSError:
            return None
    until(answers, 90, "rspamd")
    return port


def test_rspamd(folder, make_gateway, run):
    port = rspamd(folder, run)
    gateway, _ = office(make_gateway, {"rs": f"rspamd://127.0.0.1:{port}"},
                        [letter(number=0), letter(number=1, body="cheap pills\n", extra=TRACE)], filters={"spam_junk": 0, "spam_quarantine": 0})
    assert gateway.cli("scanner", "test", "rs").returncode == 0
    gateway.session()
    good, bad = gateway.mailbox("ivan")
    assert fields(good, "X-Spam-Score") == ["0.0"] and fields(bad, "X-Spam-Score") == ["8.0"]
    assert "HOP" in fields(bad, "X-Lanpost-Scan")[0] and "PILLS" in fields(bad, "X-Lanpost-Scan")[0]


def test_rspamd_learns(folder, make_gateway, run):
    """By its controller; the classifier keeps its words in SQLite here, so that no redis is needed."""
    controller, here = free_port(), folder / "rspamd"
    port = rspamd(folder, run, f"""
worker "controller" {{ bind_socket = "127.0.0.1:{controller}"; count = 1; secure_ip = "127.0.0.1"; }}
classifier "bayes" {{ tokenizer {{ name = "osb"; }} backend = "sqlite3"; min_tokens = 1; min_learns = 1; cache {{ type = "sqlite3"; path = "{here}/cache"; }}
  statfile {{ symbol = "BAYES_HAM"; spam = false; path = "{here}/ham"; }} statfile {{ symbol = "BAYES_SPAM"; spam = true; path = "{here}/spam"; }} }}
""")
    gateway, _ = office(make_gateway, {"rs": f"rspamd://127.0.0.1:{port}"}, [letter(number=5, body=WORDS)], learn_url=f"rspamd://127.0.0.1:{port}")
    junks(gateway, "learn_url")
    gateway.main["scanner rs"]["learn_url"] = f"rspamd://127.0.0.1:{controller}"
    gateway.write()
    assert gateway.cli("reload").returncode == 0
    until(lambda: "as spam by rs" in gateway.cli("trace", "<5.test@bank.ru>").stdout, 60, "the lesson that has waited")
    learns(gateway, "rs")
