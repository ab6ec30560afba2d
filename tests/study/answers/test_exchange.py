"""Answers out and in again, in every form, and what is wrong with a file."""

import json

import pytest

from albumnet.errors import StudyError
from albumnet.study.answers.exchange import export_answers, import_answers, label_studio_config
from albumnet.study.answers.store import AnswerBook

SUFFIX = {"csv": ".csv", "jsonl": ".jsonl", "label-studio": ".json"}


@pytest.mark.parametrize("kind", SUFFIX)
def test_answers_come_back_as_they_went_and_twice_changes_nothing(answered, book, tmp_path, kind):
    file = tmp_path / f"answers{SUFFIX[kind]}"
    file.write_text(export_answers(answered, book, kind=kind), "utf-8")
    with AnswerBook(tmp_path / "other.sqlite") as other:
        found = import_answers(answered, other, file)
        # Label Studio has a task per cover, without practice and repeats.
        assert found.n_new == (24 if kind == "label-studio" else 2 * (3 + 12 + 3))
        assert found.refused == ()
        for rater in ("anna", "ben"):
            ours, theirs = book.current(rater), other.current(rater)
            for position, answer in theirs.items():
                assert answer.says_the_same(ours[position])
                assert (answer.item, answer.seconds) == (ours[position].item, ours[position].seconds)
        again = import_answers(answered, other, file)
        assert (again.n_new, again.n_known) == (0, found.n_new)


def test_the_history_has_replaced_answers_too(book, say, study):
    book.save(say(0, 1))
    book.save(say(0, 2, study.moods[1:2]))
    assert len(export_answers(study, book, kind="jsonl").splitlines()) == 1
    lines = export_answers(study, book, kind="jsonl", with_history=True).splitlines()
    assert [json.loads(line)["revision"] for line in lines] == [1, 2]


@pytest.mark.parametrize("kind", SUFFIX)
def test_simulated_answers_stay_simulated_on_the_way(answered, book, tmp_path, kind):
    file = tmp_path / f"a{SUFFIX[kind]}"
    file.write_text(export_answers(answered, book, kind=kind), "utf-8")
    with AnswerBook(tmp_path / "other.sqlite") as other:
        import_answers(answered, other, file)
        assert {a.source for a in other.history()} == {"simulated"}


def test_an_answer_that_contradicts_what_is_kept_is_refused_and_the_others_taken(book, say, study, tmp_path):
    book.save(say(3, 1))
    first, second = study.items_of(study.rater("anna"))[3:5]
    text = f"rater,item,moods,cannot_tell\nanna,{first},{study.moods[1]},0\nanna,{second},,1\n"
    (tmp_path / "a.csv").write_text(text, "utf-8")
    found = import_answers(study, book, tmp_path / "a.csv")
    assert found.n_new == 1
    assert [where for where, _ in found.refused] == ["line 2"]
    assert book.current("anna")[3].moods == study.moods[:1]


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("eve,{item},{mood},0", "--rater eve="),
        ("anna,nothing,{mood},0", "no such cover"),
        ("anna,{item},Nonesuch,0", "Nonesuch"),
        ("anna,{item},{mood},1", "one or more moods"),
        ("anna,{item},,0", "one or more moods"),
        ("anna,{item},{mood}|{mood},0", "each once"),
    ],
)
def test_a_wrong_row_is_an_error_that_says_where_and_nothing_is_kept(book, study, tmp_path, row, said):
    filled = row.format(item=study.items[0], mood=study.moods[0])
    good = f"anna,{study.items[1]},{study.moods[0]},0"
    (tmp_path / "a.csv").write_text(f"rater,item,moods,cannot_tell\n{good}\n{filled}\n", "utf-8")
    with pytest.raises(StudyError, match=rf"line 3: .*{said}"):
        import_answers(study, book, tmp_path / "a.csv")
    assert book.history() == []


@pytest.mark.parametrize(("name", "text"), [("a.json", "{"), ("a.json", "[1]"), ("a.jsonl", "nonsense"), ("a.txt", "")])
def test_a_file_that_cannot_be_read_is_one_line(book, study, tmp_path, name, text):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(StudyError, match=name):
        import_answers(study, book, tmp_path / name)


def test_label_studio_numbers_its_people_and_they_are_told_who_is_who(book, study, tmp_path):
    task = {
        "data": {"image": "x", "item": study.items[0]},
        "annotations": [
            {"completed_by": 7, "result": [{"from_name": "moods", "value": {"choices": list(study.moods[:2])}}]},
            {"completed_by": 8, "was_cancelled": True, "result": []},
        ],
    }
    (tmp_path / "a.json").write_text(json.dumps([task]), "utf-8")
    assert import_answers(study, book, tmp_path / "a.json", raters={"7": "ben"}).n_new == 1
    (answer,) = book.current("ben").values()
    assert answer.moods == study.moods[:2]


def test_label_studio_s_interface_escapes_moods():
    assert '<Choice value="A&amp;B &lt;x&gt;"/>' in label_studio_config(["A&B <x>"])
