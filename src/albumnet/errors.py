"""Every error raised on purpose, each with the exit code of the command line."""


class AlbumNetError(Exception):
    """Base of all known errors: one line saying what came, what was expected and what to do."""

    exit_code = 1


class InputTableError(AlbumNetError):
    """A table of albums cannot be read as one."""


class AlbumSetError(AlbumNetError):
    """A folder is no album set, or an incomplete one."""


class SchemaVersionError(AlbumNetError):
    """A file was written by another version of the format."""


class VocabularyMismatchError(AlbumNetError):
    """Two things that must share one mood vocabulary do not."""


class FeatureStoreError(AlbumNetError):
    """Stored features are missing, or were made by another backbone, weights or transform."""


class SourceError(AlbumNetError):
    """A service on the network refuses, cannot be reached, or answers what it never should."""


class CoverError(AlbumNetError):
    """One cover cannot be used; inside a run it becomes a row of failures, not the end."""


class WeightsError(AlbumNetError):
    """Pretrained weights are missing, of another network, or of an unstated convention."""


class EngineError(AlbumNetError):
    """An engine is not installed, cannot run a backbone, or does not give the features that it should."""


class WordVectorError(AlbumNetError):
    """A word-vector file is malformed, or a mood's word has no vector."""


class TrainingError(AlbumNetError):
    """A model cannot be trained on this set with these options."""


class RunError(AlbumNetError):
    """A folder is no finished run, or does not fit what is asked of it."""


class PredictionsError(AlbumNetError):
    """A file of predictions is missing, broken, or of other albums or moods than is asked for."""


class ServeError(AlbumNetError):
    """The web app cannot start with what it was given."""


class ExplainError(AlbumNetError):
    """What was asked for cannot be explained: no pixels, no gradients, or no mood of that name."""


class ScaleError(AlbumNetError):
    """Workers cannot be had: no such cluster, or too few machines in it."""


class RecommendError(AlbumNetError):
    """A folder is no fitted recommender, or it does not know a user, an album or a word."""


class MissingExtraError(AlbumNetError):
    """The base install lacks what was asked for."""


class TagError(AlbumNetError):
    """One audio file cannot be tagged as it should be; among many it is listed, not the end."""


class PlaylistError(AlbumNetError):
    """A playlist cannot be made of this library, or of what was asked for."""


class MapError(AlbumNetError):
    """A map cannot be laid out, or a folder is no finished map, or one of other albums."""


class AgreementError(AlbumNetError):
    """Answers cannot be compared: there are none, or a category is outside those stated."""


class StudyError(AlbumNetError):
    """A folder is no study, or what is asked of it does not fit it."""


class AnswerConflictError(StudyError):
    """An answer was given to a cover that was meanwhile answered otherwise."""
