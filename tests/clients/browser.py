"""Chromium without a window, driven by WebDriver (https://www.w3.org/TR/webdriver2/) as far as the tests need it."""
import json
import os
import subprocess
import urllib.error
import urllib.request

from harness.waiting import accepts, free_port, until

ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the key of an element's id in JSON


class Browser:
    def __init__(self, folder):
        self.port = free_port()
        home = folder / "browser"
        home.mkdir()
        self.log = open(folder / "chromedriver.log", "wb")
        self.process = subprocess.Popen(
            ["chromedriver", f"--port={self.port}"], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "LC_ALL": "C.UTF-8"})
        try:
            until(lambda: accepts(self.port), 30, "chromedriver")
            arguments = ["--headless=new", "--disable-gpu", "--disable-dev-shm-usage", "--window-size=1280,1000", f"--user-data-dir={home}/profile",
                         *(["--no-sandbox"] if os.geteuid() == 0 else [])]  # root's processes cannot have Chromium's
            options = {"goog:chromeOptions": {"args": arguments}}
            self.session = None
            self.session = self.call("POST", "/session", {"capabilities": {"alwaysMatch": options}})["sessionId"]
        except BaseException:
            self.close()
            raise

    def call(self, method, path, body=None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method, headers={"Content-Type": "application/json"},
                                         data=None if body is None else json.dumps(body).encode())
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as failed:
            value = json.load(failed)["value"]
            raise LookupError(f"{method} {path}: {value['error']}: {value['message']}") from None

    def ask(self, method, path, body=None):
        return self.call(method, f"/session/{self.session}{path}", body)

    def go(self, url):
        self.ask("POST", "/url", {"url": url})

    def element(self, selector):
        """The first element of a CSS selector, once it is there and visible."""
        def look():
            try:
                found = self.ask("POST", "/element", {"using": "css selector", "value": selector})[ELEMENT]
                return found if self.ask("GET", f"/element/{found}/displayed") else None
            except LookupError:
                return None
        return until(look, 60, f"{selector} in\n{self.text()[:2000]}")

    def click(self, selector):
        self.ask("POST", f"/element/{self.element(selector)}/click", {})

    def type(self, selector, text):
        found = self.element(selector)
        self.ask("POST", f"/element/{found}/clear", {})
        self.ask("POST", f"/element/{found}/value", {"text": text})

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def text(self):
        return self.run("return document.body ? document.body.innerText : ''") or ""

    def wait(self, condition, what):
        """Until a JavaScript expression is true."""
        return until(lambda: self.run(f"return {condition}"), 60, f"{what} in\n{self.text()[:2000]}")

    def close(self):
        if self.session is not None:
            try:
                self.call("DELETE", f"/session/{self.session}")
            except (OSError, LookupError):
                pass
        self.process.terminate()
        self.process.wait(20)
        self.log.close()
