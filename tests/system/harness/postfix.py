"""Postfix as the provider's smarthost: AUTH over STARTTLS and over TLS from the start, private configuration.

Postfix starts as root only (its master gives up root itself), so these tests need root or a container.
Behind it is a Sink, which shows envelope and content of what Postfix passed on.
"""
import os
import shutil
import subprocess
from pathlib import Path

from harness.certificates import authority
from harness.sink import Sink
from harness.waiting import answers, free_port, until

MAIN = """
compatibility_level = 3.6
queue_directory = {folder}/queue
data_directory = {folder}/data
command_directory = /usr/sbin
daemon_directory = {daemons}
mail_owner = postfix
setgid_group = postdrop
maillog_file = {folder}/maillog
maillog_file_prefixes = /tmp, {folder}
myhostname = smtp.example.ru
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks =
default_database_type = hash
alias_maps =
local_recipient_maps =
smtpd_tls_cert_file = {cert}
smtpd_tls_key_file = {key}
smtpd_tls_security_level = encrypt
smtpd_tls_auth_only = yes
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = {sasl}
smtpd_sasl_security_options = noanonymous
smtpd_client_restrictions =
smtpd_relay_restrictions =
smtpd_recipient_restrictions = check_recipient_access inline:{{{refused}}}, permit_sasl_authenticated, reject
smtpd_delay_reject = yes
smtpd_reject_unlisted_recipient = no
smtpd_client_connection_rate_limit = 0
smtpd_error_sleep_time = 0
message_size_limit = 20000000
default_transport = smtp:[127.0.0.1]:{sink}
relay_transport = smtp:[127.0.0.1]:{sink}
smtp_host_lookup = native
smtp_dns_support_level = disabled
disable_dns_lookups = yes
"""

MASTER = """
127.0.0.1:{port} inet n - n - - smtpd
127.0.0.1:{tls_port} inet n - n - - smtpd
  -o smtpd_tls_wrappermode=yes
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
tlsmgr unix - - n 1000? 1 tlsmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
trace unix - - n - 0 bounce
verify unix - - n - 1 verify
flush unix n - n 1000? 0 flush
proxymap unix - - n - - proxymap
proxywrite unix - - n - 1 proxymap
smtp unix - - n - - smtp
relay unix - - n - - smtp
showq unix n - n - - showq
error unix - - n - - error
retry unix - - n - - error
discard unix - - n - - discard
local unix - n n - - local
virtual unix - n n - - virtual
lmtp unix - - n - - lmtp
anvil unix - - n - 1 anvil
scache unix - - n - 1 scache
postlog unix-dgram n - n - 1 postlogd
"""

# Recipients that Postfix refuses, and how.
REFUSED = {"nobody@refused.example": "550 5.1.1 no such user here", "later@refused.example": "450 4.2.0 greylisted"}


class Postfix:
    """sasl: path of Dovecot's auth socket; users and passwords are Dovecot's. extra: more of main.cf."""

    def __init__(self, folder, sasl, extra=""):
        assert os.getuid() == 0, "Postfix's master starts as root only: run the system tests as root or in a container"
        self.folder = Path(folder) / "postfix"
        self.folder.mkdir(mode=0o755)
        self.sink = Sink()
        self.ca = authority().ca
        self.port, self.tls_port = free_port(), free_port()
        cert, key = authority().server("postfix")
        daemons = subprocess.run(["postconf", "-d", "-h", "daemon_directory"], capture_output=True, text=True,
                                 timeout=90).stdout.strip()
        refused = ", ".join(f"{{ {address} = {reply} }}" for address, reply in REFUSED.items())
        (self.folder / "main.cf").write_text(MAIN.format(folder=self.folder, daemons=daemons, cert=cert, key=key,
                                                         sasl=sasl, refused=refused, sink=self.sink.port) + extra)
        (self.folder / "master.cf").write_text(MASTER.format(port=self.port, tls_port=self.tls_port))
        for end in ("postfix-files", "dynamicmaps.cf"):
            if Path("/etc/postfix", end).exists():
                shutil.copy(Path("/etc/postfix", end), self.folder / end)
        (self.folder / "queue").mkdir(mode=0o755)
        (self.folder / "data").mkdir(mode=0o700)
        shutil.chown(self.folder / "data", "postfix")
        self.running = False

    def _control(self, verb, check=True):
        done = subprocess.run(["postfix", "-c", self.folder, verb], stdin=subprocess.DEVNULL, capture_output=True,
                              text=True, timeout=90)
        assert not check or done.returncode == 0, f"postfix {verb}: {done.stdout}{done.stderr}{self.log()}"

    def start(self):
        self._control("start")
        self.running = True
        until(lambda: answers(self.port, b"220"), 15, f"Postfix's greeting ({self.folder}/maillog)")
        return self

    def stop(self):
        if self.running:
            self._control("stop", check=False)
            self.running = False

    def close(self):
        self.stop()
        self.sink.stop()

    def log(self):
        path = self.folder / "maillog"
        return path.read_text(errors="replace") if path.exists() else "(no log)"

    def letters(self, count, seconds=15):
        """What Postfix has passed on, once there are at least this many."""
        until(lambda: len(self.sink.letters) >= count, seconds, f"{count} letters behind Postfix")
        return list(self.sink.letters)
