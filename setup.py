"""What pyproject.toml cannot say: the web application lies beside the package, and is installed inside it.

Installed at the top level, its folders `ui` and `pages` would be in the way of everybody else's.
"""

from setuptools import find_packages, setup

WEB = "sentiment_core.webapp"

setup(
    packages=[*find_packages(include=["sentiment_core", "sentiment_core.*"]), WEB],
    package_dir={WEB: "."},
    package_data={
        "sentiment_core": [
            "pretrained/*",
            "pretrained/glass/**/*",
            "pretrained/bert/**/*",
            "recorded/*.npz",
            "recorded/labs/*.npz",
            "recorded/*.json",
            "recorded/answers/*.json",
            "inside/*.json",
            "models/*.cu",
            "explain/archive/loader/*.py",
        ],
        WEB: [
            ".streamlit/config.toml",
            "app.py",
            "pages/*.py",
            *(f"ui/**/*.{kind}" for kind in ("py", "js", "css", "html", "svg", "png")),
        ],
    },
)
