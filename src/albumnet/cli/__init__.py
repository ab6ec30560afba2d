"""The command line: parse, call the pipeline, print. Results go to stdout, progress and notes to stderr."""

from __future__ import annotations

from typing import Any

import typer
from typer.core import TyperGroup

from albumnet.cli import (
    cleaning,
    demo,
    doctor,
    evaluation,
    explain,
    exporting,
    map,
    models,
    moods,
    online,
    playlist,
    predicting,
    recommend,
    report,
    serve,
    sets,
    study,
    tag,
)

_ORDER = (
    "demo", "predict", "tag", "playlist", "serve", "import", "crawl", "clean", "card", "split", "export", "features",
    "train", "crossvalidate", "evaluate", "report", "score", "moods", "map", "see", "filters", "explain", "recommend",
    "study", "doctor",
)  # fmt: skip


class _InOrder(TyperGroup):
    """Lists what can be had at once first, then the stages in their order; Typer would put groups last."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Names of all commands."""
        return sorted(super().list_commands(ctx), key=_ORDER.index)


app = typer.Typer(
    name="albumnet",
    cls=_InOrder,
    help="Reads the mood of a record from its cover, and says honestly how much a cover tells.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("demo")(demo.run_demo)
sets.import_app.command("musicbrainz")(online.import_musicbrainz)
app.add_typer(sets.import_app, name="import", help="Turn albums and covers into an album set.")
app.add_typer(online.crawl_app, name="crawl", help="Fetch albums page by page from a site that allows you to.")
app.command("clean")(cleaning.clean)
app.command("split")(sets.split)
app.command("card")(sets.card)
app.command("export")(exporting.export)
app.command("features")(models.features)
app.command("train")(models.train)
app.command("crossvalidate")(models.crossvalidate)
app.command("evaluate")(evaluation.evaluate)
app.command("report")(report.report)
app.command("predict")(predicting.predict)
app.command("score")(predicting.score)
app.add_typer(moods.moods_app, name="moods", help="Walk among moods and words, and find albums by words.")
app.command("tag")(tag.tag)
app.command("playlist")(playlist.playlist)
app.command("map")(map.make_map)
app.command("serve")(serve.serve)
app.command("see")(explain.see)
app.command("filters")(explain.filters)
app.command("explain")(explain.explain)
app.add_typer(recommend.recommend_app, name="recommend", help="Albums for listeners; does the cover help?")
app.command("doctor")(doctor.doctor)
app.add_typer(study.study_app, name="study", help="Covers before human eyes: blind rating and agreement.")


def main() -> None:
    """Run the command line."""
    app()
