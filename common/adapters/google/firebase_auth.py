"""People, by the ID tokens of Firebase Authentication.

Verified here and not by firebase_admin, which takes any forged token once FIREBASE_AUTH_EMULATOR_HOST is set. With
`users` a token counts no more once it was revoked, or its user disabled or removed; else until it expires, an hour at
most after it was made.
"""

from __future__ import annotations

import time
from collections.abc import Mapping

from common.adapters.google.certificates import FIREBASE, SKEW_S, Certificates, moment, refused
from common.errors import Permanent
from common.ports.auth import Caller, Standing

EMULATOR = "FIREBASE_AUTH_EMULATOR_HOST"
MOST_SUBJECT = 128  # characters of a user's id


class FirebaseAuth:
    """Takes ID tokens of one Firebase project."""

    def __init__(self, project: str, certificates: Certificates | None = None, users: Standing | None = None) -> None:
        self._project, self._users = project, users
        self._certificates = certificates or Certificates(FIREBASE)

    def person(self, token: str) -> Caller:
        """Raises Unauthorized, and Transient while Google's certificates, or its users, cannot be had.

        The caller has an email only where it is verified: anybody can sign up with the address of another.
        """
        claims = self._certificates.claims(token, lambda audience: audience == self._project)
        if claims.get("iss") != f"https://securetoken.google.com/{self._project}":
            raise refused(f"it is issued by {claims.get('iss')!r:.200}")
        if len(claims["sub"]) > MOST_SUBJECT:
            raise refused("its subject is too long")
        signed_in = moment(claims, "auth_time")
        if signed_in > time.time() + SKEW_S:
            raise refused("its user has yet to sign in")
        if self._users is not None:
            self._users.check(claims["sub"], signed_in)
        email = claims.get("email")
        proven = isinstance(email, str) and claims.get("email_verified") is True
        return Caller(subject=claims["sub"], email=email if proven else None, claims=claims)


def refuse_emulated_auth(environ: Mapping[str, str], local: bool) -> None:
    """Raise Permanent where the auth emulator, whose tokens anybody can forge, is set on a machine others reach."""
    if environ.get(EMULATOR) and not local:
        raise Permanent(
            f"{EMULATOR} is set, with which forged tokens pass; unset it, or run in local mode", code="auth_emulator"
        )
