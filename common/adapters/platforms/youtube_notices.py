"""What YouTube tells of a channel: that one of its videos is out or was changed. By WebSub (W3C, 2018), through a hub.

subscribe ──> the hub asks back at our address ──> it tells, until the lease ends: Atom, with
    X-Hub-Signature: sha1=5257a8…      the hex HMAC-SHA1 of the body by a secret of the subscription's own
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Sequence
from typing import Final

from common.adapters.platforms.site import Site
from common.adapters.platforms.web import Reply, Web
from common.errors import PlatformSaid, Unauthorized
from common.ports.notices import Notice
from common.ports.platforms import App

HUB: Final = "https://pubsubhubbub.appspot.com"
TOPIC: Final = "https://www.youtube.com/xml/feeds/videos.xml?channel_id="
LEASE_S: Final = 864_000  # ten days, the longest that the hub gives
MOST: Final = 50  # videos of one notice
_FORM: Final = re.compile(r"sha1=[0-9a-f]{40}")
# Read by no parser of XML, which a hostile one could keep busy: the ids are all that is wanted.
_VIDEO: Final = re.compile(rb"<yt:videoId>([A-Za-z0-9_-]{11})</yt:videoId>")


class YouTubeNotices:
    """Implements Herald."""

    def __init__(self, site: Site) -> None:
        self._hub = f"{site.at(HUB)}/subscribe"
        self._web = Web(name="YouTube's hub", judge=_refused)

    def claimed(self, notice: Notice) -> Sequence[str]:
        if _FORM.fullmatch(notice.signature) is None:
            raise Unauthorized("the signature is not as the hub's are; nothing is done")
        return list(dict.fromkeys(one.decode() for one in _VIDEO.findall(notice.content)))[:MOST]

    def heard(self, app: App, notice: Notice) -> Sequence[str]:
        claimed = self.claimed(notice)
        made = hmac.new(_secret(app, notice.subscription).encode(), notice.content, hashlib.sha1).hexdigest()
        if not hmac.compare_digest(f"sha1={made}", notice.signature):
            raise Unauthorized("the signature is not of this subscription; nothing is done")
        return claimed

    def topic(self, account: str) -> str | None:
        return f"{TOPIC}{account}"

    def subscribe(self, app: App, account: str, subscription: str, address: str) -> float:
        form = {
            "hub.mode": "subscribe",
            "hub.topic": self.topic(account),
            "hub.callback": address,
            "hub.secret": _secret(app, subscription),
            "hub.lease_seconds": LEASE_S,
            "hub.verify": "async",
        }
        self._web.ask("POST", self._hub, form=form)
        return float(LEASE_S)


def _secret(app: App, subscription: str) -> str:
    """Of one subscription: made again whenever it is needed, and kept nowhere."""
    return hmac.new(app.secret.encode(), f"websub:{subscription}".encode(), hashlib.sha256).hexdigest()


def _refused(reply: Reply) -> PlatformSaid:
    said = reply.body[:200].decode(errors="replace").strip() or str(reply.status)
    return PlatformSaid(f"YouTube's hub says: {said}", code="hub", action="retry", raw=reply.raw)
