"""The servers and helpers behind the system tests: only the standard library and Debian's mail servers."""
