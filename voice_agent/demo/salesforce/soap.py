"""SOAP login(): the legacy sign-in that simple-salesforce's plain user and password use (sheet 2.2)."""

from xml.sax.saxutils import escape

from defusedxml.ElementTree import fromstring

from voice_agent.demo.salesforce.org import Org
from voice_agent.demo.salesforce.sessions import Sessions

_ENVELOPE = "{http://schemas.xmlsoap.org/soap/envelope/}"
_PARTNER = "{urn:partner.soap.sforce.com}"
LAST_VERSION = 64
"""login() is gone from API version 65 on (sheet 0.20)."""


def login(body: bytes, version: float, sessions: Sessions, org: Org, origin: str) -> tuple[int, str]:
    """Status and XML of the answer."""
    if version > LAST_VERSION:
        return 500, _fault("sf:UNSUPPORTED_API_VERSION", f"login() is not available in API version {version:g}")
    try:
        root = fromstring(body)
    except SyntaxError:
        return 500, _fault("soapenv:Client", "content is not well-formed XML")
    call = root.find(f"{_ENVELOPE}Body/{_PARTNER}login")
    if call is None:
        return 500, _fault("sf:INVALID_OPERATION", "only login() is served")
    username = (call.findtext(f"{_PARTNER}username") or "").strip()
    password = (call.findtext(f"{_PARTNER}password") or "").strip()
    grant = sessions.soap(username, password)
    if grant is None:
        return 500, _fault(
            "sf:INVALID_LOGIN", "INVALID_LOGIN: Invalid username, password, security token; or user locked out."
        )
    server = f"{origin}/services/Soap/u/{version:.1f}/{org.org_id[:15]}"
    return 200, _answer(
        f"<metadataServerUrl>{escape(server.replace('/u/', '/m/'))}</metadataServerUrl>"
        "<passwordExpired>false</passwordExpired><sandbox>false</sandbox>"
        f"<serverUrl>{escape(server)}</serverUrl><sessionId>{escape(grant.token)}</sessionId>"
        f"<userId>{grant.user_id}</userId><userInfo><organizationId>{org.org_id}</organizationId>"
        f"<organizationName>{escape(org.name)}</organizationName><sessionSecondsValid>7200</sessionSecondsValid>"
        f"<userName>{escape(grant.username)}</userName><userId>{grant.user_id}</userId></userInfo>"
    )


def _answer(result: str) -> str:
    return _enveloped(f"<loginResponse><result>{result}</result></loginResponse>")


def _fault(code: str, reason: str) -> str:
    bare = code.removeprefix("sf:")
    return _enveloped(
        f"<soapenv:Fault><faultcode>{code}</faultcode><faultstring>{escape(reason)}</faultstring><detail>"
        f'<sf:LoginFault xsi:type="sf:LoginFault"><sf:exceptionCode>{bare}</sf:exceptionCode>'
        f"<sf:exceptionMessage>{escape(reason)}</sf:exceptionMessage></sf:LoginFault></detail></soapenv:Fault>"
    )


def _enveloped(body: str) -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/" '
        'xmlns="urn:partner.soap.sforce.com" xmlns:sf="urn:fault.partner.soap.sforce.com" '
        'xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance">'
        f"<soapenv:Body>{body}</soapenv:Body></soapenv:Envelope>"
    )
