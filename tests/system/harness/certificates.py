"""A certificate authority of our own, made with openssl, and certificates from it, good and broken."""
import functools
import subprocess
import tempfile
import atexit
import shutil
from pathlib import Path


def openssl(*args):
    return subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, timeout=90, text=True).stdout


@functools.lru_cache
def knows_dates():
    """From OpenSSL 3.4 on, which soon after has unlearned negative days."""
    major, minor = openssl("version").split()[1].split(".")[:2]
    return (int(major), int(minor)) >= (3, 4)


class Authority:
    """ca is the path of its certificate; server() makes a certificate for 127.0.0.1 and localhost."""

    def __init__(self, folder):
        self.folder = Path(folder)
        self.ca = self.folder / "ca.pem"
        self.key = self.folder / "ca.key"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "30",
                "-subj", "/CN=Test authority", "-keyout", self.key, "-out", self.ca)

    def server(self, name="server", hosts="DNS:localhost,IP:127.0.0.1", days=30):
        """Returns (certificate, key). days below 0 make one that has expired."""
        cert, key, request = (self.folder / f"{name}.{end}" for end in ("pem", "key", "csr"))
        extensions = self.folder / f"{name}.ext"
        extensions.write_text(f"subjectAltName={hosts}\n")
        openssl("req", "-new", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        valid = ["-days", days] if days >= 0 or not knows_dates() else ["-not_before", "20200101000000Z", "-not_after", "20200201000000Z"]
        openssl("x509", "-req", "-in", request, "-CA", self.ca, "-CAkey", self.key, "-CAcreateserial",
                *valid, "-extfile", extensions, "-out", cert)
        return cert, key


@functools.lru_cache
def authority():
    """One for all tests of this process."""
    folder = tempfile.mkdtemp(prefix="lp-ca-")
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    Path(folder).chmod(0o755)
    return Authority(folder)


@functools.lru_cache
def password_hash(password):
    return openssl("passwd", "-6", password).strip()
