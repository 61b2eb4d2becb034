"""Every reason for which a file cannot become clips, with the sentence people read; docs/rejections.md says more."""

from __future__ import annotations

from common.errors import RejectedMedia

REJECTIONS = {
    "empty": "the file is empty; upload it again",
    "other_bytes": "the file that came (sha256 {sha256}) is not the one announced ({announced}); send it again",
    "unreadable": "the file cannot be read ({why}); copy or export it again and try that",
    "not_media": "this is no video file; give one, such as an MP4, MOV, MKV or WebM",
    "playlist": "this is a playlist that only points to other files; give the video itself",
    "refused_format": "Cutroom does not open this kind of file; export it as MP4, MOV, MKV or WebM",
    "no_video": "the file holds {found} but no moving picture; give a file with video in it",
    "encrypted": "the video is encrypted (DRM); give a copy without protection",
    "unsupported_codec": "the file is stored as {codec}, which cannot be decoded; export it as MP4 with H.264 and AAC",
    "too_short": "the video lasts {seconds} s, and nothing can be cut from less than {limit} s; give a longer one",
    "too_long": "the video lasts {length}, and the limit is {limit}; cut it into parts",
    "too_small": "the picture is {width}x{height}, and a side must have {limit} pixels or more; give a larger one",
    "too_large": "the picture is {width}x{height}, larger than {limit}; export it smaller",
    "no_such_track": "there is no usable sound track {wanted}; {choice}",
}


def rejected(code: str, **facts: object) -> RejectedMedia:
    """The error for `code`, with the blanks of its sentence filled."""
    return RejectedMedia(REJECTIONS[code].format(**facts), code=code)
