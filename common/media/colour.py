"""Whatever picture a file holds, made plain: progressive, 8 bit, standard dynamic range, BT.709."""

from __future__ import annotations

from typing import Any

from common.domain.asset import VideoStream

WHITE_NITS = 203  # diffuse white of HDR material (ITU-R BT.2408)
_MATRICES = {  # ffprobe's color_space -> the scale filter's name
    "bt709": "bt709",
    "smpte170m": "smpte170m",
    "bt470bg": "bt470",
    "fcc": "fcc",
    "smpte240m": "smpte240m",
    "bt2020nc": "bt2020",
}
_TRANSFERS = {"pq": "smpte2084", "hlg": "arib-std-b67"}


def progressive(picture: Any, video: VideoStream) -> Any:
    """Both fields of interlaced frames woven into one, at the same frame rate; it looks at neighbouring frames."""
    return picture.filter("bwdif", mode="send_frame", deint="interlaced") if video.interlaced else picture


def standard_range(picture: Any, video: VideoStream, width: int, height: int) -> Any:
    """HDR made this size, since tone mapping costs by the pixel, and mapped to BT.709; others stay as they are."""
    if video.dynamic_range == "sdr":
        return picture
    told = {"transferin": _TRANSFERS[video.dynamic_range], "primariesin": "2020", "matrixin": "2020_ncl"}
    return (
        picture.filter("scale", width, height, flags="bicubic")
        .filter("zscale", transfer="linear", npl=WHITE_NITS, **told)
        .filter("format", "gbrpf32le")
        .filter("zscale", primaries="709")
        .filter("tonemap", "hable", desat=0)
        .filter("zscale", transfer="709", matrix="709", range="limited")
        .filter("format", "yuv420p")
    )


def scaled(picture: Any, video: VideoStream, width: int, height: int, *, flags: str = "bicubic") -> Any:
    """A picture at another size with square pixels, in BT.709 of limited range, whatever it was in."""
    matrix = "bt709" if video.dynamic_range != "sdr" else matrix_of(video)
    return picture.filter(
        "scale", width, height, flags=flags, in_color_matrix=matrix, out_color_matrix="bt709", out_range="limited"
    ).filter("setsar", 1)


def matrix_of(video: VideoStream) -> str:
    """How luma and colours were mixed: as the file says, else as players guess it, by the size of the picture."""
    if video.color_space in _MATRICES:
        return _MATRICES[video.color_space]
    return "bt709" if video.width >= 1280 or video.height > 576 else "smpte170m"
