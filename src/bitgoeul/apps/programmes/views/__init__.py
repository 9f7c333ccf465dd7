"""The pages of programmes, split by subject; each module lists its addresses in ``PATHS``."""

from bitgoeul.apps.programmes.views import applications as applications
from bitgoeul.apps.programmes.views import blueprints as blueprints
from bitgoeul.apps.programmes.views import calls as calls
from bitgoeul.apps.programmes.views import cases as cases
from bitgoeul.apps.programmes.views import desk as desk
from bitgoeul.apps.programmes.views import grants as grants
from bitgoeul.apps.programmes.views import panels as panels
from bitgoeul.apps.programmes.views import results as results
from bitgoeul.apps.programmes.views import reviews as reviews
