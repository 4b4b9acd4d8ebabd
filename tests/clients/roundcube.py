"""Roundcube as Debian has it, with a configuration and a database of its own, served by PHP's built-in server."""
import os
import signal
import sqlite3
import subprocess
from pathlib import Path

from harness.waiting import accepts, free_port, until

SHARE = Path("/usr/share/roundcube")
PAGES = Path("/var/lib/roundcube/public_html")


class Roundcube:
    def __init__(self, folder, office, **settings):
        config = folder / "roundcube"
        config.mkdir()
        for name in ("logs", "temp"):
            (config / name).mkdir()
        self.settings = {
            "db_dsnw": f"sqlite:///{config}/database?mode=0640",
            "imap_host": f"127.0.0.1:{office.imap_port}",
            "smtp_host": f"127.0.0.1:{office.submission_port}",
            "mail_domain": "office.lan",
            "des_key": "0123456789abcdefghijklmn",
            "log_dir": str(config / "logs"),
            "temp_dir": str(config / "temp"),
            "skin": "elastic",
            "language": "en_US",
            "plugins": [],
            **settings,
        }
        lines = "".join(f"$config['{name}'] = {php(value)};\n" for name, value in self.settings.items())
        (config / "config.inc.php").write_text(f"<?php\n$config = [];\n{lines}")
        for name in ("defaults.inc.php", "mimetypes.php"):
            (config / name).symlink_to(f"/etc/roundcube/{name}")
        self.port, self.config = free_port(), config
        self.url = f"http://127.0.0.1:{self.port}/"
        self.log = open(folder / "php.log", "wb")
        environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "LC_ALL": "C.UTF-8", "ROUNDCUBE_CONFIG_DIR": str(config),
                       "PHP_CLI_SERVER_WORKERS": "4"}
        with sqlite3.connect(config / "database") as database:
            database.executescript((SHARE / "SQL" / "sqlite.initial.sql").read_text())
        self.process = subprocess.Popen(["php", "-S", f"127.0.0.1:{self.port}", "-t", PAGES], stdin=subprocess.DEVNULL, stdout=self.log,
                                        stderr=self.log, start_new_session=True, env=environment)
        until(lambda: accepts(self.port), 30, "PHP's server")

    def errors(self):
        log = self.config / "logs" / "errors.log"
        return log.read_text().splitlines() if log.exists() else []

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        self.process.wait(20)
        self.log.close()


def php(value):
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(php, value)) + "]"
    if isinstance(value, dict):
        return "[" + ", ".join(f"{php(key)} => {php(one)}" for key, one in value.items()) + "]"
    if isinstance(value, bool):
        return "true" if value else "false"
    return "'" + str(value).replace("\\", "\\\\").replace("'", "\\'") + "'"
