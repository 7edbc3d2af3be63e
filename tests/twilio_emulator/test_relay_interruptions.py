"""Who may interrupt what, in which order it is told, and what is lost (sheet sections 1.1, 2.3, 2.5, 2.6)."""

import pytest

from .application import Application, Script, Talk, answering, relay_twiml
from .stage import Stage
from .virtual_time import run

LONG = (
    "Sentence 1 of twelve: the quick brown fox jumps over the lazy dog while the spike keeps talking so you can "
    "interrupt it. Sentence 2 of twelve: the quick brown fox jumps over the lazy dog. Sentence 3."
)


def long_reply_on_one(**fields: object) -> Script:
    """Key 1 asks for the long reply, any other key is named."""

    async def script(talk: Talk) -> None:
        at = 0
        while True:
            _, frame = await talk.until(lambda frame: frame["type"] == "dtmf", at)
            at = len(talk.frames)
            key = frame["digit"]
            await talk.say(LONG, **fields) if key == "1" else await talk.say(f"Key {key}.")

    return script


async def during_the_long_reply(stage: Stage, application: Application, seconds: float = 2.0) -> tuple[Talk, int]:
    """A call in which the long reply has been playing for that long, and how many frames had come by then."""
    call = next(iter(stage.exchange.calls.values()))
    talk = await application.talk()
    await call.quiet()
    await call.press("1")
    await talk.until(lambda frame: frame.get("value") == "on", len(talk.frames))
    await stage.clock.sleep(seconds)
    return talk, len(talk.frames)


def test_speech_interrupts_in_the_recorded_order() -> None:
    """Recording interrupt: clientSpeaking, fragment, interrupt and first partial in one ms, agentSpeaking off in 2."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(), voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await call.say("Stop please")
        await call.quiet()
        assert talk.kinds()[mark:] == [
            "clientSpeaking on",
            "tokensPlayed the quick brown fox",
            "interrupt the quick brown fox",
            "prompt… Stop",
            "agentSpeaking off",
            "prompt… Stop please",
            "clientSpeaking off",
            "prompt Stop please",
        ]
        began = talk.frames[mark][0]
        assert [ms - began for ms, _ in talk.frames[mark : mark + 5]] == [0, 0, 0, 0, 2]
        assert isinstance(talk.frames[mark + 2][1]["durationUntilInterruptMs"], int)

    run(scenario())


def test_an_answer_sent_between_a_key_and_its_interrupt_is_played() -> None:
    """Recording greeting-dtmf and sheet section 2.6: dtmf, fragment, interrupt, agentSpeaking off, our words."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(), voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await call.press("9")
        await call.quiet()
        assert talk.kinds()[mark:] == [
            "dtmf 9",
            "tokensPlayed the quick brown",
            "interrupt the quick brown",
            "agentSpeaking off",
            "agentSpeaking on",
            "tokensPlayed Key 9.",
            "agentSpeaking off",
        ]
        times = [ms for ms, _ in talk.frames[mark:]]
        assert [moment - times[0] for moment in times[:4]] == [0, 1, 1, 3]

    run(scenario())


def test_everything_queued_is_lost_with_the_clause_that_is_cut() -> None:
    """Sheet section 2.3: also text already closed with `last: true`; the other sentences are gone."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(), voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await call.say("Stop")
        await call.quiet(lasting=30)
        assert [kind for kind in talk.kinds()[mark:] if "Sentence" in kind] == []

    run(scenario())


def test_speech_does_not_interrupt_what_only_keys_may() -> None:
    """Sheet section 1.1: `interruptible="dtmf"`; reported speech comes as prompts while the agent talks on."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(), voice=relay_twiml(interruptible="dtmf"))
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await call.say("Stop")
        await call.quiet()
        kinds = talk.kinds()[mark:]
        assert "prompt Stop" in kinds and not any(kind.startswith("interrupt") for kind in kinds)
        assert "tokensPlayed  Sentence 3." in kinds

    run(scenario())


def test_a_message_may_override_what_the_twiml_says_of_interrupting() -> None:
    """Sheet section 2.5: `interruptible` on a text frame."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(interruptible=False), voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await call.say("Stop")
        await call.quiet()
        assert not any(kind.startswith("interrupt") for kind in talk.kinds()[mark:])

    run(scenario())


def test_unreported_keys_may_interrupt_and_never_arrive() -> None:
    """Sheet section 1.1, `reportInputDuringAgentSpeech` none, the default since May 2025."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(), voice=relay_twiml(reportInputDuringAgentSpeech="none"))
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await call.press("9")
        await call.quiet()
        assert [kind.split()[0] for kind in talk.kinds()[mark:]] == ["tokensPlayed", "interrupt", "agentSpeaking"]

    run(scenario())


def test_unreported_speech_that_may_not_interrupt_is_lost() -> None:
    """Sheet section 1.1: neither prompt nor interrupt while the agent talks."""

    async def scenario() -> None:
        twiml = relay_twiml(reportInputDuringAgentSpeech="none", interruptible="none")
        application = Application(long_reply_on_one(), voice=twiml)
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await call.say("Stop")
        await call.quiet()
        assert not any(kind.startswith(("prompt", "interrupt", "client")) for kind in talk.kinds()[mark:])

    run(scenario())


def test_the_greeting_has_a_rule_of_its_own() -> None:
    """Sheet section 1.1: `welcomeGreetingInterruptible` beside `interruptible`."""

    async def scenario() -> None:
        application = Application(answering({}), voice=relay_twiml(welcomeGreetingInterruptible="none"))
        stage = Stage(application)
        call = await stage.call()
        await call.barge_in("Hello there")
        await call.quiet()
        talk = await application.talk()
        assert "tokensPlayed This is the spike. Say something, or press a key." in talk.kinds()
        assert not any(kind.startswith("interrupt") for kind in talk.kinds())

    run(scenario())


@pytest.mark.parametrize(("ignore", "interrupted"), [("true", False), ("false", True)])
def test_a_backchannel_does_not_interrupt_if_it_is_ignored(ignore: str, interrupted: bool) -> None:
    """Sheet section 1.1: `ignoreBackchannel`."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(), voice=relay_twiml(ignoreBackchannel=ignore))
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await call.say("Uh-huh")
        await call.quiet()
        assert any(kind.startswith("interrupt") for kind in talk.kinds()[mark:]) is interrupted

    run(scenario())


def test_a_later_message_cuts_a_preemptible_one_without_an_interrupt() -> None:
    """Recording preempt-marked: fragment after 98 ms, no interrupt, no agentSpeaking, new words over after 2.03 s."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(preemptible=True), voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application, 2.7)
        sent = application.ms()
        await talk.say("Replacing the marked message.")
        await call.quiet()
        assert (
            talk.kinds()[mark:]
            == [
                "tokensPlayed Sentence 1 of twelve:",
                "tokensPlayed the quick brown fox jumps over the",
                "tokensPlayed Replacing the marked message.",
                "agentSpeaking off",
            ][1:]
        )
        assert [round(ms - sent, -1) for ms, _ in talk.frames[mark:]] == [100, 2030, 2030]

    run(scenario())


def test_a_plain_message_waits_for_the_one_before_it() -> None:
    """Sheet section 2.5: only what is marked may be cut by a later message."""

    async def scenario() -> None:
        application = Application(long_reply_on_one(), voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk, mark = await during_the_long_reply(stage, application)
        await talk.say("After all that.")
        await call.quiet()
        assert talk.kinds()[-3:] == ["tokensPlayed  Sentence 3.", "tokensPlayed After all that.", "agentSpeaking off"]

    run(scenario())


def test_keys_are_unheard_without_dtmf_detection() -> None:
    """Sheet section 1.1: without `dtmfDetection` no `dtmf` frames."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(dtmfDetection="false"))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        await call.press("12#")
        assert not any(kind.startswith("dtmf") for kind in talk.kinds())

    run(scenario())
