"""`bitgoeul programmes`, split by subject; importing a subject adds its words."""

from bitgoeul.apps.programmes.cli import applications as applications
from bitgoeul.apps.programmes.cli import blueprints as blueprints
from bitgoeul.apps.programmes.cli import calls as calls
from bitgoeul.apps.programmes.cli import cases as cases
from bitgoeul.apps.programmes.cli import grants as grants
from bitgoeul.apps.programmes.cli import reviews as reviews
from bitgoeul.apps.programmes.cli.app import app

__all__ = ["app"]
