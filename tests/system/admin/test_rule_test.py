"""What if: rules that are not in force yet, tried on the mail of the last days; and rules that can do nothing."""
import json

import pytest

from harness.letters import letter

USERS = {"ivan": {"external_alias": "ivan@example.ru"}, "buh": {}, "anna": {}}
RULES = {"invoices": {"when": 'subject contains "счёт"', "deliver": "buh"},
         "news": {"when": 'from contains "news@"', "deliver": "anna", "stop": True}}


@pytest.fixture
def office(make_gateway, account, dovecot):
    gateway = make_gateway(users=USERS, rules=RULES, accounts={"office": account})
    dovecot.deliver("office", letter(subject="Счёт 1", charset="koi8-r", to="x@y.ru", number=1))
    dovecot.deliver("office", letter(subject="Отчёт", charset="windows-1251", to="ivan@example.ru", number=2))
    dovecot.deliver("office", letter(subject="счёт и новости", sender="news@bank.ru", to="x@y.ru", number=3))
    gateway.session()
    gateway.send("ivan@office.lan", ["anna@office.lan"], letter(subject="local счёт"))
    gateway.mailbox_when("anna", 2)
    return gateway


def rule_test(office, *words):
    done = office.cli("rule", "test", *words, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    return {entry["subject"]: (entry["was"], entry["would"]) for entry in result["differences"]}, result


def test_rules_as_they_are_change_nothing(office):
    differences, result = rule_test(office, "--all")
    assert differences == {} and result["looked_at"] == 3 and result["gone"] == 0


def test_edited_rules_tell_what_goes_elsewhere_before_they_are_saved(office, folder):
    edited = folder / "edited.conf"
    edited.write_text('[rule reports]\nwhen = subject contains "отчёт"\ndeliver = anna\nstop = yes\n'
                      '[rule invoices]\nwhen = subject begins "счёт"\ndeliver = ivan\n')
    differences, _ = rule_test(office, "--all", "--rules", edited, "--since", "1d")
    assert differences == {"Отчёт": (["ivan"], ["anna"]), "Счёт 1": (["buh"], ["ivan"]),
                           "счёт и новости": (["anna", "buh"], ["ivan"])}
    differences, _ = rule_test(office, "reports", "--rules", edited)
    assert list(differences) == ["Отчёт"]
    text = office.cli("rule", "test", "invoices", "--rules", edited).stdout
    assert "delivered to: buh" in text and "would be delivered to: ivan" in text and "rule invoices" in text
    assert "2 of 3 messages would be delivered differently" in text
    assert len(office.files("anna")) == 2 and len(office.files("buh")) == 2  # nothing was delivered


def test_what_was_collected_still_counts(office):
    office.empty("buh")
    differences, result = rule_test(office, "--all")
    assert differences == {}  # the journal tells that buh had it
    assert (result["looked_at"], result["gone"]) == (2, 1)


@pytest.mark.parametrize("words, code", [([], 2), (["invoices", "--all"], 2), (["nobody"], 1),
                                         (["--all", "--since", "soon"], 2), (["--all", "--rules", "/no/such"], 1)])
def test_bad_requests(office, words, code):
    assert office.cli("rule", "test", *words).returncode == code


def test_check_points_at_rules_that_do_nothing(make_gateway):
    office = make_gateway(start=False, users=USERS, rules={
        "a": {"when": 'subject contains "x"', "deliver": "buh", "stop": True},
        "b": {"when": 'subject contains "xy" and size > 1K', "deliver": "buh"},
        "c": {"when": 'hour > 9 and hour < 8', "deliver": "buh"}})
    done = office.cli("check")
    assert done.returncode == 0
    assert "rules.conf:7: warning: [rule b] never applies" in done.stdout
    assert "[rule c] can never match" in done.stdout
