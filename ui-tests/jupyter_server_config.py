"""Of the servers that stories run in: Galata's settings, this checkout's extension, a folder of its own."""

# ruff: noqa: F821 (the server defines `c`)
from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

from jupyterlab.galata import configure_jupyter_server

checkout = Path(__file__).resolve().parent.parent
own = Path(os.environ["DAGPY_UI_FOLDER"])
shutil.rmtree(own, ignore_errors=True)
root = Path(os.environ.get("DAGPY_UI_ROOT", own / "root"))
root.mkdir(parents=True, exist_ok=True)

extensions = own / "labextensions"
extensions.mkdir(parents=True)
(extensions / "jupyterlab-dagpy").symlink_to(checkout / "jupyterlab_dagpy" / "labextension")

os.environ["JUPYTERLAB_GALATA_ROOT_DIR"] = str(root)
configure_jupyter_server(c)
c.LabServerApp.extra_labextensions_path = [c.LabServerApp.extra_labextensions_path, str(extensions)]
c.JupyterNotebookApp.expose_app_in_browser = True
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.port = int(os.environ["DAGPY_UI_SERVER_PORT"])
# the other application would build pages that nobody opens
c.ServerApp.jpserver_extensions = {"jupyterlab_dagpy": True, "jupyter_lsp": False}
c.LabApp.extension_manager = "readonly"
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
# a first start asks whether there may be news, above what stories and pictures are about
settings = own / "settings"
notifications = settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
notifications.parent.mkdir(parents=True)
notifications.write_text(json.dumps({"checkForUpdates": False, "fetchNews": "false"}))
c.LabServerApp.user_settings_dir = str(settings)
c.FileContentsManager.delete_to_trash = False
# of jupyter-collaboration, where it is there: what it remembers lies with the rest
c.SQLiteYStore.db_path = str(own / "ystore.db")
c.YDocExtension.session_store_path = str(own / "sessions.json")
c.BaseFileIdManager.db_path = str(own / "file_ids.db")
