"""The key of RFC 8410 (section 10), as any other program writes it, and what openssl signed with it."""

PRIVATE = """\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC
-----END PRIVATE KEY-----
"""
PUBLIC = """\
-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAGb9ECWmEzf6FQbrBZ9w7lshQhqowtrbLDFw4rXAxZuE=
-----END PUBLIC KEY-----
"""
SIGNED = b"DSSEv1 28 application/vnd.in-toto+json 2 {}"
SIGNATURE = "d8eT+UUnCwvNo2ZGJB+ek2W+f00qj/Cu1x+lK0DeiA4vev0Zw72qyOxjCjqc84O1Zt2UGok3ITqTr23dCNktDQ=="
"""`openssl pkeyutl -sign -rawin` of `SIGNED`, OpenSSL 3.0; Ed25519 has one signature for a key and a message."""
