"""Settings of the JupyterLab that `npm run lab` starts."""

import secrets
import sys
from pathlib import Path

from jupyter_server.auth.identity import PasswordIdentityProvider

sys.dont_write_bytecode = True
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))

c = get_config()  # noqa: F821


class OwnToken(PasswordIdentityProvider):
    """A token that is made at each start, whatever a configuration of the whole machine says of tokens and passwords."""

    def __init__(self, **options):
        super().__init__(**options)
        self.token = secrets.token_hex(24)
        self.token_generated = True
        self.hashed_password = ""
        self.allow_password_change = False


# On this machine only, and with that token. This file comes first, so a configuration of the machine changes none of these.
c.ServerApp.ip = "127.0.0.1"
c.ServerApp.identity_provider_class = OwnToken
c.ServerApp.authorizer_class = "jupyter_server.auth.authorizer.AllowAllAuthorizer"
c.ServerApp.allow_origin = ""
c.ServerApp.allow_origin_pat = ""
c.ServerApp.allow_credentials = False
c.ServerApp.allow_remote_access = False
c.ServerApp.disable_check_xsrf = False
c.ServerApp.local_hostnames = ["localhost"]
c.ServerApp.base_url = "/"
c.ServerApp.certfile = ""
c.ServerApp.root_dir = str(HERE.parent.parent)

# The reader sees notebooks, and first the one that says where to begin; what runs them is not in the list of files.
c.LabApp.default_url = "/lab/tree/00-start.ipynb"
c.ContentsManager.hide_globs = ["jupyter", "__pycache__", "*.pyc", ".DS_Store", "*~"]

# The project's kernel alone, so that a new notebook gets it.
c.MultiKernelManager.default_kernel_name = "tslab"
c.KernelSpecManager.allowed_kernelspecs = {"tslab"}
c.KernelSpecManager.ensure_native_kernel = False

# No request to anywhere: no news, no look for updates, no list of extensions.
c.LabApp.check_for_updates_class = "jupyterlab.NeverCheckForUpdate"
c.LabApp.news_url = None
c.LabApp.extension_manager = "readonly"

# Defaults of the user's settings: no question about news; every cell is drawn, in view or not.
c.LabApp.app_settings_dir = str(HERE / "lab")

# Loads custom/custom.css beside this file; that folder has no setting of its own.
c.LabApp.custom_css = True
c.ServerApp.tornado_settings = {"static_custom_path": [str(HERE / "custom")]}

# The export menu writes the same page as `npm run report`, with everything in it.
c.HTMLExporter.template_name = "deepshock"
c.HTMLExporter.extra_template_basedirs = [str(HERE.parent / "templates")]

# What needs a TeX or a second browser, or has no template of ours, is not offered: HTML can be printed.
for exporter in (c.LatexExporter, c.RSTExporter, c.WebPDFExporter, c.SlidesExporter):
    exporter.enabled = False
