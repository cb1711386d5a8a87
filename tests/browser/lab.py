"""A JupyterLab server of one's own, and notebooks opened and run in it."""

from __future__ import annotations

import json
import os
import secrets
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

import nbformat
from playwright.sync_api import Page

START_SECONDS = 60
KERNEL_MILLISECONDS = 60_000
NOTIFICATIONS = "@jupyterlab/apputils-extension/notification.jupyterlab-settings"

RUN_CODE = """async (code) => {
  const session = window.jupyterapp.shell.currentWidget.sessionContext.session;
  const future = session.kernel.requestExecute({ code, store_history: false });
  const printed = { text: "", error: "" };
  future.onIOPub = ({ header, content }) => {
    if (header.msg_type === "stream" && content.name === "stdout") printed.text += content.text;
    if (header.msg_type === "error") printed.error = content.traceback.join("\\n");
  };
  await future.done;
  return printed;
}"""


class LabServer:
    """JupyterLab with private directories, so that nothing of the user's is read or written."""

    def __init__(self, home: Path) -> None:
        self.root = home / "notebooks"
        self.token = secrets.token_hex(16)
        self.port = free_port()
        self._log = home / "lab.log"
        settings = home / "settings"
        (settings / NOTIFICATIONS).parent.mkdir(parents=True)
        (settings / NOTIFICATIONS).write_text(
            json.dumps({"fetchNews": "false", "checkForUpdates": False})
        )
        self.root.mkdir()
        self._env = os.environ | {
            "JUPYTER_CONFIG_DIR": str(home / "config"),
            "JUPYTER_DATA_DIR": str(home / "data"),
            "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
            "IPYTHONDIR": str(home / "ipython"),
        }
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        command = [
            sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
            f"--port={self.port}", "--ServerApp.port_retries=0",
            f"--ServerApp.root_dir={self.root}", f"--IdentityProvider.token={self.token}",
            "--LabApp.expose_app_in_browser=True",
        ]  # fmt: skip
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                command, cwd=self.root, env=self._env, stdout=log, stderr=subprocess.STDOUT
            )
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop()
                raise RuntimeError(f"JupyterLab did not start:\n{self._log.read_text()}")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url("api/status"), timeout=5):
                return True
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def stop(self) -> None:
        """Stop the server; it stops its kernels."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def url(self, path: str, query: str = "") -> str:
        """Return the address of a path on the server, with the token."""
        return f"http://127.0.0.1:{self.port}/{path}?token={self.token}{query}"

    def write_notebook(self, name: str, cells: list[str]) -> Path:
        """Write a notebook of code cells into the server's directory."""
        notebook = nbformat.v4.new_notebook(
            cells=[nbformat.v4.new_code_cell(source) for source in cells],
            metadata={
                "kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}
            },
        )
        path = self.root / name
        nbformat.write(notebook, path)
        return path

    def open(self, page: Page, name: str) -> None:
        """Open a notebook alone on a page and wait until its kernel is idle."""
        page.goto(self.url(f"doc/tree/{name}", "&reset"))
        wait_for_idle_kernel(page)

    def run_all(self, page: Page) -> None:
        """Run all cells and wait until they have run."""
        # The command ends when the last cell has run.
        page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
        wait_for_idle_kernel(page)

    def set_theme(self, page: Page, theme: str) -> None:
        """Switch to ``"JupyterLab Light"`` or ``"JupyterLab Dark"``."""
        page.evaluate(
            "(theme) => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme
        )
        light = "true" if theme.endswith("Light") else "false"
        page.wait_for_selector(f"body[data-jp-theme-light='{light}']", state="attached")
        page.wait_for_selector("#jupyterlab-splash", state="detached")

    @staticmethod
    def run_code(page: Page, code: str) -> str:
        """Run code in the kernel of the notebook on a page and return what it prints."""
        printed: dict[str, str] = page.evaluate(RUN_CODE, code)
        assert not printed["error"], printed["error"]
        return printed["text"].strip()

    def outputs(self, name: str) -> list[list[dict[str, Any]]]:
        """Return the outputs of each cell of a saved notebook."""
        return [cell.outputs for cell in nbformat.read(self.root / name, as_version=4).cells]


def free_port() -> int:
    """Return a port that is free now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_idle_kernel(page: Page) -> None:
    """Wait until the kernel of the notebook on the page is idle."""
    page.wait_for_function(
        "() => window.jupyterapp?.shell?.currentWidget?.sessionContext"
        "?.session?.kernel?.status === 'idle'",
        timeout=KERNEL_MILLISECONDS,
    )
