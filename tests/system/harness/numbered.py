"""Messages that carry a number: which of them arrived, and how often."""
import collections
import re


def numbers(messages):
    return collections.Counter(int(re.search(rb"Message-ID: <(\d+)\.test@", message).group(1)) for message in messages)


def in_mailbox(gateway, user):
    """Numbers of all messages; a file may be renamed or removed while we look only if the gateway runs."""
    return numbers(path.read_bytes()[:4096] for path in gateway.files(user))
