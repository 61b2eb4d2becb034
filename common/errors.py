"""Every error Cutroom raises on purpose.

CutroomError                 code, HTTP status, whether trying again can help
├── BadInput                 the caller sent something unusable; says what to send instead
│   ├── TooLarge             a request of more bytes than are read
│   ├── TooSlow              a request that took too long to come
│   └── RejectedMedia        a file that cannot become clips; `code` names the reason
├── Transient                passes by itself: tried again with backoff
│   ├── Later                what others work on is not ready; says when to look again, and counts as no attempt
│   ├── TooMany              the caller comes too often; says when to come again
│   ├── Unreachable          a server somewhere else does not answer, or not in time
│   │   └── NotConnected     it could not even be sent to: nothing has left
│   └── Busy                 somebody else holds the lease; acknowledged, never retried by the transport
├── Permanent                trying again gives the same; a person can act on the text
│   ├── DeadlineExceeded     a stage ran past its timeout, or made no progress for its stall limit
│   ├── Refused              an address that somebody gave leads where we do not go, or to what we do not take
│   ├── NoSpace              the disk cannot take what the stage is about to write
│   ├── ModelMissing         a model is not on this machine; the work goes on without, and says so
│   ├── ModelRefused         a model's files are cut off, changed or not what they claim; names the file
│   ├── NotEnough            too little has been seen to say it honestly; says how much it would take
│   ├── VoteRefused          a member of the council gave what is no vote; names the member
│   ├── Unanswered           a language model answered, and not what was asked for; carries what that cost
│   ├── FeatureRefused       a number of the feature vector is none or out of its range; names the feature
│   └── ToolFailed           ffmpeg or ffprobe ended badly; carries the last lines it printed
├── PlatformSaid             a platform refuses; carries its own words, and what can be done about it
├── NotFound                 there is no such thing, or none that the caller may see
├── Forbidden                the caller is known, and may not do this
├── Unauthorized             the caller did not prove who it is; says no more, so that guessing teaches nothing
├── Stale                    what the caller wants to change is no longer what it has read
├── Conflict                 a conditional write found another version; the caller reads and decides
├── Fenced                   this attempt lost its lease; whatever it made must not be recorded
├── Cancelled                the flow was cancelled by a person
└── StateFolderBusy          another runner holds the state folder

A message is one sentence in plain words and ends in what the reader can do.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

Action = Literal["retry", "wait", "reconnect", "re-render", "stop"]  # what helps where a platform refuses


class CutroomError(Exception):
    """Something Cutroom understands went wrong."""

    code = "error"
    status = 500
    retryable = False

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class BadInput(CutroomError):
    """The caller sent something unusable."""

    code = "bad_input"
    status = 400


class TooLarge(BadInput):
    """A request of more bytes than are read."""

    code = "too_large"
    status = 413


class TooSlow(BadInput):
    """A request that took too long to come."""

    code = "too_slow"
    status = 408


class RejectedMedia(BadInput):
    """A file that cannot become clips; `code` is one of the reasons listed in docs/rejections.md."""

    code = "unreadable"
    status = 422


class Transient(CutroomError):
    """It passes by itself: the run waits and is tried again."""

    code = "transient"
    status = 503
    retryable = True


class TooMany(Transient):
    """The caller comes too often."""

    code = "too_many"
    status = 429

    def __init__(self, message: str, *, after_s: float) -> None:
        super().__init__(message)
        self.after_s = after_s


class Later(Transient):
    """What others work on is not ready. To look is no attempt: a run may look as often as it takes, up to a bound."""

    code = "later"

    def __init__(self, message: str, *, after_s: float) -> None:
        super().__init__(message)
        self.after_s = after_s


class Unreachable(Transient):
    """A server somewhere else does not answer, or not in time."""

    code = "unreachable"


class NotConnected(Unreachable):
    """Not a byte of the request has left this machine."""

    code = "not_connected"


class Busy(Transient):
    """Another worker holds the lease of this run."""

    code = "busy"
    status = 202


class Permanent(CutroomError):
    """Trying again would give the same."""

    code = "failed"
    status = 422


class DeadlineExceeded(Permanent):
    """A stage ran past its timeout or stopped making progress."""

    code = "deadline"
    status = 504


class Refused(Permanent):
    """An address that somebody gave leads where we do not go, or to what we do not take."""

    code = "address_refused"


class NoSpace(Permanent):
    """The disk cannot take what the stage is about to write."""

    code = "no_space"
    status = 507


class ModelMissing(Permanent):
    """A model is not on this machine."""

    code = "model_missing"


class ModelRefused(Permanent):
    """A model's files are not what they should be."""

    code = "model_refused"


class NotEnough(Permanent):
    """Too little has been seen to say it honestly. `have` and `need` count the same thing."""

    code = "not_enough"
    status = 409

    def __init__(self, message: str, *, have: int, need: int) -> None:
        super().__init__(message)
        self.have, self.need = have, need


class VoteRefused(Permanent):
    """A member of the council gave what is no vote."""

    code = "vote_refused"


class Unanswered(Permanent):
    """A language model answered, and the answer is of no use."""

    code = "unanswered"

    def __init__(self, message: str, *, cost_micros: int | None) -> None:
        super().__init__(message)
        self.cost_micros = cost_micros  # None: the maker did not say


class FeatureRefused(Permanent):
    """A number of the feature vector is none, or out of its range."""

    code = "feature_refused"


class ToolFailed(Permanent):
    """A media tool ended badly."""

    code = "tool_failed"


class PlatformSaid(CutroomError):
    """A platform refuses. `raw` is its answer; after `after_s` it may be asked again, where `action` is to wait.

    `anew`: what was begun there is gone, and can be begun again.
    """

    code = "platform_refused"
    status = 502

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        action: Action = "stop",
        after_s: float | None = None,
        anew: bool = False,
        raw: Mapping[str, object] | None = None,
    ) -> None:
        super().__init__(message, code=code)
        self.action, self.after_s, self.anew, self.raw = action, after_s, anew, dict(raw or {})

    @property
    def retryable(self) -> bool:  # type: ignore[override]
        return self.action in ("retry", "wait")


class NotFound(CutroomError):
    """There is no such thing, or none that the caller may see."""

    code = "not_found"
    status = 404


class Forbidden(CutroomError):
    """The caller is known, and may not do this."""

    code = "forbidden"
    status = 403


class Unauthorized(CutroomError):
    """The caller did not prove who it is."""

    code = "unauthorized"
    status = 401


class Stale(CutroomError):
    """What the caller wants to change is no longer what it has read."""

    code = "stale"
    status = 412


class Conflict(CutroomError):
    """A conditional write met another version of the document."""

    code = "conflict"
    status = 409


class Fenced(CutroomError):
    """This attempt no longer holds its run."""

    code = "fenced"
    status = 409


class Cancelled(CutroomError):
    """The flow was cancelled."""

    code = "cancelled"
    status = 409


class StateFolderBusy(CutroomError):
    """Another runner holds the state folder."""

    code = "state_folder_busy"
    status = 409
