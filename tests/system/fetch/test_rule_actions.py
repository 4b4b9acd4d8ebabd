"""What rules do with fetched mail beside delivering it: prefixes, copies, groups, forwards, replies."""
import json

import pytest

from harness.letters import added_headers, letter
from harness.sink import Sink

USERS = {"ivan": {"external_alias": "ivan@example.ru"}, "buh": {"aliases": "accounts"}, "anna": {}}


@pytest.fixture
def sink():
    server = Sink()
    yield server
    server.stop()


def office_with(make_gateway, account, sink, rules, user="branch", groups=None, **sections):
    return make_gateway(users=USERS, accounts={"office": account}, rules=rules,
                        smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}},
                        sections={**{f"group {name}": {"members": members} for name, members in (groups or {}).items()},
                                  **sections})


def test_a_prefix_stands_before_the_subject_and_nothing_else_changes(make_gateway, account, dovecot, sink):
    office = office_with(make_gateway, account, sink, {"a": {"when": "always", "deliver": "buh, ivan",
                                                             "subject_prefix": "[банк]"}})
    original = letter(subject="Счёт", charset="koi8-r")
    dovecot.deliver("office", original)
    office.session()
    message, = office.mailbox("buh")
    prefix = b" =?UTF-8?B?W9Cx0LDQvdC6XSA=?="
    assert message.count(prefix) == 1
    added_headers(message.replace(prefix, b""), original)
    assert office.mailbox("ivan") == [message]
    path, = office.files("buh")
    assert f",S={path.stat().st_size}" in path.name


def test_groups_aliases_and_copies(make_gateway, account, dovecot, sink):
    office = office_with(make_gateway, account, sink,
                         {"a": {"when": "subject contains \"desk\"", "deliver": "desk"},
                          "b": {"when": "subject contains \"copy\"", "copy": "accounts"}}, groups={"desk": "ivan, anna"})
    dovecot.deliver("office", letter(subject="to the desk", to="x@y.ru"))
    dovecot.deliver("office", letter(subject="copy", to="x@y.ru"))
    office.session()
    assert [len(office.files(user)) for user in ("ivan", "anna", "buh", "postmaster")] == [1, 1, 1, 1]
    assert b"Subject: copy" in office.mailbox("buh")[0] and b"Subject: copy" in office.mailbox("postmaster")[0]


def test_a_folder_is_made_and_found(make_gateway, account, dovecot, sink):
    office = office_with(make_gateway, account, sink, {"a": {"when": "always", "deliver": "ivan/Счета/2026, desk/Bills"}},
                         groups={"desk": "anna, buh"})
    dovecot.deliver("office", letter(subject="bill", to="ivan@example.ru"))
    office.session()
    assert [len(office.files(name)) for name in ("ivan/.&BCEERwQ1BEIEMA-.2026", "anna/.Bills", "buh/.Bills", "ivan")] == [1, 1, 1, 0]
    assert (office.spool / "mailboxes/anna/subscriptions").read_text() == "V\t2\n\nBills\n"
    shown, = json.loads(office.cli("mailbox", "show", "Ivan/Счета/2026", "--json").stdout)
    assert shown["subject"] == "bill"
    ivan, = [box for box in json.loads(office.cli("mailbox", "list", "--json").stdout) if box["user"] == "ivan"]
    assert ivan["messages"] == 1 and [folder["folder"] for folder in ivan["folders"]] == ["Счета/2026"]
    events = json.loads(office.cli("trace", "bill", "--json").stdout)[0]["events"]
    assert {event["place"] for event in events if event["event"] == "delivered"} == {"ivan/Счета/2026", "anna/Bills", "buh/Bills"}
    assert office.pop3("ivan").stat()[0] == 0
    assert json.loads(office.cli("mailbox", "purge", "ivan/Счета/2026", "--older", "1s", "--yes", "--dry-run", "--json").stdout)


def test_what_is_rejected_is_judged_by_one(make_gateway, account, dovecot, sink):
    office = office_with(make_gateway, account, sink, {"a": {"when": "spam", "reject_to": "anna"},
                                                       "b": {"when": "always", "deliver": "buh"}})
    dovecot.deliver("office", letter(extra="X-Spam-Flag: YES\n"))
    office.session()
    assert [len(office.files(user)) for user in ("ivan", "anna", "buh", "postmaster")] == [0, 1, 0, 0]


@pytest.mark.parametrize("action, sender", [("forward", ""), ("redirect", "client@bank.ru")])
def test_what_leaves_again_has_no_address_of_the_lan(make_gateway, account, dovecot, sink, action, sender):
    office = office_with(make_gateway, account, sink, {"a": {"when": "always", action: "far@away.org",
                                                             "subject_prefix": "[x]"}})
    original = letter(extra="Return-Path: <client@bank.ru>\n", to="x@y.ru")
    dovecot.deliver("office", original)
    office.session()
    sent, = sink.letters
    assert (sent.sender, sent.recipients) == (sender, ["far@away.org"])
    assert sent.header("Subject") == ["[x] hello"]
    assert sent.content.endswith(original.split(b"\r\n\r\n", 1)[1])
    assert office.files("postmaster") == []


def test_a_sender_gets_one_reply_however_often_he_writes(make_gateway, account, dovecot, sink):
    rules = {"thanks": {"when": "to contains \"orders@\"", "deliver": "buh", "reply": "Спасибо!\\nМы ответим.", "reply_days": 3}}
    office = office_with(make_gateway, account, sink, rules)
    for number in range(3):
        dovecot.deliver("office", letter(subject="Заказ", charset="koi8-r", to="orders@example.ru", number=number,
                                         extra="Return-Path: <client@bank.ru>\n"))
    office.session()
    dovecot.deliver("office", letter(to="orders@example.ru", number=4))
    office.session()
    reply, = sink.letters
    assert (reply.sender, reply.recipients) == ("", ["client@bank.ru"])
    assert reply.header("Auto-Submitted") == ["auto-replied"]
    assert reply.header("From") == ["<orders@example.ru>"]  # nobody's here, but in a domain of ours, and the login is no address
    assert reply.header("In-Reply-To") == ["<0.test@bank.ru>"]
    assert reply.header("To") == ["<client@bank.ru>"]
    assert reply.body.decode() == "Спасибо!\r\nМы ответим.\r\n"
    assert len(office.files("buh")) == 4
    trace = office.cli("trace", "0.test@bank.ru").stdout
    assert "thanks" in trace and "replied" in trace
    dovecot.deliver("office", letter(to="orders@example.ru", sender="other@bank.ru"))
    office.session()
    assert [letter.recipients for letter in sink.letters] == [["client@bank.ru"], ["other@bank.ru"]]


def test_forged_senders_make_no_flood_of_replies(make_gateway, account, dovecot, sink):
    office = office_with(make_gateway, account, sink, {"thanks": {"when": 'to contains "orders@"', "deliver": "buh", "reply": "thanks"}})

    def write(numbers):
        for number in numbers:
            dovecot.deliver("office", letter(number=number, to="orders@example.ru", extra=f"Return-Path: <c{number}@bank.ru>\n"))
        office.session()
    write(range(35))
    assert len(sink.letters) == 30 and len(office.files("buh")) == 35
    assert office.log().count("event=reply-limit") == 1
    write(range(35, 38))
    assert len(sink.letters) == 30 and len(office.files("buh")) == 38
    report, = office.mailbox_when("postmaster", 1)
    assert b"replies of rule thanks" in report and b"limit of 30 replies per hour" in report
    office.rules = {"other": {"when": "always", "deliver": "buh"}}
    office.write()
    office.cli("reload")
    office.session()
    assert len([mail for mail in office.mailbox_when("postmaster", 2) if b"replies of rule thanks" in mail]) == 2


@pytest.mark.parametrize("extra", ["Auto-Submitted: auto-generated\n", "List-Id: <news.bank.ru>\n", "Precedence: bulk\n",
                                   "Return-Path: <>\n"])
def test_no_reply_to_programs_and_lists(make_gateway, account, dovecot, sink, extra):
    office = office_with(make_gateway, account, sink, {"a": {"when": "always", "deliver": "buh", "reply": "hello"}})
    dovecot.deliver("office", letter(extra=extra))
    office.session()
    assert sink.letters == [] and len(office.files("buh")) == 1


@pytest.mark.parametrize("to, author", [
    ("ivan@example.ru", "=?UTF-8?B?0JjQstCw0L0g0J/QtdGC0YDQvtCy?= <ivan@example.ru>"),
    ("\"X, Y\" <other@elsewhere.ru>, Anna <anna@example.ru>", '"Anna \\"A\\" Smith" <anna@example.ru>'),
])
def test_a_reply_comes_from_whom_was_written_to(make_gateway, account, dovecot, sink, to, author):
    users = {"ivan": {"external_alias": "ivan@example.ru", "full_name": "Иван Петров"},
             "anna": {"external_alias": "anna@example.ru", "full_name": 'Anna "A" Smith'}}
    office = make_gateway(users=users, accounts={"office": account}, rules={"a": {"when": "always", "reply": "thanks"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}})
    dovecot.deliver("office", letter(to=to, extra="Return-Path: <client@bank.ru>\n"))
    office.session()
    reply, = sink.letters
    assert reply.header("From") == [author] and reply.sender == ""


def test_a_reply_that_was_due_when_the_gateway_died_is_sent_once(make_gateway, account, dovecot):
    away = Sink()
    away.stop()  # so that nothing is under way to it when all is killed
    rules = {"thanks": {"when": "always", "deliver": "buh", "reply": "thanks"}}
    office = office_with(make_gateway, account, away, rules)
    dovecot.deliver("office", letter())
    office.cli("session", "--no-wait")
    office.mailbox_when("buh", 1)
    office.kill_all()
    back = Sink(away.port)
    office.start()
    office.session()
    office.cli("queue", "flush")
    office.session()
    back.stop()
    assert len(back.letters) == 1 and len(office.files("buh")) == 1


def test_the_dry_run_names_every_action(make_gateway, account, sink, folder):
    office = office_with(make_gateway, account, sink,
                         {"a": {"when": "has attachment", "copy": "anna", "subject_prefix": "[file]", "reply": "thanks"},
                          "b": {"when": "body contains \"договор\"", "redirect": "far@away.org", "deliver": "desk"}},
                         groups={"desk": "ivan, buh"})
    path = folder / "letter.eml"
    path.write_bytes(letter(body="--b\n\nнаш ДОГОВОР\n--b\nContent-Type: application/pdf; name=x.pdf\n\nx\n--b--\n",
                            extra="Content-Type: multipart/mixed; boundary=b\n"))
    done = office.cli("sort", path, "--json")
    result, = json.loads(done.stdout)
    actions = {entry.get("user", entry.get("address")): entry["action"] for entry in result["recipients"]}
    assert actions == {"anna": "copy", "ivan": "deliver", "buh": "deliver", "far@away.org": "redirect"}
    assert result["subject_prefixes"] == ["[file]"]
    assert result["reply"] == {"rule": "a", "to": "client@bank.ru"}
    assert result["rules"][0]["matched"] == "x.pdf"
    assert result["rules"][1]["matched"] == "ДОГОВОР"
    text = office.cli("sort", path).stdout
    assert "copy to:  anna" in text and "reply to:  client@bank.ru" in text
