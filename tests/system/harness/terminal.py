"""A terminal of its own (tmux) with lanpost's screens in it: keys in, cells out."""
import fcntl
import os
import struct
import subprocess
import tempfile
import termios
import time
from pathlib import Path

from harness.gateway import BUILD, environment
from harness.waiting import PATIENCE, until


class Terminal:
    def __init__(self, *args, width=80, height=24, language="en", term="tmux-256color", env=None, prefix=()):
        self.folder = tempfile.TemporaryDirectory(prefix="lp-tmux-", dir="/tmp")
        self.socket = Path(self.folder.name) / "s"
        self.code = Path(self.folder.name) / "code"
        settings = Path(self.folder.name) / "tmux.conf"
        settings.write_text(f"set -g default-terminal {term}\nset -g escape-time 10\n"
                            "set -g status off\nset -g mouse off\n")
        self.tmux("-f", settings, "new-session", "-d", "-x", width, "-y", height,
                  "sh", "-c", f'"$0" "$@"; echo $? > {self.code}.new; mv {self.code}.new {self.code}; sleep 60',
                  *prefix, BUILD / "lanpost", *args, env={**environment(language), **(env or {})})

    def tmux(self, *args, env=None):
        done = subprocess.run(["tmux", "-u", "-S", self.socket, *map(str, args)], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE, env=env or environment())
        assert done.returncode == 0, done.stderr
        return done.stdout

    def screen(self, *options):
        return self.tmux("capture-pane", "-p", *options)

    def lines(self):
        return self.screen().split("\n")

    def wait(self, *texts, without=(), seconds=20):
        """Until all these texts are to be seen (and none of `without`); returns the screen."""
        seen = ""

        def is_there():
            nonlocal seen
            seen = self.screen()
            return all(text in seen for text in texts) and not any(text in seen for text in without)

        try:
            until(is_there, seconds, f"{texts} on the screen")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{seen}") from None
        return seen

    def keys(self, *names):
        """Keys by tmux's names: "F5", "Enter", "a"."""
        for name in names:
            self.tmux("send-keys", name)
            if name == "Escape":
                self._stand_alone()
        return self

    def bytes(self, *codes):
        """What a terminal sends for one key, as numbers."""
        self.tmux("send-keys", "-H", *(f"{code:02x}" for code in codes))
        return self

    def _stand_alone(self):
        """An Esc by hand: taken, and nothing behind it for the time in which a terminal ends a sequence."""
        tty = os.open(self.tmux("display-message", "-p", "#{pane_tty}").strip(), os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        try:
            until(lambda: struct.unpack("i", fcntl.ioctl(tty, termios.FIONREAD, b"\0" * 4))[0] == 0, what="Esc to be read")
        finally:
            os.close(tty)
        time.sleep(0.1)

    def type(self, text):
        self.tmux("send-keys", "-l", "--", text)
        return self

    def click(self, line, column):
        """A press of the left button and its release, in the form that terminfo has for tmux."""
        for button in (0, 3):
            self.type("\033[M" + "".join(chr(32 + number) for number in (button, column + 1, line + 1)))

    def click_on(self, text):
        for number, line in enumerate(self.lines()):
            if text in line:
                self.click(number, line.index(text))
                return self
        raise AssertionError(f"{text!r} is not on the screen:\n{self.screen()}")

    def resize(self, width, height):
        self.tmux("resize-window", "-x", width, "-y", height)

    def wait_end(self, code=0):
        """Until the program has ended with this exit code."""
        try:
            until(self.code.exists, 10, "the screens to close")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{self.screen()}") from None
        assert self.code.read_text().strip() == str(code), self.screen()

    def close(self):
        try:
            self.tmux("kill-server")
        finally:
            self.folder.cleanup()
