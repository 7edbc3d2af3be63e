"""The emulator's clock: scaled, frozen and moved, with timers that follow."""

import asyncio

import pytest

from voice_agent.demo.twilio.clock import Clock

from .virtual_time import NothingLeftToWaitFor, run


def test_a_faster_clock_waits_less() -> None:
    async def scenario() -> None:
        clock, loop = Clock(speed=20), asyncio.get_running_loop()
        await clock.sleep(10)
        assert loop.time() == pytest.approx(0.5)
        clock.run_at(0.5)
        await clock.sleep(1)
        assert loop.time() == pytest.approx(2.5) and clock.now() == pytest.approx(11)

    run(scenario())


def test_a_change_of_pace_moves_timers_that_are_already_set() -> None:
    async def scenario() -> None:
        clock, loop = Clock(), asyncio.get_running_loop()
        waiting = asyncio.create_task(clock.sleep(100))
        await asyncio.sleep(1)
        clock.run_at(99)
        await waiting
        assert loop.time() == pytest.approx(2)

    run(scenario())


def test_a_frozen_clock_stands_until_it_is_moved_or_thawed() -> None:
    async def scenario() -> None:
        clock, order = Clock(), list[str]()
        clock.call_later(5, lambda: order.append("five"))
        clock.call_later(3, lambda: order.append("three"))
        clock.call_later(4, lambda: order.append("never")).cancel()
        clock.freeze()
        await asyncio.sleep(100)
        assert clock.now() == 0 and not order
        await clock.advance(4)
        assert order == ["three"] and clock.now() == 4
        clock.thaw()
        await clock.sleep(1)
        assert order == ["three", "five"]

    run(scenario())


def test_a_limit_cancels_what_takes_too_long() -> None:
    async def scenario() -> None:
        clock = Clock(speed=10)
        with pytest.raises(TimeoutError):
            await clock.within(5, asyncio.Event().wait())
        assert await clock.within(5, asyncio.sleep(0.1, "in time")) == "in time"

    run(scenario())


def test_a_speed_must_be_above_zero() -> None:
    with pytest.raises(ValueError, match="above zero"):
        Clock(0)


def test_waiting_for_nothing_at_all_is_an_error_not_a_hang() -> None:
    async def scenario() -> None:
        await asyncio.Event().wait()

    with pytest.raises(NothingLeftToWaitFor):
        run(scenario())
