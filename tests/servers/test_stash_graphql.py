"""GraphQL as Stash answers it: shapes of answers and errors, and releases."""

import json
from collections.abc import Iterator

import pytest
import requests

from tests.servers.stash import LoopbackStash
from tests.servers.stash.asking import ask, data, get

NEW_TYPE = "application/graphql-response+json"


@pytest.fixture
def stash() -> Iterator[LoopbackStash]:
    with LoopbackStash() as server:
        yield server
        assert server.crashes == []


def test_success_is_200_with_data_alone(stash: LoopbackStash) -> None:
    answer = ask(stash, "{version {version hash build_time}}")

    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert list(answer.json()) == ["data"]
    assert answer.json()["data"]["version"]["version"] == "v0.30.1"
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("version", ["v0.30.1", "v0.30.0-36-gcf3489efd", "v0.26.2", ""])
def test_the_version_is_told_as_it_was_given(version: str) -> None:
    with LoopbackStash(version=version) as stash:
        assert data(stash, "{version {version}}") == {"version": {"version": version}}


def test_a_release_before_v026_is_refused() -> None:
    with pytest.raises(ValueError, match="older"):
        LoopbackStash(version="v0.25.1")


def test_an_error_in_a_nullable_field_is_200_with_errors_first_and_null(
    stash: LoopbackStash,
) -> None:
    answer = ask(stash, '{findScene(id: "abc") {id}}')

    assert answer.status_code == 200
    assert list(answer.json()) == ["errors", "data"]
    assert answer.json() == {
        "errors": [
            {"message": 'strconv.Atoi: parsing "abc": invalid syntax', "path": ["findScene"]}
        ],
        "data": {"findScene": None},
    }


def test_an_error_in_a_required_field_makes_all_data_null(stash: LoopbackStash) -> None:
    answer = ask(stash, '{version {version} all: findScenes(ids: ["9"]) {count}}')

    assert answer.status_code == 200
    assert answer.json()["data"] is None
    assert answer.json()["errors"] == [{"message": "scene with id 9 not found", "path": ["all"]}]


@pytest.mark.parametrize("version", ["v0.28.1", "v0.30.1"])
def test_an_unknown_field_is_422_with_its_place_and_code(version: str) -> None:
    with LoopbackStash(version=version) as stash:
        answer = ask(stash, "{findScenes {scenes {nonsense}}}")

    assert answer.status_code == 422
    assert answer.text.startswith('{"errors":')
    (error,) = answer.json()["errors"]
    assert error["message"] == 'Cannot query field "nonsense" on type "Scene".'
    assert error["locations"] == [{"line": 1, "column": 22}]
    assert error["extensions"] == {"code": "GRAPHQL_VALIDATION_FAILED"}
    assert answer.json()["data"] is None


@pytest.mark.parametrize(
    ("version", "accept", "status", "content_type"),
    [
        ("v0.30.1", "*/*", 400, NEW_TYPE),
        ("v0.30.1", NEW_TYPE, 400, NEW_TYPE),
        ("v0.30.1", "text/html", 400, NEW_TYPE),
        ("v0.30.1", "application/json, */*", 422, "application/json"),
        ("v0.30.1", "", 422, "application/json"),
        ("v0.29.0", "*/*", 400, NEW_TYPE),
        ("v0.28.1", "*/*", 422, "application/json"),
    ],
)
def test_from_v029_the_accept_header_decides_type_and_status(
    version: str, accept: str, status: int, content_type: str
) -> None:
    with LoopbackStash(version=version) as stash:
        answer = ask(stash, "{nonsense}", Accept=accept)

    assert (answer.status_code, answer.headers["Content-Type"]) == (status, content_type)


def test_a_syntax_error_is_422_with_a_code_of_its_own(stash: LoopbackStash) -> None:
    answer = ask(stash, "{findScene(")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["extensions"] == {"code": "GRAPHQL_PARSE_FAILED"}


def test_a_missing_variable_is_422_and_named(stash: LoopbackStash) -> None:
    answer = ask(stash, "query($ids: [ID!]!) {findScenes(ids: $ids) {count}}")

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "message": "must be defined",
            "path": ["variable", "ids"],
            "extensions": {"code": "GRAPHQL_VALIDATION_FAILED"},
        }
    ]


def test_a_body_that_is_no_json_is_400_with_errors(stash: LoopbackStash) -> None:
    answer = requests.post(
        f"{stash.url}/graphql", data=b"{nonsense", timeout=10,
        headers={"Content-Type": "application/json", "Accept": "application/json"},
    )  # fmt: skip

    assert answer.status_code == 400
    assert answer.json()["errors"][0]["message"].startswith(
        "json request body could not be decoded"
    )
    assert answer.json()["data"] is None


def test_another_content_type_is_400(stash: LoopbackStash) -> None:
    answer = requests.post(f"{stash.url}/graphql", data={"query": "{version {hash}}"}, timeout=10)

    assert answer.status_code == 400
    assert answer.json()["errors"] == [{"message": "transport not supported"}]


def test_a_query_may_come_by_get_but_a_mutation_is_406(stash: LoopbackStash) -> None:
    asked = get(stash, "/graphql?query={findScene(id:1){id}}", Accept="application/json")
    changed = get(stash, "/graphql?query=mutation{stopJob(job_id:1)}", Accept="application/json")

    assert asked.json() == {"data": {"findScene": None}}
    assert changed.status_code == 406
    assert changed.json()["errors"] == [{"message": "GET requests only allow query operations"}]


def test_the_operation_is_chosen_by_name(stash: LoopbackStash) -> None:
    text = "query A {version {hash}} query B {stats {scene_count}}"

    def run(name: str) -> requests.Response:
        body = {"query": text, "operationName": name}
        return requests.post(f"{stash.url}/graphql", json=body, timeout=10)

    assert run("B").json() == {"data": {"stats": {"scene_count": 0}}}
    assert run("C").json()["errors"][0]["message"] == "operation C not found"


def test_fragments_aliases_and_directives_are_followed(stash: LoopbackStash) -> None:
    stash.add_scene("One", details="d")
    text = """query($with: Boolean!) {
      findScenes {__typename scenes {
        ...Names name: title ... on Scene {details @include(if: $with)}}}
    } fragment Names on Scene {title}"""

    with_details = data(stash, text, **{"with": True})["findScenes"]
    without = data(stash, text, **{"with": False})["findScenes"]

    assert with_details == {
        "__typename": "FindScenesResultType",
        "scenes": [{"title": "One", "details": "d", "name": "One"}],
    }
    assert without["scenes"] == [{"title": "One", "name": "One"}]


def test_answers_are_zipped_for_those_who_ask_unless_the_type_is_the_new_one(
    stash: LoopbackStash,
) -> None:
    old = ask(stash, "{version {version}}", Accept_Encoding="gzip")
    new = ask(stash, "{version {version}}", Accept="*/*", Accept_Encoding="gzip")

    assert old.headers["Content-Encoding"] == "gzip"
    assert "Content-Encoding" not in new.headers
    assert old.json() == new.json()


def test_a_long_answer_has_no_content_length(stash: LoopbackStash) -> None:
    stash.add_scene("x" * 5000)

    answer = ask(stash, "{findScenes {scenes {title}}}", Accept_Encoding="identity")

    assert answer.headers["Transfer-Encoding"] == "chunked"
    assert "Content-Length" not in answer.headers


def test_before_v027_groups_are_unknown_and_movies_answer() -> None:
    with LoopbackStash(version="v0.26.2") as stash:
        stash.add_scene("One", groups=[("Saga", 3)])
        refused = ask(stash, "{findScenes {scenes {groups {group {name}}}}}")
        answered = data(stash, "{findScenes {scenes {movies {movie {name} scene_index}}}}")

    assert refused.status_code == 422
    assert answered["findScenes"]["scenes"] == [
        {"movies": [{"movie": {"name": "Saga"}, "scene_index": 3}]}
    ]


def test_from_v027_groups_and_movies_both_answer(stash: LoopbackStash) -> None:
    stash.add_scene("One", groups=["Saga"])

    scene = data(stash, "{findScene(id: 1) {groups {group {name}} movies {movie {name}}}}")

    assert scene["findScene"] == {
        "groups": [{"group": {"name": "Saga"}}],
        "movies": [{"movie": {"name": "Saga"}}],
    }


@pytest.mark.parametrize(("version", "status"), [("v0.28.1", 422), ("v0.29.0", 200)])
def test_parent_folder_came_with_v029(version: str, status: int) -> None:
    with LoopbackStash(version=version) as stash:
        answer = ask(stash, "{findScenes {scenes {files {parent_folder {path}}}}}")

    assert answer.status_code == status


def test_go_escapes_angle_brackets_and_keeps_other_signs(stash: LoopbackStash) -> None:
    stash.add_scene("Tom & <Ann> é")

    answer = ask(stash, "{findScene(id: 1) {title}}")

    assert b"Tom \\u0026 \\u003cAnn\\u003e \xc3\xa9" in answer.content
    assert answer.json()["data"]["findScene"]["title"] == "Tom & <Ann> é"


def test_a_document_is_answered_alike_when_it_comes_again(stash: LoopbackStash) -> None:
    stash.add_scene("One")
    text = "query($id: ID) {findScene(id: $id) {title}}"

    answers = [json.dumps(data(stash, text, id=number)) for number in (1, 2, 1)]

    assert answers[0] == answers[2] == '{"findScene": {"title": "One"}}'
    assert answers[1] == '{"findScene": null}'


def test_the_schema_itself_can_be_asked_for(stash: LoopbackStash) -> None:
    kind = data(stash, '{__type(name: "Scene") {kind fields {name}}}')["__type"]

    assert kind["kind"] == "OBJECT"
    assert {"name": "paths"} in kind["fields"]
    assert {"name": "path"} not in kind["fields"]
