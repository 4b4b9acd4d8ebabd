"""A message that nobody gets: the journal says why, also if the session dies before it has written the journal."""
import json

import pytest

from harness.killing import kill_before_the_rows
from harness.letters import letter
from harness.misbehaving import MisbehavingPop3

DROP = {"duplicates": "drop", "deliver_to": "ivan"}
CATCH_ALL = {"envelope_header": "auto"}
LISTED = {"ads": {"when": "always", "on": "listed", "delete": True}}


def box(server, **keys):
    return {"url": f"pop3://127.0.0.1:{server.port}", "tls": "none", "user": f"{server.port}@example.ru", "password": "y", **keys}


@pytest.mark.parametrize("rules, keys, place, reason", [
    ({"ads": {"when": "always", "drop": True}}, {}, "", "ads"),
    (LISTED, {}, "", "rule ads"),
    ({}, CATCH_ALL, "", "duplicate of a message that was fetched before"),
    ({}, DROP, "ivan", "the same message came through account first")])
def test_killed_between_the_record_and_the_journal(make_gateway, rules, keys, place, reason):
    message = letter(number=1, to="ivan@example.ru")
    other = b"Received: from b by c id 2; Mon, 23 Nov 2026 09:00:00 +0300\r\n" + message
    first, second = MisbehavingPop3([message]), MisbehavingPop3([other, message] if keys is CATCH_ALL else [other])
    office = make_gateway(users={"ivan": {"external_alias": "ivan@example.ru"}}, rules=rules,
                          accounts={"first": box(first, **keys), "second": box(second, **keys)})
    office.session("--account", "first")
    killed = kill_before_the_rows(office, second)
    office.session("--account", "second", code=1)
    assert killed.is_set(), "it was killed after the commit"
    office.session()
    assert second.left == []
    told = json.loads(office.cli("trace", "1.test@bank.ru", "--json").stdout)
    of_second = [message["events"] for message in told if "second" in json.dumps(message["events"])]
    events, = ([event for event in events if event["event"] in ("accepted", "dropped", "delivered")]
               for events in of_second if "dropped" in json.dumps(events))
    assert [event["event"] for event in events] == ["accepted", "dropped"], events
    assert events[1]["place"] == place and reason in events[1]["detail"], events
    first.stop()
    second.stop()
