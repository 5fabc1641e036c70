"""What to do about a message: rules as reviewed data, judged by one pure function. No database, network or clock."""

from crisis_playbook.alarms import Arrivals, Judged, arrivals, behaviour, counts_for, judge, under, usual
from crisis_playbook.checking import check
from crisis_playbook.evaluate import evaluate
from crisis_playbook.examples import visibility_of
from crisis_playbook.explain import deciding_words
from crisis_playbook.inspection import Inspection, JudgedExample, JudgedScenario, inspect
from crisis_playbook.language import by_function_words as language_by_function_words
from crisis_playbook.language import detect as detect_language
from crisis_playbook.load import content_hash, load, load_files, read_files
from crisis_playbook.mistakes import Mistake, PlaybookErrors
from crisis_playbook.model import (
    KINDS,
    SEVERITIES,
    VISIBILITIES,
    Alarm,
    Check,
    Decision,
    Facts,
    Hours,
    Level,
    Points,
    Report,
    Severity,
    Step,
    Suggested,
    Target,
    Team,
)
from crisis_playbook.playbook import Playbook, Question, Rule, target_for
from crisis_playbook.scenarios import scenario_directory
from crisis_playbook.schema import json_schema
from crisis_playbook.side_by_side import SideBySide

__all__ = [
    "KINDS",
    "SEVERITIES",
    "VISIBILITIES",
    "Alarm",
    "Arrivals",
    "Check",
    "Decision",
    "Facts",
    "Hours",
    "Inspection",
    "Judged",
    "JudgedExample",
    "JudgedScenario",
    "Level",
    "Mistake",
    "Playbook",
    "PlaybookErrors",
    "Points",
    "Question",
    "Report",
    "Rule",
    "Severity",
    "SideBySide",
    "Step",
    "Suggested",
    "Target",
    "Team",
    "arrivals",
    "behaviour",
    "check",
    "content_hash",
    "counts_for",
    "deciding_words",
    "detect_language",
    "evaluate",
    "inspect",
    "json_schema",
    "judge",
    "language_by_function_words",
    "load",
    "load_files",
    "read_files",
    "scenario_directory",
    "target_for",
    "under",
    "usual",
    "visibility_of",
]
