"""The accounts people sign in with, in Firebase Authentication, by Google's own client.

Its client sends again what met a 503 or a broken connection, so that a removal may meet itself: who is not there is
removed. It asks an emulator, without credentials, where FIREBASE_AUTH_EMULATOR_HOST is set; `connect` refuses that
wherever others reach.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any

from common.errors import Transient

TIMEOUT_S = 10.0


class FirebaseSignIns:
    """Implements SignIns, of one project."""

    def __init__(self, project: str) -> None:
        self._project = project

    def known(self, subject: str) -> bool:
        from firebase_admin import auth  # type: ignore[import-untyped]  # here: only chores need it, and it loads slowly

        with _told():
            try:
                auth.get_user(subject, self._app)
            except auth.UserNotFoundError:
                return False
        return True

    def remove(self, subject: str) -> None:
        from firebase_admin import auth

        with _told():
            try:
                auth.delete_user(subject, self._app)
            except auth.UserNotFoundError:
                return  # removed before, by us or by somebody else

    @cached_property
    def _app(self) -> Any:
        import firebase_admin

        options = {"projectId": self._project, "httpTimeout": TIMEOUT_S}
        return firebase_admin.initialize_app(options=options, name=f"cutroom-{uuid.uuid4().hex}")


@contextmanager
def _told() -> Iterator[None]:
    """With what goes wrong there as our own error: whatever it is, it is tried again."""
    from firebase_admin.exceptions import FirebaseError  # type: ignore[import-untyped]
    from google.auth.exceptions import GoogleAuthError

    try:
        yield
    except (FirebaseError, GoogleAuthError) as error:
        raise Transient(f"Firebase does not answer about an account ({error}); it is tried again") from error
