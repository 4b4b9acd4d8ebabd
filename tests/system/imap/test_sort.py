"""SORT beside Python's own sort: texts that differ late or not at all, several keys, and mail that comes and goes between two sorts."""
import random
import time

import pytest


class Mailbox:
    """What was appended, by UID."""

    def __init__(self, client):
        self.client, self.random, self.mail, self.count = client, random.Random(5256), {}, 0

    def append(self, count):
        for _ in range(count):
            self.count += 1
            subject = self.random.choice(("", "the same words, and again ", "the same words, and again", "Ёлка ", "the sam")) + self.random.choice(
                ("", "a", "ab", "12345678", "123456789", str(self.random.randrange(4))))
            sender, when = f"user{self.random.randrange(9)}", 1_700_000_000 + 60 * self.random.randrange(20)
            text = (f"From: {sender}@office.lan\r\nSubject: {self.random.choice(('', 'Re: '))}{subject}\r\n"
                    f"Date: {time.strftime('%a, %d %b %Y %H:%M:%S +0000', time.gmtime(when))}\r\n\r\n{'x' * self.random.randrange(9)}\r\n")
            assert self.client.append("INBOX", self.random.choice((None, r"(\Seen)")), None, text.encode())[0] == "OK"
            self.mail[self.count] = {"SUBJECT": subject.strip().lower().encode(), "FROM": sender, "DATE": when, "SIZE": len(text.encode())}

    def remove(self, uid):
        self.client.uid("STORE", str(uid), "+FLAGS", r"(\Deleted)")
        assert self.client.expunge()[0] == "OK"
        del self.mail[uid]

    def check(self, criteria, among="ALL"):
        """The last key first: Python's sort keeps the order of equal ones, also in reverse."""
        uids = [int(uid) for uid in self.client.uid("SEARCH", among)[1][0].split()]
        words, keys = criteria.split(), []
        while words:
            reverse = words[0] == "REVERSE"
            keys.append((words[reverse], reverse))
            del words[:1 + reverse]
        expected = uids
        for key, reverse in reversed(keys):
            expected = sorted(expected, key=lambda uid: self.mail[uid][key], reverse=reverse)
        answer = self.client.uid("SORT", f"({criteria})", "UTF-8", among)[1][0]
        assert [int(uid) for uid in answer.split()] == expected, (criteria, among)
        return len(uids)


CRITERIA = "SUBJECT", "REVERSE SUBJECT", "FROM SUBJECT", "REVERSE DATE FROM", "SIZE REVERSE SUBJECT DATE", "SUBJECT SUBJECT", "DATE"


@pytest.mark.parametrize("count", [1, 120])
def test_sort(make_gateway, count):
    office = make_gateway(users=["ivan"])
    with office.imap("ivan") as client:
        client.select()
        mailbox = Mailbox(client)
        mailbox.append(count)
        for _ in range(2):
            for criteria in CRITERIA:
                assert mailbox.check(criteria) == len(mailbox.mail)
                mailbox.check(criteria, "UNSEEN")
            mailbox.append(3)
            mailbox.check("SUBJECT", "SEEN")
            mailbox.remove(1 if 1 in mailbox.mail else max(mailbox.mail))
            mailbox.check("REVERSE SUBJECT DATE")
