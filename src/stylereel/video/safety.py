"""Opens media files so that they can only be themselves: no playlist, no script, no other file, no host.

Three locks, each enough alone: the file protocol is the only one allowed, also for whatever a demuxer
would open later; only demuxers of self-contained moving pictures may be chosen; a file that begins like a
playlist or script is refused before FFmpeg sees it.
"""

from __future__ import annotations

import io
import re
from pathlib import Path
from typing import TYPE_CHECKING

import av
import av.error

from stylereel.core.errors import InputError, MissingInputError, RefusedError, VideoOpenError

if TYPE_CHECKING:
    from av.container import InputContainer

# Demuxers of FFmpeg 8 that hold moving pictures in one file. Left out on purpose: hls, dash, concat, sdp,
# rtsp, rtp, sap, imf, image2, webm_dash_manifest (name other files or hosts), mlv and vobsub (open files
# beside the one that is named), tty, bin, idf, adf, xbin (show any text file as pictures), ffmetadata,
# lavfi, alsa, x11grab, v4l2 and other devices.
VIDEO_DEMUXERS = (
    "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,avi,mpegts,mpeg,mpegvideo,m4v,h261,h263,h264,hevc,vvc,evc,av1,obu,"
    "apv,ivf,flv,live_flv,kux,asf,asf_o,gif,apng,ogg,mxf,gxf,lxf,nut,nuv,wtv,rm,ivr,dv,yuv4mpegpipe,mjpeg,"
    "mjpeg_2000,mpjpeg,smjpeg,ingenient,dnxhd,dirac,vc1,vc1test,cavsvideo,avs,avs2,avs3,swf,smk,bink,roq,flic,"
    "film_cpk,filmstrip,fits,4xm,amv,anm,argo_asf,argo_brp,avr,bethsoftvid,bfi,bmv,c93,cdg,cdxl,cine,dfa,dhav,"
    "dsicin,dxa,ea,ea_cdata,frm,gdv,hnm,hxvs,idcin,iff,ifv,ipmovie,ipu,iss,iv8,jpegxl_anim,jv,lmlm4,lvf,mgsts,"
    "mm,moflex,msnwctcp,mtv,mv,mvi,mxg,nsv,paf,pdv,pmp,psxstr,pva,r3d,rl2,rpl,sdr2,ser,sga,siff,smush,thp,"
    "tiertexseq,tmv,txd,ty,usm,vc1,vidc,viv,vivo,vividas,vmd,wc3movie,webp,wsvqa,xmv,yop,dcstr,derf,luodat,"
    "wav,w64,mp3,flac,aac,ac3,eac3,aiff,au,caf,amr,dts,tta,wv"  # sound alone: told so, rather than refused
)
IMAGE_DEMUXERS = (
    "mov,png_pipe,jpeg_pipe,jpegls_pipe,jpegxl_pipe,jpegxs_pipe,j2k_pipe,bmp_pipe,tiff_pipe,webp_pipe,gif_pipe,"
    "ppm_pipe,pgm_pipe,pbm_pipe,pam_pipe,pfm_pipe,phm_pipe,pcx_pipe,dpx_pipe,exr_pipe,hdr_pipe,psd_pipe,"
    "qoi_pipe,sgi_pipe,sunrast_pipe,dds_pipe,gem_pipe,pictor_pipe,qdraw_pipe,xbm_pipe,xpm_pipe,xwd_pipe,ico"
)

_SIGNATURES: tuple[tuple[str, re.Pattern[bytes]], ...] = (
    ("an HLS playlist (m3u8)", re.compile(rb"#EXT(M3U|-X-|INF)", re.I)),
    ("an FFmpeg concat script", re.compile(rb"ffconcat\s+version|file\s+\S|#ffconcat", re.I)),
    ("a session description (SDP)", re.compile(rb"v=0\s*[\r\n]+\s*[a-z]=", re.I)),
    ("an MPEG-DASH manifest", re.compile(rb"<(\?xml[^>]*>\s*(<!--.*?-->\s*)*<)?(\w+:)?MPD\b", re.S)),
    ("a streaming manifest", re.compile(rb"<(\?xml[^>]*>\s*(<!--.*?-->\s*)*<)?SmoothStreamingMedia\b", re.S)),
    (
        "an IMF playlist",
        re.compile(rb"<(\?xml[^>]*>\s*(<!--.*?-->\s*)*<)?(\w+:)?CompositionPlaylist\b", re.S),
    ),
    (
        "an XML playlist",
        re.compile(rb"<(\?xml[^>]*>\s*(<!--.*?-->\s*)*<)?(asx|smil|playlist)\b", re.I | re.S),
    ),
    ("a playlist (pls)", re.compile(rb"\[(playlist|reference)\]", re.I)),
    (
        "an AviSynth or VapourSynth script",
        re.compile(rb"(import vapoursynth|from vapoursynth|AviSource\()", re.I),
    ),
    ("an FFmpeg metadata file", re.compile(rb";FFMETADATA")),
    ("an RTSP redirection", re.compile(rb"(RTSPtext|SMILtext|rtsp://|https?://|mms://)", re.I)),
)
_SCRIPT_SUFFIXES = (
    ".m3u8", ".m3u", ".ffconcat", ".concat", ".mpd", ".sdp", ".pls", ".asx", ".xspf", ".smil", ".avs",
    ".avsi", ".vpy", ".ffmeta", ".ism", ".ismc",
)  # fmt: skip
_SCRIPT_ADVICE = "Give the video file itself, or join the parts into one file first"


def check_is_file(path: Path) -> None:
    """Raise a typed error unless `path` is a readable, non-empty regular file."""
    if not path.exists():
        raise MissingInputError(f"no such file: {path}. Check the name and the folder")
    if path.is_dir():
        raise VideoOpenError(f"{path} is a folder; expected a video or image file")
    if not path.is_file():
        raise RefusedError(f"{path} is a device, pipe or socket; expected a regular file")
    try:
        with path.open("rb") as file:
            first = file.read(1)
    except OSError as error:
        raise VideoOpenError(f"cannot read {path}: {error.strerror}. Check its permissions") from error
    if not first:
        raise VideoOpenError(f"{path} is empty (0 bytes); expected a video or image")


def refuse_scripts(path: Path) -> None:
    """Raise `RefusedError` when the file's beginning is that of a playlist, manifest or script."""
    with path.open("rb") as file:
        head = file.read(4096)
    text = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    for what, pattern in _SIGNATURES:
        if pattern.match(text):
            raise RefusedError(
                f"{path} is {what}, which would make other files or hosts be read: refused. {_SCRIPT_ADVICE}"
            )
    if path.suffix.lower() in _SCRIPT_SUFFIXES and b"\0" not in head:
        raise RefusedError(f"{path} is a playlist or script by its ending: refused. {_SCRIPT_ADVICE}")


def open_media(
    path: Path,
    *,
    demuxers: str = VIDEO_DEMUXERS,
    options: dict[str, str] | None = None,
    from_memory: bool = False,
) -> InputContainer:
    """Open a media file with all three locks on.

    Args:
        path: an existing regular file.
        demuxers: comma-separated demuxer names that FFmpeg may choose.
        options: further container options; they cannot loosen the locks.
        from_memory: read the whole file first, so that only its content, not its name, chooses the demuxer
            (by its name a picture would go to image2, which reads patterns of files).

    Returns:
        The open container; the caller closes it.

    Raises:
        MissingInputError: no such file.
        RefusedError: a playlist, script or other demuxer that is not on the list.
        VideoOpenError: no media, or broken beyond opening.
    """
    check_is_file(path)
    refuse_scripts(path)
    locks = {"protocol_whitelist": "file", "format_whitelist": demuxers}
    try:
        # The prefix keeps a name such as "concat:a|b" or "http:x" from being read as a protocol.
        return av.open(
            io.BytesIO(path.read_bytes()) if from_memory else f"file:{path.absolute()}",
            "r",
            options={**(options or {}), **locks},
            metadata_errors="replace",
        )
    except (av.error.ArgumentError, av.error.PermissionError) as error:
        raise RefusedError(
            f"{path}: FFmpeg takes this for a format that is no self-contained video "
            f"(a playlist, a script, a text, a device): refused. {_SCRIPT_ADVICE}"
        ) from error
    except av.error.FFmpegError as error:
        raise VideoOpenError(_why_not(path, error)) from error
    except (OSError, ValueError) as error:
        raise InputError(f"cannot open {path}: {error}") from error


def _why_not(path: Path, error: Exception) -> str:
    with path.open("rb") as file:
        head = file.read(12)
    if head[4:8] in (b"ftyp", b"moov", b"mdat", b"wide", b"free", b"skip"):
        return (
            f"{path} begins like an MP4 or MOV but its index (moov) is missing or broken: the recording or "
            "download was cut short before it was written. Record or download it again, or repair it first"
        )
    return (
        f"{path} is no video or image that FFmpeg can read ({getattr(error, 'strerror', error)}). "
        "Expected for instance MP4, MOV, MKV, WebM, AVI, GIF, PNG or JPEG"
    )
