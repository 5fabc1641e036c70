"""Scripts, styles and icons: read once, named by their content, kept by browsers for ever."""

from __future__ import annotations

import gzip
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from pathlib import Path

from fastapi import APIRouter, Request, Response

STATIC = Path(__file__).parent / "static"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}
STYLES = ("tokens", "base", "frame", "list", "conversation", "places")


@dataclass(frozen=True)
class Asset:
    """One file as it goes over the wire."""

    content: bytes
    media_type: str

    @cached_property
    def compressed(self) -> bytes:
        """Made when it is first asked for: most starts never serve the workshop's editor, half of the work."""
        return gzip.compress(self.content, 9, mtime=0)


class Assets:
    """Everything under `static/`, in memory. The styles are joined into one file, `style.css`."""

    def __init__(self, folder: Path = STATIC) -> None:
        contents = {
            str(path.relative_to(folder)): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.suffix in TYPES and path.parent.name != "css"
        }
        contents["style.css"] = b"".join((folder / "css" / f"{name}.css").read_bytes() for name in STYLES)
        self.files = {name: Asset(content, TYPES["." + name.rsplit(".", 1)[1]]) for name, content in contents.items()}
        self.versions = {name: sha256(content).hexdigest()[:12] for name, content in contents.items()}

    def address(self, name: str) -> str:
        """Where a page finds the file; changes when the content does. KeyError for a name that does not exist."""
        return f"/static/{name}?v={self.versions[name]}"

    def router(self) -> APIRouter:
        """Serves the files to everybody: the sign-in page needs them too."""
        router = APIRouter(include_in_schema=False)

        @router.get("/static/{name:path}")
        def static(name: str, request: Request) -> Response:
            asset = self.files.get(name)
            if asset is None:
                return Response(status_code=404)
            headers = {"Vary": "Accept-Encoding", "X-Content-Type-Options": "nosniff", "Cache-Control": "no-cache"}
            if request.query_params.get("v") == self.versions[name]:
                headers["Cache-Control"] = "public, max-age=31536000, immutable"
            if "gzip" in request.headers.get("accept-encoding", ""):
                headers["Content-Encoding"] = "gzip"
                return Response(asset.compressed, media_type=asset.media_type, headers=headers)
            return Response(asset.content, media_type=asset.media_type, headers=headers)

        return router
