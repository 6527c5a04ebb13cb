"""The search for secrets that every world ends with finds what it is to find."""

from tests.world import World


def test_the_session_that_a_hook_was_given_is_searched_for(world: World) -> None:
    document = world.stash.hook_input("Scene.Create.Post", world.add("a"))

    world.run(document)

    assert document["server_connection"]["SessionCookie"]["Value"] in world.cookies
