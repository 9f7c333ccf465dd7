"""The API of programmes, split by subject; importing a subject adds its endpoints to the router."""

from bitgoeul.apps.programmes.api import applications as applications
from bitgoeul.apps.programmes.api import blueprints as blueprints
from bitgoeul.apps.programmes.api import calls as calls
from bitgoeul.apps.programmes.api import cases as cases
from bitgoeul.apps.programmes.api import grants as grants
from bitgoeul.apps.programmes.api import panels as panels
from bitgoeul.apps.programmes.api import reviews as reviews
from bitgoeul.apps.programmes.api.routes import router

__all__ = ["router"]
