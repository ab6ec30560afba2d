"""What was trained on what, and how to do it again."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from albumnet.models.presets import get_model
from albumnet.models.run import Epoch, RunConfig
from albumnet.report.findings import Findings


@dataclass(frozen=True, slots=True)
class Fact:
    """A term, what is to be said of it, and digests or lists that few will read."""

    term: str
    text: str
    detail: str = ""


def gather_facts(
    config: RunConfig, findings: Findings, history: Sequence[Epoch], *, other_set: str = ""
) -> tuple[Fact, ...]:
    """Everything that a reader needs to know what the numbers are about.

    Args:
        config: Of the run.
        findings: Of its evaluation.
        history: Losses, epoch by epoch.
        other_set: Name of the set that was evaluated on; "" where it is the one that was trained on.
    """
    left_out = ", ".join(f"{mood} ({count})" for mood, count in config.left_out_moods.items())
    return (
        _describe_model(config),
        *_describe_albums(config, findings, other_set=other_set),
        Fact(
            "Moods",
            f"{len(config.moods)} learned, each on at least {config.min_albums_per_mood} training albums; "
            f"{findings.n_moods} of them scored",
            f"vocabulary {config.vocabulary.digest}, of the set's {config.set_vocabulary}",
        ),
        Fact(
            "Moods left out",
            f"{len(config.left_out_moods)}, with too few training albums" if left_out else "none",
            left_out,
        ),
        *_unscored(findings),
        _describe_metadata(config),
        _describe_backbone(config),
        *_describe_vectors(config),
        *_describe_smoothing(config, history),
        _describe_penalty(config, history),
    )


def list_commands(config: RunConfig, findings: Findings, *, run_name: str, other_set: str = "") -> tuple[str, ...]:
    """The commands that make the run, its evaluation and this report again, beside the sets' and the run's folders."""
    album_set = Path(config.album_set).name
    train = ["train", album_set, "--model", config.model]
    if config.backbone is not None:
        train += ["--backbone", config.backbone.backbone]
    train += ["--preset", config.preset, "--min-albums-per-mood", str(config.min_albums_per_mood)]
    train += ["--seed", str(config.seed)]
    if config.space:
        train += ["--space", config.space]
    if config.weights:
        train += ["--weights", Path(config.weights).name]
    if config.vectors:
        train += ["--vectors", Path(config.vectors).name]
    if config.n_fine_tuned:
        train += ["--finetune", str(config.n_fine_tuned)]
    n_seeds = max((len(values) for values in findings.seeds.values()), default=1)
    on = ["--on", other_set] if other_set else []
    commands = [
        [*train, "--out", run_name],
        ["evaluate", run_name, *on, "--resamples", str(findings.n_resamples), "--seeds", str(n_seeds)],
        ["report", run_name, *on],
    ]
    if config.backbone is not None:
        backbone = ["--backbone", config.backbone.backbone]
        weights = ["--weights", Path(config.weights).name] if config.weights else []
        for name in dict.fromkeys((other_set or album_set, album_set)):
            commands.insert(0, ["features", name, *backbone, *weights])
    return tuple(shlex.join(["albumnet", *command]) for command in commands)


def _describe_albums(config: RunConfig, findings: Findings, *, other_set: str) -> tuple[Fact, ...]:
    sizes, name = config.sizes, Path(config.album_set).name
    learned = f"{sizes.get('train', 0):,} to learn from, {sizes.get('valid', 0):,} to choose by"
    judged = f"{findings.n_albums:,} to judge by ({findings.n_artists:,} artists)"
    detail = f"album set {name}, albums {config.albums_digest}"
    if not other_set:
        return (Fact("Albums", f"{learned}, {judged}", detail),)
    other_digest = findings.made_from.get("albums", "unknown")
    return (
        Fact("Albums trained on", f"{learned}, of {name}", detail),
        Fact("Albums evaluated on", f"{judged}, of {other_set}", f"album set {other_set}, albums {other_digest}"),
    )


def _describe_model(config: RunConfig) -> Fact:
    how = {
        "regressed": "; mood vectors regressed on those of the moods",
        "decoded": "; mood vectors decoded from logits",
    }.get(config.space, "")
    return Fact("Model", f"{get_model(config.model).title}; preset {config.preset}{how}", f"seed {config.seed}")


def _unscored(findings: Findings) -> tuple[Fact, ...]:
    facts = []
    if findings.left_out_moods:
        reason = f"{len(findings.left_out_moods)}, for want of a test album with or without them"
        facts.append(Fact("Moods not scored", reason, ", ".join(findings.left_out_moods)))
    if lacking := findings.moods_without_vectors:
        facts.append(Fact("Nearness of moods", f"not scored, {len(lacking)} without a word vector", ", ".join(lacking)))
    if findings.n_passed_over:
        facts.append(Fact("Passed over", f"{findings.n_passed_over:,} albums whose artist or cover was in training"))
    return tuple(facts)


def _describe_metadata(config: RunConfig) -> Fact:
    if not get_model(config.model).uses_metadata:
        return Fact("Genre and year", "not looked at")
    tokens, decades = config.metadata.tokens, config.metadata.decades
    span = f" and {len(decades)} decades ({min(decades)}s to {max(decades)}s)" if decades else ""
    return Fact("Genre and year", f"{len(tokens)} genres and words of their names{span}")


def _describe_backbone(config: RunConfig) -> Fact:
    backbone = config.backbone
    if backbone is None:
        return Fact("Cover", "not looked at")
    shape = " × ".join(map(str, backbone.feature_shape))
    tuned = f"; its last {config.n_fine_tuned} blocks were trained too" if config.n_fine_tuned else ""
    return Fact(
        "Cover",
        f"{shape} features of {backbone.backbone}{tuned}",
        f"weights {backbone.weights_digest}, transform {backbone.transform_digest}",
    )


def _describe_vectors(config: RunConfig) -> tuple[Fact, ...]:
    if not config.embedding_size:
        return ()
    source = Path(config.vectors).name if config.vectors else "the packaged ones (GloVe 6B)"
    return (
        Fact("Word vectors", f"{config.embedding_size} numbers wide, {source}", f"vectors {config.vectors_digest}"),
    )


def _describe_smoothing(config: RunConfig, history: Sequence[Epoch]) -> tuple[Fact, ...]:
    tried = list(dict.fromkeys(epoch.smoothing for epoch in history))
    if tried in ([], [0.0]):
        return ()
    of_those = f", of {', '.join(f'{smoothing:g}' for smoothing in tried)}" if len(tried) > 1 else ""
    return (
        Fact(
            "Moods learn from those they occur with",
            f"{config.smoothing:g}{of_those}: the lowest loss on the albums to choose by",
        ),
    )


def _describe_penalty(config: RunConfig, history: Sequence[Epoch]) -> Fact:
    tried = list(dict.fromkeys(epoch.strength for epoch in history))
    of_those = f", of {', '.join(f'{strength:g}' for strength in tried)}" if len(tried) > 1 else ""
    return Fact("L2 penalty", f"{config.strength:g}{of_those}: the lowest loss on the albums to choose by")
