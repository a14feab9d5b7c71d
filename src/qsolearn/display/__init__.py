"""All plots: objects that hold what is drawn, in one style.

Each display is made from results (``from_...``), draws itself with ``plot(ax=None)`` and keeps
``ax_`` and ``figure_``. matplotlib is imported only when something is drawn.
"""

from qsolearn.display import basic, coverage, template_fit, wedge
from qsolearn.display.basic import *  # noqa: F403
from qsolearn.display.coverage import *  # noqa: F403
from qsolearn.display.template_fit import *  # noqa: F403
from qsolearn.display.wedge import *  # noqa: F403

__all__ = [*basic.__all__, *coverage.__all__, *template_fit.__all__, *wedge.__all__]
