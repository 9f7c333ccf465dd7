"""What happens in programmes, split by subject."""

from bitgoeul.apps.programmes.events import applications as applications
from bitgoeul.apps.programmes.events import blueprints as blueprints
from bitgoeul.apps.programmes.events import calls as calls
from bitgoeul.apps.programmes.events import cases as cases
from bitgoeul.apps.programmes.events import grants as grants
from bitgoeul.apps.programmes.events import panels as panels
from bitgoeul.apps.programmes.events import reports as reports
from bitgoeul.apps.programmes.events import reviews as reviews
