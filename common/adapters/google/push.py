"""Push by Firebase Cloud Messaging, through firebase_admin.

Its own retries are switched off: it would send a message again whose answer was lost, and sleep for as long as a
Retry-After says, past the lease of whoever sends. Deliveries are tried again by their row alone.

A token here is an app's Firebase installation id, or a registration token, which those replace since 2026.
"""

from __future__ import annotations

import re
import secrets
import time
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from common.adapters.google.once import once
from common.ports.push import Message, Outcome

TIMEOUT_S = 10.0  # to connect, and for each silence
KEPT = timedelta(hours=6)  # for a device that is switched off
MOST_AFTER_S = 86_400.0
_INSTALLATION = re.compile(r"[A-Za-z0-9_-]{22}")  # an app's id; registration tokens, of older apps, hold a colon
_SAID = 300  # characters of what Firebase says


class FirebasePusher:
    """Implements Pusher, by one project. `address`: of a stand-in, asked without credentials."""

    left_out = None

    def __init__(self, project: str, *, address: str | None = None) -> None:
        self._project, self._address = project, address
        self._app = once(self._made)

    def send(self, token: str, message: Message) -> Outcome:
        from firebase_admin import messaging  # type: ignore[import-untyped]
        from firebase_admin.exceptions import FirebaseError  # type: ignore[import-untyped]
        from google.auth.exceptions import GoogleAuthError

        try:
            messaging.send(_message(token, message), app=self._app())
        except FirebaseError as error:
            return _outcome(error, token)
        except GoogleAuthError as error:
            return Outcome(ending="later", why=f"Google gives no credentials to push with: {_said(error, token)}")
        except (AttributeError, KeyError, TypeError, ValueError) as error:  # what it finds in an answer of nobody's
            return Outcome(ending="later", why=f"no answer of Firebase's: {_said(error, token)}")
        return Outcome(ending="sent")

    def _made(self) -> Any:
        import firebase_admin
        from firebase_admin import messaging
        from requests.adapters import HTTPAdapter

        told = {"projectId": self._project, "httpTimeout": TIMEOUT_S}
        app = firebase_admin.initialize_app(_credential(self._address is None), told, f"push-{secrets.token_hex(8)}")
        # No setting of the package says where to send, or how often; the tests hold what is reached into here.
        service = messaging._get_messaging_service(app)
        if self._address is not None:
            service._fcm_url = f"{self._address}/v1/projects/{self._project}/messages:send"
        service._client.session.mount(service._fcm_url, HTTPAdapter(max_retries=0))
        return app


def _credential(real: bool) -> Any:
    from firebase_admin import _utils, credentials

    class Nobody(credentials.Base):  # type: ignore[misc]
        def get_credential(self) -> Any:
            return _utils.EmulatorAdminCredentials()

    return credentials.ApplicationDefault() if real else Nobody()


def _message(token: str, message: Message) -> Any:
    from firebase_admin import messaging

    tag, seconds = message.tag, int(KEPT.total_seconds())
    until = {"apns-collapse-id": tag, "apns-expiration": str(int(time.time()) + seconds)}
    made = messaging.Message(
        notification=messaging.Notification(title=message.title, body=message.body),
        data=dict(message.data),
        android=messaging.AndroidConfig(
            collapse_key=tag, ttl=KEPT, notification=messaging.AndroidNotification(tag=tag)
        ),
        apns=messaging.APNSConfig(headers=until),
        webpush=messaging.WebpushConfig(
            headers={"TTL": str(seconds), "Topic": tag}, notification=messaging.WebpushNotification(tag=tag)
        ),
    )
    # Given at once, a registration token would warn that it is deprecated, which nobody here can mend.
    setattr(made, "fid" if _INSTALLATION.fullmatch(token) else "token", token)
    return made


def _outcome(error: Any, token: str) -> Outcome:
    """What an error means for the device."""
    from firebase_admin import exceptions, messaging

    said = _said(error, token)
    if isinstance(error, messaging.UnregisteredError):
        return Outcome(ending="gone", why=f"Firebase knows this device no more: {said}")
    if isinstance(error, messaging.SenderIdMismatchError):
        return Outcome(ending="refused", why=f"its token is of another Firebase project: {said}")
    if isinstance(error, messaging.ThirdPartyAuthError):
        return Outcome(ending="refused", why=f"the project's keys for Apple or for browsers are wrong: {said}")
    if isinstance(error, exceptions.InvalidArgumentError):
        return Outcome(ending="refused", why=f"Firebase does not take its token, or our message: {said}")
    if isinstance(error, exceptions.PermissionDeniedError | exceptions.UnauthenticatedError):
        return Outcome(ending="later", why=f"Firebase does not let us push (docs/push.md says what is needed): {said}")
    return Outcome(ending="later", why=f"Firebase did not take it: {said}", after_s=_after_s(error.http_response))


def _after_s(response: Any) -> float | None:
    """What Retry-After says, which is seconds or a date."""
    told = None if response is None else response.headers.get("Retry-After")
    if told is None:
        return None
    try:
        after = float(told) if told.strip().isdigit() else _until(told)
    except ValueError:
        return None
    return min(max(after, 0.0), MOST_AFTER_S)


def _until(date: str) -> float:
    at = parsedate_to_datetime(date)
    return (at.replace(tzinfo=at.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def _said(error: Exception, token: str) -> str:
    return str(error).replace(token, "…")[:_SAID]
