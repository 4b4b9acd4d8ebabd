"""Old mail leaves its mailbox and is kept: in a Maildir folder a month, or in an mbox file."""
import mailbox
import os
import re
import sqlite3
import time

from harness.letters import letter
from harness.waiting import until


def office_with_old_mail(make_gateway, **keys):
    office = make_gateway(users={"ivan": keys})
    body = "From the beginning\n>From here\n.dot\nend\n"
    for number in (1, 2, 3):
        office.send("x@y.z", ["ivan@office.lan"], letter(number=number, body=body))
    until(lambda: len(office.files("ivan")) == 3, 10, "delivery")
    old = int(time.time()) - 100 * 86400
    for path in sorted(office.files("ivan"))[:2]:  # a hundred days old, as their names say
        os.rename(path, path.with_name(re.sub(r"^\d+", str(old), path.name)))
    return office, time.strftime("%Y-%m", time.gmtime(old))


def in_folder(office, month):
    return mailbox.Maildir(office.spool / "archive" / "ivan" / month, create=False)


def test_by_hand_to_the_archive(make_gateway):
    office, month = office_with_old_mail(make_gateway)
    done = office.cli("mailbox", "archive", "ivan", "--older", "90d")
    assert done.returncode == 0, done.stderr
    assert len(office.files("ivan")) == 1 and len(in_folder(office, month)) == 2
    assert {message["Message-ID"] for message in in_folder(office, month)} < {f"<{n}.test@bank.ru>" for n in (1, 2, 3)}
    again = office.cli("mailbox", "archive", "ivan", "--older", "90d")
    assert again.returncode == 0 and len(in_folder(office, month)) == 2
    office.stop()
    office.start()
    assert len(office.files("ivan")) == 1  # and nothing comes back


def test_by_hand_to_an_mbox_file(make_gateway, folder):
    office, _ = office_with_old_mail(make_gateway)
    file = folder / "old.mbox"
    assert office.cli("mailbox", "archive", "ivan", "--older", "90d", "--mbox", file).returncode == 0
    found = list(mailbox.mbox(file, create=False))
    assert len(found) == 2 and len(office.files("ivan")) == 1
    assert found[0].get_payload() == ">From the beginning\n>>From here\n.dot\nend\n"
    assert file.stat().st_mode & 0o777 == 0o600
    assert office.cli("mailbox", "archive", "ivan", "--older", "1s", "--mbox", file).returncode == 1  # never over another
    assert len(office.files("ivan")) == 1


def test_what_expires_goes_to_the_archive(make_gateway):
    office, month = office_with_old_mail(make_gateway, expire="90d", archive="yes")
    office.session()
    assert len(office.files("ivan")) == 1 and len(in_folder(office, month)) == 2


def test_an_archive_that_cannot_be_written_keeps_the_mail(make_gateway):
    office, _ = office_with_old_mail(make_gateway, expire="90d", archive="yes")
    until((office.spool / "archive").exists, 20, "the folder that the first session makes")
    (office.spool / "archive").rmdir()
    (office.spool / "archive").write_text("in the way")
    office.session()
    assert len(office.files("ivan")) == 3


def test_nothing_expires_while_the_clock_is_in_doubt(make_gateway):
    office, _ = office_with_old_mail(make_gateway, expire="90d")
    office.session("--send-only")  # expires the two
    assert len(office.files("ivan")) == 1
    mail = office.files("ivan")[0]
    office.stop()
    # As the last session would have left it, had it run a hundred days ago, before the computer was started again.
    with sqlite3.connect(office.spool / "state.db") as state:
        state.execute("INSERT OR REPLACE INTO value VALUES ('clock', ?)", (f"{int(time.time()) - 100 * 86400} 5 0 0 before",))
    os.rename(mail, mail.with_name(re.sub(r"^\d+", str(int(time.time()) - 95 * 86400), mail.name)))
    office.start()
    office.session("--send-only")
    office.session("--send-only")
    assert len(office.files("ivan")) == 1
    assert len([message for message in office.mailbox("postmaster") if b"jumped by 100 days" in message]) == 1  # reported once
