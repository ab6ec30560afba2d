"""Tags or takes back a library, until it is killed: `python tag_and_be_killed.py tag|undo MUSIC_DIR NAME…`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from albumnet.tagging import apply_plan, take_back
from tagging.libraries import plan_for

what, music_dir, names = sys.argv[1], Path(sys.argv[2]), sys.argv[3:]
plan = plan_for(music_dir, names) if what == "tag" else None
print("ready", flush=True)
if plan is not None:
    apply_plan(plan)
else:
    take_back(music_dir, names)
print("done", flush=True)
