"""The documentation builds without a warning, and no link of it or of the pages at the root leads nowhere."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")


def build(source: Path, out: Path) -> subprocess.CompletedProcess[str]:
    command = [
        sys.executable,
        "-m",
        "sphinx",
        "-q",
        "-W",
        "--keep-going",
        "-d",
        str(out / "trees"),
        str(source),
        str(out),
    ]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def test_it_builds_without_a_warning(tmp_path):
    built = build(ROOT / "docs", tmp_path)
    assert built.returncode == 0, built.stderr
    for page in ("index", "tutorial", "commands/predict", "api", "results"):
        assert "<h1>" in (tmp_path / f"{page}.html").read_text()


def test_a_link_that_leads_nowhere_is_a_warning(tmp_path):
    source = tmp_path / "source"
    source.mkdir()
    (source / "conf.py").write_text((ROOT / "docs" / "conf.py").read_text())
    (source / "index.md").write_text("# Here\n\n[there](#nowhere)\n")
    built = build(source, tmp_path / "built")
    assert built.returncode != 0
    assert "nowhere" in built.stderr


@pytest.mark.parametrize("page", sorted(path.name for path in ROOT.glob("*.md")))
def test_links_of_a_page_at_the_root_lead_somewhere(page):
    links = [link for link in _LINK.findall((ROOT / page).read_text()) if not link.startswith(("http", "mailto"))]
    assert [link for link in links if not (ROOT / link).exists()] == []


@pytest.mark.parametrize("page", sorted(str(p.relative_to(ROOT)) for p in (ROOT / "docs").rglob("*.md")))
def test_links_out_of_the_documentation_lead_somewhere(page):
    path = ROOT / page
    links = [link for link in _LINK.findall(path.read_text()) if not link.startswith(("http", "mailto"))]
    assert [link for link in links if not (path.parent / link).exists()] == []
