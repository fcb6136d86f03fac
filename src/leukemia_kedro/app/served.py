"""What Streamlit serves: the page, to requests that name this machine and no other host.

Another site may have a name that leads to this machine. Streamlit's own list of hosts
(``server.allowedHosts``) only guards the connection that calls samples, not files and pages.
"""

from pathlib import Path

import streamlit as st
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware

from leukemia_kedro.app.server import NAMES

app = st.App(
    Path(__file__).with_name("page.py"),
    middleware=[Middleware(TrustedHostMiddleware, allowed_hosts=NAMES, www_redirect=False)],
)
