"""The pages that people see; everything they do without JavaScript happens here."""

from fastapi import APIRouter

from albumnet.web.pages.albums import router as albums_router
from albumnet.web.pages.collection import router as collection_router
from albumnet.web.pages.reading import router as reading_router
from albumnet.web.pages.rendering import render_error

router = APIRouter(include_in_schema=False)
for part in (reading_router, albums_router, collection_router):
    router.include_router(part)

__all__ = ["render_error", "router"]
