"""All plots: objects that hold what is drawn, in one style.

Each display is made from results (``from_...``), draws itself with ``plot(ax=None)`` and keeps
``ax_`` and ``figure_``. matplotlib is imported only when something is drawn.
"""

from qsolearn.display.basic import (
    CLASS_COLORS,
    BinnedRateDisplay,
    ColorColorDisplay,
    ConfusionDisplay,
    TradeOffDisplay,
    use_style,
)
from qsolearn.display.coverage import (
    SkyMapDisplay,
)
from qsolearn.display.curves import (
    PrecisionRecallDisplay,
    ReliabilityDisplay,
    SettingsDisplay,
    SplitHistogramDisplay,
)
from qsolearn.display.density_plane import (
    DensityPlaneDisplay,
)
from qsolearn.display.domain import DomainDisplay
from qsolearn.display.night import NightDisplay
from qsolearn.display.redshifts import (
    MagnitudeRedshiftDisplay,
    RedshiftDisplay,
    SkyDisplay,
)
from qsolearn.display.template_fit import TemplateFitDisplay
from qsolearn.display.wedge import WedgeDisplay

__all__ = [
    "CLASS_COLORS",
    "BinnedRateDisplay",
    "ColorColorDisplay",
    "ConfusionDisplay",
    "DensityPlaneDisplay",
    "DomainDisplay",
    "MagnitudeRedshiftDisplay",
    "NightDisplay",
    "PrecisionRecallDisplay",
    "RedshiftDisplay",
    "ReliabilityDisplay",
    "SettingsDisplay",
    "SkyDisplay",
    "SkyMapDisplay",
    "SplitHistogramDisplay",
    "TemplateFitDisplay",
    "TradeOffDisplay",
    "WedgeDisplay",
    "use_style",
]
