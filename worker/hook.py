"""What a hook does: record the event, and see to it that somebody processes it.

Part of the hook path: the standard library alone.
"""

from stash import protocol
from sync_queue import inbox, wake


def record_event(invocation: protocol.Invocation, script: str) -> str:
    """Record the event and wake the background; return what was done.

    Raises:
        BadInvocation: it names nothing, or the edit could be written nowhere.
    """
    hook = invocation.hook
    if hook is None or hook.type not in protocol.EVENTS:
        return "ignored: not an event Stash2Plex acts on"
    if not hook.changes_plex:
        return "ignored: nothing that Plex shows has changed"
    kind = protocol.EVENTS[hook.type]
    if hook.id is None:
        raise protocol.BadInvocation(f"{hook.type} names no {kind}: nothing to record")
    data_dir = protocol.data_dir(invocation.connection)
    job = inbox.payload(kind, hook.id)
    try:
        how = inbox.record(data_dir, job)
    except OSError as error:
        return _entrust(data_dir, script, invocation, job, error)
    return how + "; background " + wake.wake(data_dir, script, invocation.connection)


def _entrust(
    data_dir: str, script: str, invocation: protocol.Invocation, job: bytes, error: OSError
) -> str:
    """Nothing can be written: leave word if that is possible, and let a process remember."""
    is_told = inbox.leave_word(data_dir)
    how = wake.wake(data_dir, script, invocation.connection, unrecorded=job.decode(), insist=True)
    then = "all scenes will be checked again"
    if not is_told and how != wake.STARTED:
        then = "then run Reconcile Library (All), for nothing knows of it"
    raise protocol.BadInvocation(
        f"the edit could not be recorded in {data_dir} ({error.strerror}): make it writable and "
        f"make room there; {then}"
    )
