"""Smart playlists of Navidrome (`.nsp`): a rule about mood tags, which the server keeps up to date itself.

Navidrome reads JSON with `name`, `comment`, rules under `any` or `all`, `sort`, `order` and `limit`; a rule is an
operator with one field and its value. The field `mood` holds the tags that `albumnet tag` writes.
"""

from __future__ import annotations

import json
from collections.abc import Sequence


def to_smart_playlist(moods: Sequence[str], *, title: str, n_tracks: int) -> str:
    """The text of a smart playlist of tracks with any of these moods, in an order of chance.

    Args:
        moods: Mood names as they were written into files.
        title: Of the list.
        n_tracks: Tracks at most.
    """
    # `contains`, and of `Laid-Back/Mellow` the first part: a server may be set to take tags apart at slashes, and
    # files may have all moods in one value.
    rules = [{"contains": {"mood": part}} for part in dict.fromkeys(mood.partition("/")[0].strip() for mood in moods)]
    content = {
        "name": title,
        "comment": f"Moods read from covers by AlbumNet: {', '.join(moods)}",
        "any": rules,
        "sort": "random",
        "limit": n_tracks,
    }
    return json.dumps(content, ensure_ascii=False, indent=2) + "\n"
