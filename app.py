"""The web application: `streamlit run app.py`.

An ASGI application around the script `ui/shell.py`, so that the server that draws the pages also answers the route
that the live plot polls. The script lives in a folder without `pages/` beside it: with one, Streamlit would run a page
without its shell when a link is opened on a freshly started server.
"""

from __future__ import annotations

import streamlit as st

from ui.server.api import routes
from ui.server.backend import serve
from ui.server.door import door, door_routes
from ui.server.gate import gate

app = st.App("ui/shell.py", routes=[*door_routes(), *routes()], middleware=[gate(), door()], lifespan=serve)
