"""How the agent's frames are spoken and how the caller's words come out (sheet sections 2.3, 2.4, 2.5)."""

import asyncio
import io
import wave

import pytest
from starlette.responses import Response

from voice_agent.demo.twilio.happenings import AlertRaised, AudioPlayed, ClausePlayed, DigitsPlayed
from voice_agent.demo.twilio.relay.ear import Habits

from .application import BASE, Application, Page, Seen, Talk, answering, relay_twiml
from .stage import Stage
from .virtual_time import run


def test_speech_starts_before_last_clause_by_clause() -> None:
    """Sheet section 2.6: `last` only ends the cycle; an unfinished sentence waits for its end."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.send(type="text", token="One moment. I am", last=False)
            await talk.until(lambda frame: frame.get("value") == "One moment.")
            await talk.send(type="text", token=" looking it up.", last=True)

        application = Application(script, voice=relay_twiml(welcomeGreeting=""))
        stage = Stage(application)
        call = await stage.call()
        await call.quiet(lasting=5)
        talk = await application.talk()
        assert talk.kinds()[1:] == [
            "agentSpeaking on",
            "tokensPlayed One moment.",
            "tokensPlayed  I am looking it up.",
            "agentSpeaking off",
        ]

    run(scenario())


def test_a_filler_without_last_is_spoken_and_the_cycle_stays_open() -> None:
    """Sheet section 2.6: without `last` the end of speech is not reported; here `last` comes alone, later."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.send(type="text", token="One moment.", last=False)
            await talk.until(lambda frame: frame.get("value") == "One moment.")
            assert talk.kinds()[-1] == "tokensPlayed One moment."
            await talk.send(type="text", token="", last=True)

        application = Application(script, voice=relay_twiml(welcomeGreeting=""))
        stage = Stage(application)
        call = await stage.call()
        await call.quiet(lasting=5)
        assert (await application.talk()).kinds()[-1] == "agentSpeaking off"

    run(scenario())


@pytest.mark.parametrize("attribute", ["events", "debug"])
@pytest.mark.parametrize(
    ("events", "names"),
    [("", set()), ("speaker-events", {"agentSpeaking", "clientSpeaking"}), ("tokens-played", {"tokensPlayed"})],
)
def test_info_frames_come_only_if_they_are_asked_for(attribute: str, events: str, names: set[str]) -> None:
    """Sheet section 2.4, last column of its table; `debug` is the older attribute for the same."""

    async def scenario() -> None:
        twiml = relay_twiml(**{"events": "", attribute: events})
        application = Application(answering({}), voice=twiml)
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        await call.say("Hello there.")
        await call.quiet()
        assert {frame["name"] for _, frame in talk.frames if frame["type"] == "info"} == names

    run(scenario())


def test_partials_come_only_if_they_are_asked_for() -> None:
    """Sheet section 2.3: `last` false only with `partialPrompts`."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(partialPrompts="false", speechModel="nova-3-general"))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        await call.say("When is my visit?")
        await call.quiet()
        prompts = [frame for _, frame in talk.frames if frame["type"] == "prompt"]
        assert prompts == [{"type": "prompt", "voicePrompt": "When is my visit?", "lang": "en-US", "last": True}]

    run(scenario())


@pytest.mark.parametrize(
    ("attributes", "lang"),
    [
        ({"speechModel": "flux"}, "en"),
        ({"speechModel": "nova-3-general"}, "en-US"),
        ({"speechModel": "nova-3-general", "transcriptionLanguage": "multi"}, "en"),
        ({"speechModel": "nova-3-general", "language": "es-US"}, "es-US"),
    ],
)
def test_the_language_of_a_prompt_is_the_one_listened_for(attributes: dict[str, str], lang: str) -> None:
    """Sheet section 2.3: region only outside Flux and `multi`; sections 1.1 and 1.2 for precedence."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(**attributes))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        await call.say("Hello.")
        _, prompt = await talk.until(lambda frame: frame["type"] == "prompt")
        assert prompt["lang"] == lang

    run(scenario())


def test_flux_may_make_two_finals_of_one_utterance() -> None:
    """Sheet section 2.3: finals to be joined if they come before the agent spoke."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml())
        stage = Stage(application)
        call = await stage.call(habits=Habits(split_finals=True))
        talk = await application.talk()
        await call.quiet()
        await call.say("My number is, five five five one two")
        await call.quiet()
        finals = [frame["voicePrompt"] for _, frame in talk.frames if frame.get("last")]
        assert finals == ["My number is,", "five five five one two"]

    run(scenario())


def test_tones_wait_for_the_speech_in_front_of_them() -> None:
    """Recording queued-digits: agentSpeaking off, then 1.9 s of tones, then `tokensPlayed 1234#`."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.say("Please hold.")
            await talk.send(type="sendDigits", digits="1234#")

        application = Application(script, voice=relay_twiml(welcomeGreeting=""))
        stage = Stage(application)
        call = await stage.call()
        await call.quiet(lasting=5)
        talk = await application.talk()
        assert talk.kinds()[1:] == [
            "agentSpeaking on",
            "tokensPlayed Please hold.",
            "agentSpeaking off",
            "tokensPlayed 1234#",
        ]
        assert 1890 <= talk.frames[-1][0] - talk.frames[-2][0] <= 1910
        assert [entry.digits for entry in call.journal.entries if isinstance(entry, DigitsPlayed)] == ["1234#"]

    run(scenario())


def test_an_audio_file_keeps_its_place_while_it_is_fetched() -> None:
    """Sheet section 2.5: `play` goes through the queue; its length is the file's, times `loop`."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.say("First.")
            await talk.send(type="play", source=f"{BASE}/hold.wav", loop=3)
            await talk.send(type="play", source=f"{BASE}/missing.wav")
            await talk.say("Last.")

        async def sound(seen: Seen) -> Response:
            await asyncio.sleep(3)
            return Response(wave_file(2), media_type="audio/wav")

        pages: dict[str, Page] = {"hold.wav": sound, "missing.wav": Response(status_code=404)}
        application = Application(script, voice=relay_twiml(welcomeGreeting=""))
        application.pages |= {name: [page] for name, page in pages.items()}
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet(lasting=10)
        first, last = talk.times("tokensPlayed First."), talk.times("tokensPlayed Last.")
        assert last[0] - first[0] > 6000
        [played] = [entry for entry in call.journal.entries if isinstance(entry, AudioPlayed)]
        assert (played.url, played.seconds, played.cut) == (f"{BASE}/hold.wav", 6.0, False)
        assert [entry.code for entry in call.journal.entries if isinstance(entry, AlertRaised)] == [64111]

    run(scenario())


def test_a_loop_of_zero_is_a_thousand_and_may_be_interrupted() -> None:
    """Sheet section 2.5."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.send(type="play", source=f"{BASE}/hold.wav", loop=0)

        application = Application(script, voice=relay_twiml(welcomeGreeting=""))
        application.pages["hold.wav"] = [Response(wave_file(2), media_type="audio/wav")]
        stage = Stage(application)
        call = await stage.call()
        await stage.clock.sleep(1000)
        await call.say("Enough")
        await call.quiet()
        [played] = [entry for entry in call.journal.entries if isinstance(entry, AudioPlayed)]
        assert played.cut and 990 <= played.seconds <= 1001
        assert "interrupt " in (await application.talk()).kinds()

    run(scenario())


def wave_file(seconds: int) -> bytes:
    """Silence of that length, 8 kHz mono."""
    file = io.BytesIO()
    with wave.open(file, "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(bytes(16_000 * seconds))
    return file.getvalue()


def test_a_language_frame_changes_what_is_listened_for_if_the_session_has_it() -> None:
    """Sheet section 2.5: declared in `<Language>` or a default; another one is an error and changes nothing."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.send(type="language", ttsLanguage="fr-FR", transcriptionLanguage="fr-FR")
            await talk.until(lambda frame: frame["type"] == "error")
            await talk.send(type="language", ttsLanguage="es-US", transcriptionLanguage="es-US")

        twiml = relay_twiml(children='<Language code="es-US"/>', speechModel="nova-3-general")
        application = Application(script, voice=twiml)
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet()
        await call.say("Hola.")
        _, prompt = await talk.until(lambda frame: frame["type"] == "prompt")
        assert prompt["lang"] == "es-US"

    run(scenario())


def test_what_the_caller_hears_does_not_depend_on_info_frames() -> None:
    """The engine's own account of what was played comes without any `events`."""

    async def scenario() -> None:
        application = Application(answering({}), voice=relay_twiml(events=""))
        stage = Stage(application)
        call = await stage.call()
        await call.quiet()
        await call.say("Hello.")
        await call.quiet()
        played = [entry.text for entry in call.journal.entries if isinstance(entry, ClausePlayed)]
        assert played == ["This is the spike. Say something, or press a key.", "I heard:", " Hello."]

    run(scenario())


def test_debugging_tells_the_round_trip_and_events_tell_of_changes() -> None:
    """Sheet section 2.4: `roundTripDelayMs` and `configUpdated`, each only if asked for."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.send(type="config", hints="boiler")
            await talk.until(lambda frame: frame["type"] == "prompt")
            await asyncio.sleep(0.25)
            await talk.say("One moment.")

        twiml = relay_twiml(events="config-updated", debug="debugging", welcomeGreeting="", partialPrompts="false")
        application = Application(script, voice=twiml)
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.say("Hello.")
        await call.quiet()
        assert talk.kinds() == ["setup", "configUpdated config", "prompt Hello.", "roundTripDelayMs 250"]

    run(scenario())


def test_a_reply_that_is_never_finished_does_not_keep_the_line_busy() -> None:
    """A server may fail in mid-reply: what cannot be spoken without another frame is not speech."""

    async def scenario() -> None:
        async def script(talk: Talk) -> None:
            await talk.send(type="text", token="One moment. I am", last=False)

        application = Application(script, voice=relay_twiml(welcomeGreeting=""))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        await call.quiet(lasting=5, patience=20)
        assert talk.kinds()[-1] == "tokensPlayed One moment."

    run(scenario())


def test_parameters_arrive_as_custom_parameters() -> None:
    """Sheet section 1.2 and the `setup` of section 2.3."""

    async def scenario() -> None:
        application = Application(voice=relay_twiml(children='<Parameter name="token" value="t-1"/>'))
        stage = Stage(application)
        call = await stage.call()
        talk = await application.talk()
        _, setup = await talk.until(lambda frame: frame["type"] == "setup")
        assert setup["customParameters"] == {"token": "t-1"}
        assert setup["callSid"] == call.sid and setup["callStatus"] == "RINGING"

    run(scenario())
