"""The number inside what arrived as one: `"Don" <sip:+14155550132;ext=12@gw.example;user=phone>;tag=1` and worse.

Gateways wrap numbers in SIP and tel addresses (RFC 3261 19.1, RFC 3966, RFC 3325), input methods write other digits,
copied text carries invisible marks, and a caller without a number has as many names as there are switchboards."""

import re
import unicodedata
from dataclasses import dataclass
from urllib.parse import unquote

LONGEST = 250  # what is longer is no number; the library refuses it too
# Compared without case, blanks and punctuation. "P" and "O" are the reasons of North American caller id: private, and
# out of area (Telcordia GR-31-CORE); "NOCLI" and "P-Asserted" leftovers come from gateways.
ANONYMOUS = frozenset({
    "anonymous", "anonym", "anonyme", "anonimo", "anônimo", "unknown", "unknowncaller", "unknownnumber",
    "unknownname", "private", "privatenumber", "privatecaller", "privatecall", "privatename", "restricted",
    "restrictednumber", "unavailable", "notavailable", "idunavailable", "numberunavailable", "withheld",
    "numberwithheld", "withheldnumber", "asserted", "blocked", "blockednumber", "blockedcall", "callerblocked",
    "callerid", "calleridblocked", "calleridwithheld", "calleridunavailable", "calleridrestricted",
    "nocallerid", "nocli", "noclip", "nonumber", "hidden", "hiddennumber", "outofarea",
    "presentationrestricted", "presentationprohibited", "clir", "na", "null", "none", "undefined", "invalid",
    "p", "o", "unbekannt", "unterdrückt", "nummerunterdrückt", "unbekanntenummer", "inconnu", "masqué",
    "numéromasqué", "appelmasqué", "appelanonyme", "desconocido", "privado", "númeroprivado",
    "númerodesconocido", "oculto", "númerooculto", "privato", "sconosciuto", "numeroprivato", "nieznany",
    "zastrzeżony", "numerzastrzeżony", "非通知", "非通知設定", "表示圏外", "公衆電話", "通知不可能",
    "未知", "私人号码", "발신번호표시제한",
})  # fmt: skip
# "anonymous" on a keypad, which some services send as a number of Lesotho.
KEYPAD_ANONYMOUS = ("+266696687", "266696687")
ZEROS = re.compile(r"\+?0{4,}$")
ANGLES = re.compile(r"<([^<>]*)>")
SCHEME = re.compile(r"^(sips?|tel|callto|phone)\s*:\s*(?://)?", re.IGNORECASE)
PARAMETER = re.compile(r";\s*([\w-]+)\s*=\s*([^;?>@]*)")
# How the digits behind a number are announced: words of several languages, and the pauses of address books.
EXTENSION = re.compile(
    r"[\s,;./-]*\(?\s*(?:(?<![^\W\d_])(?:extension|extn?|ex|x|int|internal|anexo|durchwahl|dw|nebenstelle|nst|poste|ramal|interno"
    r"|wew|toestel|anknytning|доб|内線|分机|内线)[\s.:]*|#\s*|,+\s*|;+\s*|(?<=\d)[pw]+)(\d{1,9})[\s)#]*$",
    re.IGNORECASE,
)
FEWEST_BEFORE_EXTENSION = 7
WORD = re.compile(r"[^\W\d_]+[.:]*")
VANITY = re.compile(r"^\+?[\d\s().-]*\d(?:[-. ]?[A-Z]{2,}[A-Z\d -]*|-[A-Za-z]{3,}[A-Za-z\d-]*)$")
OTHER_DASHES = re.compile("[\u2010-\u2015\u2212\u30fc\uff0d\uff70]")
NUMBERISH = re.compile(r"[\d\s()./+*#-]+")


@dataclass(frozen=True, slots=True)
class Core:
    """`number`: the part to read as a number, without words; `extension`: given with it. `host`: of a SIP address whose
    user is no number. `prefix`: what makes a local number a global one (RFC 3966). `letters`: a number that is written
    in letters, as 1-800-FLOWERS."""

    number: str
    extension: str = ""
    host: str = ""
    prefix: str = ""
    letters: str = ""
    anonymous: bool = False


def core(text: str) -> Core:
    """Unwrap what was received. Never raises."""
    plain = visible(text)[:LONGEST]
    inside = ANGLES.search(plain)
    address = (inside[1] if inside else plain).strip().strip("\"'").strip()
    scheme = SCHEME.match(address)
    if scheme or "@" in address:
        return _of_address(address[scheme.end() :] if scheme else address)
    if is_anonymous(address):
        return Core("", anonymous=True)
    return _of_text(*_parameters(address))


def _of_text(text: str, parameters: dict[str, str]) -> Core:
    prefix = parameters.get("phone-context", "")
    prefix = prefix if prefix.startswith("+") and not text.startswith("+") else ""
    number, extension = _split(text)
    extension = parameters.get("ext", "") or extension
    if VANITY.match(number.strip()):
        return Core("", extension, letters=number.strip())
    return Core(WORD.sub(" ", number).strip(), extension, prefix=prefix)


def _split(text: str) -> tuple[str, str]:
    """A number and its extension."""
    found = EXTENSION.search(text)
    before = text[: found.start()] if found else ""
    if found is None or sum(map(str.isdecimal, before)) < FEWEST_BEFORE_EXTENSION:
        return text, ""
    return before, found[1]


def visible(text: str) -> str:
    """One form for each character, and none that cannot be seen: direction marks, soft hyphens, the number 0."""
    composed = unicodedata.normalize("NFKC", text)
    kept = (" " if unicodedata.category(c) in ("Cc", "Zs", "Zl", "Zp") else c for c in composed)
    return OTHER_DASHES.sub("-", "".join(c for c in kept if unicodedata.category(c) not in ("Cf", "Cs", "Co", "Cn")))


def is_anonymous(text: str) -> bool:
    compact = re.sub(r"[\W_]", "", text).casefold()
    bare = re.sub(r"\s", "", text)
    if not compact:
        return not text.strip(" -_.\"'<>()[]")
    return compact in ANONYMOUS or bare in KEYPAD_ANONYMOUS or bool(ZEROS.match(bare))


def _of_address(address: str) -> Core:
    """`user:password;ext=12@host:5060;transport=udp?header` or `+1-415-555-0132;ext=12;phone-context=...`."""
    user, at, host = address.partition("@")
    host = re.split(r"[;?>:\s/]", host, maxsplit=1)[0].strip().casefold()
    user, parameters = _parameters(unquote(user))
    user = user.partition(":")[0] if at else user
    user = visible(user).strip().strip("\"'")
    if is_anonymous(user) or host == "anonymous.invalid":
        return Core("", anonymous=True)
    if at and not NUMBERISH.fullmatch(user):
        return Core(user, host=host)
    return _of_text(user, parameters)


def _parameters(text: str) -> tuple[str, dict[str, str]]:
    """What stands before the first `;name=value`, and those; `npdi` and other flags without a value are dropped."""
    found = {name.lower(): value.strip() for name, value in PARAMETER.findall(text)}
    before = PARAMETER.split(text, maxsplit=1)[0] if found else text
    return re.sub(r";\s*[a-z][\w-]*$", "", before, flags=re.IGNORECASE), found
