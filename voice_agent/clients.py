"""Settings to clients of the two services we stand between. Nothing is connected to yet."""

from __future__ import annotations

from voice_agent.salesforce.client import Salesforce
from voice_agent.salesforce.credentials import Credentials
from voice_agent.settings import Settings
from voice_agent.twilio.rest import TwilioRest
from voice_agent.twilio.telephony import Telephony


def salesforce_of(settings: Settings) -> Salesforce:
    """The client these settings describe; it connects when first used."""
    base = settings.salesforce_api_base_url or None
    domain = settings.salesforce_domain
    if settings.salesforce_private_key_file:
        credentials = Credentials.with_key_file(
            domain=domain or "login",
            client_id=settings.salesforce_client_id,
            username=settings.salesforce_username,
            private_key_file=settings.salesforce_private_key_file,
        )
    else:
        credentials = Credentials(
            domain=domain,
            client_id=settings.salesforce_client_id,
            client_secret=settings.salesforce_client_secret,
        )
    return Salesforce(credentials, api_base_url=base, api_version=settings.salesforce_api_version)


def twilio_of(settings: Settings) -> TwilioRest:
    """The API key signs in where there is one; the auth token is then for signatures only."""
    return TwilioRest(
        account_sid=settings.twilio_account_sid,
        user=settings.twilio_api_key_sid or settings.twilio_account_sid,
        secret=settings.twilio_api_key_secret or settings.twilio_auth_token,
        base_url=settings.twilio_api_base_url,
    )


def telephony_of(settings: Settings) -> Telephony:
    """What moves live calls; the same sign-in."""
    return Telephony(
        account_sid=settings.twilio_account_sid,
        user=settings.twilio_api_key_sid or settings.twilio_account_sid,
        secret=settings.twilio_api_key_secret or settings.twilio_auth_token,
        base_url=settings.twilio_api_base_url,
    )
