"""Who has used the line: the report, status and the month divide bytes and price among accounts and users, and the sums are right."""
import json
import sqlite3

from harness.letters import letter
from harness.misbehaving import MisbehavingPop3
from harness.sink import Sink
from harness.waiting import until


def total(rows, field):
    return sum(row[field] for row in rows)


def by_name(rows):
    return {row["name"]: row for row in rows}


def test_each_account_and_user_bears_what_it_has_used(make_gateway):
    provider = MisbehavingPop3([letter(number=1, body="a line of text\n" * 2000), letter(number=2, to="ivan@example.ru, maria@example.ru")])
    sink = Sink()
    office = make_gateway(users={name: {"external_alias": f"{name}@example.ru"} for name in ("ivan", "maria")},
                          accounts={"sales": {"url": f"pop3://127.0.0.1:{provider.port}", "tls": "none", "user": "x", "password": "y"}},
                          smarthosts={"default": {"url": f"smtp://127.0.0.1:{sink.port}", "tls": "none"}},
                          sections={"line": {"price_per_mb": "10", "price_per_session": "0.5"}})
    office.send("maria@office.lan", ["client@bank.ru"], letter(sender="maria@office.lan", to="client@bank.ru"))
    until(lambda: len(office.queued_files()) == 1, 30, "the queue")
    done = json.loads(office.session("--json").stdout)
    usage = done["usage"]
    users, accounts = by_name(usage["users"]), by_name(usage["accounts"])
    for rows in usage["users"], usage["accounts"]:
        assert total(rows, "received") == done["line_received"] and total(rows, "sent") == done["line_sent"]
        assert abs(total(rows, "price") - done["price"]) < 0.001
    assert (users["ivan"]["fetched"], users["maria"]["fetched"]) == (2, 1) and users["ivan"]["received"] > 10 * users["maria"]["received"] > 0
    assert (users["ivan"]["written"], users["maria"]["written"]) == (0, 1) and users["maria"]["sent"] > 0
    assert (accounts["sales"]["fetched"], accounts["sales"]["written"], accounts[""]["written"]) == (2, 0, 1)
    office.send("ivan@office.lan", ["daemon@office.lan"], "Subject: report\r\n\r\n")
    report = next(m for m in office.mailbox_when("ivan", 3) if b"The line, by user" in m)
    assert b"The line, by account" in report and b"price: " in report
    office.stop()
    office.start()
    month = office.status()["usage"]
    assert by_name(month["users"])["ivan"]["fetched"] == 2 and total(month["users"], "received") > done["line_received"]
    today, of_month = json.loads(office.cli("usage", "--json").stdout)
    days, = json.loads(office.cli("usage", "--days", "2", "--json").stdout)
    assert today["from"] == today["to"] and of_month["from"].endswith("-01") and days["to"] == today["to"]
    for usage in today, of_month, days:
        line, = usage["lines"]
        assert line["name"] == "" and line["sessions"] == 2 and line["seconds"] >= 2
        for rows in usage["users"], usage["accounts"]:
            assert total(rows, "received") == line["received"] and total(rows, "sent") == line["sent"]
            assert abs(total(rows, "price") - line["price"]) < 0.001
    said = office.cli("usage", "--month", today["to"][:7]).stdout
    assert all(word in said for word in ("LINE", "ACCOUNT", "USER", "ivan", "sales", today["to"]))
    assert "Nothing is known" in office.cli("usage", "--month", "2001-02").stdout
    assert json.loads(office.cli("usage", "--month", "2024-02", "--json").stdout)[0]["to"] == "2024-02-29"
    for wrong in (["--month", "2026-13"], ["--month", "November"], ["--days", "0"], ["--days", "61"], ["--month", "2026-11", "--days", "2"]):
        assert office.cli("usage", *wrong).returncode == 2
    provider.stop()
    sink.stop()


def test_a_day_and_its_month_are_stored_together(make_gateway):
    """Or neither: the days make up the month."""
    provider = MisbehavingPop3([letter(number=1)])
    office = make_gateway(users=["ivan"], accounts={"sales": {"url": f"pop3://127.0.0.1:{provider.port}", "tls": "none", "user": "x", "password": "y"}})

    def sessions():
        return [[line["sessions"] for line in usage["lines"]] for usage in json.loads(office.cli("usage", "--json").stdout)]

    with sqlite3.connect(office.spool / "state.db", timeout=90) as state:  # a month cannot be written
        state.execute("CREATE INDEX refuse ON value (CASE WHEN substr(key, 1, 11) = 'usage-month' THEN abs(-9223372036854775807 - (length(key) > 0)) END)")
    office.session()
    assert "event=line-use-not-stored" in office.log() and sessions() == [[], []]
    state.execute("DROP INDEX refuse")
    state.close()
    office.session()
    assert sessions() == [[1], [1]]
    provider.stop()
