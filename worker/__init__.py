"""What becomes of a job. Its modules are imported at first use: a hook must not pay for them."""

TYPE_CHECKING = False  # typing would cost a hook its import
if TYPE_CHECKING:
    from worker import foreground as foreground
    from worker import health_report as health_report
    from worker import incident as incident
    from worker import lives as lives
    from worker import management as management
    from worker import outage_report as outage_report
    from worker import packages as packages
    from worker import session as session
    from worker import status as status


def __getattr__(name: str) -> object:
    import importlib  # noqa: PLC0415 -- costs a millisecond

    if name.startswith("_"):
        raise AttributeError(name)
    try:
        return importlib.import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        if error.name != f"{__name__}.{name}":
            raise  # a dependency is missing, and is to be told as such
        raise AttributeError(name) from None
