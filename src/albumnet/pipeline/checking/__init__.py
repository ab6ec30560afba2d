"""Whether an installation, album sets and runs are sound: what `albumnet doctor` says."""

from albumnet.pipeline.checking.checks import Check, State
from albumnet.pipeline.checking.folders import check_folder
from albumnet.pipeline.checking.installation import check_installation

__all__ = ["Check", "State", "check_folder", "check_installation"]
