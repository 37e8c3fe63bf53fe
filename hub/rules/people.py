"""What a person's name and password must look like.

Owns these two rules. Pure. Whether a name is taken or a password is right, `store.users` knows.
"""

from hub.rules.recipients import ADDRESS_MAX, address_fault

EMAIL_MAX = ADDRESS_MAX
NAME_MAX = 100
PASSWORD_MIN = 10
PASSWORD_MAX = 1000
"""Argon2 reads all of it: without an end, a login would be a way to keep the hub busy."""


def name_error(name: str) -> str | None:
    """Why nobody can be called so; None when somebody can."""
    if not name.strip():
        return "is missing"
    if len(name) > NAME_MAX:
        return f"may have {NAME_MAX} characters"
    if name != name.strip() or not name.isprintable():
        return "must neither begin nor end with a space, nor hold control characters"
    return None


def email_error(email: str) -> str | None:
    """Why no mail can go there; None when it can."""
    if address_fault(email) is None:
        return None
    return "is no e-mail address such as name@example.org"


def password_error(password: str) -> str | None:
    """Why this cannot be a password; None when it can. Length is all that counts (NIST SP 800-63B
    §3.1.1.2).
    """
    if len(password) < PASSWORD_MIN:
        return f"must have at least {PASSWORD_MIN} characters"
    if len(password) > PASSWORD_MAX:
        return f"may have {PASSWORD_MAX} characters"
    return None
