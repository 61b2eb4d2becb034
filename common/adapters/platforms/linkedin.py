"""LinkedIn by its Videos and Posts APIs, for members and for the pages they look after (facts of November 2026).

A file goes in the parts LinkedIn names, each with an ETag that is kept, and becomes a video that nobody sees; the post
that shows it is the commit. What became of it is read among the author's posts by that video, and never by the newest.
To read a member's posts LinkedIn lets hardly any app: there a lost answer stays unknown until a person looks.

`Site.on` says that the app has the Community Management product: without it the scopes for pages and for figures are
not asked for, since LinkedIn refuses the whole sign-in then. Its sign-in for the web knows no PKCE.
"""

from __future__ import annotations

import base64
import json
import re
import time
import zlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from common.adapters.platforms import answer, linkedin_insights, signing
from common.adapters.platforms.going import going
from common.adapters.platforms.site import Site
from common.adapters.platforms.web import PART, SEND_S, Json, Reply, Web, after
from common.domain.publication import Account, Network, Post
from common.errors import Action, PlatformSaid, Unreachable
from common.ports.platforms import Absent, App, Finished, Found, Job, Measured, Posted, Ready, Tokens, Wait

NAME: Final = "LinkedIn"
API: Final = "https://api.linkedin.com"
SIGN_IN: Final = "https://www.linkedin.com"
VERSION: Final = "202605"  # the newest whose documents were read, 2026-11; each is gone after about a year
SCOPES: Final = ("openid", "profile", "w_member_social")
MORE_SCOPES: Final = (
    "w_organization_social",
    "r_organization_social",
    "rw_organization_admin",
    "r_member_postAnalytics",
)
ROLES: Final = ("ADMINISTRATOR", "CONTENT_ADMINISTRATOR", "CONTENT_ADMIN")  # who may post for a page
RESERVED: Final = re.compile(r"[\\|{}@\[\]()<>#*_~]")  # of LinkedIn's little text format
LONGEST: Final = 3000  # characters of a text
LARGEST_PART: Final = 64 << 20  # bytes
MOST_KEPT: Final = 40_000  # characters that the addresses of the parts may take, packed
SOON_S: Final = 300.0  # before their end, in which the addresses of parts are not used any more
COMMIT_S: Final = 30.0
PAGES: Final = 5  # of an author's posts that are looked through, of 100 each
ADVICE: Final = {
    "NONEXISTENT_VERSION": "set a newer version of LinkedIn's API in the settings",
    "DUPLICATE_POST": "the account has posted this text; change it",
}


class LinkedIn:
    """Implements Platform."""

    network: Network = "linkedin"
    kinds: Sequence[str] = ("linkedin",)
    shows_later = False

    def __init__(self, site: Site) -> None:
        self._api, self._own = site.at(API), site.at(SIGN_IN)
        self._scopes = SCOPES + MORE_SCOPES if site.on else SCOPES
        self._headers = {"LinkedIn-Version": site.version or VERSION, "X-Restli-Protocol-Version": "2.0.0"}
        self._web = Web(name=NAME, judge=_refused)
        self._upload = Web(name=NAME, judge=_turned_away, hosts=("linkedin.com",))

    def price_micros(self, post: Post) -> int:
        return 0

    def advance(self, job: Job) -> Ready | Wait:
        job = going(job)
        if job.post.visibility != "public":
            raise PlatformSaid("LinkedIn shows a post to everybody; make it public, or leave it out", code="visibility")
        if job.kept.get("available"):
            return Ready()
        if "video" not in job.kept or self._late(job):
            self._begin(job)
        parts = _unpacked(job.kept["parts"])
        while parts:
            if job.spent():
                return Wait(after_s=0)
            etag = self._put(job, *parts.pop(0))
            step = "container" if parts else "uploaded"
            job.keep(step, parts=_packed(parts), etags=[*job.kept["etags"], etag])
        return self._processed(job)

    def commit(self, job: Job) -> Posted:
        post = job.post
        media = {"id": job.kept["video"], **({"title": post.title} if post.title else {})}
        body = {
            "author": job.account,
            "commentary": little(text_of(post), post.tags),
            "visibility": "PUBLIC",
            "distribution": {
                "feedDistribution": "MAIN_FEED",
                "targetEntities": [],
                "thirdPartyDistributionChannels": [],
            },
            "content": {"media": media},
            "lifecycleState": "PUBLISHED",
            "isReshareDisabledByAuthor": False,
        }
        reply = self._rest("POST", "/posts", job.token, body=body, timeout_s=COMMIT_S)
        name = reply.headers.get("x-restli-id") or None
        return Posted(id=name, url=_url(name), raw={"id": name, "status": reply.status})

    def find(self, job: Job) -> Found:
        for page in range(PAGES):
            path = f"/posts?author={_urn(job.account)}&q=author&count=100&start={page * 100}&sortBy=LAST_MODIFIED"
            reply = self._rest("GET", path, job.token, headers={"X-RestLi-Method": "FINDER"}, good=(403,))
            if reply.status == 403:
                return Absent()
            posts = answer.items(reply.json, "elements")
            for one in posts:
                if answer.text(one, "content", "media", "id") != job.kept["video"]:
                    continue
                if answer.text(one, "lifecycleState") == "PUBLISH_FAILED":
                    raise PlatformSaid(
                        "LinkedIn says that it failed to publish it; post it anew", code="failed", raw=one
                    )
                name = answer.text(one, "id")
                return Posted(id=name, url=_url(name), raw=one)
            if len(posts) < 100:
                break
        return Absent()

    def finish(self, job: Job, posted: str | None) -> Finished:
        left = [("cover", "LinkedIn shows a picture of the video itself")] if job.cover else []
        left += [("captions", "LinkedIn is sent no file of captions yet; add it there")] if job.captions else []
        said = (("that it was made by AI", job.post.ai_made), ("a paid partnership", job.post.paid_partnership))
        if job.post.link and job.post.link not in text_of(job.post):
            left.append(("link", f"no room is left for it in the {LONGEST} characters of the text"))
        left += [(what, "LinkedIn has no field for it; say it in the text") for what, told in said if told]
        return Finished(url=_url(posted), left_out=tuple(left))

    def measure(self, token: str, account: str, posted: str, since: datetime, now: datetime) -> Measured:
        def get(path: str) -> Json | None:
            reply = self._rest("GET", path, token, good=(400, 403))  # a kind of figure that its version does not have
            return None if reply.status in (400, 403) else reply.json

        return linkedin_insights.measured(get, account, posted)

    def authorize(self, app: App, redirect: str, state: str, challenge: str) -> str:
        page, scope = f"{self._own}/oauth/v2/authorization", " ".join(self._scopes)
        return signing.address(
            page, response_type="code", client_id=app.id, redirect_uri=redirect, state=state, scope=scope
        )

    def exchange(self, app: App, redirect: str, code: str, verifier: str) -> Tokens:
        return self._tokens(app, {"grant_type": "authorization_code", "code": code, "redirect_uri": redirect})

    def refresh(self, app: App, tokens: Tokens) -> Tokens:
        if tokens.refresh is None:
            text = "LinkedIn gives this app no way to renew a sign-in; connect the channel again"
            raise PlatformSaid(text, code="no_refresh", action="reconnect")
        return self._tokens(app, {"grant_type": "refresh_token", "refresh_token": tokens.refresh}, tokens)

    def revoke(self, app: App, tokens: Tokens) -> None:
        form = {"client_id": app.id, "client_secret": app.secret, "token": tokens.access}
        self._web.ask("POST", f"{self._own}/oauth/v2/revoke", form=form)

    def accounts(self, token: str) -> Sequence[Account]:
        told = self._web.ask("GET", f"{self._api}/v2/userinfo", token=token).json
        name = answer.text(told, "name") or answer.text(told, "given_name") or "LinkedIn member"
        member = Account(id=f"urn:li:person:{answer.needed(NAME, told, 'sub')}", name=name, visibilities=("public",))
        return [member, *self._pages(token)]

    def linked(self, token: str, account: str) -> None:
        """Nothing is to be set up."""

    def _pages(self, token: str) -> list[Account]:
        """Of those whose posts the member may write; none where the scope was not granted."""
        path = "/organizationAcls?q=roleAssignee&state=APPROVED&count=100"
        reply = self._rest("GET", path, token, headers={"X-RestLi-Method": "FINDER"}, good=(403,))
        if reply.status == 403:
            return []
        mine = {
            answer.text(one, "organization") or answer.text(one, "organizationTarget"): None
            for one in answer.items(reply.json, "elements")
            if answer.text(one, "role") in ROLES
        }
        found = []
        for urn in filter(None, mine):
            told = self._rest("GET", f"/organizations/{quote(urn.rpartition(':')[2], safe='')}", token).json
            name, handle = answer.text(told, "localizedName") or urn, answer.text(told, "vanityName")
            found.append(Account(id=urn, name=name, handle=handle, visibilities=("public",)))
        return found

    def _begin(self, job: Job) -> None:
        """Ask for a video. That it was asked for twice harms nothing: nobody sees one that is in no post."""
        wanted = {
            "owner": job.account,
            "fileSizeBytes": job.video.size,
            "uploadCaptions": False,
            "uploadThumbnail": False,
        }
        path = "/videos?action=initializeUpload"
        told = answer.at(self._rest("POST", path, job.token, body={"initializeUploadRequest": wanted}).json, "value")
        parts: list[Part] = []
        for one in answer.items(told, "uploadInstructions"):
            first, last = (answer.whole(one, name) for name in ("firstByte", "lastByte"))
            if first is None or last is None or not first <= last < first + LARGEST_PART:
                raise Unreachable("LinkedIn asks for parts of the file that are none; it is asked again")
            address = self._upload.theirs(answer.needed(NAME, one, "uploadUrl"), self._own)
            parts.append((address, first, last))
        starts = [first for _, first, _ in parts] + [job.video.size]
        if starts[0] != 0 or [last + 1 for _, _, last in parts] != starts[1:]:
            raise Unreachable("LinkedIn asks for parts that are not the whole file; it is asked again")
        packed = _packed(parts)
        if len(packed) > MOST_KEPT:
            text = f"LinkedIn wants the file in {len(parts)} parts, more than can be kept track of; make it smaller"
            raise PlatformSaid(text, code="too_large", action="re-render")
        until = answer.whole(told, "uploadUrlsExpireAt")
        video, ticket = answer.needed(NAME, told, "video"), answer.text(told, "uploadToken") or ""
        job.keep("container", video=video, ticket=ticket, until=until, parts=packed, etags=[])

    def _late(self, job: Job) -> bool:
        """Whether parts are left whose addresses are about to be worth nothing."""
        until = job.kept["until"]
        return until is not None and _unpacked(job.kept["parts"]) != [] and time.time() > until / 1000 - SOON_S

    def _put(self, job: Job, address: str, first: int, last: int) -> str:
        spans = range(first, last + 1, PART)
        content = b"".join(job.read(job.video.object, at, min(PART, last + 1 - at)) for at in spans)
        headers = {"Content-Type": "application/octet-stream"}
        reply = self._upload.ask("PUT", address, content=content, headers=headers, timeout_s=SEND_S)
        etag = reply.headers.get("etag", "").strip('"')
        if not etag:
            raise Unreachable("LinkedIn took a part of the file and gave no ETag for it; it is sent again")
        return etag

    def _processed(self, job: Job) -> Ready | Wait:
        told = self._rest("GET", f"/videos/{_urn(job.kept['video'])}", job.token).json
        state = answer.text(told, "status")
        if state == "AVAILABLE":
            job.keep("uploaded", available=True)
            return Ready()
        if state == "PROCESSING_FAILED":
            reason = answer.text(told, "processingFailureReason") or "no reason given"
            text = f"LinkedIn cannot process the file: {reason}"
            raise PlatformSaid(text, code="processing_failed", action="re-render", anew=True, raw=told)
        if state == "WAITING_UPLOAD":
            wanted = {
                "video": job.kept["video"],
                "uploadToken": job.kept["ticket"],
                "uploadedPartIds": job.kept["etags"],
            }
            try:
                self._rest("POST", "/videos?action=finalizeUpload", job.token, body={"finalizeUploadRequest": wanted})
            except PlatformSaid as error:
                if error.action == "stop":  # its parts are not what it wants: they are sent anew
                    error.action, error.anew = "retry", True
                raise
        return Wait(after_s=5)

    def _rest(
        self,
        method: str,
        path: str,
        token: str,
        *,
        body: Json | None = None,
        headers: Mapping[str, str] | None = None,
        good: Sequence[int] = (),
        timeout_s: float = 30.0,
    ) -> Reply:
        return self._web.ask(
            method,
            f"{self._api}/rest{path}",
            token=token,
            body=body,
            headers={**self._headers, **(headers or {})},
            good=good,
            timeout_s=timeout_s,
        )

    def _tokens(self, app: App, how: dict[str, str], before: Tokens | None = None) -> Tokens:
        form = {"client_id": app.id, "client_secret": app.secret, **how}
        told = self._web.ask("POST", f"{self._own}/oauth/v2/accessToken", form=form).json
        return signing.tokens(told, before)


Part = tuple[str, int, int]  # its address, its first and its last byte


def text_of(post: Post) -> str:
    """With its link at the end, where it is not in it and there is room."""
    with_link = f"{post.body}\n{post.link}"
    return with_link if post.link and post.link not in post.body and len(with_link) <= LONGEST else post.body


def little(body: str, tags: Sequence[str] = ()) -> str:
    """A text in LinkedIn's little format, which cuts a text off at the first reserved character that is not escaped.

    What is one of the post's tags becomes a hashtag; all else is shown as it is written.
    """
    if not tags:
        return RESERVED.sub(r"\\\g<0>", body)
    known = "|".join(re.escape(tag) for tag in sorted(tags, key=len, reverse=True))
    told, end = [], 0
    for found in re.finditer(rf"(?<!\w)#({known})(?!\w)", body):
        told += [little(body[end : found.start()]), f"{{hashtag|\\#|{little(found[1])}}}"]
        end = found.end()
    return "".join([*told, little(body[end:])])


def _urn(name: str) -> str:
    return quote(name, safe="")


def _url(name: str | None) -> str | None:
    return None if name is None else f"https://www.linkedin.com/feed/update/{quote(name, safe=':')}/"


def _packed(parts: Sequence[Part]) -> str:
    return base64.b85encode(zlib.compress(json.dumps(parts).encode())).decode()


def _unpacked(packed: str) -> list[Part]:
    parts: list[list[Any]] = json.loads(zlib.decompress(base64.b85decode(packed)))
    return [(str(address), int(first), int(last)) for address, first, last in parts]


def _refused(reply: Reply) -> PlatformSaid:
    raw = reply.raw
    code = answer.text(raw, "code") or answer.text(raw, "error") or str(reply.status)
    words = answer.text(raw, "message") or answer.text(raw, "error_description") or f"LinkedIn answers {reply.status}"
    action: Action = "stop"
    if reply.status == 401 or code in ("ACCESS_DENIED", "invalid_grant", "invalid_request"):
        action = "reconnect"
    elif reply.status == 429:
        action = "wait"
    text = f"{words}; {ADVICE[code]}" if code in ADVICE else words
    return PlatformSaid(text, code=code, action=action, after_s=after(reply, 900.0), raw=raw)


def _turned_away(reply: Reply) -> PlatformSaid:
    """What the host that takes the bytes refuses."""
    if reply.status == 429:
        text = "LinkedIn takes no more bytes now"
        return PlatformSaid(text, code="429", action="wait", after_s=after(reply, 60.0), raw=reply.raw)
    text = f"LinkedIn does not take the file at the address it gave ({reply.status}); it is begun anew"
    return PlatformSaid(text, code="upload_gone", action="retry", anew=True, raw=reply.raw)
