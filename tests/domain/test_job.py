"""A job says what Plex should be told about, and nothing else."""

import json

import pytest

from domain.job import JobKey, SceneId, SyncJob
from sync_queue import inbox


@pytest.mark.parametrize("identity", [1, 42, 2**63 - 1])
def test_a_keys_document_has_the_bytes_that_a_hook_writes(identity: int) -> None:
    document = json.dumps(JobKey("scene", identity).payload())

    assert document.encode() == inbox.payload("scene", identity)


def test_keys_are_equal_when_they_name_the_same() -> None:
    assert {JobKey("scene", 1), JobKey("scene", 1), JobKey("tag", 1)} == {
        JobKey("tag", 1),
        JobKey("scene", 1),
    }


def test_keys_are_put_in_order_by_number_and_not_by_text() -> None:
    keys = [JobKey("scene", n) for n in (10, 9, 100)]

    assert [key.id for key in sorted(keys)] == [9, 10, 100]


def test_a_key_reads_as_people_say_it() -> None:
    assert str(JobKey("scene", 42)) == "scene 42"


def test_a_fresh_job_is_a_save_without_history() -> None:
    job = SyncJob(JobKey("scene", 42))

    assert job.queue == "default"
    assert (job.attempts, job.misses, job.deaths, job.alone) == (0, 0, 0, False)


def test_a_job_names_its_scene() -> None:
    assert SyncJob(JobKey("scene", 42)).scene_id == SceneId(42)
