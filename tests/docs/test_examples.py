"""Every command shown in the documentation prints what its page shows."""

import pytest

from console_examples import difference, in_planted_folder, list_pages, read_examples, run_example


@pytest.mark.timeout(900)
def test_pages_show_what_their_commands_print(tmp_path):
    wrong = []
    with in_planted_folder(tmp_path):
        for page in list_pages():
            examples = read_examples(page.read_text())
            assert examples, page
            for example in examples:
                found = difference(example.shown, run_example(example.command))
                if found is not None:
                    wrong.append(f"{page.name}:{example.line}: $ {example.command}\n    {found}")
    assert not wrong, "\n".join([*wrong, "python tests/console_examples.py brings the pages up to date"])
