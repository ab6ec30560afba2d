"""What strangers may send: refused in one line, within limits, while the app answers others."""

import asyncio
import io
import os
import re
import struct
import subprocess
import sys
import time
import zipfile
import zlib
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from albumnet.web import decoders
from albumnet.web.app import app_of
from albumnet.web.options import Limits
from albumnet.web.security import CONTENT_POLICY
from serving import memory_mb, watching
from web.serving import Client, draw_jpeg, make_form, serving

STRICT = Limits(
    upload_bytes=2**20, body_bytes=2**15, body_s=1.0, header_s=1.0, decode_s=1.5, drain_bytes=2**21, drain_s=0.5
)
# A decoder that hangs or dies on what says so, and otherwise is the project's own.
TROUBLED_DECODER = """
import os, time
from albumnet.web import decoder
do = decoder._DO["pixels"]
def trouble(data, job):
    if b"HANG" in data:
        time.sleep(60)
    if b"CRASH" in data:
        os.abort()
    return do(data, job)
decoder._DO["pixels"] = trouble
decoder.main()
"""


@pytest.fixture(scope="module")
def target(state):
    """An app with strict limits and decoders that can be made to hang."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoders, "COMMAND", (sys.executable, "-c", TROUBLED_DECODER))
        with serving(app_of(replace(state, limits=STRICT)), limits=STRICT) as client:
            yield client


def png_header(width: int, height: int) -> bytes:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    pixels = zlib.compress(bytes(10_000_000), 9)
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", pixels) + chunk(b"IEND", b"")


def zip_bomb() -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("cover.jpg", bytes(20_000_000))
    return file.getvalue()


def deep_tiff() -> bytes:
    """A TIFF whose compressed strip unpacks to far more than it says."""
    file = io.BytesIO()
    Image.new("RGB", (4000, 4000)).save(file, "TIFF", compression="tiff_deflate")
    data = bytearray(file.getvalue())
    return bytes(data[: len(data) // 2])


NO_PICTURES = {
    "svg": b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    "html": b"<!doctype html><script>alert(1)</script>",
    "html after a JPEG's first bytes": b"\xff\xd8\xff\xe0<html><script>alert(1)</script></html>",
    "pixel bomb": png_header(50_000, 50_000),
    "pixels that are not there": png_header(7_000, 7_000),
    "zip bomb": zip_bomb(),
    "broken tiff": deep_tiff(),
    "gzip": b"\x1f\x8b\x08" + bytes(100),
    "postscript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 100 100\n",
    "a path": b"/etc/passwd",
    "an address": b"http://169.254.169.254/latest/meta-data",
    "truncated": draw_jpeg()[:2000],
    "tiny": b"GIF89a\x01\x00\x01\x00\x00\x00\x00;",
}


@pytest.mark.parametrize("data", NO_PICTURES.values(), ids=NO_PICTURES)
def test_what_is_no_picture_is_415_whatever_it_is_called(target, data):
    start = time.monotonic()
    answer = target.read_cover(data, name="cover.jpg")
    assert answer.status == 415
    assert answer.error
    assert answer.headers["content-type"] == "application/json"
    assert time.monotonic() - start < 10


@pytest.mark.parametrize("name", ["../../../etc/passwd", "/etc/cron.d/x", "..\\..\\x.exe", "x\0.jpg", "a" * 3000])
def test_a_file_s_name_is_not_looked_at_and_nothing_is_written(target, state, name, tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = files_below(state.app_dir.parent)
    answer = target.read_cover(draw_jpeg(), name=name)
    assert answer.status in (200, 400)  # a form with such a header may be refused as a form
    assert files_below(state.app_dir.parent) == before
    assert not list(tmp_path.iterdir())


def files_below(directory: Path) -> set[Path]:
    return {path for path in directory.rglob("*") if "thumbnails" not in path.name}


@pytest.mark.parametrize(
    "path",
    [
        "/static/../../../../../../etc/passwd",
        "/static/..%2f..%2f..%2fpyproject.toml",
        "/static/%2e%2e/%2e%2e/errors.py",
        "/thumbs/..%2f..%2fetc%2fpasswd",
        "/covers/../../etc/passwd",
        "/api/albums/..%2f..%2f..%2fetc%2fpasswd",
        "/albums/..%2f..%2f..%2fetc%2fpasswd",
        "//etc/passwd",
        "/%00",
        "/static/%00",
    ],
)
def test_no_path_of_a_request_reaches_the_disk(target, path):
    answer = target.get(path)
    assert answer.status in (400, 404, 422)
    assert b"root:" not in answer.body
    assert b"Traceback" not in answer.body


def test_an_upload_that_is_too_large_is_413_and_the_client_hears_it(target):
    answer = target.read_cover(draw_jpeg() + bytes(2**20 + 2**17))
    assert answer.status == 413
    assert "1 MB" in answer.error


def test_a_body_of_unsaid_length_is_cut_off_at_the_limit(target):
    head, content_type = make_form(draw_jpeg())
    head = head.removesuffix(b"\r\n--BOUNDARY--\r\n")
    request = (
        f"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        "Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n"
    ).encode()
    chunk = bytes(2**16)
    chunks = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [head, *[chunk] * 24])
    said = target.raw(request + chunks + b"0\r\n\r\n")
    assert said.startswith(b"HTTP/1.1 413")


def test_a_content_length_that_is_too_small_ends_the_form_early(target):
    body, content_type = make_form(draw_jpeg())
    request = (
        f"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body) // 2}\r\n\r\n"
    ).encode()
    said = target.raw(request + body)
    assert said.startswith(b"HTTP/1.1 400")
    assert b"last boundary" in said


def test_a_content_length_that_is_too_large_is_waited_for_no_longer_than_a_slow_body(target):
    body, content_type = make_form(draw_jpeg())
    request = (
        f"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body) + 1000}\r\n\r\n"
    ).encode()
    start = time.monotonic()
    said = target.raw(request + body)
    assert said.startswith(b"HTTP/1.1 408")
    assert time.monotonic() - start < 6


@pytest.mark.parametrize("length", ["-5", "1e3", "99999999999999999999", "5, 6", "٣"])
def test_a_content_length_that_is_no_number_is_refused(target, length):
    request = (
        "POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: multipart/form-data; boundary=B\r\n"
        f"Content-Length: {length}\r\n\r\n--B"
    ).encode()
    said = target.raw(request)
    assert re.match(rb"HTTP/1.1 4(00|13|08)", said)


def test_a_body_that_trickles_in_is_given_up(target):
    body, content_type = make_form(draw_jpeg())
    with target.connect() as connection:
        connection.sendall(
            f"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
        )
        start, said = time.monotonic(), b""
        connection.settimeout(0.1)
        for n in range(80):
            try:
                connection.sendall(body[n : n + 1])
                said = connection.recv(4096)
                break
            except TimeoutError:
                continue
        assert said.startswith(b"HTTP/1.1 408")
        assert time.monotonic() - start < 6


def test_headers_that_trickle_in_are_given_up(target):
    with target.connect() as connection:
        connection.sendall(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n")
        start = time.monotonic()
        assert connection.recv(100) == b""
        assert time.monotonic() - start < 6


def test_a_connection_that_says_nothing_is_closed(target):
    with target.connect() as connection:
        assert connection.recv(100) == b""


def test_huge_headers_are_refused(target):
    said = target.raw(b"GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nX-Large: " + b"x" * 200_000 + b"\r\n\r\n")
    assert said == b"" or said.startswith(b"HTTP/1.1 4")


def test_a_body_where_none_is_wanted_is_bounded_too(target):
    answer = target.post("/api/export", b'{"rows": [' + b"1," * 100_000 + b'1], "format": "csv"}')
    assert answer.status == 413


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", "multipart/form-data", ""])
def test_what_is_no_form_is_415(target, content_type):
    assert target.post("/api/predict", b"{}", Content_Type=content_type).status == 415


FORMS = {
    "no file": b'--B\r\nContent-Disposition: form-data; name="year"\r\n\r\n1977\r\n--B--\r\n',
    "empty file": b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\n\r\n--B--\r\n',
    "two files": b'--B\r\nContent-Disposition: form-data; name="file"\r\n\r\nx\r\n' * 2 + b"--B--\r\n",
    "many parts": b'--B\r\nContent-Disposition: form-data; name="x"\r\n\r\nx\r\n' * 1000 + b"--B--\r\n",
    "no boundary": b"x" * 1000,
    "huge part header": b"--B\r\nX: " + b"x" * 100_000 + b"\r\n\r\nx\r\n--B--\r\n",
    "nothing": b"",
}


@pytest.mark.parametrize("body", FORMS.values(), ids=FORMS)
def test_forms_that_are_none_are_refused(target, body):
    answer = target.post("/api/predict", body, Content_Type="multipart/form-data; boundary=B")
    assert answer.status in (400, 422)
    assert answer.error


def test_another_host_s_name_is_not_answered_to(target):
    for host in ("evil.example", "127.0.0.1.evil.example", "localhost.evil.example:8700", ""):
        answer = target.get("/health", Host=host)
        assert answer.status == 400, host
    for host in ("localhost:1", "127.0.0.1", "[::1]:8700"):
        assert target.get("/health", Host=host).status == 200, host


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://127.0.0.1:1"},
        {"Sec_Fetch_Site": "cross-site"},
        {"Sec_Fetch_Site": "same-site"},
    ],
    ids=str,
)
def test_other_sites_cannot_make_a_browser_ask(target, headers):
    body, content_type = make_form(draw_jpeg())
    answer = target.post("/api/predict", body, Content_Type=content_type, **headers)
    assert answer.status == 403
    assert target.get("/api/map/meta", **headers).status == 403
    own = {"Origin": f"http://127.0.0.1:{target.port}", "Sec_Fetch_Site": "same-origin"}
    assert target.get("/api/map/meta", **own).status == 200


def test_a_decoder_that_hangs_is_killed_and_the_next_cover_is_read(target):
    start = time.monotonic()
    answer = target.read_cover(draw_jpeg() + b"HANG")
    assert answer.status == 503
    assert "1.5 s" in answer.error
    assert time.monotonic() - start < 8
    for _ in range(2 * (os.cpu_count() or 1)):
        assert target.read_cover(draw_jpeg()).status == 200


def test_a_decoder_that_crashes_is_replaced(target):
    answer = target.read_cover(draw_jpeg() + b"CRASH")
    assert answer.status == 415
    assert target.read_cover(draw_jpeg()).status == 200


def test_methods_that_there_are_not_are_405(target):
    for method in ("PUT", "DELETE", "TRACE", "PROPFIND"):
        assert target.ask(method, "/health", headers={}).status == 405


def test_scripts_in_names_are_escaped_in_pages_and_kept_as_they_are_in_json(work, tmp_path):
    from albumnet.dataset import AlbumSet, write_album_set
    from albumnet.records import MoodVocabulary
    from albumnet.web.app import create_app
    from albumnet.web.options import ServeOptions

    evil = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>{{7*7}}"
    albums = [
        replace(album, artist=evil, title=evil, genres=(evil,), moods=(*album.moods, evil))
        for album in AlbumSet(work.album_set).albums[:3]
    ]
    moods = {mood for album in albums for mood in album.moods}
    path = tmp_path / "set"
    write_album_set(path, albums, vocabulary=MoodVocabulary(tuple(sorted(moods))), import_digest="evil")
    with serving(create_app(ServeOptions(album_set=path, app_dir=tmp_path / "app"))) as client:
        for page in ("/", "/albums", f"/albums/{albums[0].album_id}", "/set", "/map", "/albums?q=%3Cscript%3E"):
            answer = client.get(page)
            assert b"<script>alert" not in answer.body, page
            assert b"<img src=x" not in answer.body, page
            assert b"{49}" not in answer.body
            assert answer.headers["content-security-policy"] == CONTENT_POLICY
        card = client.get(f"/api/albums/{albums[0].album_id}")
        assert card.json["artist"] == evil
        assert card.headers["content-type"] == "application/json"
        exported = client.post("/api/export", b'{"rows":[0],"format":"csv"}', Content_Type="application/json")
        assert exported.headers["content-disposition"].startswith("attachment")


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads memory from /proc")
def test_200_uploads_at_once_are_read_or_refused_in_bounded_memory_while_health_answers(work, tmp_path):
    n_uploads, n_bytes = 200, 2**20
    body, content_type = make_form(draw_jpeg(size=600) + bytes(n_bytes))
    command = (sys.executable, "-m", "albumnet", "serve", "--model", work.run, "--port", "0", "--app-dir", tmp_path)
    with subprocess.Popen([*map(str, command)], stdout=subprocess.PIPE, text=True) as process:
        try:
            port = int(re.search(r":(\d+)/", process.stdout.readline())[1])
            assert Client(port).read_cover(draw_jpeg()).status == 200
            before = memory_mb(process.pid)
            with watching(port, process.pid) as seen:
                statuses = asyncio.run(upload_all(port, body, content_type, n_uploads))
        finally:
            process.terminate()
    assert set(statuses) <= {200, 429}
    assert statuses[200] >= 32
    assert sum(statuses.values()) == n_uploads
    # A busy test machine is allowed more than docs/results.md says of a calm one.
    assert len(seen) >= 5
    assert max(seconds for seconds, _ in seen) < 2.0
    peak = max(megabytes for _, megabytes in seen)
    assert peak - before < 300, f"{before:.0f} MB before, {peak:.0f} MB at most"


async def upload_all(port: int, body: bytes, content_type: str, n_uploads: int) -> Counter[int]:
    head = (
        f"POST /api/predict HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\nContent-Type: {content_type}\r\n"
        f"Content-Length: {len(body)}\r\n\r\n"
    ).encode()

    async def upload() -> int:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head)
        for start in range(0, len(body), 2**16):
            writer.write(body[start : start + 2**16])
            await writer.drain()
        said = await reader.read()
        writer.close()
        return int(said.split()[1])

    return Counter(await asyncio.gather(*(upload() for _ in range(n_uploads))))
