"""Thunderbird on a screen of its own (Xvfb), with one account at the gateway, TLS both ways."""
import json
import os
import shutil
import signal
import subprocess

from harness.gateway import PASSWORD
from harness.waiting import free_port
from marionette import Marionette

PREFERENCES = {
    "mail.accountmanager.accounts": "account1,account2",
    "mail.accountmanager.defaultaccount": "account1",
    "mail.accountmanager.localfoldersserver": "server2",
    "mail.account.account1.identities": "id1",
    "mail.account.account1.server": "server1",
    "mail.account.account2.server": "server2",
    "mail.identity.id1.doBcc": False,
    "mail.identity.id1.fcc": False,
    "mail.identity.id1.smtpServer": "smtp1",
    "mail.identity.id1.valid": True,
    "mail.server.server1.check_new_mail": False,
    "mail.server.server1.login_at_startup": False,
    "mail.server.server1.leave_on_server": False,
    "mail.server.server1.name": "lanpost",
    "mail.server.server2.type": "none",
    "mail.server.server2.hostname": "Local Folders",
    "mail.server.server2.userName": "nobody",
    "mail.server.server2.name": "Local Folders",
    "mail.server.server2.directory-rel": "[ProfD]Mail/Local Folders",
    "mail.smtpservers": "smtp1",
    "mail.smtp.defaultserver": "smtp1",
    "mail.shell.checkDefaultClient": False,
    "mail.rights.version": 1,
    "mail.spotlight.firstRunDone": True,
    "mail.winsearch.firstRunDone": True,
    "mail.provider.suppress_dialog_on_startup": True,
    "mailnews.start_page.enabled": False,
    "mailnews.start_page_override.mstone": "ignore",
    "app.donation.eoy.version.viewed": 999,
    "app.update.enabled": False,
    "datareporting.policy.dataSubmissionEnabled": False,
    "datareporting.policy.dataSubmissionPolicyBypassNotification": True,
    "toolkit.telemetry.enabled": False,
    "network.connectivity-service.enabled": False,
    "network.captive-portal-service.enabled": False,
    "extensions.getAddons.cache.enabled": False,
    "mail.inappnotifications.enabled": False,
    "browser.safebrowsing.downloads.remote.enabled": False,
    "mailnews.auto_config.fetchFromISP.enabled": False,
    "services.settings.server": "data:,",
    "mail.warn_on_send_accel_key": False,
}
SECURITY = {"none": 0, "starttls": 2, "tls": 3}  # nsMsgSocketType
NORMAL_PASSWORD = 3  # nsMsgAuthMethod


def account_preferences(settings):
    """What `lanpost client-setup USER --json` tells, as Thunderbird keeps it."""
    incoming, outgoing = settings["incoming"][0], settings["outgoing"][0]
    return {
        "mail.server.server1.type": incoming["protocol"],
        "mail.server.server1.directory-rel": "[ProfD]ImapMail/gateway" if incoming["protocol"] == "imap" else "[ProfD]Mail/gateway",
        "mail.identity.id1.fullName": settings["full_name"] or settings["user"],
        "mail.identity.id1.useremail": settings["address"],
        "mail.server.server1.hostname": incoming["host"],
        "mail.server.server1.port": incoming["port"],
        "mail.server.server1.socketType": SECURITY[incoming["security"]],
        "mail.server.server1.authMethod": NORMAL_PASSWORD,
        "mail.server.server1.userName": settings["login"],
        "mail.smtpserver.smtp1.type": "smtp",
        "mail.smtpserver.smtp1.hostname": outgoing["host"],
        "mail.smtpserver.smtp1.port": outgoing["port"],
        "mail.smtpserver.smtp1.try_ssl": SECURITY[outgoing["security"]],
        "mail.smtpserver.smtp1.authMethod": NORMAL_PASSWORD,
        "mail.smtpserver.smtp1.username": settings["login"],
    }


TRUST = """
    const [host, ports, certificate, login, password] = args;
    const database = Cc["@mozilla.org/security/x509certdb;1"].getService(Ci.nsIX509CertDB);
    const overrides = Cc["@mozilla.org/security/certoverride;1"].getService(Ci.nsICertOverrideService);
    for (const port of ports)
        overrides.rememberValidityOverride(host, port, {}, database.constructX509FromBase64(certificate), false);
    for (const kind of ["mailbox", "imap", "smtp"]) {
        const info = Cc["@mozilla.org/login-manager/loginInfo;1"].createInstance(Ci.nsILoginInfo);
        info.init(`${kind}://${host}`, null, `${kind}://${host}`, login, password, "", "");
        await Services.logins.addLoginAsync(info);
    }
"""

SEND = """
    const [to, subject, text] = args;
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const fields = Cc["@mozilla.org/messengercompose/composefields;1"].createInstance(Ci.nsIMsgCompFields);
    const params = Cc["@mozilla.org/messengercompose/composeparams;1"].createInstance(Ci.nsIMsgComposeParams);
    fields.to = to;
    fields.subject = subject;
    fields.body = text;
    params.type = Ci.nsIMsgCompType.New;
    params.format = Ci.nsIMsgCompFormat.PlainText;
    params.identity = MailServices.accounts.defaultAccount.defaultIdentity;
    params.composeFields = fields;
    MailServices.compose.OpenComposeWindowWithParams(null, params);
    const sleep = ms => new Promise(go => lazySleep(go, ms));
    function lazySleep(go, ms) {
        const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
        timer.initWithCallback({ notify() { go(timer); } }, ms, Ci.nsITimer.TYPE_ONE_SHOT);
    }
    let window = null;
    for (let i = 0; i < 300 && !(window && window.gMsgCompose && window.gWindowLocked === false); i++) {
        await sleep(100);
        window = Services.wm.getMostRecentWindow("msgcompose");
    }
    await sleep(1000);
    window.goDoCommand("cmd_sendNow");
    for (let i = 0; i < 600 && !window.closed; i++)
        await sleep(100);
    if (!window.closed)
        throw new Error(`the message was not sent: ${[...Services.wm.getEnumerator(null)].map(w => w.document.title)}`);
"""

RECEIVE = """
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.accounts.find(a => a.incomingServer.type == "pop3").incomingServer;
    const inbox = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
    await new Promise((done, failed) => MailServices.pop3.GetNewMail(null, {
        OnStartRunningUrl() {},
        OnStopRunningUrl(url, status) { Components.isSuccessCode(status) ? done() : failed(new Error(`status ${status}`)); },
    }, inbox, server));
    const found = [...inbox.messages].map(header => (
        { author: header.mime2DecodedAuthor, recipients: header.mime2DecodedRecipients, subject: header.mime2DecodedSubject,
          uri: inbox.getUriForMsg(header) }));
    const { MsgHdrToMimeMessage } = ChromeUtils.importESModule("resource:///modules/gloda/MimeMessage.sys.mjs");
    for (const header of inbox.messages) {
        const message = await new Promise(done => MsgHdrToMimeMessage(header, null, (_, mime) => done(mime), true));
        found.find(one => one.uri == inbox.getUriForMsg(header)).text = message.coerceBodyToPlaintext(inbox);
    }
    return found;
"""


# Reads the Inbox, flags and moves the first message, and waits in IDLE for one more.
BY_IMAP = """
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.accounts.find(a => a.incomingServer.type == "imap").incomingServer;
    const sleep = ms => new Promise(go => {
        const timer = Cc["@mozilla.org/timer;1"].createInstance(Ci.nsITimer);
        timer.initWithCallback({ notify() { go(timer); } }, ms, Ci.nsITimer.TYPE_ONE_SHOT);
    });
    const when = async (what, condition) => {
        for (let i = 0; i < 60; i++) {
            const result = condition();
            if (result)
                return result;
            await sleep(100);
        }
        throw new Error(`never: ${what}`);
    };
    const update = folder => new Promise((done, failed) => folder.QueryInterface(Ci.nsIMsgImapMailFolder).updateFolderWithListener(null, {
        OnStartRunningUrl() {},
        OnStopRunningUrl(url, status) { Components.isSuccessCode(status) ? done() : failed(new Error(`status ${status}`)); },
    }));
    const inbox = await when("the Inbox", () => server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox));
    await update(inbox);
    const archive = await when("Archive", () => server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Archive));
    const roles = { sent: !!server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.SentMail),
        drafts: !!server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Drafts),
        trash: !!server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Trash),
        junk: !!server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Junk) };
    const all = await when("two messages", () => { const found = [...inbox.messages]; return found.length == 2 && found; });
    const first = all.find(header => header.mime2DecodedSubject == args[0]), second = all.find(header => header != first);
    inbox.markMessagesFlagged([first], true);
    await new Promise((done, failed) => MailServices.copy.copyMessages(inbox, [second], archive, true, {
        onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return ""; },
        onStopCopy(status) { Components.isSuccessCode(status) ? done() : failed(new Error(`copy ${status}`)); },
    }, null, false));
    return roles;
"""

# Deletes the message of that subject as the key Delete does: it goes to the Trash.
DELETE = """
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.accounts.find(a => a.incomingServer.type == "imap").incomingServer;
    const inbox = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
    const gone = [...inbox.messages].find(header => header.mime2DecodedSubject == args[0]);
    await new Promise((done, failed) => inbox.deleteMessages([gone], null, false, true, {
        onStartCopy() {}, onProgress() {}, setMessageKey() {}, getMessageId() { return ""; },
        onStopCopy(status) { Components.isSuccessCode(status) ? done() : failed(new Error(`delete ${status}`)); },
    }, false));
"""

# What IDLE has brought since: no command is sent.
INBOX_NOW = """
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const server = MailServices.accounts.accounts.find(a => a.incomingServer.type == "imap").incomingServer;
    const inbox = server.rootFolder.getFolderWithFlags(Ci.nsMsgFolderFlags.Inbox);
    return [...inbox.messages].map(header => header.mime2DecodedSubject);
"""

AUTOCONFIG = """
    const { JXON } = ChromeUtils.importESModule("resource:///modules/JXON.sys.mjs");
    const { readFromXML } = ChromeUtils.importESModule("resource:///modules/accountcreation/readFromXML.sys.mjs");
    const config = readFromXML(JXON.build(new DOMParser().parseFromString(args[0], "text/xml")), "test");
    const plain = ({ hostname, port, socketType, auth, username }) => ({ hostname, port, socketType, auth, username });
    return { incoming: [config.incoming, ...config.incomingAlternatives].map(plain),
             outgoing: [config.outgoing, ...config.outgoingAlternatives].map(plain) };
"""

MOBILE = """
    const { MailServices } = ChromeUtils.importESModule("resource:///modules/MailServices.sys.mjs");
    const { QRExport } = ChromeUtils.importESModule("moz-src:///comm/mail/modules/QRExport.sys.mjs");
    const account = MailServices.accounts.accounts.find(a => a.incomingServer.type == "imap");
    return QRExport.getQRData(await QRExport.getAccountData(account.key, false), 1, 1);
"""


class Thunderbird:
    def __init__(self, folder, settings):
        self.profile, self.port, self.settings = folder / "profile", free_port(), settings
        self.profile.mkdir()
        lines = {**PREFERENCES, **account_preferences(settings), "marionette.port": self.port}
        (self.profile / "user.js").write_text("".join(
            f"user_pref({json.dumps(name)}, {json.dumps(value)});\n" for name, value in lines.items()))
        self.log = open(folder / "thunderbird.log", "wb")
        self.screen = self._start_screen(folder)
        home = folder / "home"
        home.mkdir()
        self.process = subprocess.Popen(
            [shutil.which("thunderbird"), "--profile", self.profile, "--no-remote", "--marionette",
             "--remote-allow-system-access"],
            stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log, start_new_session=True,
            env={"PATH": os.environ["PATH"], "HOME": str(home), "DISPLAY": self.display, "LC_ALL": "C.UTF-8",
                 "MOZ_DISABLE_CONTENT_SANDBOX": "1"})
        try:
            self.remote = Marionette(self.port)
        except BaseException:
            self.close()
            raise

    def _start_screen(self, folder):
        read, write = os.pipe()
        screen = subprocess.Popen(["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x1024x24", "-nolisten", "tcp"],
                                  pass_fds=[write], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        os.close(write)
        with os.fdopen(read) as number:
            self.display = ":" + number.readline().strip()
        return screen

    def trust(self):
        incoming, outgoing = self.settings["incoming"][0], self.settings["outgoing"][0]
        with open(self.settings["certificate"]["file"]) as pem:
            certificate = "".join(line.strip() for line in pem if "-----" not in line)
        self.remote.run(TRUST, incoming["host"], [incoming["port"], outgoing["port"]], certificate,
                        self.settings["login"], PASSWORD)

    def send(self, to, subject, text):
        self.remote.run(SEND, to, subject, text)

    def receive(self):
        return self.remote.run(RECEIVE)

    def run_by_imap(self, subject):
        """Flags the message of that subject and moves the other one to Archive; tells which special folders it has found."""
        return self.remote.run(BY_IMAP, subject)

    def delete(self, subject):
        self.remote.run(DELETE, subject)

    def inbox_now(self):
        return self.remote.run(INBOX_NOW)

    def read_autoconfig(self, text):
        """Its own reader's view of a config-v1.1.xml."""
        return self.remote.run(AUTOCONFIG, text)

    def export_for_mobile(self):
        """What its own QR code for phones would say."""
        return self.remote.run(MOBILE)

    def close(self):
        os.killpg(self.process.pid, signal.SIGTERM)
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)
        self.screen.terminate()
        self.screen.wait(10)
        self.log.close()
