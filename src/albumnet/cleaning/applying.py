"""The rules one after the other: what each says, and the albums that are left."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from albumnet.cleaning.flags import Flag
from albumnet.cleaning.material import Finding, Material, Rule
from albumnet.cleaning.moods import CurvePoint, kept_curve
from albumnet.cleaning.rules import RULES
from albumnet.dataset import Step
from albumnet.errors import AlbumSetError
from albumnet.records import Album


@dataclass(frozen=True)
class Applied:
    """What all rules together made of a set.

    Attributes:
        albums: That are left, as they should be.
        flags: Everything that was said, in the order of the rules.
        funnel: Albums left after each rule that left any out.
        curve: What each cut of rare moods would have left.
    """

    albums: Sequence[Album]
    flags: tuple[Flag, ...]
    funnel: tuple[Step, ...]
    curve: tuple[CurvePoint, ...]


def apply_rules(material: Material) -> Applied:
    """Run every rule over the albums that the ones before have left.

    Raises:
        AlbumSetError: If nothing is left.
    """
    flags: list[Flag] = []
    funnel: list[Step] = []
    curve: list[CurvePoint] = []
    for rule in RULES.values():
        if rule.name == "rare-moods":
            curve = kept_curve([album.moods for album in material.albums], min_moods=material.options.min_moods)
        albums, said = _apply(rule, material)
        flags += said
        if len(albums) < len(material.albums):
            funnel.append(Step(rule.step, len(albums)))
        material = replace(material, albums=albums)
    if not material.albums:
        raise AlbumSetError(_nothing_left(flags))
    return Applied(material.albums, tuple(flags), tuple(funnel), tuple(curve))


def _apply(rule: Rule, material: Material) -> tuple[list[Album], list[Flag]]:
    findings = {finding.album.album_id: finding for finding in rule.find(material)}
    actions = {album_id: _action(finding, rule, material) for album_id, finding in findings.items()}
    albums = []
    for album in material.albums:
        action = actions.get(album.album_id)
        if action == "changed":
            albums.append(findings[album.album_id].changed or album)
        elif action in (None, "kept"):
            albums.append(album)
    flags = [
        Flag(
            album_id, finding.album.artist, finding.album.title, rule.name, actions[album_id], finding.reason,
            finding.other,
        )
        for album_id, finding in findings.items()
    ]  # fmt: skip
    return albums, flags


def _action(finding: Finding, rule: Rule, material: Material) -> str:
    if rule.name in material.options.keep:
        return "kept"
    if finding.is_merged:
        return "merged"
    if rule.name in material.options.leave_out or (rule.leaves_out and finding.changed is None):
        return "left out"
    return "changed" if finding.changed is not None else "kept"


def _nothing_left(flags: Sequence[Flag]) -> str:
    rule, count = Counter(flag.rule for flag in flags if flag.action == "left out").most_common(1)[0]
    return (
        f"nothing is left of the set: {rule} left out {count:,} albums "
        f"({next(flag.reason for flag in flags if flag.rule == rule)}); lower its limit, or pass --keep {rule}"
    )
