"""Programs that fetch: getmail, fetchmail, mpop and Perl's Net::POP3, with TLS where they can; Net::SMTP sends."""
import json
import os
import shutil
import subprocess

import pytest

from harness.gateway import PASSWORD
from harness.letters import letter

LETTERS = [letter(subject=f"n{n}", body=".dot\n..dots\nFrom here\n" + "long " * 300 + "\n", number=n) for n in range(3)]


@pytest.fixture
def office(make_gateway):
    office = make_gateway(users=["ivan", "anna"])
    for content in LETTERS:
        office.send("anna@office.lan", ["ivan@office.lan"], content)
    office.mailbox_when("ivan", 3)
    return office


@pytest.fixture
def run(folder):
    def run(*command, stdin=b""):
        done = subprocess.run([str(word) for word in command], input=stdin, capture_output=True, timeout=90,
                              env={"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8"})
        assert done.returncode == 0, (done.stdout + done.stderr).decode(errors="replace")
        return done.stdout
    return run


def needs(program):
    return pytest.mark.skipif(not shutil.which(program), reason=f"{program} is not installed")


def private(path, text):
    path.write_text(text)
    path.chmod(0o600)
    return path


def fetched_all(office, messages):
    """What a program wrote, less what it put on top or changed in line ends."""
    assert len(messages) == 3
    for content, original in zip(messages, LETTERS):
        assert content.replace(b"\r\n", b"\n").endswith(original.replace(b"\r\n", b"\n"))
    assert office.files("ivan") == []


def by_subject(messages):
    return sorted(messages, key=lambda one: one[one.index(b"Subject: n"):])


@needs("getmail")
@pytest.mark.parametrize("tls", [False, True])
def test_getmail(office, folder, run, tls):
    (folder / "got").mkdir()
    private(folder / "keep", f"#!/bin/sh\ncat > {folder}/got/$$\n").chmod(0o700)
    retriever = "SimplePOP3SSLRetriever" if tls else "SimplePOP3Retriever"
    trust = f"ca_certs = {office.spool}/tls/cert.pem\n" if tls else ""
    private(folder / "getmailrc", f"[retriever]\ntype = {retriever}\nserver = 127.0.0.1\n"
            f"port = {office.pop3s_port if tls else office.pop3_port}\nusername = ivan\npassword = {PASSWORD}\n{trust}"
            f"[destination]\ntype = MDA_external\npath = {folder}/keep\nunixfrom = false\nallow_root_commands = true\n"
            "[options]\ndelete = true\ndelivered_to = false\nreceived = false\nverbose = 0\n")
    run("getmail", f"--getmaildir={folder}", "--rcfile=getmailrc")
    fetched_all(office, by_subject(path.read_bytes() for path in (folder / "got").iterdir()))


@needs("fetchmail")
@pytest.mark.parametrize("tls", ["none", "stls", "tls"])
def test_fetchmail(office, folder, run, tls):
    (folder / "got").mkdir()
    private(folder / "keep", f"#!/bin/sh\ncat > {folder}/got/$$\n").chmod(0o700)
    port = office.pop3s_port if tls == "tls" else office.pop3_port
    ssl = {"none": 'sslproto ""', "stls": 'sslproto "TLS1.2+" no sslcertck', "tls": "ssl no sslcertck"}[tls]
    private(folder / "fetchmailrc", f'poll 127.0.0.1 protocol pop3 port {port} username ivan password "{PASSWORD}" {ssl} '
            f'mda "{folder}/keep" no rewrite\n')
    run("fetchmail", "-f", folder / "fetchmailrc", "--pidfile", folder / "pid", "--invisible")
    fetched_all(office, by_subject(path.read_bytes() for path in (folder / "got").iterdir()))


@needs("mpop")
@pytest.mark.parametrize("tls", ["none", "stls", "tls"])
def test_mpop_by_the_fingerprint_that_client_setup_tells(office, folder, run, tls):
    for part in ("tmp", "new", "cur"):
        (folder / "box" / part).mkdir(parents=True)
    fingerprint = json.loads(office.cli("client-setup", "ivan", "--json").stdout)["certificate"]["sha256"]
    trust = {"none": "tls off", "stls": f"tls on\ntls_starttls on\ntls_fingerprint {fingerprint}",
             "tls": f"tls on\ntls_starttls off\ntls_fingerprint {fingerprint}"}[tls]
    port = office.pop3s_port if tls == "tls" else office.pop3_port
    private(folder / "mpoprc", f"account gateway\nhost 127.0.0.1\nport {port}\nuser ivan\npassword {PASSWORD}\nauth user\n"
            f"{trust}\nkeep off\nuidls_file {folder}/uidls\nreceived_header off\ndelivery maildir {folder}/box\n")
    run("mpop", "-C", folder / "mpoprc", "gateway")
    fetched_all(office, by_subject(path.read_bytes() for path in (folder / "box" / "new").iterdir()))


NET_POP3 = """
use Net::POP3; use strict;
my ($port, $password) = @ARGV;
my $pop = Net::POP3->new('127.0.0.1', Port => $port, Timeout => 30) or die "connect";
my $count = $pop->login('ivan', $password); die "login: " . $pop->message unless $count == 3;
my $sizes = $pop->list; my $ids = $pop->uidl; die "uidl" unless 3 == keys %$ids;
for my $number (sort keys %$sizes) {
    my $text = join '', @{$pop->get($number)};
    die "size of $number" unless length($text) + ($text =~ tr/\\n//) == $sizes->{$number};
    print $text, "\\0";
    die "top" unless @{$pop->top($number, 1)} > 3;
    $pop->delete($number) or die "delete";
}
$pop->quit or die "quit";
"""

NET_SMTP = """
use Net::SMTP; use strict;
my ($port) = @ARGV;
my $smtp = Net::SMTP->new('127.0.0.1', Port => $port, Hello => 'pc.office.lan', Timeout => 30) or die "connect";
die "no SIZE" unless $smtp->supports('SIZE'); die "no DSN" unless defined $smtp->supports('DSN');
$smtp->mail('anna@office.lan', Return => 'HDRS', Envelope => 'a+b') or die $smtp->message;
my @good = $smtp->recipient('ivan@office.lan', 'nobody@office.lan', { Notify => ['FAILURE', 'DELAY'], SkipBad => 1 });
die "taken: @good" unless "@good" eq 'ivan@office.lan';
$smtp->data("Subject: n9\\n\\n.dot\\n") or die $smtp->message;
$smtp->quit or die "quit";
"""


@needs("perl")
def test_perl_reads(office, run):
    output = run("perl", "-e", NET_POP3, office.pop3_port, PASSWORD)
    fetched_all(office, by_subject(output.split(b"\0")[:-1]))


@needs("perl")
def test_perl_sends(office, run):
    run("perl", "-e", NET_SMTP, office.smtp_port)
    assert office.mailbox_when("ivan", 4)[3].endswith(b"\r\nSubject: n9\r\n\r\n.dot\r\n")
