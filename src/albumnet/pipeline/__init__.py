"""The order of the stages: album set -> features -> training -> scores -> predictions."""

from albumnet.pipeline.asking import (
    AskedScores,
    MoodRanking,
    place_among_training,
    score_asked_moods,
    write_asked_scores,
)
from albumnet.pipeline.demo import DemoResult, demo
from albumnet.pipeline.drawing import draw_figures
from albumnet.pipeline.evaluating import evaluate
from albumnet.pipeline.explaining.changes import change_cover
from albumnet.pipeline.explaining.covers import (
    describe,
    explain_covers,
    has_earned_belief,
    method_title,
    write_explanation,
)
from albumnet.pipeline.explaining.seeing import draw_filters, see_covers, see_set
from albumnet.pipeline.explaining.sets import explain_set
from albumnet.pipeline.finding import FoundAlbum, FoundAlbums, find_albums, moods_to_walk, vectors_to_walk
from albumnet.pipeline.folds import FoldResult, cross_validate
from albumnet.pipeline.mapping import find_or_make_map, make_map, write_atlas_of
from albumnet.pipeline.music.opening import OpenLibrary, complete_features, open_library
from albumnet.pipeline.music.playlisting import (
    Playlist,
    moods_for_words,
    playlist_around,
    playlist_between,
    playlist_by_words,
    playlist_of_region,
)
from albumnet.pipeline.music.tagging import name_model, plan_tags, undo_tags
from albumnet.pipeline.recommending import (
    FitResult,
    RecEvaluation,
    evaluate_recommender,
    export_mood_vectors,
    fit_recommender,
    open_recommender,
    recommend_mood,
)
from albumnet.pipeline.reporting import write_report
from albumnet.pipeline.scoring import compare_with_set, predict_albums, score, score_on_ray
from albumnet.pipeline.studying import StudyReport, report_study
from albumnet.pipeline.training import ScoreRow, TrainingResult, read_scores, table_values, train, training_options

__all__ = [
    "AskedScores",
    "DemoResult",
    "FitResult",
    "FoldResult",
    "FoundAlbum",
    "FoundAlbums",
    "MoodRanking",
    "OpenLibrary",
    "Playlist",
    "RecEvaluation",
    "ScoreRow",
    "StudyReport",
    "TrainingResult",
    "change_cover",
    "compare_with_set",
    "complete_features",
    "cross_validate",
    "demo",
    "describe",
    "draw_figures",
    "draw_filters",
    "evaluate",
    "evaluate_recommender",
    "explain_covers",
    "explain_set",
    "export_mood_vectors",
    "find_albums",
    "find_or_make_map",
    "fit_recommender",
    "has_earned_belief",
    "make_map",
    "method_title",
    "moods_for_words",
    "moods_to_walk",
    "name_model",
    "open_library",
    "open_recommender",
    "place_among_training",
    "plan_tags",
    "playlist_around",
    "playlist_between",
    "playlist_by_words",
    "playlist_of_region",
    "predict_albums",
    "read_scores",
    "recommend_mood",
    "report_study",
    "score",
    "score_asked_moods",
    "score_on_ray",
    "see_covers",
    "see_set",
    "table_values",
    "train",
    "training_options",
    "undo_tags",
    "vectors_to_walk",
    "write_asked_scores",
    "write_atlas_of",
    "write_explanation",
    "write_report",
]
