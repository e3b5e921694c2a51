"""The frame of every page: its title, its icon, the navigation."""

from __future__ import annotations

import sys
from pathlib import Path

import streamlit as st

ROOT = Path(__file__).resolve().parent.parent
# Streamlit puts only this script's own folder on the path.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from ui.kit.address import turn_to  # noqa: E402
from ui.kit.notices import errors_shown  # noqa: E402
from ui.kit.style import sheet  # noqa: E402
from ui.pages import pages  # noqa: E402
from ui.room.open_lesson import open_lesson  # noqa: E402
from ui.server.backend import shared_store  # noqa: E402
from ui.server.visitor import identify  # noqa: E402

st.set_page_config(page_title="Sentiment Lab", page_icon=str(ROOT / "ui/assets/icon.png"), layout="wide")
st.logo(str(ROOT / "ui/assets/icon.svg"), size="medium")
st.html(f"<style>{sheet(ROOT / 'ui/assets/shell.css')}</style>")
with errors_shown(stop=True):
    person = identify(shared_store)
page = st.navigation(list(pages().values()), position="top")
arrived_with = turn_to(page.url_path)
st.html(f'<h1 class="lab-page">{page.title}</h1>')
above = st.container()
page.run()
# The page knows by now what its address says.
with above:
    open_lesson(person, page.url_path, arrived_with)
