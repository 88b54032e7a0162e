"""XML from outside, parsed without anything that can reach beyond the text itself."""

from lxml import etree

LONGEST = 1_000_000  # bytes; a federation's metadata of thousands of providers is not ours to search


class NotXml(ValueError):
    """The text is no XML that we take; the message says why."""


def parsed(text: str | bytes) -> etree._Element:
    """The root element. No document type, no entities, no network. Raises `NotXml`."""
    data = text.encode() if isinstance(text, str) else text
    if len(data) > LONGEST:
        raise NotXml("The text is too long.")
    parser = etree.XMLParser(
        resolve_entities=False, load_dtd=False, no_network=True, huge_tree=False, remove_comments=True, remove_pis=True
    )
    try:
        root = etree.fromstring(data.strip(), parser)
    except (etree.XMLSyntaxError, ValueError):
        raise NotXml("The text is not well-formed XML.") from None
    if root.getroottree().docinfo.doctype:
        raise NotXml("The text declares a document type, which is not taken from outside.")
    return root
