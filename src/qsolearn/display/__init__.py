"""All plots: objects that hold what is drawn, in one style.

Each display is made from results (``from_...``), draws itself with ``plot(ax=None)`` and keeps
``ax_`` and ``figure_``. matplotlib is imported only when something is drawn.
"""

from qsolearn.display.bandwidth import BandwidthDisplay
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
from qsolearn.display.follow_up import FollowUpDisplay
from qsolearn.display.interactive import InteractiveFigure, empty_figure, load_in_notebook
from qsolearn.display.night import NightDisplay
from qsolearn.display.redshift_track import RedshiftTrackDisplay
from qsolearn.display.redshifts import (
    MagnitudeRedshiftDisplay,
    RedshiftDisplay,
    SkyDisplay,
)
from qsolearn.display.template_fit import TemplateFitDisplay
from qsolearn.display.threshold import ThresholdDisplay
from qsolearn.display.wedge import WedgeDisplay
from qsolearn.display.wedge_edges import WedgeEdgesDisplay

__all__ = [
    "CLASS_COLORS",
    "BandwidthDisplay",
    "BinnedRateDisplay",
    "ColorColorDisplay",
    "ConfusionDisplay",
    "DensityPlaneDisplay",
    "DomainDisplay",
    "FollowUpDisplay",
    "InteractiveFigure",
    "MagnitudeRedshiftDisplay",
    "NightDisplay",
    "PrecisionRecallDisplay",
    "RedshiftDisplay",
    "RedshiftTrackDisplay",
    "ReliabilityDisplay",
    "SettingsDisplay",
    "SkyDisplay",
    "SkyMapDisplay",
    "SplitHistogramDisplay",
    "TemplateFitDisplay",
    "ThresholdDisplay",
    "TradeOffDisplay",
    "WedgeDisplay",
    "WedgeEdgesDisplay",
    "empty_figure",
    "load_in_notebook",
    "use_style",
]
