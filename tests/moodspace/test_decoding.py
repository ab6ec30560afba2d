"""The closed form from logits to a mood vector."""

import numpy as np
from sklearn.linear_model import Ridge

from albumnet.moodspace import label_decoder


def test_the_decoded_vector_is_the_ridge_regression_of_logits_on_label_vectors():
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(12, 30))
    labels /= np.linalg.norm(labels, axis=1, keepdims=True)
    logits = rng.normal(size=12)
    # 0.01 times the mean squared length, over all labels: unit labels have trace 1 each.
    expected = Ridge(alpha=0.01, fit_intercept=False).fit(labels, logits).coef_
    np.testing.assert_allclose(label_decoder(labels) @ logits, expected, atol=1e-8)


def test_with_more_numbers_than_moods_the_labels_give_the_logits_back():
    rng = np.random.default_rng(1)
    labels = rng.normal(size=(5, 100))
    labels /= np.linalg.norm(labels, axis=1, keepdims=True)
    logits = rng.normal(size=5)
    np.testing.assert_allclose(labels @ (label_decoder(labels) @ logits), logits, atol=0.05)
