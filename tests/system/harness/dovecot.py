"""Dovecot as the provider's POP3 and IMAP server: private configuration, plain and TLS port, own certificate."""
import functools
import os
import pwd
import subprocess
import time
from pathlib import Path

from harness.certificates import authority
from harness.waiting import answers, free_port, is_alive, kill, until

# What 2.3 and 2.4 spell alike.
CONFIG = """
{versioned}
base_dir = {run}
state_dir = {run}
log_path = {folder}/dovecot.log
protocols = pop3 imap
listen = 127.0.0.1
ssl = yes
ssl_min_protocol = TLSv1.2
auth_failure_delay = 0
first_valid_uid = 1
mail_max_userip_connections = 100
default_vsz_limit = 1G
default_login_user = {login_user}
default_internal_user = {internal_user}
default_internal_group = {internal_group}
service pop3-login {{
  chroot =
  process_min_avail = 1
  {unlimited}
  inet_listener pop3 {{
    port = {port}
  }}
  inet_listener pop3s {{
    port = {tls_port}
    ssl = yes
  }}
}}
service imap-login {{
  chroot =
  {unlimited}
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = {imaps_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # Otherwise failed logins of an address delay its next ones, up to 15 seconds.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
service auth {{
  unix_listener {sasl} {{
    mode = 0666
  }}
}}
auth_mechanisms = {mechanisms}
"""

OLD = """ssl_cert = <{cert}
ssl_key = <{key}
disable_plaintext_auth = no
mail_plugins = zlib
protocol imap {{
  mail_plugins = zlib imap_zlib
}}
mail_location = maildir:{mail}/%u
pop3_uidl_format = %g
passdb {{
  driver = passwd-file
  args = scheme=PLAIN username_format=%u {folder}/passwd
}}
userdb {{
  driver = static
  args = uid={uid} gid={gid} home={mail}/%u
}}"""

# Tokens of OAuth 2.0, which the provider is asked about (RFC 7662).
OLD_TOKENS = """
passdb {{
  driver = oauth2
  mechanisms = xoauth2 oauthbearer
  args = {folder}/oauth2.conf
}}
"""

NEW_TOKENS = """
oauth2_introspection_mode = post
oauth2_introspection_url = {introspection}
oauth2_username_attribute = username
oauth2_active_attribute = active
oauth2_active_value = true
oauth2_force_introspection = yes
"""

NEW = """dovecot_config_version = 2.4.0
dovecot_storage_version = 2.4.0
ssl_server_cert_file = {cert}
ssl_server_key_file = {key}
auth_allow_cleartext = yes
mail_driver = maildir
mail_path = {mail}/%{{user}}
pop3_uidl_format = %{{guid}}
passdb passwd-file {{
  passwd_file_path = {folder}/passwd
  default_password_scheme = PLAIN
}}
userdb static {{
  fields {{
    uid = {uid}
    gid = {gid}
    home = {mail}/%{{user}}
  }}
}}"""


@functools.lru_cache
def version():
    """(2, 4)"""
    said = subprocess.run(["dovecot", "--version"], capture_output=True, text=True, timeout=90, check=True).stdout
    return tuple(int(number) for number in said.split()[0].split(".")[:2])


class Dovecot:
    """users: name -> password. Messages are bytes; deliver() puts them straight into the Maildir. introspection: where tokens are checked."""

    def __init__(self, folder, users, certificate=None, mechanisms="plain", introspection=None):
        self.folder = Path(folder) / "dovecot"
        self.mail, self.run = self.folder / "mail", self.folder / "run"
        self.sasl = self.folder / "sasl"
        self.port, self.tls_port = free_port(), free_port()
        self.imap_port, self.imaps_port = free_port(), free_port()
        self.users = dict(users)
        self.ca = authority().ca
        self.pid = None
        self.count = 0
        self.uid, self.gid = os.getuid(), os.getgid()
        login = internal = pwd.getpwuid(self.uid).pw_name
        group = "dovecot" if self.uid == 0 else str(self.gid)
        if self.uid == 0:  # Dovecot does not serve mail as root
            nobody = pwd.getpwnam("nobody")
            self.uid, self.gid = nobody.pw_uid, nobody.pw_gid
            login, internal = "dovenull", "dovecot"
        self.run.mkdir(parents=True, mode=0o755)
        self.mail.mkdir(mode=0o755)
        self._own(self.mail)
        cert, key = certificate or authority().server("dovecot")
        (self.folder / "passwd").write_text("".join(f"{u}:{p}::::::\n" for u, p in users.items()))
        values = dict(folder=self.folder, run=self.run, mail=self.mail, sasl=self.sasl, cert=cert, key=key, port=self.port,
                      tls_port=self.tls_port, imap_port=self.imap_port, imaps_port=self.imaps_port, uid=self.uid, gid=self.gid,
                      login_user=login, internal_user=internal, internal_group=group, mechanisms=mechanisms, introspection=introspection)
        is_new = version() >= (2, 4)
        (self.folder / "dovecot.conf").write_text(CONFIG.format(
            versioned=((NEW if is_new else OLD) + ((NEW_TOKENS if is_new else OLD_TOKENS) if introspection else "")).format(**values),
            unlimited="restart_request_count = unlimited" if is_new else "service_count = 0", **values))
        (self.folder / "oauth2.conf").write_text(f"introspection_mode = post\nintrospection_url = {introspection}\nusername_attribute = username\n"
                                                 "active_attribute = active\nactive_value = true\nforce_introspection = yes\n")
        for user in users:
            self._mailbox(user)

    def _own(self, path):
        if os.getuid() == 0:
            os.chown(path, self.uid, self.gid)

    def _mailbox(self, user):
        for part in ("", "tmp", "new", "cur"):
            path = self.mail / user / part
            path.mkdir(exist_ok=True)
            self._own(path)
        return self.mail / user

    def start(self):
        with open(self.folder / "output", "ab") as output:  # it keeps stdout open
            done = subprocess.run(["dovecot", "-c", self.folder / "dovecot.conf"], stdin=subprocess.DEVNULL,
                                  stdout=output, stderr=output, timeout=90)
        assert done.returncode == 0, (self.folder / "output").read_text()
        self.pid = int(until(self._pid, 15, "Dovecot's pid file"))
        until(lambda: answers(self.port, b"+OK"), 15, f"Dovecot's greeting ({self.folder}/dovecot.log)")
        return self

    def _pid(self):
        path = self.run / "master.pid"
        return path.read_text().strip() if path.exists() else ""

    def stop(self):
        if self.pid is None:
            return
        kill(self.pid, 15)
        deadline = time.monotonic() + 30
        while is_alive(self.pid) and time.monotonic() < deadline:
            time.sleep(0.02)
        kill(self.pid)
        self.pid = None

    def deliver(self, user, message, name=None):
        """Puts one message (bytes, any line ends) into the user's mailbox."""
        self.count += 1
        name = name or f"{int(time.time())}.M{self.count:06d}.provider"
        box = self._mailbox(user)
        part = box / "tmp" / name
        part.write_bytes(message)
        self._own(part)
        part.rename(box / "new" / name)

    def left(self, user):
        """Files still in the mailbox."""
        box = self.mail / user
        return sorted(path.name for part in ("new", "cur") for path in (box / part).iterdir())

    def log(self):
        return (self.folder / "dovecot.log").read_text(errors="replace")
