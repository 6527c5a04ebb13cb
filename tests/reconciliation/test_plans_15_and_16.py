"""Plans 15 and 16, reconciliation by hand and by itself: their commands as they stand there.

Those that run the whole suite are left out, and so is the count of tasks and settings: there
are more by now.
"""

from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.invocation.test_plan_12 import Shell
from tests.world import ROOT

Run = Callable[[str], list[str]]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command in the project's folder; the lines that it prints."""
    shell = Shell(tmp_path / "bin")
    (tmp_path / "bin" / "python3").symlink_to("python")
    (tmp_path / "scratch").mkdir()

    def run(command: str) -> list[str]:
        return shell(f"export TMPDIR={tmp_path}/scratch; {command}").splitlines()

    return run


class TestPlan15:
    def test_task_1_the_handler_can_be_imported(self, run: Run) -> None:
        command = """python3 -c "from Stash2Plex import handle_reconcile; print('import OK')" """

        assert run(command) == ["import OK"]

    def test_task_1_the_handler_and_its_modes_are_in_the_entrypoint(self, run: Run) -> None:
        told = "\n".join(run("grep -n 'reconcile' Stash2Plex.py"))

        assert "def handle_reconcile(scope: str)" in told
        assert '"reconcile_all": "all"' in told
        assert '"reconcile_recent": "recent"' in told

    def test_task_1_both_tasks_are_in_the_manifest(self, run: Run) -> None:
        told = "\n".join(run("grep -n 'reconcile' Stash2Plex.yml"))

        assert "mode: reconcile_all" in told
        assert "mode: reconcile_recent" in told

    def test_task_2_the_ten_test_cases_pass(self, run: Run) -> None:
        command = "python3 -m pytest tests/reconciliation/test_reconcile_task.py -v"
        lines = run(command)

        assert sum(" PASSED " in line for line in lines) == 10
        assert " 10 passed in " in lines[-1]

    def test_verification_4_the_task_entries_are_visible(self, run: Run) -> None:
        names = [line.split("name: ")[1] for line in run("grep 'Reconcile Library' Stash2Plex.yml")]

        assert names[:2] == ["Reconcile Library (All)", "Reconcile Library (Recent)"]

    def test_verification_5_handler_and_dispatch_are_visible(self, run: Run) -> None:
        told = "\n".join(run("grep 'reconcile' Stash2Plex.py | head -20"))

        assert "def handle_reconcile" in told
        assert "return handle_reconcile(SCOPES[mode])" in told

    @pytest.mark.parametrize(
        ("pattern", "file"),
        [
            ("mode: reconcile_(all|recent)", "Stash2Plex.yml"),
            ("mode.*reconcile", "Stash2Plex.yml"),
            ("GapDetectionEngine", "reconciliation/task.py"),
        ],
    )
    def test_the_key_links(self, run: Run, pattern: str, file: str) -> None:
        assert run(f"grep -E '{pattern}' {file}")


class TestPlan16:
    def test_task_1_the_scheduler_can_be_imported(self, run: Run) -> None:
        command = (
            'python3 -c "from reconciliation.scheduler import ReconciliationScheduler, '
            "ReconciliationState, INTERVAL_SECONDS; print('OK')\""
        )

        assert run(command) == ["OK"]

    def test_task_1_the_settings_have_their_defaults(self, run: Run) -> None:
        command = (
            'python3 -c "from validation.config import Stash2PlexConfig; '
            "c = Stash2PlexConfig(plex_url='http://localhost:32400', plex_token='abcdefghijk'); "
            'print(c.reconcile_interval, c.reconcile_scope)"'
        )

        assert run(command) == ["never 24h"]

    def test_task_1_the_interval_is_a_setting_of_the_manifest(self, run: Run) -> None:
        command = (
            "python3 -c \"import yaml; d = yaml.safe_load(open('Stash2Plex.yml')); "
            "print('reconcile_interval' in d.get('settings', {}))\""
        )

        assert run(command) == ["True"]

    @pytest.mark.parametrize(
        "command",
        [
            'grep -n "def maybe_auto_reconcile" Stash2Plex.py',
            'grep -n "def _run_auto_reconcile" Stash2Plex.py',
            'grep -n "maybe_auto_reconcile()" Stash2Plex.py',
            'grep -n "recent_7days" reconciliation/engine.py',
            'grep -n "reconcile_7days" Stash2Plex.py',
        ],
    )
    def test_task_2_what_is_looked_for_is_there(self, run: Run, command: str) -> None:
        assert run(command)

    def test_task_2_the_entrypoint_names_the_section_of_the_status(self, run: Run) -> None:
        assert run('grep -n "Reconciliation Status" Stash2Plex.py')

    def test_task_2_the_seven_days_are_in_both_files(self, run: Run) -> None:
        lines = run('grep -n "reconcile_7days" Stash2Plex.py Stash2Plex.yml')

        assert {line.partition(":")[0] for line in lines} == {"Stash2Plex.py", "Stash2Plex.yml"}

    def test_verification_1_every_interval_and_scope_is_accepted(self, run: Run) -> None:
        command = '''python3 -c "
from validation.config import Stash2PlexConfig
# Valid intervals
for interval in ['never', 'hourly', 'daily', 'weekly']:
    c = Stash2PlexConfig(plex_url='http://localhost:32400', plex_token='abcdefghijk', reconcile_interval=interval)
    print(f'{interval}: OK')
# Valid scopes
for scope in ['all', '24h', '7days']:
    c = Stash2PlexConfig(plex_url='http://localhost:32400', plex_token='abcdefghijk', reconcile_scope=scope)
    print(f'{scope}: OK')
"'''  # noqa: E501 -- word for word

        assert run(command) == [
            "never: OK", "hourly: OK", "daily: OK", "weekly: OK", "all: OK", "24h: OK", "7days: OK",
        ]  # fmt: skip

    def test_verification_2_a_new_folder_has_the_default_state(self, run: Run) -> None:
        command = '''python3 -c "
import tempfile, os
from reconciliation.scheduler import ReconciliationScheduler, ReconciliationState
tmpdir = tempfile.mkdtemp()
sched = ReconciliationScheduler(tmpdir)
state = sched.load_state()
print(f'Default state: last_run_time={state.last_run_time}')
assert state.last_run_time == 0.0
print('Scheduler state persistence: OK')
"'''

        assert run(command) == [
            "Default state: last_run_time=0.0",
            "Scheduler state persistence: OK",
        ]

    def test_verification_4_the_manifest_is_valid_with_both_settings(self, run: Run) -> None:
        command = (
            "python3 -c \"import yaml; d = yaml.safe_load(open('Stash2Plex.yml')); "
            "settings = d['settings']; assert 'reconcile_interval' in settings; "
            "assert 'reconcile_scope' in settings; "
            "print('YAML valid:', len(d['tasks']), 'tasks,', len(settings), 'settings')\""
        )

        (line,) = run(command)
        assert line.startswith("YAML valid: ")

    @pytest.mark.parametrize(
        ("pattern", "file"),
        [
            ("maybe_auto_reconcile", "Stash2Plex.py"),
            ("engine\\.", "reconciliation/automatic.py"),
            ("load_state|last_run", "reconciliation/task.py"),
            ("reconcile_interval", "validation/config.py"),
            ("ReconciliationScheduler", "reconciliation/__init__.py"),
        ],
    )
    def test_the_key_links(self, run: Run, pattern: str, file: str) -> None:
        assert run(f"grep -E '{pattern}' {file}")


@pytest.mark.parametrize(
    ("name", "description", "mode"),
    [
        (
            "Reconcile Library (All)",
            "Detect and queue metadata gaps for all scenes "
            "(empty metadata, stale syncs, missing from Plex)",
            "reconcile_all",
        ),
        (
            "Reconcile Library (Recent)",
            "Detect and queue metadata gaps for scenes updated in the last 24 hours",
            "reconcile_recent",
        ),
        (
            "Reconcile Library (Last 7 Days)",
            "Detect and queue metadata gaps for scenes updated in the last 7 days",
            "reconcile_7days",
        ),
    ],
)
def test_recon_01_the_tasks_are_defined_word_for_word(
    name: str, description: str, mode: str
) -> None:
    manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))

    task = {"name": name, "description": description, "defaultArgs": {"mode": mode}}
    assert task in manifest["tasks"]


@pytest.mark.parametrize("key", ["reconcile_interval", "reconcile_scope"])
def test_auto_01_and_auto_03_both_settings_are_texts(key: str) -> None:
    manifest = yaml.safe_load((ROOT / "Stash2Plex.yml").read_text("utf-8"))

    assert manifest["settings"][key]["type"] == "STRING"
