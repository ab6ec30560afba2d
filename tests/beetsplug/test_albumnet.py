"""The plugin in the real beets, on real audio files."""

from contextlib import contextmanager
from pathlib import Path

import pytest

import real_audio
from albumnet.tagging import UNDO_NAME, open_tags
from cli.music import KINDS, make_music

beets = pytest.importorskip("beets", reason="needs beets (pip install beets)")
# Some of beets' own dependencies warn on import.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(scope="module")
def run_dir(tmp_path_factory):
    """A model trained for a moment, and planted covers."""
    from web.planted_run import make_planted_run

    base = tmp_path_factory.mktemp("planted")
    make_planted_run(base, n_albums=40, cover_size=64)
    return base


class Beets:
    """A library of beets in a folder of its own."""

    def __init__(self, folder: Path, run: Path, capsys) -> None:
        self.folder, self.music, self._capsys = folder, folder / "library", capsys
        self.music.mkdir()
        self.options = {"model": str(run), "min_probability": 0.05, "top": 2}

    def __call__(self, *arguments: str) -> str:
        """What `beet` prints."""
        from beets.ui import _raw_main

        self._capsys.readouterr()
        with self._configured():
            _raw_main(list(map(str, arguments)))
        return self._capsys.readouterr().out

    @contextmanager
    def _configured(self):
        import beets as package
        from beets import plugins

        config = package.config
        config.clear()
        config.read(user=False, defaults=True)
        config["directory"] = str(self.music)
        config["library"] = str(self.folder / "library.db")
        config["plugins"] = ["albumnet"]
        config["threaded"] = False
        config["import"]["copy"] = True
        config["import"]["autotag"] = False
        config["import"]["quiet"] = True
        config["albumnet"].set(self.options)
        try:
            yield
        finally:
            plugins._instances.clear()
            plugins.BeetsPlugin.listeners.clear()
            plugins.BeetsPlugin._raw_listeners.clear()
            config.clear()


@pytest.fixture
def beet(run_dir, tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("BEETSDIR", str(tmp_path / "beets"))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / "beets").mkdir()
    return Beets(tmp_path / "beets", run_dir / "run", capsys)


@pytest.fixture
def new_music(run_dir, tmp_path):
    # Beets copies the pictures beside files with a plugin of its own, so all are inside.
    music = make_music(tmp_path / "new", run_dir / "covers", n_albums=2)
    picture = next((music / "artist 0/album 0").glob("cover.*")).read_bytes()
    real_audio.write_audio(
        music / "artist 0/album 0/flac.flac", cover=picture, album="Album 0", albumartist="Artist 0", artist="Artist 0",
        title="Track 1", tracknumber="1", date="1970",
    )  # fmt: skip
    return music


def files_of(folder):
    return sorted(path for path in folder.rglob("*.*") if path.suffix in (".flac", ".mp3", ".m4a"))


def test_moods_come_with_an_import_into_library_and_files(beet, new_music):
    before = {path: path.read_bytes() for path in files_of(new_music)}
    beet("import", new_music)
    files = files_of(beet.music)
    assert len(files) == 2 * len(KINDS)
    assert all(open_tags(path).read().are_ours for path in files)
    moods = open_tags(files[0]).read().moods
    assert "; ".join(moods) in beet("ls", "-a", "-f", "$mood").splitlines()
    assert len(beet("ls", f"mood:{moods[0].lower()}").splitlines()) >= len(KINDS)
    assert beet("ls", "mood:no such mood at all") == ""
    assert {path: path.read_bytes() for path in files_of(new_music)} == before
    assert (beet.music / UNDO_NAME).is_file()


def test_on_demand_pretended_not_written_forced_and_taken_back(beet, new_music):
    beet.options["auto"] = False
    beet("import", new_music)
    files = files_of(beet.music)
    tags = {path: real_audio.all_tags(path) for path in files}
    assert "Artist 0 - Album 0: " in beet("albumnet", "-p")
    assert beet("ls", "-f", "$mood", "mood::.") == ""
    beet("albumnet", "-W", "album:Album 0")
    assert beet("ls", "-a", "-f", "$album", "mood::.").splitlines() == ["Album 0"]
    assert {path: real_audio.all_tags(path) for path in files} == tags

    own = next(path for path in files if path.suffix == ".flac")
    real_audio.write_audio(
        own, album="Album 0", albumartist="Artist 0", title="Track 1", cover=real_audio.picture(), mood=["Görünmez"]
    )
    kept = real_audio.all_tags(own)
    beet("albumnet")
    assert real_audio.all_tags(own) == kept
    assert len(beet("ls", "mood:görünmez").splitlines()) == 1
    assert sum(open_tags(path).read().are_ours for path in files) == len(files) - 1
    beet("albumnet", "-f", "album:Album 0")
    assert open_tags(own).read().are_ours

    beet("albumnet", "--undo")
    assert real_audio.all_tags(own) == kept
    assert all(real_audio.all_tags(path) == tags[path] for path in files if path != own)
    assert not (beet.music / UNDO_NAME).exists()
    assert len(beet("ls", "mood::.").splitlines()) == 1


def test_an_album_without_a_cover_is_told_and_imported(beet, tmp_path, caplog):
    (tmp_path / "bare").mkdir()
    real_audio.need_ffmpeg()
    real_audio.write_audio(tmp_path / "bare/a.flac", album="Bare", albumartist="Nobody", artist="Nobody", title="A")
    beet("import", tmp_path / "bare")
    assert beet("ls", "-a", "-f", "$album").splitlines() == ["Bare"]
    assert open_tags(files_of(beet.music)[0]).read().entries == ()


def test_a_model_that_is_none_stops_no_import(beet, new_music):
    beet.options["model"] = str(beet.folder / "none")
    beet("import", new_music)
    assert len(beet("ls").splitlines()) == 2 * len(KINDS)
    with pytest.raises(Exception, match="is no run"):
        beet("albumnet")


def test_words_near_a_mood_find_it_and_others_do_not():
    from beets import config

    from beetsplug.albumnet import MoodQuery

    config["albumnet"]["closeness"] = 0.65

    assert MoodQuery.value_match("gloomy", ["Playful", "Bleak"])
    assert MoodQuery.value_match("laid", ["Laid-Back/Mellow"])
    assert not MoodQuery.value_match("gloomy", ["Playful", "Warm"])
    assert not MoodQuery.value_match("xqzzy", ["Bleak"])
    assert not MoodQuery.value_match("bleak", None)


def test_the_plugin_is_part_of_the_distribution():
    """Found beside `albumnet`, in a namespace without a module of its own."""
    import albumnet
    import beetsplug.albumnet

    plugin = Path(beetsplug.albumnet.__file__)
    assert plugin.parent.parent == Path(albumnet.__file__).parent.parent
    assert not (plugin.parent / "__init__.py").exists()
