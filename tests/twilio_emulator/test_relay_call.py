"""A relay call from ring to hang-up: order and timing of frames and webhooks (sheet sections 1.3, 1.4, 2)."""

from .application import Application, answering, relay_twiml, response
from .stage import Stage
from .virtual_time import run


def test_a_call_is_set_up_greeted_heard_answered_and_ended() -> None:
    """The whole course of recording pin-spoken: setup, greeting, partials, final, reply, hang-up, action, completed."""

    async def scenario() -> None:
        application = Application(answering({}), voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        await call.say("The quick brown fox.")
        await call.quiet()
        call.hang_up()
        end = await call.ended()
        assert talk.kinds() == [
            "setup",
            "agentSpeaking on",
            "tokensPlayed This is the spike. Say something, or press a key.",
            "agentSpeaking off",
            "clientSpeaking on",
            "prompt… The",
            "prompt… The quick",
            "prompt… The quick brown",
            "prompt… The quick brown fox.",
            "clientSpeaking off",
            "prompt The quick brown fox.",
            "agentSpeaking on",
            "tokensPlayed I heard:",
            "tokensPlayed  The quick brown fox.",
            "agentSpeaking off",
        ]
        assert talk.closed is not None and talk.closed[1:] == (1000, "Closing websocket session")
        [action] = application.forms("/action")
        assert action["SessionStatus"] == "completed" and action["CallStatus"] == "completed"
        assert "HandoffData" not in action and "ErrorCode" not in action
        [status] = application.forms("/status")
        assert status["CallStatus"] == "completed" and status["SequenceNumber"] == "0"
        assert end.status == "completed"

    run(scenario())


def test_end_closes_with_1000_and_its_data_reaches_the_action() -> None:
    """Recording end-then-say-hangup and sheet section 1.3: `ended`, in-progress, HandoffData as sent."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(), action=response("<Say>The relay session ended.</Say><Hangup/>"))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        sent = application.ms()
        await talk.send(type="end", handoffData='{"reason":"spike"}')
        await call.ended()
        assert talk.closed is not None
        assert 80 <= talk.closed[0] - sent <= 100 and talk.closed[1] == 1000
        [action] = application.forms("/action")
        assert action["SessionStatus"] == "ended" and action["CallStatus"] == "in-progress"
        assert action["HandoffData"] == '{"reason":"spike"}'
        assert 54 <= application.times("/action")[0] - talk.closed[0] <= 1200

    run(scenario())
