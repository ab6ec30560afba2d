"""`albumnet study …`: blind rating of covers by people, and how far they, the set and models agree."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from albumnet.cli.output import Seed, command, list_failures, note, one_of, print_table

if TYPE_CHECKING:
    from albumnet.pipeline import StudyReport

study_app = typer.Typer(no_args_is_help=True)

StudyFolder = Annotated[Path, typer.Argument(metavar="STUDY", help="Folder of the study.")]
Raters = Annotated[str, typer.Option("--raters", metavar="NAMES", help="Separated by commas.")]
Agreement = Annotated[float, typer.Option("--agreement", help="Planted kappa of two raters.")]
WithSet = Annotated[float, typer.Option("--with-set", help="Planted kappa of rater and set.")]
PORT = 8701
EXPORTS = ("csv", "jsonl", "label-studio", "folder")


@study_app.command("create")
@command
def create(
    album_set: Annotated[Path, typer.Argument(metavar="SET")],
    raters: Raters,
    out: Annotated[Path, typer.Option("--out", metavar="STUDY", help="Folder of the study.")],
    covers: Annotated[int, typer.Option("--covers", min=2, help="How many count.")] = 50,
    moods: Annotated[str, typer.Option("--moods", metavar="all|LIST", help="Separated by commas.")] = "all",
    repeats: Annotated[int, typer.Option("--repeats", min=0, help="Covers that each rater sees twice.")] = 5,
    draw: Annotated[
        str,
        typer.Option(
            "--draw", callback=one_of("random", "stratified"), help="Stratified: rare moods come as often as common."
        ),
    ] = "random",
    address: Annotated[
        str, typer.Option("--address", help="What raters' links begin with.")
    ] = f"http://localhost:{PORT}",
    seed: Seed = 0,
    force: Annotated[bool, typer.Option("--force", help="Throw away the study that is there.")] = False,
) -> None:
    """Draw covers and give each rater a private link.

    Covers come from the set's test side.
    """
    from albumnet.dataset import AlbumSet
    from albumnet.study import StudyOptions, create_study

    options = StudyOptions(
        raters=_listed(raters), n_covers=covers, moods=None if moods == "all" else _listed(moods), n_repeats=repeats,
        is_stratified=draw == "stratified", seed=seed,
    )  # fmt: skip
    created = create_study(AlbumSet(album_set), out, options, force=force)
    study = created.study
    note(
        f"{out}: {len(study.items)} covers ({repeats} of them twice) after {study.n_training} to practise on, "
        f"{len(study.moods)} moods. Links are kept nowhere: copy them now."
    )
    _print_links(created.tokens, address)


@study_app.command("plan")
@command
def plan(
    album_set: Annotated[Path, typer.Argument(metavar="SET")],
    width: Annotated[float, typer.Option("--width", min=0.01, help="Of the interval that is wanted.")] = 0.1,
    agreement: Agreement = 0.3,
    simulated: Annotated[int, typer.Option("--simulated", min=10, help="Studies of each size.")] = 100,
    seed: Seed = 0,
) -> None:
    """Say how many covers and raters a study takes.

    For an interval of a wanted width, by simulating studies.
    """
    import numpy as np

    from albumnet.dataset import AlbumSet
    from albumnet.study.planning import plan_study
    from albumnet.study.simulation import Planted

    opened = AlbumSet(album_set)
    target = opened.vocabulary.target([album.moods for album in opened.albums if album.moods])
    lines = plan_study(
        target.mean(axis=0), planted=Planted(between_raters=agreement, with_set=0.0), rng=np.random.default_rng(seed),
        n_simulated=simulated,
    )  # fmt: skip
    print(f"Width of a 95 % interval of the raters' mean pooled kappa, {agreement:g} planted:")
    numbers = list(dict.fromkeys(line.n_raters for line in lines))
    width_of = {(line.n_covers, line.n_raters): line.width for line in lines}
    print_table(
        ("covers", *(f"{n} raters" for n in numbers)),
        ((f"{c}", *(f"{width_of[c, n]:.3f}" for n in numbers)) for c in dict.fromkeys(li.n_covers for li in lines)),
    )
    for n in numbers:
        enough = next((line.n_covers for line in lines if line.n_raters == n and line.width <= width), None)
        said = "more covers than were simulated" if enough is None else f"{enough} covers"
        print(f"{n} raters: {said} for {width:g}")


@study_app.command("report")
@command
def report(
    path: StudyFolder,
    model: Annotated[
        list[Path] | None, typer.Option("--model", metavar="RUN", help="A trained model; may be repeated.")
    ] = None,
    album_set: Annotated[
        Path | None, typer.Option("--set", metavar="SET", help="The study's set, if it has moved.")
    ] = None,
    resamples: Annotated[int, typer.Option("--resamples", min=100, help="Of covers, for the intervals.")] = 1000,
    seed: Seed = 0,
) -> None:
    """Compare raters, the set and models.

    The whole of it is STUDY/report.html.
    """
    from albumnet import pipeline

    found = pipeline.report_study(path, model or [], album_set=album_set, n_resamples=resamples, seed=seed)
    _print_report(found)
    note(f"mood by mood, cover by cover: {found.path}")


@study_app.command("simulate")
@command
def simulate(
    path: StudyFolder,
    raters: Raters,
    agreement: Agreement = 0.3,
    with_set: WithSet = 0.15,
    with_oneself: Annotated[float, typer.Option("--with-oneself", help="Planted kappa of repeats.")] = 0.7,
    seed: Seed = 0,
) -> None:
    """Let a program answer in the place of some raters.

    With a planted agreement; reports call them simulated.
    """
    import numpy as np

    from albumnet.errors import StudyError
    from albumnet.study import read_key, read_study
    from albumnet.study.answers.store import AnswerBook
    from albumnet.study.simulation import Planted, simulate_answers

    study = read_study(path)
    planted = Planted(between_raters=agreement, with_set=with_set, with_oneself=with_oneself)
    names = _listed(raters)
    answers = simulate_answers(study, read_key(study), names, planted=planted, rng=np.random.default_rng(seed))
    with AnswerBook(study.answers_file) as book:
        if busy := [name for name in names if book.current(name)]:
            raise StudyError(f"{', '.join(busy)} answered already; simulate raters who have not")
        book.save_all(answers)
    note(f"{len(answers)} answers of {len(names)} simulated raters kept in {path}")


@study_app.command("serve")
@command
def serve(
    path: StudyFolder,
    host: Annotated[str, typer.Option("--host", help="Address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option("--port", min=0, max=65535, help="0 takes any free one.")] = PORT,
) -> None:
    """Let raters rate in a browser; end with Ctrl-C.

    Each at their private link.
    """
    import contextlib

    from albumnet.web.options import Limits, ServeOptions
    from albumnet.web.rating.app import create_rating_app
    from albumnet.web.server import listen, run

    with contextlib.closing(listen(ServeOptions(host=host, port=port))) as listener:
        app = create_rating_app(path, host=host)
        if host not in ("127.0.0.1", "::1", "localhost"):
            note(f"albumnet: warning: {host} can be reached from other machines; links are sent to it in the clear")
        name = f"[{host}]" if ":" in host else host
        address = f"http://{name}:{listener.getsockname()[1]}/"
        run(app, listener, Limits(), on_ready=lambda: print(f"Raters' links begin with {address}r/", flush=True))


@study_app.command("revoke")
@command
def revoke(
    path: StudyFolder,
    rater: Annotated[str, typer.Argument(metavar="RATER")],
    new_link: Annotated[bool, typer.Option("--new-link", help="Give the rater another one.")] = False,
    address: Annotated[
        str, typer.Option("--address", help="What raters' links begin with.")
    ] = f"http://localhost:{PORT}",
) -> None:
    """Make a rater's links worthless at once.

    Answers stay.
    """
    from albumnet.study import read_study
    from albumnet.study.answers.store import AnswerBook

    study = read_study(path)
    name = study.rater(rater).name
    with AnswerBook(study.answers_file) as book:
        note(f"{book.revoke_links(name)} links of {name} revoked")
        if new_link:
            _print_links({name: book.give_link(name)}, address)


@study_app.command("export")
@command
def export(
    path: StudyFolder,
    out: Annotated[Path, typer.Option("--out", help="The file; for --as folder a new folder.")],
    kind: Annotated[
        str,
        typer.Option("--as", callback=one_of(*EXPORTS), help=f"{', '.join(EXPORTS)}."),
    ] = "csv",
    history: Annotated[bool, typer.Option("--history", help="With answers that were replaced.")] = False,
    rater: Annotated[str | None, typer.Option("--rater", help="Whose copy, for --as folder.")] = None,
) -> None:
    """Write answers to a file.

    Or a copy of the study that one rater can serve alone.
    """
    from albumnet.dataset.atomic import write_text
    from albumnet.study import read_study
    from albumnet.study.answers.exchange import export_answers, label_studio_config
    from albumnet.study.answers.merging import copy_for_rater
    from albumnet.study.answers.store import AnswerBook

    study = read_study(path)
    if kind == "folder":
        if rater is None:
            raise typer.BadParameter("--as folder makes a copy for one rater; name them with --rater")
        _print_links({rater: copy_for_rater(study, rater, out)}, f"http://localhost:{PORT}")
        note(f"{out}: to be served with `albumnet study serve {out}`, sent back and merged")
        return
    with AnswerBook(study.answers_file) as book:
        write_text(out, export_answers(study, book, kind=kind, with_history=history))
    if kind == "label-studio":
        write_text(out.with_suffix(".xml"), label_studio_config(study.moods))
        note(f"{out.with_suffix('.xml')}: the labelling interface")
    note(str(out))


@study_app.command("import")
@command
def import_(
    path: StudyFolder,
    file: Annotated[Path, typer.Argument(metavar="FILE", help=".csv, .jsonl, or Label Studio's .json.")],
    rater: Annotated[
        list[str] | None, typer.Option("--rater", metavar="IN_FILE=NAME", help="Who is who; may be repeated.")
    ] = None,
) -> None:
    """Take answers from a file.

    Those that contradict what is kept are listed and left out.
    """
    from albumnet.study import read_study
    from albumnet.study.answers.exchange import import_answers
    from albumnet.study.answers.store import AnswerBook

    study = read_study(path)
    who = dict(pair.partition("=")[::2] for pair in rater or [])
    with AnswerBook(study.answers_file) as book:
        found = import_answers(study, book, file, raters=who)
    note(f"{found.n_new} answers new, {found.n_known} known already")
    list_failures(found.refused, what="answers")


@study_app.command("merge")
@command
def merge(
    path: StudyFolder,
    copies: Annotated[list[Path], typer.Argument(metavar="COPY...", help="Folders that came back.")],
    prefer: Annotated[
        str | None, typer.Option("--prefer", callback=one_of("ours", "theirs"), help="Where both went on apart.")
    ] = None,
) -> None:
    """Bring copies of a study together.

    Conflicts are listed and what is here stays.
    """
    from albumnet.study import read_study
    from albumnet.study.answers.merging import merge_study

    study = read_study(path)
    conflicts: list[tuple[str, str]] = []
    for copy in copies:
        found = merge_study(study, copy, prefer=prefer)
        note(f"{copy}: {found.n_new} answers new")
        conflicts += found.conflicts
    list_failures(conflicts, what="answers")


def _print_report(found: StudyReport) -> None:
    from albumnet.study.page import in_words

    findings = found.findings
    if simulated := [rater.name for rater in findings.raters if rater.is_simulated]:
        print(f"SIMULATED raters, who say nothing about people: {', '.join(simulated)}")
    print(f"{findings.n_covers} covers, {findings.n_moods} moods; 95 % intervals over covers\n")
    print_table(
        ("", "covers", "pooled kappa", "", "alpha Jaccard", "alpha semantic"),
        (
            (
                f"{pair.first} - {pair.second}", str(pair.n_covers), *_parts(in_words(pair.pooled)),
                f"{pair.alphas['jaccard'].value:.2f}", f"{pair.alphas['semantic'].value:.2f}",
            )
            for pair in findings.pairs
        ),
    )  # fmt: skip
    print()
    for line in findings.contrasts:
        less = f"; less raters' own: {line.less_raters.value:+.2f} " if line.less_raters.is_defined else ""
        ends = f"[{line.less_raters.low:+.2f}, {line.less_raters.high:+.2f}]" if less else ""
        print(f"{line.title}: {in_words(line.mean)}{less}{ends}")


def _parts(said: str) -> tuple[str, str]:
    number, _, rest = said.partition("]")
    return (f"{number}]" if rest or said.endswith("]") else said), rest.strip()


def _listed(names: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in names.split(",") if name.strip())


def _print_links(tokens: dict[str, str], address: str) -> None:
    print_table(("rater", "private link"), ((name, f"{address}/r/{token}") for name, token in tokens.items()))
