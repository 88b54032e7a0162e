"""Telegram's Bot API: the bot's token in the path, methods without regard to case, one webhook per bot.

Written from `tdlib/telegram-bot-api` and the Bot API 10.1 description. Fates by chat id (setting `fates`): blocked,
unknown, flood, moved.
"""

from __future__ import annotations

import inspect
import time
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from . import faults
from .messengers import Call, MessengerSimulator, Said, compact, parameters
from .pictures import SAMPLES, NotFetched
from .recorder import warn

TOKEN = "100200300:demo-telegram-token-0123456789abcde"  # noqa: S105 - the published token of a simulator
USERNAME = "demo_contact_bot"
PORTS = (80, 88, 443, 8443)
SECRET_CHARACTERS = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-")
NEW_CHAT = -1009900
REFUSALS = {
    "bad_credentials": (401, "Unauthorized"),
    "expired_token": (401, "Unauthorized"),
    "revoked_token": (401, "Unauthorized"),
    "missing_permission": (400, "Bad Request: not enough rights to send text messages to the chat"),
    "server_error": (500, "Internal Server Error: restart"),
}
FATES = {
    "blocked": (403, "Forbidden: bot was blocked by the user"),
    "unknown": (400, "Bad Request: chat not found"),
}


class Telegram(MessengerSimulator):
    key = "messenger_telegram"
    title = "Telegram"
    description = "One bot: takes messages for customers and sends what customers write to the webhook."
    kinds = ("message", "edited", "button", "opted_out", "opted_in", "poll")
    default_settings = {
        "token": TOKEN,
        "username": USERNAME,
        "webhook_url": "",
        "https_only": False,  # the real one takes https on four ports only; the demo has no certificate
        "fates": {"403": "blocked", "404": "unknown", "429": "flood", "-100": "moved"},
    }

    def reset(self) -> None:
        super().reset()
        self.secret_token = ""
        self.last_error = ""

    def secrets(self) -> list[str]:
        return [TOKEN, *([self.settings["token"]] if self.settings else [])]

    def vendor_routes(self) -> list[BaseRoute]:
        return [
            Route("/bot{token}/{method}", self.method, methods=["GET", "POST"]),
            Route("/file/bot{token}/{path:path}", self.download, methods=["GET"]),
        ]

    async def method(self, request: Request) -> Response:
        if request.path_params["token"] != self.settings["token"]:
            return refusal(401, "Unauthorized")
        try:
            given = await parameters(request)
        except ValueError:
            return refusal(400, "Bad Request: can't parse JSON object")
        handlers: dict[str, Any] = {
            "getme": self.get_me, "setwebhook": self.set_webhook, "deletewebhook": self.delete_webhook,
            "getwebhookinfo": self.webhook_info, "getupdates": self.get_updates, "sendmessage": self.send_message,
            "sendphoto": self.send_photo, "sendchataction": self.chat_action, "getfile": self.get_file,
        }  # fmt: skip
        handler = handlers.get(request.path_params["method"].lower())
        if handler is None:
            return refusal(404, "Not Found: method not found")
        answer = handler(request, given)
        response: Response = await answer if inspect.isawaitable(answer) else answer
        return response

    def get_me(self, request: Request, given: dict[str, Any]) -> Response:
        number = self.settings["token"].partition(":")[0]
        return result(
            {
                "id": int(number) if number.isdigit() else 100200300,
                "is_bot": True,
                "first_name": "Demo",
                "username": self.settings["username"],
                "can_join_groups": True,
                "can_read_all_group_messages": False,
                "supports_inline_queries": False,
            }
        )

    # -- the webhook

    def set_webhook(self, request: Request, given: dict[str, Any]) -> Response:
        url, secret = str(given.get("url", "")), str(given.get("secret_token", ""))
        problem = self._webhook_problem(url, secret)
        if problem:
            return refusal(400, f"Bad Request: {problem}")
        if not url:
            return self.delete_webhook(request, given)
        if not secret:
            warn(request, "no secret_token: the receiver cannot tell Telegram from anybody else")
        same = url == self.settings["webhook_url"] and secret == self.secret_token
        self.settings["webhook_url"], self.secret_token = url, secret
        return result(True, "Webhook is already set" if same else "Webhook was set")

    def _webhook_problem(self, url: str, secret: str) -> str:
        parts = urlsplit(url)
        if len(secret) > 256:
            return "secret token is too long"
        if set(secret) - SECRET_CHARACTERS:
            return "secret token contains unallowed characters"
        if url and not parts.hostname:
            return "invalid webhook URL specified"
        if url and self.settings["https_only"] and parts.scheme != "https":
            return "bad webhook: An HTTPS URL must be provided for webhook"
        if url and self.settings["https_only"] and (parts.port or 443) not in PORTS:
            return "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"
        return ""

    def delete_webhook(self, request: Request, given: dict[str, Any]) -> Response:
        was = bool(self.settings["webhook_url"])
        self.settings["webhook_url"], self.secret_token = "", ""
        return result(True, "Webhook was deleted" if was else "Webhook is already deleted")

    def webhook_info(self, request: Request, given: dict[str, Any]) -> Response:
        state = {"url": self.settings["webhook_url"], "has_custom_certificate": False, "pending_update_count": 0}
        failed = next((call for call in self.calls[:1] if not 200 <= (call["status"] or 0) < 300), None)
        if failed and state["url"]:
            words = f"Wrong response from the webhook: {failed['status'] or failed['answer']}"
            state |= {"last_error_date": int(time.time()), "last_error_message": words}
        return result(state)

    def get_updates(self, request: Request, given: dict[str, Any]) -> Response:
        if self.settings["webhook_url"]:
            words = "Conflict: can't use getUpdates method while webhook is active; use deleteWebhook first"
            return refusal(409, words)
        return result([])

    # -- messages to customers

    def send_message(self, request: Request, given: dict[str, Any]) -> Response:
        text = str(given.get("text", ""))
        if not text.strip():
            return refusal(400, "Bad Request: message text is empty")
        if len(text.encode("utf-16-le")) // 2 > 4096:
            return refusal(400, "Bad Request: message is too long")
        return self._fate(given) or self._sent(given, {"text": text})

    async def send_photo(self, request: Request, given: dict[str, Any]) -> Response:
        """The picture is fetched while the call is open: one that is not to be had is refused."""
        photo, caption = str(given.get("photo", "")), str(given.get("caption", ""))
        if not photo:
            return refusal(400, "Bad Request: there is no photo in the request")
        if not photo.startswith(("http://", "https://")):
            return refusal(400, "Bad Request: wrong file identifier/HTTP URL specified")
        if len(caption.encode("utf-16-le")) // 2 > 1024:
            return refusal(400, "Bad Request: message caption is too long")
        files = [{"file_id": "small", "width": 90, "height": 90}, {"file_id": "large", "width": 800, "height": 800}]
        shown = {"photo": files, **({"caption": caption} if caption else {})}
        fate = self._fate(given)
        if fate is not None:
            return fate
        try:
            image = await self.album.fetch(photo)
        except NotFetched as reason:
            warn(request, f"the photo could not be fetched: {reason}")
            return refusal(400, "Bad Request: failed to get HTTP URL content")
        return self._sent(given, shown, photo, image)

    def chat_action(self, request: Request, given: dict[str, Any]) -> Response:
        return self._fate(given) or result(True)

    def _fate(self, given: dict[str, Any]) -> Response | None:
        chat = str(given.get("chat_id", ""))
        if not chat.removeprefix("-").isdigit():
            return refusal(400, "Bad Request: chat not found")
        fate = self.settings["fates"].get(chat, "")
        if fate == "flood":
            return flood(3)
        if fate == "moved":
            words = "Bad Request: group chat was upgraded to a supergroup chat"
            return refusal(400, words, parameters={"migrate_to_chat_id": NEW_CHAT})
        return refusal(*FATES[fate]) if fate in FATES else None

    def _sent(self, given: dict[str, Any], content: dict[str, Any], picture: str = "", image: str = "") -> Response:
        chat = str(given["chat_id"])
        self.note_line("out", chat, str(content.get("text") or content.get("caption") or ""), picture, image=image)
        chat_kind = "private" if not chat.startswith("-") else "supergroup"
        message = {"message_id": next(self.numbers), "date": int(time.time())}
        return result({**message, "chat": {"id": int(chat), "type": chat_kind}, **content})

    # -- what customers do

    def get_file(self, request: Request, given: dict[str, Any]) -> Response:
        """The id of a file of ours ends in its name."""
        sample = SAMPLES.get(str(given.get("file_id", "")).partition(":")[2])
        if sample is None:
            return refusal(400, "Bad Request: wrong file_id or the file is temporarily unavailable")
        folder = "photos" if sample.is_picture else "documents"
        known = {"file_id": given["file_id"], "file_unique_id": sample.name, "file_size": len(sample.content)}
        return result({**known, "file_path": f"{folder}/{sample.name}"})

    async def download(self, request: Request) -> Response:
        if request.path_params["token"] != self.settings["token"]:
            return refusal(404, "Not Found")
        sample = SAMPLES.get(request.path_params["path"].rpartition("/")[2])
        return sample.response() if sample else refusal(404, "Not Found")

    def calls_for(self, said: Said) -> list[Call]:
        headers = {"Content-Type": "application/json"}
        secret = f"{self.secret_token}-wrong" if said.wrong_signature else self.secret_token
        if secret:
            headers["X-Telegram-Bot-Api-Secret-Token"] = secret
        return [Call(compact(self.update(said)), headers)]

    def update(self, said: Said) -> dict[str, Any]:
        number = next(self.numbers)
        first, _, last = said.name.partition(" ")
        person = {"id": int(said.user), "is_bot": False, "first_name": first, "last_name": last, "language_code": "en"}
        chat = {"id": int(said.user), "first_name": first, "last_name": last, "type": "private"}
        message: dict[str, Any] = {"message_id": number, "from": person, "chat": chat, "date": int(time.time())}
        if said.sample and not said.sample.is_picture:
            document = {"file_id": f"BQAC:{said.picture}", "file_name": said.picture, "mime_type": "text/plain"}
            message |= {"document": document, "caption": said.text}
        elif said.picture:
            photo = [{"file_id": f"AgAC-{size}:{said.picture}"} for size in ("small", "large")]
            message |= {"photo": photo, "caption": said.text}
        else:
            message["text"] = said.text
        about = {"from": person, "chat": chat, "date": message["date"]}
        shapes: dict[str, dict[str, Any]] = {
            "message": {"message": message},
            "edited": {"edited_message": {**message, "edit_date": message["date"]}},
            "button": {"callback_query": {"id": str(number), "from": person, "message": message, "data": said.text}},
            "opted_out": {"my_chat_member": {**about, "new_chat_member": {"status": "kicked"}}},
            "opted_in": {"my_chat_member": {**about, "new_chat_member": {"status": "member"}}},
            "poll": {"poll": {"id": str(number), "question": said.text}},
        }
        return {"update_id": 800_000_000 + number, **shapes[said.kind]}

    def fault_response(self, fault: faults.Fault, request: Request) -> Response:
        if fault.name in REFUSALS:
            return refusal(*REFUSALS[fault.name])
        if fault.name == "rate_limit":
            return flood(int(fault.option("retry_after", 5)))
        return super().fault_response(fault, request)


def result(value: Any, description: str = "") -> Response:
    return JSONResponse({"ok": True, "result": value, **({"description": description} if description else {})})


def refusal(status: int, description: str, **more: Any) -> Response:
    return JSONResponse({"ok": False, "error_code": status, "description": description, **more}, status)


def flood(seconds: int) -> Response:
    body = {"ok": False, "error_code": 429, "description": f"Too Many Requests: retry after {seconds}"}
    return JSONResponse({**body, "parameters": {"retry_after": seconds}}, 429, {"Retry-After": str(seconds)})
