"""What the hooks missed: found by comparing both sides, repaired through the queue."""

from reconciliation.detector import GapDetector, GapResult, has_meaningful_metadata
from reconciliation.engine import GapDetectionEngine, GapDetectionResult
from reconciliation.scheduler import ReconciliationScheduler, ReconciliationState

__all__ = [
    "GapDetectionEngine",
    "GapDetectionResult",
    "GapDetector",
    "GapResult",
    "ReconciliationScheduler",
    "ReconciliationState",
    "has_meaningful_metadata",
]
