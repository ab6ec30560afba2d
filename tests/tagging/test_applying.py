"""Plans carried out and taken back: nothing is lost, whatever happens in between."""

import errno
import os
import shutil
from dataclasses import replace

import pytest

import real_audio
from albumnet.errors import SchemaVersionError, TagError
from albumnet.marks import MoodMark
from albumnet.sources.library.tags import read_track
from albumnet.tagging import UNDO_NAME, MoodTags, apply_plan, open_tags, take_back, writing
from tagging.libraries import MODEL, MOODS, is_tagged, mark_of, plan_for, snapshot


def tags_of(music, names):
    return {name: real_audio.all_tags(music / name) for name in names}


def test_a_plan_changes_nothing_until_it_is_applied(music, names):
    before = {name: (music / name).read_bytes() for name in names}
    plan = plan_for(music, names)
    assert plan.count("write") == len(names)
    assert {name: (music / name).read_bytes() for name in names} == before
    assert apply_plan(plan).n_written == len(names)
    assert all(is_tagged(music / name, name) for name in names)


def test_taking_back_gives_all_files_their_tags_and_removes_the_record(music, names):
    before = snapshot(music, names)
    apply_plan(plan_for(music, names))
    assert (music / UNDO_NAME).is_file()
    result = take_back(music, names)
    assert (result.n_taken_back, result.failures) == (len(names), [])
    assert snapshot(music, names) == before
    assert not (music / UNDO_NAME).exists()
    assert take_back(music, names).n_taken_back == 0


def test_a_second_run_changes_nothing(music, names):
    apply_plan(plan_for(music, names))
    states = {name: (music / name).stat().st_mtime_ns for name in names}
    plan = plan_for(music, names)
    assert plan.count("nothing") == len(names)
    assert apply_plan(plan).n_written == 0
    assert {name: (music / name).stat().st_mtime_ns for name in names} == states


def test_a_persons_moods_are_kept_unless_forced_and_come_back(music, names):
    name = names[0]
    real_audio.write_audio(music / name, mood="Sad", album="A")
    before = real_audio.all_tags(music / name)
    assert plan_for(music, [name]).count("keep") == 1
    apply_plan(plan_for(music, [name], force=True))
    assert open_tags(music / name).read().mark == mark_of(name)
    take_back(music, [name])
    assert real_audio.all_tags(music / name) == before


def test_moods_that_somebody_changed_or_removed_afterwards_are_theirs(music, names):
    changed, removed = names[0], names[1]
    apply_plan(plan_for(music, names))
    for name, moods in ((changed, ("Hand-Made",)), (removed, ())):
        current = open_tags(music / name).read()
        mark = [entry for entry in current.entries if entry.name == "ALBUMNET_MOOD"]
        made = [e for e in open_tags(music / name).make(moods, "") if e.name == "MOOD" or e.key == "TMOO"]
        kept = MoodTags((*mark, *(made if moods else ())))
        writing.write_tags(music / name, kept, expected=current)
    assert plan_for(music, names).count("keep") == 2
    result = take_back(music, names)
    assert {name for name, _ in result.failures} == {changed, removed}
    assert open_tags(music / changed).read().moods == ("Hand-Made",)
    assert take_back(music, names, force=True).failures == []
    assert open_tags(music / changed).read().entries == ()


def test_another_models_moods_replace_ours_and_undo_still_knows_the_first(music, names):
    before = tags_of(music, names)
    apply_plan(plan_for(music, names))
    other = MoodMark("other@ffff", (("Silly", 0.9),))
    plan = plan_for(music, names, mark=lambda _name: other)
    assert plan.count("write") == len(names)
    apply_plan(plan)
    assert open_tags(music / names[0]).read().moods == ("Silly",)
    take_back(music, names)
    assert tags_of(music, names) == before


def test_moods_that_are_not_likely_any_more_are_taken_back(music, names):
    before = tags_of(music, names)
    apply_plan(plan_for(music, names))
    plan = plan_for(music, names, mark=lambda _name: None)
    assert plan.count("take back") == len(names)
    assert apply_plan(plan).n_taken_back == len(names)
    assert tags_of(music, names) == before


@pytest.mark.parametrize("join", ["; ", " / "])
def test_joined_moods_are_one_value_and_ours_and_no_albums_own(music, names, join):
    def joined(name):
        return replace(mark_of(name), join=join)

    apply_plan(plan_for(music, names, mark=joined))
    for name in names:
        tags = open_tags(music / name).read()
        assert tags.moods == (join.join(mood for mood, _ in mark_of(name).moods),)
        assert tags.are_ours
        assert read_track(music / name, name=name).moods == ()
    assert plan_for(music, names, mark=joined).count("nothing") == len(names)


def test_without_the_undo_file_ours_are_still_taken_back(music, names):
    before = tags_of(music, names)
    apply_plan(plan_for(music, names))
    (music / UNDO_NAME).unlink()
    assert take_back(music, names).n_taken_back == len(names)
    after = tags_of(music, names)
    assert after == before


def test_a_file_that_was_moved_loses_ours_and_its_record_is_told_of(music, names):
    apply_plan(plan_for(music, names))
    (music / names[0]).rename(music / "moved.aiff")
    result = take_back(music, [*names[1:], "moved.aiff"])
    assert [name for name, _ in result.failures] == [names[0]]
    assert open_tags(music / "moved.aiff").read().entries == ()
    assert take_back(music, names[1:], force=True).failures == []
    assert not (music / UNDO_NAME).exists()


def test_mode_and_extended_attributes_are_kept(music, names):
    path = music / names[0]
    path.chmod(0o640)
    has_attributes = True
    try:
        os.setxattr(path, "user.origin", b"here")
    except OSError:
        has_attributes = False  # not every file system has them
    apply_plan(plan_for(music, [names[0]]))
    assert path.stat().st_mode & 0o777 == 0o640
    if has_attributes:
        assert os.getxattr(path, "user.origin") == b"here"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_the_owner_is_kept(music, names):
    path = music / names[0]
    os.chown(path, 1234, 2345)
    apply_plan(plan_for(music, [names[0]]))
    assert (path.stat().st_uid, path.stat().st_gid) == (1234, 2345)


def test_read_only_files_are_listed_and_the_others_written(music, names):
    (music / names[0]).chmod(0o444)
    before = (music / names[0]).read_bytes()
    result = apply_plan(plan_for(music, names))
    assert [(name, "read-only" in reason) for name, reason in result.failures] == [(names[0], True)]
    assert result.n_written == len(names) - 1
    assert (music / names[0]).read_bytes() == before


def test_a_file_that_another_program_writes_or_locks_is_listed(music, names):
    import fcntl

    with (music / names[0]).open("rb+"), (music / names[1]).open("rb") as locked:
        fcntl.flock(locked, fcntl.LOCK_EX)
        result = apply_plan(plan_for(music, names))
    assert {name for name, _ in result.failures} == {names[0], names[1]}
    assert all("in use" in reason for _, reason in result.failures)


def test_a_file_that_is_only_read_by_others_is_written_and_they_go_on_reading(music, names):
    old = (music / names[0]).read_bytes()
    with (music / names[0]).open("rb") as player:
        assert apply_plan(plan_for(music, [names[0]])).failures == []
        assert player.read() == old


def test_links_are_left_alone(music, names):
    first, second, third = (music / name for name in names[:3])
    os.link(first, music / "another name.aiff")
    second.rename(music.parent / "elsewhere")
    second.symlink_to(music.parent / "elsewhere")
    with pytest.raises(TagError, match="2 names"):
        plan_for(music, [names[0]])
    with pytest.raises(TagError, match="is a link to"):
        plan_for(music, [names[1]])
    assert third.is_file()


def test_a_file_that_changed_after_the_plan_is_left_alone(music, names):
    plan = plan_for(music, names)
    real_audio.write_audio(music / names[0], album="B", mood="Sad")
    result = apply_plan(plan)
    assert [name for name, _ in result.failures] == [names[0]]
    assert open_tags(music / names[0]).read().moods == ("Sad",)


def test_a_change_in_the_last_moment_is_noticed(music, names, monkeypatch):
    check = writing._check_unchanged

    def touch_and_check(path, before):
        os.utime(path)
        check(path, before)

    monkeypatch.setattr(writing, "_check_unchanged", touch_and_check)
    result = apply_plan(plan_for(music, names[:1]))
    assert "meanwhile" in result.failures[0][1]


def test_a_full_disk_leaves_files_as_they_were(music, names, monkeypatch):
    before = {name: (music / name).read_bytes() for name in names}
    plan = plan_for(music, names)

    def refuse(*_arguments, **_options):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(shutil, "copyfile", refuse)
    result = apply_plan(plan)
    assert len(result.failures) == len(names)
    assert all("the disk is full" in reason for _, reason in result.failures)
    assert {name: (music / name).read_bytes() for name in names} == before
    assert not list(music.rglob(f"{writing.TEMPORARY_PREFIX}*"))


def test_a_disk_that_is_full_for_the_undo_file_stops_before_any_file_is_touched(music, names, full_disk):
    before = {name: (music / name).read_bytes() for name in names}
    plan = plan_for(music, names)
    with full_disk(), pytest.raises(OSError, match="No space"):
        apply_plan(plan)
    assert {name: (music / name).read_bytes() for name in names} == before


def test_audio_that_would_come_out_different_is_not_renamed_into_place(music, names, monkeypatch):
    before = {name: (music / name).read_bytes() for name in names}
    plan = plan_for(music, names)
    opened = writing.open_tags

    class Clumsy:
        def __init__(self, path):
            self.path, self.file = path, opened(path)

        def __getattr__(self, name):
            return getattr(self.file, name)

        def write(self, tags):
            self.file.write(tags)
            content = bytearray(self.path.read_bytes())
            sound = real_audio.sound(self.path.suffix)
            # In MP4 the tags come last, elsewhere room for them may come first.
            place = len(sound) * (2 if self.path.suffix == ".m4a" else 4) // 5
            content[content.rindex(sound[place : place + 16])] ^= 1
            self.path.write_bytes(content)

    monkeypatch.setattr(writing, "open_tags", Clumsy)
    result = apply_plan(plan)
    assert [name for name, _ in result.failures] == names
    reasons = {name: reason for name, reason in result.failures if "would have changed its audio" not in reason}
    assert reasons == {}
    assert {name: (music / name).read_bytes() for name in names} == before


def test_ctrl_c_leaves_every_file_whole_and_can_be_taken_back(music, names):
    before = snapshot(music, names)

    def stop(progress):
        if progress.done == 7:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        apply_plan(plan_for(music, names), progress=stop)
    assert sum(is_tagged(music / name, name) for name in names) == 7
    assert take_back(music, names).n_taken_back == 7
    assert snapshot(music, names) == before


def test_copies_that_a_killed_program_left_are_removed(music, names):
    left = music / "album 0" / f"{writing.TEMPORARY_PREFIX}0123.flac"
    left.write_bytes(b"half")
    apply_plan(plan_for(music, names))
    assert not left.exists()


def test_two_at_once_are_refused(music, names):
    from albumnet.tagging.undo import open_undo_file

    with open_undo_file(music), pytest.raises(TagError, match="another albumnet is at work"):
        apply_plan(plan_for(music, names))


def test_a_record_that_was_cut_off_is_passed_over_and_one_of_another_version_refused(music, names):
    apply_plan(plan_for(music, names))
    record = music / UNDO_NAME
    whole = record.read_text()
    record.write_text(whole + '{"schema_version": 1, "file": "al')
    assert take_back(music, names).failures == []
    record.write_text('{"schema_version": 9, "file": "a", "before": null}\n')
    with pytest.raises(SchemaVersionError, match="schema version 9"):
        take_back(music, names)


def test_names_that_are_no_utf8_are_tagged_and_taken_back(music, names):
    odd = os.fsdecode(b"album 0/caf\xe9.flac")
    shutil.copyfile(music / "album 0/flac.flac", music / odd)
    before = snapshot(music, [odd])
    assert apply_plan(plan_for(music, [odd])).n_written == 1
    assert is_tagged(music / odd, odd)
    assert take_back(music, [odd]).n_taken_back == 1
    assert snapshot(music, [odd]) == before


def test_moods_of_the_marks_are_among_those_known():
    assert {mood for mood, _ in mark_of("x").moods} <= set(MOODS)
    assert mark_of("x").model == MODEL
