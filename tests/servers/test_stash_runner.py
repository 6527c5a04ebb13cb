"""Running a plugin as Stash does: what goes in, what counts as an answer, what is logged."""

import json
import os
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers.stash import LoopbackStash, PluginResult, run_plugin

Script = Callable[[str], Path]


@pytest.fixture
def script(tmp_path: Path) -> Script:
    def write(text: str) -> Path:
        file = tmp_path / "plugins" / "Example" / "example.py"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text), encoding="utf-8")
        return file

    return write


def answering(script: Script, stdout: bytes) -> PluginResult:
    return run_plugin(script(f"import sys; sys.stdout.buffer.write({stdout!r})"), {})


@pytest.mark.parametrize(
    ("stdout", "output", "error"),
    [
        (b'{"output": {"a": [1]}}', {"a": [1]}, None),
        (b'{"output": "ok", "error": null}\n', "ok", None),
        (b'{"error": "broken"}', None, "broken"),
        (b'{"error": ""}', None, ""),
        (b'{"Output": 1, "ERROR": "x"}', 1, "x"),
        (b'{"something": 1}', None, None),
        (b"null", None, None),
        (b"", "", None),
        (b"plain text\n", "plain text\n", None),
        (b'"text"', '"text"', None),
        (b"[1]", "[1]", None),
        (b'{"output": NaN}', '{"output": NaN}', None),
        (b'{"error": 5, "output": 1}', '{"error": 5, "output": 1}', None),
        # Whatever follows the object makes it no answer: the error is lost.
        (b'{"error": "broken"} and more', '{"error": "broken"} and more', None),
    ],
)
def test_stdout_is_one_json_object_or_it_is_text(
    script: Script, stdout: bytes, output: Any, error: str | None
) -> None:
    result = answering(script, stdout)

    assert (result.stdout, result.output, result.error) == (stdout, output, error)


def test_an_exit_code_is_an_error_only_without_one_in_the_answer(script: Script) -> None:
    silent = run_plugin(script("raise SystemExit(3)"), {})
    spoken = run_plugin(script("""print('{"error": "mine"}'); raise SystemExit(3)"""), {})

    assert (silent.exit, silent.output, silent.error) == (3, "", "exit status 3")
    assert (spoken.exit, spoken.error) == (3, "mine")


def test_the_document_arrives_whole_without_a_newline_and_then_the_end(script: Script) -> None:
    document = {"args": {"text": "<b> & é"}}

    result = run_plugin(script("import sys; sys.stdout.write(sys.stdin.read())"), document)

    assert result.stdout == b'{"args":{"text":"\\u003cb\\u003e \\u0026 \xc3\xa9"}}'
    assert json.loads(result.stdout) == document


def test_bytes_are_written_as_they_are(script: Script) -> None:
    echo = script("import sys; sys.stdout.buffer.write(sys.stdin.buffer.read())")

    assert run_plugin(echo, b"\xff not json").stdout == b"\xff not json"


def test_a_hook_input_of_eight_megabytes_arrives(script: Script) -> None:
    stash = LoopbackStash()
    document = stash.edit(stash.add_scene(), cover=bytes(6_000_000))

    result = run_plugin(
        script("""
            import json, sys
            sent = json.load(sys.stdin)["args"]["hookContext"]["input"]
            print(json.dumps({"output": len(sent["cover_image"])}))
        """),
        document,
    )

    assert result.output == 8_000_000 + len("data:image/jpeg;base64,")


def test_a_plugin_may_ignore_its_input(script: Script) -> None:
    result = run_plugin(script("""print('{"output": "ok"}')"""), {"x": "y" * 1_000_000})

    assert (result.output, result.error) == ("ok", None)


def test_it_runs_elsewhere_without_site_packages_beside_its_neighbours(script: Script) -> None:
    result = run_plugin(
        script("""
            import json, os, sys
            print(json.dumps({"output": [
                os.getcwd(), sys.path[0], os.environ["PYTHONPATH"], sys.flags.no_site, sys.argv,
            ]}))
        """),
        {},
        env={"PYTHONPATH": "/present"},
    )
    folder = result.output[1]

    assert result.output[0] == "/"
    assert folder.endswith("plugins/Example")
    assert result.output[2] == f"/present{os.pathsep}{Path(folder).parent}"
    assert result.output[3:] == [1, [f"{folder}/example.py"]]


def test_flags_and_folder_can_be_chosen(script: Script, tmp_path: Path) -> None:
    ask = script("import os, sys; print(sys.flags.no_site, os.getcwd())")

    result = run_plugin(ask, {}, flags=(), cwd=tmp_path)

    assert result.output == f"0 {tmp_path}\n"


def test_stderr_is_read_by_level_and_progress_apart(script: Script) -> None:
    result = run_plugin(
        script(r"""
            import sys
            w = sys.stderr.write
            w("\x01t\x02 trace \n\x01d\x02debug\n\x01i\x02info\n\x01w\x02warn\n\x01e\x02error\n")
            w("\x01p\x020.25\n\x01p\x027\n\x01p\x02soon\n")
            w("bare\n\n\x01x\x02unknown\n\x01i\x02\nlast without end")
        """),
        {},
    )

    assert result.logs == [
        ("trace", "trace"), ("debug", "debug"), ("info", "info"), ("warning", "warn"),
        ("error", "error"),
        ("error", "Error parsing progress value 'soon': "
                  'strconv.ParseFloat: parsing "soon": invalid syntax'),
        ("error", "bare"), ("error", "\x01x\x02unknown"), ("error", "\x01i\x02"),
        ("error", "last without end"),
    ]  # fmt: skip
    assert result.progress == [0.25, 1.0]
    assert result.stderr.startswith(b"\x01t\x02 trace \n")


@pytest.mark.parametrize(
    ("err_log", "logs"),
    [("info", [("info", "bare")]), ("none", []), ("warn", [("error", "bare")])],
)
def test_lines_without_a_level_get_that_of_the_plugin(
    script: Script, err_log: str, logs: list[tuple[str, str]]
) -> None:
    file = script("import sys; sys.stderr.write('bare')")

    assert run_plugin(file, {}, err_log=err_log).logs == logs


def test_a_line_of_64_kib_ends_the_log_and_breaks_the_pipe(script: Script) -> None:
    result = run_plugin(
        script(r"""
            import sys, time
            sys.stderr.write("\x01i\x02first\n"); sys.stderr.flush()
            sys.stderr.write("x" * 65536 + "\n"); sys.stderr.flush()
            time.sleep(0.3)
            try:
                sys.stderr.write("after\n"); sys.stderr.flush()
                print("written")
            except BrokenPipeError:
                print("broken"); sys.stdout.flush()
                import os; os._exit(0)
        """),
        {},
    )

    assert result.logs == [("info", "first")]
    assert result.output == "broken\n"


def test_a_line_just_below_64_kib_is_read(script: Script) -> None:
    result = run_plugin(script("import sys; sys.stderr.write('x' * 65535 + '\\nnext')"), {})

    assert [len(text) for _, text in result.logs] == [65535, 4]
