"""Puts together what the site is made of: the package as it is installed, links of notebooks."""

import logging
import posixpath
import re
import shutil
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).parents[1]


def on_startup(command: str, dirty: bool) -> None:
    """Copies the parts of the package to `build/package`, before the plug-ins look for it."""
    package = _ROOT / "build" / "package" / "keras_gans"
    shutil.rmtree(package, ignore_errors=True)
    ignore = shutil.ignore_patterns("__pycache__")
    shutil.copytree(_ROOT / "keras_gans", package, ignore=ignore)
    for part in ("callbacks", "scripts"):
        shutil.copytree(_ROOT / part, package / part, ignore=ignore)
    for path in package.rglob("*.py"):  # What the reader of docstrings takes for code.
        path.write_text(re.sub(r"^( +)Example:$", r"\1Examples:", path.read_text(), flags=re.M))


def on_page_content(html: str, page: Any, config: Any, files: Any) -> str:
    """Has links of a notebook lead to pages, as MkDocs does with those of Markdown only."""
    if not page.file.src_uri.endswith(".ipynb"):
        return html
    folder = posixpath.dirname(page.file.src_uri)

    def page_link(match: re.Match[str]) -> str:
        target = files.get_file_from_path(posixpath.normpath(posixpath.join(folder, match[1])))
        if target is None:  # Which a strict build does not pass over.
            logging.getLogger("mkdocs.hooks").warning("%s links to %s", page.file.src_uri, match[1])
            return match[0]
        return f'href="{target.url_relative_to(page.file)}"'

    html = re.sub(r'href="((?![a-z]+:)[^"#]+\.(?:md|ipynb))"', page_link, html)
    # There are no formulas, for which nbconvert would load MathJax.
    return re.sub(r"<!-- Load mathjax.*?End of mathjax[^>]*-->", "", html, flags=re.S)
