"""The provider of the README's example by Debian's own servers: Dovecot is pop.example.ru and imap.example.ru, Postfix is smtp.example.ru.

real_provider.py CERTIFICATE KEY ADDRESS: runs as root in a network of its own. Says "ready", then one line for each message that was sent, and
delivers to branch@example.ru what it reads: the path of a file per line.
"""
import os
import socket
import sys
import tempfile
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "system"))

from harness.dovecot import Dovecot  # noqa: E402
from harness.postfix import Postfix  # noqa: E402

USER, PASSWORD = "branch@example.ru", "..." # as the README's example has them


def carry(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (sink, source):
        try:
            end.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass


def relay(address, port, target):
    """The customary port, on the address that the office knows."""
    def accept(server):
        while True:
            client, _ = server.accept()
            provider = socket.create_connection(("127.0.0.1", target))
            for ends in ((client, provider), (provider, client)):
                threading.Thread(target=carry, args=ends, daemon=True).start()
    threading.Thread(target=accept, args=(socket.create_server((address, port)),), daemon=True).start()


def report(postfix):
    told = 0
    while True:
        for letter in postfix.sink.letters[told:]:
            print(f"sent by {letter.sender} to {' '.join(letter.recipients)}", flush=True)
            told += 1
        time.sleep(0.05)


def main():
    certificate, address = sys.argv[1:3], sys.argv[3]
    with tempfile.TemporaryDirectory(prefix="lanpost-provider-") as folder:
        os.chmod(folder, 0o755)
        dovecot = Dovecot(folder, {USER: PASSWORD}, certificate).start()
        postfix = Postfix(folder, dovecot.sasl, "".join(f"smtpd_tls_{name}_file = {path}\n" for name, path in zip(("cert", "key"), certificate))).start()
        try:
            for port, target in ((995, dovecot.tls_port), (993, dovecot.imaps_port), (465, postfix.tls_port)):
                relay(address, port, target)
            threading.Thread(target=report, args=(postfix,), daemon=True).start()
            print("ready", flush=True)
            for path in sys.stdin:
                dovecot.deliver(USER, Path(path.strip()).read_bytes())
                print("delivered", flush=True)
        finally:
            postfix.close()
            dovecot.stop()


main()
