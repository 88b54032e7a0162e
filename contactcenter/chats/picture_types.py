"""What a file really is, told by its first bytes: names and content types are claims."""

PNG, JPEG, GIF, WEBP = "image/png", "image/jpeg", "image/gif", "image/webp"
BEGINNINGS = {b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG, b"GIF87a": GIF, b"GIF89a": GIF}
ENDINGS = {PNG: "png", JPEG: "jpg", GIF: "gif", WEBP: "webp"}


def picture_type(content: bytes) -> str:
    """The content type of a picture that browsers show; empty for everything else."""
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return WEBP
    return next((kind for beginning, kind in BEGINNINGS.items() if content.startswith(beginning)), "")
