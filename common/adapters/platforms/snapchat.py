"""Snapchat Spotlight by the Public Profile API, which Snap opens to apps on its list only: behind the switch `Site.on`.

The file is encrypted with a key of its own (AES-256-CBC), sent in parts, and posted by one request: that is the commit.
What became of that is read among the profile's Spotlights by the media that was kept, where Snap says which it is.

Not verified, since nobody without a place on Snap's list can: the exact path of Spotlight (`/spotlights`), whether a
list of Spotlights names their media, that a part may be sent again, what an answer holds, and which figures there are.
The steps, the encryption, 35 parts of at most 32 MB and 24 hours that media lasts are from Snap's documents of 2026.
"""

from __future__ import annotations

import base64
import os
import time
from collections.abc import Sequence
from datetime import datetime
from io import SEEK_END, BytesIO
from typing import Final
from urllib.parse import quote

from common.adapters.platforms import answer, signing
from common.adapters.platforms.going import going
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import SEND_S, Json, Reply, Web, after
from common.domain.publication import Account, Metrics, Network, Post
from common.errors import Action, Permanent, PlatformSaid, Unreachable
from common.ports.platforms import Absent, App, Finished, Found, Job, Measured, Posted, Ready, Tokens, Wait

NAME: Final = "Snapchat"
API: Final = "https://businessapi.snapchat.com"
SIGN_IN: Final = "https://accounts.snapchat.com"
VERSION: Final = "v1"  # as of 2026-11
SCOPE: Final = "snapchat-profile-api"
SPLIT: Final = 16 << 20  # bytes of a part: below 32 MB with what a form adds, and 35 of them hold the 500 MB it takes
MOST_PARTS: Final = 35
READ: Final = 1 << 20  # bytes that are read and encrypted at once
BLOCK: Final = 16  # bytes of AES
LASTS_S: Final = 23 * 3600  # of the 24 hours that media can be posted
COMMIT_S: Final = 30.0
PAGES: Final = 5  # of a profile's Spotlights that are looked through
LOCALE: Final = "en_US"  # Snap wants one, and a post does not say its own
OFF: Final = (
    "Snapchat lets only apps on its list post: ask Snap for a place on the list of its Public Profile API, then switch "
    "Snapchat on in the settings"
)


class Snapchat:
    """Implements Platform. Where it is not switched on each method raises Permanent."""

    network: Network = "snapchat"
    kinds: Sequence[str] = ("snapchat_spotlight",)
    shows_later = False

    def __init__(self, site: Site) -> None:
        self._on, self._host, self._own = site.on, site.at(API), site.at(SIGN_IN)
        self._version = site.version or VERSION
        self._web = Web(name=NAME, judge=_refused)

    def price_micros(self, post: Post) -> int:
        self._allowed()
        return 0

    def advance(self, job: Job) -> Ready | Wait:
        self._allowed()
        job = going(job)
        if job.post.visibility != "public":
            raise PlatformSaid(
                "Spotlight shows a post to everybody; make it public, or leave it out", code="visibility"
            )
        if "media" not in job.kept or time.time() - float(job.kept["begun"]) > LASTS_S:
            self._begin(job)
        last = count_of(job.video.size)
        while (part := int(job.kept["parts"]) + 1) <= last:
            if job.spent():
                return Wait(after_s=0)
            content, chain = self._encrypted(job, part, part == last)
            with content:  # closed, its bytes are let go of at once
                file = {"file": (f"{part}.bin", content, "application/octet-stream")}
                self._sent("POST", job.kept["add"], job, form={"action": "ADD", "part_number": part}, files=file)
            job.keep("container", parts=part, chain=chain)
        if not job.kept["whole"]:
            self._sent("POST", job.kept["finalize"], job, files={"action": (None, "FINALIZE")})
            job.keep("uploaded", whole=True)
        return Ready()

    def commit(self, job: Job) -> Posted:
        self._allowed()
        told = self._sent(
            "POST",
            self._of(job.account, "/spotlights"),
            job,
            body={
                "media_id": job.kept["media"],
                "description": job.post.body,
                "locale": LOCALE,
                "skip_save_to_profile": False,
            },
            timeout_s=COMMIT_S,
        )
        return Posted(id=_spotlight(told), raw=told)

    def find(self, job: Job) -> Found:
        self._allowed()
        path = self._of(job.account, "/spotlights")
        for _ in range(PAGES):
            told = self._sent("GET", path, job)
            for one in answer.items(told, "spotlights"):
                one = answer.at(one, "spotlight") or one
                if job.kept["media"] in (answer.text(one, "media_id"), answer.text(one, "snap_media_id")):
                    return Posted(id=answer.text(one, "id"), raw=one)
            path = answer.text(told, "paging", "next_link") or ""
            if not path:
                break
        return Absent()

    def finish(self, job: Job, posted: str | None) -> Finished:
        self._allowed()
        left = [("cover", "Spotlight shows a moment of the video, and takes no picture")] if job.cover else []
        left += [("captions", "Spotlight takes no file of captions")] if job.captions else []
        left += [("link", "Spotlight takes no link")] if job.post.link else []
        said = (("that it was made by AI", job.post.ai_made), ("a paid partnership", job.post.paid_partnership))
        left += [(what, "Snapchat has no field for it; say it in the text") for what, told in said if told]
        left += [("address", "Snapchat tells no address of a Spotlight")]
        return Finished(left_out=tuple(left))

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        self._allowed()
        path = self._of(
            account, f"/spotlights/{quote(posted, safe='')}/stats?granularity=LIFETIME&fields=SPOTLIGHT_VIEWS"
        )
        told = _good(self._web.ask("GET", self._theirs(path), token=token))
        stats = answer.at(told, "lifetime_stats", 0, "lifetime_stat", "stats")
        metrics = Metrics(views=answer.whole(stats, "SPOTLIGHT_VIEWS"))
        return Measured(metrics=metrics, view="SPOTLIGHT_VIEWS, as Snapchat counts them", raw=told)

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        self._allowed()
        return signing.address(
            f"{self._own}/login/oauth2/authorize",
            response_type="code",
            client_id=app.id,
            redirect_uri=redirect,
            scope=SCOPE,
            state=state,
            code_challenge=challenge,
            code_challenge_method="S256",
        )

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        how = {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect, "code_verifier": verifier}
        return self._tokens(app, how)

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        return self._tokens(app, {"grant_type": "refresh_token", "refresh_token": tokens.refresh or ""}, tokens)

    def revoke(self, app: App, tokens: Tokens) -> None:
        self._allowed()
        form = {"client_id": app.id, "client_secret": app.secret, "token": tokens.refresh or tokens.access}
        self._web.ask("POST", f"{self._own}/accounts/oauth2/revoke", form=form)

    def accounts(self, token: str) -> Sequence[Account]:
        self._allowed()
        told = _good(self._web.ask("GET", self._theirs(f"/{self._version}/public_profiles/my_profile"), token=token))
        profile = answer.at(told, "public_profile")
        handle = answer.text(profile, "snap_user_name")
        name = answer.text(profile, "display_name") or handle or "Snapchat profile"
        return [Account(id=answer.needed(NAME, profile, "id"), name=name, handle=handle, visibilities=("public",))]

    def linked(self, token: str, account: str) -> None:
        """Nothing is to be set up."""
        self._allowed()

    def _allowed(self) -> None:
        if not self._on:
            raise Permanent(OFF, code="snapchat_off")

    def _begin(self, job: Job) -> None:
        """Ask for media, with a new key. That it was asked for twice harms nothing: nobody sees media."""
        if count_of(job.video.size) > MOST_PARTS:
            text = f"Snapchat takes files of at most {MOST_PARTS * SPLIT} bytes; make it smaller"
            raise PlatformSaid(text, code="too_large", action="re-render")
        key, chain = os.urandom(32), os.urandom(BLOCK)
        wanted = {"type": "VIDEO", "name": job.id, "key": _text(key), "iv": _text(chain)}
        told = self._sent("POST", self._of(job.account, "/media"), job, body=wanted)
        media, add, finalize = (answer.needed(NAME, told, name) for name in ("media_id", "add_path", "finalize_path"))
        for path in (add, finalize):
            self._theirs(path)
        begun = {"media": media, "add": add, "finalize": finalize, "key": _text(key), "chain": _text(chain)}
        job.keep("container", **begun, parts=0, whole=False, begun=time.time())

    def _encrypted(self, job: Job, part: int, last: bool) -> tuple[BytesIO, str]:
        """One part, and its last block: from that the chain goes on, so that nothing is encrypted twice."""
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
        from cryptography.hazmat.primitives.padding import PKCS7

        key, chain = (base64.b64decode(job.kept[name]) for name in ("key", "chain"))
        cipher = Cipher(algorithms.AES(key), modes.CBC(chain)).encryptor()
        start, made = (part - 1) * SPLIT, BytesIO()
        end = min(part * SPLIT, job.video.size)
        for at in range(start, end, READ):
            plain = job.read(job.video.object, at, min(READ, end - at))
            if at + len(plain) == job.video.size and last:
                padder = PKCS7(BLOCK * 8).padder()
                plain = padder.update(plain) + padder.finalize()
            made.write(cipher.update(plain))
        if start == end:  # the file ends with the part before: only its padding is left
            made.write(cipher.update(bytes([BLOCK]) * BLOCK))
        made.write(cipher.finalize())
        made.seek(-BLOCK, SEEK_END)
        last_block = _text(made.read())
        made.seek(0)
        return made, last_block

    def _of(self, account: str, path: str) -> str:
        return f"/{self._version}/public_profiles/{quote(account, safe='')}{path}"

    def _theirs(self, path: str) -> str:
        """A path of Snap's, or an address that it gave: the token goes to no other host. Raises PlatformSaid."""
        address = f"{self._host}{path}" if path.startswith("/") else path
        return self._web.theirs(address, self._host)

    def _sent(
        self,
        method: str,
        path: str,
        job: Job,
        *,
        body: Json | None = None,
        form: Json | None = None,
        files: Json | None = None,
        timeout_s: float = SEND_S,
    ) -> Json:
        address = self._theirs(path)
        return _good(
            self._web.ask(method, address, token=job.token, body=body, form=form, files=files, timeout_s=timeout_s)
        )

    def _tokens(self, app: App, how: dict[str, str], before: Tokens | None = None) -> Tokens:
        self._allowed()
        form = {"client_id": app.id, "client_secret": app.secret, **how}
        told = self._web.ask("POST", f"{self._own}/login/oauth2/access_token", form=form).json
        return signing.tokens(told, before)


def count_of(size: int) -> int:
    """Parts of a file once it is encrypted: padding makes it at least a byte longer."""
    return (size // BLOCK * BLOCK + BLOCK + SPLIT - 1) // SPLIT


def _text(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _spotlight(told: Json) -> str | None:
    """The id of what was posted, wherever it stands."""
    return answer.text(told, "spotlight_id") or answer.text(told, "spotlights", 0, "spotlight", "id")


def _good(reply: Reply) -> Json:
    """Snap says what it refuses in answers of 200, too."""
    told = reply.json
    if answer.text(told, "request_status") != "SUCCESS":
        raise _refused(reply)
    return told


def _refused(reply: Reply) -> Exception:
    raw = reply.raw
    code = answer.text(raw, "error_code") or answer.text(raw, "error") or str(reply.status)
    words = answer.text(raw, "display_message") or answer.text(raw, "debug_message")
    words = words or answer.text(raw, "error_description") or f"Snapchat answers {reply.status}"
    action: Action = "stop"
    after_s = after(reply, 60.0)
    if code == "MEDIA_POSTING_ALREADY_IN_PROGRESS":  # by a request whose answer was lost
        return Unreachable(f"{words}; it is looked at again")
    if reply.status == 401 or code in ("invalid_grant", "AUTHORIZATION_PERMISSION_DENIED"):
        action = "reconnect"
    elif reply.status == 429:
        action = "wait"
    elif code == "MEDIA_PROCESSING":
        action, after_s = "wait", after(reply, 15.0)
    elif code == "MEDIA_EXPIRED":
        action = "retry"
    elif code.startswith("MEDIA_"):
        action = "re-render"
    return PlatformSaid(words, code=code, action=action, after_s=after_s, anew=action == "retry", raw=raw)
